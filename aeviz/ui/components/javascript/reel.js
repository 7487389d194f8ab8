// A reel: rows of pictures that change from step to step, played or stepped through, and below them how much each step
// changed them.

const REEL_MS = 140;
const REEL_PLAY = "M4.5 2.6v10.8L13.2 8z";
const REEL_PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";
const NARROW = 560; // pixels of the page
const CURVE_HEIGHT = 190;
const CURVE_MARGINS = { left: 62, right: 12, top: 10, bottom: 26 };

class ReelView {
  constructor(parent) {
    this.ticket = 0;
    this.at = 0;
    this.last = 0;
    this.timer = 0;
    this.request = 0;
    this.strip = document.createElement("canvas");
    this.build();
    parent.append(this.root);
  }

  build() {
    this.play = element("button", { type: "button", class: "round", "data-testid": "reel-play", onclick: () => this.toggle() });
    this.back = this.stepButton("‹", "one step back", -1);
    this.forth = this.stepButton("›", "one step on", 1);
    this.range = element("input", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "step", "data-testid": "reel-range",
      oninput: () => {
        this.pause();
        this.seek(Number(this.range.value));
      } });
    this.label = element("output", { class: "moment", "data-testid": "reel-label" });
    this.rows = element("div", { class: "reel-rows" });
    this.plot = element("div", { class: "plot", style: `height: ${CURVE_HEIGHT}px` });
    this.surface = new Surface(this.plot, { role: "img", "aria-label": "change of each step", "data-testid": "reel-curve" }, () => this.repaint());
    this.trouble = element("p", { class: "message", hidden: true });
    this.controls = element("div", { class: "reel-controls" }, this.play, this.back, this.forth, this.range, this.label);
    this.root = element("div", { class: "reel", "data-testid": "reel" },
      this.controls, this.trouble, this.rows, this.plot);
    this.showPlaying();
  }

  stepButton(text, words, by) {
    return element("button", { type: "button", class: "round", text, "aria-label": words, "data-testid": by > 0 ? "reel-forth" : "reel-back",
      onclick: () => {
        this.pause();
        this.seek(this.at + by);
      } });
  }

  close() {
    this.isClosed = true;
    this.abort?.abort();
    clearInterval(this.timer);
    cancelAnimationFrame(this.request);
    this.surface.close();
    this.root.remove();
  }

  // ---- what is given

  update({ address }) {
    if (address !== this.address) this.load(address);
    this.repaint();
  }

  async load(address) {
    this.address = address;
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    try {
      const answer = await fetch(new URL(address, window.location.href), { signal });
      if (!answer.ok) throw new Error("The pictures could not be fetched. Reload the page.");
      const file = readSafetensors(await answer.arrayBuffer());
      if (!signal.aborted) this.begin(file);
    } catch (error) {
      if (signal.aborted) return;
      this.address = null;
      this.trouble.hidden = false;
      setText(this.trouble, error.message);
    }
  }

  begin({ arrays, metadata }) {
    this.trouble.hidden = true;
    this.frames = arrays.frames ?? null;
    this.controls.hidden = !this.frames;
    this.names = metadataJson(metadata, "names", []);
    this.columns = metadataJson(metadata, "columns", 0);
    const [rows, steps] = arrays.changes.shape;
    this.changes = Array.from({ length: rows }, (_, row) => arrays.changes.values.subarray(row * steps, (row + 1) * steps));
    this.last = steps;
    this.range.max = steps;
    this.pictures = this.names.map((name) => element("canvas", { width: 1, height: 1, role: "img", "aria-label": `examples of ${name}`, "data-testid": "reel-row" }));
    const head = (name, row) => element("div", { class: "reel-name" },
      element("i", { style: `background: ${classColour(row, "")}` }), element("span", { text: name }));
    this.rows.replaceChildren(...this.names.map((name, row) => element("div", {}, head(name, row), ...(this.frames ? [this.pictures[row]] : []))));
    this.seek(0);
    setAttribute(this.root, "data-state", "ready");
    if (this.frames && !prefersStillness()) this.toggle();
  }

  // ---- moving

  seek(step) {
    this.at = clamp(step, 0, this.last);
    this.range.value = this.at;
    this.range.style.setProperty("--done", this.at / Math.max(1, this.last));
    const words = this.at === 0 ? "before step 1" : `step ${this.at} of ${this.last}`;
    setText(this.label, words);
    setAttribute(this.range, "aria-valuetext", words);
    setAttribute(this.root, "data-step", this.at);
    this.repaint();
  }

  toggle() {
    if (this.timer) {
      this.pause();
      return;
    }
    if (this.at >= this.last) this.seek(0);
    this.timer = setInterval(() => {
      if (this.at >= this.last) this.pause();
      else this.seek(this.at + 1);
    }, REEL_MS);
    this.showPlaying();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.showPlaying();
  }

  showPlaying() {
    this.play.replaceChildren(icon(this.timer ? REEL_PAUSE : REEL_PLAY));
    setAttribute(this.play, "aria-label", this.timer ? "pause" : "play");
  }

  // ---- painting

  repaint() {
    if (!this.request && !this.isClosed) this.request = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.request = 0;
    if (!this.changes) return;
    if (this.frames) {
      this.pictures.forEach((canvas, row) => this.paintRow(canvas, (this.at * this.names.length + row) * this.columns));
    }
    this.paintCurve();
  }

  // Pictures side by side, one of their pixels apart; in two lines where there is little room.
  paintRow(canvas, first) {
    const { values, shape } = this.frames;
    const [, , height, width] = shape;
    imageStrip(values, shape, first, this.columns, this.strip);
    const abreast = this.root.clientWidth < NARROW ? Math.ceil(this.columns / 2) : this.columns;
    const size = { width: abreast * (width + 1) - 1, height: Math.ceil(this.columns / abreast) * (height + 1) - 1 };
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    for (let at = 0; at < this.columns; at += 1) {
      const [left, top] = [(at % abreast) * (width + 1), Math.floor(at / abreast) * (height + 1)];
      canvas.getContext("2d").drawImage(this.strip, at * width, 0, width, height, left, top, width, height);
    }
  }

  paintCurve() {
    const context = this.surface.begin();
    if (!context) return;
    const theme = readTheme(this.root);
    const { left, top, right, bottom } = CURVE_MARGINS;
    const box = { left, top, width: this.surface.width - left - right, height: this.surface.height - top - bottom };
    const found = this.changes.flatMap((row) => [...row]).filter((value) => value > 0);
    const low = Math.max(1e-7, Math.min(...found, 1) / 1.3);
    const high = Math.max(...found, 10 * low) * 1.3;
    const xOf = (step) => box.left + (box.width * step) / Math.max(1, this.last);
    const yOf = (value) => box.top + box.height * (1 - Math.log(clamp(value, low, high) / low) / Math.log(high / low));
    const across = linearTicks(0, this.last, Math.min(this.last, box.width / 70));
    const up = logTicks(low, high, box.height / 34);
    for (const tick of across) tick.at = xOf(tick.value);
    for (const tick of up) tick.at = yOf(tick.value);
    drawGrid(context, box, across, up, theme);
    drawTickLabels(context, box, across, up, ["step", "RMS change"], theme);
    if (this.frames) drawLine(context, crisp(xOf(this.at)), box.top, crisp(xOf(this.at)), box.top + box.height, theme.text);
    this.changes.forEach((row, place) => {
      context.strokeStyle = classColour(place, theme.accent);
      context.lineWidth = 2;
      context.beginPath();
      row.forEach((value, step) => context.lineTo(xOf(step + 1), yOf(value)));
      context.stroke();
    });
    context.lineWidth = 1;
  }
}

const reelViews = new WeakMap();

// Called at mount and again whenever the data or the theme change; only the last call's clean-up counts.
export default function mount({ data, parentElement }) {
  let view = reelViews.get(parentElement);
  if (!view) {
    view = new ReelView(parentElement);
    reelViews.set(parentElement, view);
  }
  const ticket = (view.ticket += 1);
  view.update(data);
  return () => {
    if (view.ticket !== ticket) return;
    reelViews.delete(parentElement);
    view.close();
  };
}
