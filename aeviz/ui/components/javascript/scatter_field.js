// A quantity of the plane itself, painted under the points as a heat map with a scale of its own.

class FieldLayer {
  constructor() {
    this.bar = new ColourBar({ "data-testid": "scatter-field-bar" });
    this.field = null;
  }

  // `field` is { values, rows, columns, extent: [left, right, bottom, top], name } or null; its first row is the top.
  setField(field, dark) {
    this.field = field;
    if (!field) {
      this.bar.show(null);
      return;
    }
    const colours = fieldColours(dark, VALUE_STEPS);
    const range = valueRange(field.values);
    this.picture = fieldPicture(field, valueStepsOf(field.values, range), colours);
    this.bar.show(range, field.name, colours);
  }

  draw(context, plane) {
    if (!this.field) return;
    const [left, right, bottom, top] = this.field.extent;
    const corner = plane.toScreen(left, top);
    const opposite = plane.toScreen(right, bottom);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, corner.x, corner.y, opposite.x - corner.x, opposite.y - corner.y);
  }
}

// One pixel a cell; cells that are no number stay clear.
function fieldPicture({ rows, columns }, steps, colours) {
  const channels = colours.map(parseColour);
  const picture = element("canvas", { width: columns, height: rows });
  const context = picture.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  steps.forEach((step, index) => {
    if (step < channels.length) pixels.data.set([...channels[step], 255], 4 * index);
  });
  context.putImageData(pixels, 0, 0);
  return picture;
}
