// Draw or erase with the pointer, and see at once what each model makes of it.

const DRAW_TOOLS = [["brush", "brush"], ["eraser", "eraser"]];
const ERASE_TOOLS = [["brush", "erase"], ["eraser", "put back"]];

class DrawingView {
  constructor(parent) {
    this.ticket = 0;
    this.count = 0;
    this.request = 0;
    this.models = [];
    this.report = () => {};
    this.isPlaying = true;
    this.pad = new DrawingPad({ onChange: () => this.changed(), onStroke: () => this.stroked() });
    this.build();
    parent.append(this.root);
  }

  build() {
    this.toolBox = element("div");
    this.size = element("input", { type: "range", min: 0.5, step: 0.1, "aria-label": "size of the brush", "data-testid": "drawing-size",
      oninput: () => this.setSize(Number(this.size.value)) });
    this.ink = element("input", { type: "color", value: "#ffffff", "aria-label": "colour of the brush",
      oninput: () => this.setInk() });
    this.undo = this.button("undo", () => this.pad.undo(), "drawing-undo");
    this.clear = this.button("clear", () => this.pad.clear(), "drawing-clear");
    this.centre = this.button("centre it", () => this.pad.centre(), "drawing-centre");
    this.play = this.button("pause", () => this.toggle(), "drawing-play");
    this.once = this.button("one step", () => this.stepOnce(), "drawing-step");
    this.again = this.button("from the start", () => this.changed(), "drawing-again");
    this.status = element("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.steps = element("div", { class: "pad-steps" }, this.play, this.once, this.again);
    this.results = element("div", { class: "pad-models" });
    this.root = element("div", { class: "drawing", "data-testid": "drawing" },
      element("div", { class: "pad-side" },
        element("div", { class: "pad-tools" }, this.toolBox, element("label", {}, "size", this.size), this.ink),
        this.pad.canvas,
        element("div", { class: "pad-tools" }, this.undo, this.clear, this.centre),
        this.status),
      element("div", { class: "pad-side pad-wide" }, this.steps, this.results));
  }

  button(text, onclick, name) {
    return element("button", { type: "button", class: "segment alone", text, onclick, "data-testid": name });
  }

  close() {
    this.isClosed = true;
    cancelAnimationFrame(this.request);
    this.models.forEach((each) => each.close());
    this.root.remove();
  }

  // ---- what is given

  update({ mode, shape, start, models, answers }) {
    const given = JSON.stringify([mode, shape, start]);
    if (given !== this.given) this.begin(mode, shape, start);
    this.given = given;
    const wanted = JSON.stringify(models);
    if (wanted !== this.wanted) this.setModels(models);
    this.wanted = wanted;
    if (answers && answers.count === this.count) this.showAnswers(answers);
  }

  begin(mode, shape, start) {
    const [channels, height, width] = shape;
    const isErasing = mode === "erase";
    this.toolBox.replaceChildren(segmentedChoice("tool", isErasing ? ERASE_TOOLS : DRAW_TOOLS, "brush", (tool) => (this.pad.tool = tool)));
    this.pad.tool = "brush";
    this.size.max = Math.max(1.5, Math.min(height, width) / 4);
    this.setSize(isErasing ? Math.min(height, width) / 8 : Math.max(0.8, Math.min(height, width) / 22));
    this.ink.hidden = channels !== 3 || isErasing;
    this.setInk(channels);
    setText(this.clear, isErasing ? "put all back" : "clear");
    this.centre.hidden = isErasing;
    this.steps.hidden = !isErasing;
    this.setPlaying(true);
    const values = start ? textToPicture(start) : new Float32Array(channels * height * width);
    this.pad.begin(shape, values, mode);
  }

  setModels(models) {
    this.models.forEach((each) => each.close());
    this.models = models.map((each, place) => new PadModel(each, place, () => this.changed()));
    this.results.replaceChildren(...this.models.map(({ root }) => root));
    this.asksServer = models.some(({ address }) => !address);
    this.changed();
    if (this.asksServer) this.ask();
  }

  setSize(radius) {
    this.pad.radius = radius;
    this.size.value = radius;
    this.size.style.setProperty("--done", (radius - this.size.min) / (this.size.max - this.size.min));
    setAttribute(this.size, "aria-valuetext", `radius of ${formatNumber(radius)} pixels`);
  }

  setInk(channels = this.pad.ink.length) {
    const colour = parseColour(this.ink.value).map((value) => value / 255);
    this.pad.ink = channels === 3 ? colour : new Array(channels).fill(1);
  }

  // ---- what the models make of it

  changed() {
    this.isStale = true;
    this.undo.disabled = !this.pad.isChanged;
    this.repaint();
  }

  repaint() {
    if (!this.request && !this.isClosed) this.request = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.request = 0;
    if (!this.pad.shape) return;
    this.pad.paint();
    const begun = performance.now();
    if (this.isStale) {
      this.isStale = false;
      this.models.forEach((each) => each.restore(this.pad));
      setAttribute(this.root, "data-restored", Number(this.root.getAttribute("data-restored") ?? 0) + 1);
      setAttribute(this.root, "data-delay", (performance.now() - begun).toFixed(2));
      if (this.models.length > 0 && this.models.every(({ isReady }) => isReady)) setAttribute(this.root, "data-state", "ready");
      if (this.pad.mode === "erase" && this.isPlaying) this.repaint();
    } else if (this.isPlaying && this.pad.mode === "erase" && this.stepAll()) this.repaint();
  }

  stepAll() {
    return this.models.map((each) => each.step(this.pad)).some(Boolean);
  }

  stepOnce() {
    this.setPlaying(false);
    this.stepAll();
  }

  toggle() {
    this.setPlaying(!this.isPlaying);
    if (this.isPlaying) this.repaint();
  }

  setPlaying(isPlaying) {
    this.isPlaying = isPlaying;
    setText(this.play, isPlaying ? "pause" : "go on");
  }

  // ---- strokes

  stroked() {
    setAttribute(this.root, "data-strokes", Number(this.root.getAttribute("data-strokes") ?? 0) + 1);
    this.speak();
    if (this.asksServer) this.ask();
  }

  speak() {
    requestAnimationFrame(() => {
      const words = this.models.map(({ root, plain }) => `${root.firstChild.textContent}: ${plain.words.textContent}`);
      setText(this.status, words.join(". "));
    });
  }

  ask() {
    this.count += 1;
    const { values, erased } = this.pad;
    this.report({ picture: bytesToText(bytesOf(values)), erased: bytesToText(erased), count: this.count });
  }

  showAnswers({ models }) {
    models.forEach((answer, place) => {
      if (answer) this.models[place]?.showAnswer(this.pad, answer);
    });
    setAttribute(this.root, "data-answered", this.count);
  }
}

const drawingViews = new WeakMap();

// Called at mount and again whenever the data or the theme change; only the last call's clean-up counts.
export default function mount({ data, parentElement, setStateValue }) {
  let view = drawingViews.get(parentElement);
  if (!view) {
    view = new DrawingView(parentElement);
    drawingViews.set(parentElement, view);
  }
  const ticket = (view.ticket += 1);
  view.report = (drawn) => setStateValue("drawn", drawn);
  view.update(data);
  return () => {
    if (view.ticket !== ticket) return;
    drawingViews.delete(parentElement);
    view.close();
  };
}
