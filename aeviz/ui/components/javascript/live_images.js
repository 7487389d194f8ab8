// Inputs above what the model makes of them: crisp pixels, in as many columns as fit.

const IMAGE_GUTTER = 56;
const IMAGE_GAP = 6;
const WIDEST_GAP = 44;
const LARGEST_CELL = 88;
const MOST_COLUMNS = 10;

class ImageRows {
  // `small`: in a tile among others, where every pixel counts.
  constructor({ repaint, small = false }) {
    this.repaint = repaint;
    this.gutter = small ? 44 : IMAGE_GUTTER;
    this.smallest = small ? 30 : 56;
    this.gap = small ? 3 : IMAGE_GAP;
    this.box = element("div", { class: "plot plot-images" });
    this.surface = new Surface(this.box, { "data-testid": "live-images", role: "img" }, repaint);
    this.rows = [];
    this.strips = new Map();
  }

  close() {
    this.surface.close();
  }

  setScene({ arrays }) {
    const { inputs, targets } = arrays;
    this.rows = [{ name: "input", ...inputs }];
    // The clean picture is worth a row only where the model is fed something else.
    if (targets && !haveEqualValues(inputs, targets)) this.rows.push({ name: "clean", ...targets });
    this.rows.push({ name: "output", shape: inputs.shape, values: null });
    this.strips.clear();
    this.paintedState = null;
    this.surface.canvas.setAttribute("aria-label", `${this.rows.map(({ name }) => name).join(", ")}: ${inputs.shape[0]} examples`);
    this.repaint();
  }

  setReconstructions(array) {
    const output = this.rows[this.rows.length - 1];
    if (!output) return;
    output.values = array.values;
    output.shape = array.shape;
    this.strips.delete("output");
    this.repaint();
  }

  setTheme(theme) {
    this.theme = theme;
    this.repaint();
  }

  measure() {
    const [count, , height, width] = this.rows[0].shape;
    const room = this.surface.width - this.gutter;
    const columns = clamp(Math.floor(room / this.smallest), 1, Math.min(MOST_COLUMNS, count));
    const fitting = Math.min(LARGEST_CELL, (room - this.gap * (columns - 1)) / columns);
    // Whole screen pixels a picture's pixel, where the picture is small enough for that to show.
    const whole = Math.floor((fitting * (window.devicePixelRatio || 1)) / width) / (window.devicePixelRatio || 1);
    const cell = whole >= 1 ? whole * width : fitting;
    const stride = cell + clamp((room - columns * cell - 2) / Math.max(1, columns - 1), 0, WIDEST_GAP);
    return { columns, cell, stride, tall: (cell * height) / width };
  }

  paint() {
    if (this.rows.length === 0 || this.surface.width < 1 || !this.theme) return;
    const { surface } = this;
    const size = this.measure();
    const wanted = `${Math.ceil(this.rows.length * (size.tall + this.gap) - this.gap + 2)}px`;
    if (this.box.style.height !== wanted) this.box.style.height = wanted;
    const state = [surface.width, surface.height, window.devicePixelRatio, this.theme.text].join();
    // A live frame changes the outputs alone.
    const rows = state === this.paintedState ? this.rows.slice(-1) : this.rows;
    const context = state === this.paintedState ? surface.context : surface.begin();
    this.paintedState = state;
    for (const row of rows) this.paintRow(context, row, 1 + this.rows.indexOf(row) * (size.tall + this.gap), size);
  }

  paintRow(context, row, top, { columns, cell, stride, tall }) {
    context.clearRect(0, top - 1, this.surface.width, tall + 2);
    context.fillStyle = this.theme.muted;
    context.font = `12px ${this.theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(row.name, 0, top + tall / 2);
    const [, , height, width] = row.shape;
    const strip = row.values ? this.stripOf(row, columns) : null;
    context.imageSmoothingEnabled = cell * this.surface.ratio < width;
    context.strokeStyle = this.theme.frame;
    context.lineWidth = 1;
    for (let column = 0; column < columns; column += 1) {
      const left = Math.round((this.gutter + column * stride) * this.surface.ratio) / this.surface.ratio;
      if (strip) context.drawImage(strip, column * width, 0, width, height, left, top, cell, tall);
      context.strokeRect(left - 0.5, top - 0.5, cell + 1, tall + 1);
    }
  }

  stripOf(row, columns) {
    const kept = this.strips.get(row.name);
    if (kept?.columns === columns) return kept.canvas;
    const canvas = imageStrip(row.values, row.shape, 0, columns, kept?.canvas);
    this.strips.set(row.name, { columns, canvas });
    return canvas;
  }
}

function haveEqualValues(one, other) {
  return one.values.length === other.values.length && one.values.every((value, index) => value === other.values[index]);
}
