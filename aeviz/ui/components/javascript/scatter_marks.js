// Marks over the points: lettered pins and paths between places.

function drawMarks(context, plane, { pins = [], path = [], paths = [] }) {
  if (path.length > 0) drawPath(context, plane, { points: path });
  for (const each of paths) drawPath(context, plane, each);
  for (const [x, y, letter] of pins) drawPin(context, plane, plane.toScreen(x, y), String(letter ?? ""));
}

// A line through points, with a small disc at each of `dots`, which are the points themselves if not given.
function drawPath(context, plane, { points, dots = points, colour = plane.theme.text }) {
  const places = points.map(([x, y]) => plane.toScreen(x, y));
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [width, stroke] of [[5, plane.theme.background], [2, colour]]) {
    context.beginPath();
    places.forEach(({ x, y }, index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.stroke();
  }
  for (const { x, y } of dots.map(([x, y]) => plane.toScreen(x, y))) {
    context.beginPath();
    context.arc(x, y, 3.6, 0, 2 * Math.PI);
    context.fillStyle = plane.theme.background;
    context.fill();
    context.lineWidth = 1.6;
    context.strokeStyle = colour;
    context.stroke();
  }
}

// A disc above its place, joined to it by a point: the place itself stays visible.
function drawPin(context, plane, { x, y }, letter) {
  const radius = 11;
  const middle = y - 17;
  context.beginPath();
  context.arc(x, middle, radius, 0.75 * Math.PI, 0.25 * Math.PI);
  context.lineTo(x, y);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = plane.theme.background;
  context.stroke();
  context.fillStyle = plane.theme.text;
  context.fill();
  context.fillStyle = plane.theme.background;
  context.font = `600 12px ${plane.theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, x, middle + 0.5);
}

// A cross at the cursor that the arrow keys move.
function drawCursor(context, plane, { x, y }) {
  for (const [width, colour] of [[4, plane.theme.background], [2, plane.theme.accent]]) {
    context.lineWidth = width;
    drawLine(context, x - 11, y, x - 3, y, colour);
    drawLine(context, x + 3, y, x + 11, y, colour);
    drawLine(context, x, y - 11, x, y - 3, colour);
    drawLine(context, x, y + 3, x, y + 11, colour);
  }
}
