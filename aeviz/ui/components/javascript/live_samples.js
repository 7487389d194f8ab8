// What the model makes of draws from its prior, the same draws at every moment: images in a grid, or points in a cloud.

const SAMPLE_COLUMNS = [18, 12, 9, 6];
const SAMPLE_GAP = 4;
const SMALLEST_SAMPLE = 60;
const LARGEST_SAMPLE = 88;

class SamplePanel {
  constructor({ repaint }) {
    this.repaint = repaint;
    this.isAwaited = false;
    this.box = element("div", { class: "samples" });
    this.root = element("section", { class: "panel panel-samples", hidden: true },
      element("div", { class: "panel-head" },
        element("h3", {}, "Samples", element("span", { class: "unit", text: "the same draws of the prior at every moment" }))),
      this.box);
  }

  close() {
    this.clear();
  }

  clear() {
    this.picture?.close();
    this.picture = null;
    this.box.replaceChildren();
    this.root.hidden = !this.isAwaited;
  }

  setScene(scene) {
    this.scene = scene;
  }

  setTheme(theme) {
    this.theme = theme;
    this.picture?.setTheme(theme);
  }

  // Models without a prior of their own have no samples, and then there is no panel.
  setSamples(samples) {
    if (!samples) return;
    if (!this.picture) this.begin(samples.shape.length === 4);
    this.picture.setReconstructions(samples);
  }

  begin(areImages) {
    this.picture = new (areImages ? SampleGrid : SampleCloud)({ repaint: this.repaint });
    this.box.append(this.picture.box, ...(this.picture.key ? [this.picture.key] : []));
    this.picture.setScene(this.scene);
    if (this.theme) this.picture.setTheme(this.theme);
    this.root.hidden = false;
  }

  paint() {
    this.picture?.paint();
  }
}

class SampleGrid {
  constructor({ repaint, small = false }) {
    this.smallest = small ? 24 : SMALLEST_SAMPLE;
    this.repaint = repaint;
    this.box = element("div", { class: "plot plot-images" });
    this.surface = new Surface(this.box, { "data-testid": "live-samples", role: "img" }, repaint);
  }

  close() {
    this.surface.close();
  }

  setScene() {}

  setTheme(theme) {
    this.theme = theme;
    this.repaint();
  }

  setReconstructions({ shape, values }) {
    this.shape = shape;
    this.strip = imageStrip(values, shape, 0, shape[0], this.strip);
    setAttribute(this.surface.canvas, "aria-label", `${shape[0]} samples from the prior`);
    this.repaint();
  }

  measure() {
    const [count, , height, width] = this.shape;
    const room = this.surface.width - 2;
    const fitting = (columns) => (room - SAMPLE_GAP * (columns - 1)) / columns;
    const columns = SAMPLE_COLUMNS.find((each) => fitting(each) >= this.smallest) ?? SAMPLE_COLUMNS[SAMPLE_COLUMNS.length - 1];
    const widest = Math.min(LARGEST_SAMPLE, fitting(columns));
    const ratio = window.devicePixelRatio || 1;
    const whole = Math.floor((widest * ratio) / width) / ratio;
    const cell = whole >= 1 ? whole * width : widest;
    return { columns, cell, tall: (cell * height) / width, rows: Math.ceil(count / columns) };
  }

  paint() {
    if (!this.shape || this.surface.width < 1 || !this.theme) return;
    const { columns, cell, tall, rows } = this.measure();
    const wanted = `${Math.ceil(rows * (tall + SAMPLE_GAP) - SAMPLE_GAP + 2)}px`;
    if (this.box.style.height !== wanted) this.box.style.height = wanted;
    const context = this.surface.begin();
    if (!context) return;
    const [count, , height, width] = this.shape;
    const { ratio } = this.surface;
    context.imageSmoothingEnabled = cell * ratio < width;
    context.strokeStyle = this.theme.frame;
    context.lineWidth = 1;
    for (let index = 0; index < count; index += 1) {
      const left = Math.round((1 + (index % columns) * (cell + SAMPLE_GAP)) * ratio) / ratio;
      const top = Math.round((1 + Math.floor(index / columns) * (tall + SAMPLE_GAP)) * ratio) / ratio;
      context.drawImage(this.strip, index * width, 0, width, height, left, top, cell, tall);
      context.strokeRect(left - 0.5, top - 0.5, cell + 1, tall + 1);
    }
  }
}

// Points that are drawn, over those of the data; the two do not belong together one by one.
class SampleCloud extends PointCloud {
  constructor(options) {
    super(options, "live-samples");
  }

  setScene({ arrays }) {
    const data = arrays.targets ?? arrays.inputs;
    super.setScene({ arrays: { inputs: data } });
    this.clouds[0].name = "data";
    this.clouds[1].name = "sample";
    this.surface.canvas.setAttribute("aria-label", "samples from the prior among the data");
    this.paintKey();
  }

  paintErrors() {}
}
