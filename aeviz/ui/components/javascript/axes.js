// Axes: a light grid, ticks outside the frame, and the names of both axes at their far ends.

function drawPlaneAxes(context, plane) {
  const box = plane.plot();
  const corner = plane.fromScreen(box.left, box.top + box.height);
  const opposite = plane.fromScreen(box.left + box.width, box.top);
  const across = linearTicks(corner.x, opposite.x, box.width / 80);
  const up = linearTicks(corner.y, opposite.y, box.height / 60);
  for (const tick of across) tick.at = plane.toScreen(tick.value, 0).x;
  for (const tick of up) tick.at = plane.toScreen(0, tick.value).y;
  drawGrid(context, box, across, up, plane.theme);
  drawTickLabels(context, box, across, up, plane.axes, plane.theme);
}

function drawGrid(context, box, across, up, theme) {
  const { left, top, width, height } = box;
  const colourOf = ({ value }) => (value === 0 ? theme.zero : theme.grid);
  context.lineWidth = 1;
  for (const tick of across) drawLine(context, crisp(tick.at), top, crisp(tick.at), top + height, colourOf(tick));
  for (const tick of up) drawLine(context, left, crisp(tick.at), left + width, crisp(tick.at), colourOf(tick));
  context.strokeStyle = theme.frame;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
}

// Labels give way to the axis' name at the far end.
function drawTickLabels(context, box, across, up, [acrossName = "", upName = ""], theme) {
  const { left, top, width, height } = box;
  context.fillStyle = theme.muted;
  context.font = `11px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  const nameStart = left + width - (acrossName ? context.measureText(acrossName).width + 10 : -6);
  for (const { at, label } of across) {
    const half = context.measureText(label).width / 2;
    if (at >= left - 1 && at + half < nameStart) context.fillText(label, at, top + height + 6);
  }
  context.textAlign = "right";
  context.fillText(acrossName, left + width, top + height + 6);
  context.textBaseline = "middle";
  const nameEnd = upName && fitsGutter(context, upName, left) ? top + 16 : top;
  for (const { at, label } of up) {
    if (at >= nameEnd) context.fillText(label, left - 6, clamp(at, top + 4, top + height - 4));
  }
  drawUpwardName(context, box, upName);
}

function fitsGutter(context, name, left) {
  return context.measureText(name).width <= left - 8;
}

// A short name stands upright above the labels, a long one is turned along the axis.
function drawUpwardName(context, { left, top }, name) {
  if (fitsGutter(context, name, left)) {
    context.fillText(name, left - 6, top + 5);
    return;
  }
  context.save();
  context.translate(6, top);
  context.rotate(-Math.PI / 2);
  context.fillText(name, 0, 0);
  context.restore();
}

function drawLine(context, fromX, fromY, toX, toY, colour) {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

// Lines one pixel wide are sharp when they run through the middle of pixels.
function crisp(value) {
  return Math.round(value) + 0.5;
}
