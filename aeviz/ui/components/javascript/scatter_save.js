// The picture as a file: the plane, what lies under the pointer beside it, and the strips below.

const SAVED_SIDE = 120;
const SAVED_GAP = 12;

function savedView({ plane, pointer, tools }) {
  const figures = pointer.root.hidden ? [] : Object.values(pointer.figures).filter(({ root }) => !root.hidden);
  const strips = [["Along the line", tools.walk.strip], ["Pins", tools.pins.strip]]
    .filter(([, { root }]) => !root.hidden)
    .map(([title, { shown }]) => ({ title, figures: shown }));
  return savedPicture(plane, figures.map(({ saved }) => saved), strips);
}

// `figures` and each of `strips` ({ title, figures }) hold { canvas, words }.
function savedPicture(plane, figures, strips) {
  const { theme, canvas } = plane;
  const { width, height, ratio } = plane.surface;
  const side = figures.length ? SAVED_SIDE + 2 * SAVED_GAP : 0;
  const perRow = Math.max(1, Math.floor((width + side - SAVED_GAP) / (64 + SAVED_GAP)));
  const rowsOf = (strip) => Math.ceil(strip.figures.length / perRow);
  const below = strips.reduce((sum, strip) => sum + 26 + rowsOf(strip) * 92, 0);
  const sheet = element("canvas", { width: Math.round((width + side) * ratio), height: Math.round((Math.max(height, figures.length * 155) + below) * ratio) });
  const context = sheet.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.drawImage(canvas, 0, 0, width, height);
  context.fillStyle = theme.text;
  context.font = `12px ${theme.font}`;
  context.imageSmoothingEnabled = false;
  figures.forEach((figure, at) => drawSaved(context, figure, width + SAVED_GAP, at * 155 + 8, SAVED_SIDE));
  let top = Math.max(height, figures.length * 155) + 16;
  for (const strip of strips) {
    context.fillText(strip.title, SAVED_GAP, top);
    strip.figures.forEach((figure, at) =>
      drawSaved(context, figure, SAVED_GAP + (at % perRow) * (64 + SAVED_GAP), top + 8 + Math.floor(at / perRow) * 92, 64));
    top += 26 + rowsOf(strip) * 92;
  }
  return sheet;
}

function drawSaved(context, { canvas, words }, x, y, side) {
  const scale = side / Math.max(canvas.width, canvas.height);
  context.drawImage(canvas, x, y, canvas.width * scale, canvas.height * scale);
  context.fillText(words, x, y + canvas.height * scale + 14);
}

function downloadCanvas(canvas, name) {
  canvas.toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }, "image/png");
}
