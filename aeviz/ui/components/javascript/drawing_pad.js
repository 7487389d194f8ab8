// The pad: a picture of data under the pointer, drawn on with brush and eraser, or with pixels taken out of it.

const PAD_PIXELS = 560; // about how many the canvas has a side
const MOST_UNDONE = 60;
const PAD_KEYS = "Arrow keys move the brush, Space puts it down or lifts it, Control Z undoes.";

class DrawingPad {
  // `onChange()` with every change of picture or erased pixels, `onStroke()` when a stroke or a command is complete.
  constructor({ onChange, onStroke }) {
    this.onChange = onChange;
    this.onStroke = onStroke;
    this.past = [];
    this.tool = "brush";
    this.radius = 1;
    this.ink = [1];
    this.pointer = null; // the place of the pointer or of the keyboard's brush
    this.last = null; // where the stroke has come to, while one is drawn
    this.pointerId = null;
    this.isDown = false; // the keyboard's brush
    this.canvas = element("canvas", { class: "pad", tabindex: 0, role: "application", "data-testid": "drawing-pad" });
    this.small = document.createElement("canvas");
    this.listen();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    canvas.addEventListener("pointerup", (event) => this.onUp(event));
    canvas.addEventListener("pointercancel", (event) => this.onUp(event));
    canvas.addEventListener("pointerleave", () => this.hideRing());
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("blur", () => {
      this.endStroke();
      this.isDown = false;
      this.hideRing();
    });
  }

  // ---- what is given

  begin(shape, values, mode) {
    const [, height, width] = shape;
    this.shape = shape;
    this.mode = mode;
    this.start = values;
    this.values = values;
    this.erased = new Uint8Array(height * width);
    this.past = [];
    this.last = null;
    this.factor = Math.max(1, Math.round(PAD_PIXELS / Math.max(height, width)));
    this.canvas.width = width * this.factor;
    this.canvas.height = height * this.factor;
    const what = mode === "erase" ? "Picture to erase a part of." : "Picture to draw.";
    setAttribute(this.canvas, "aria-label", `${what} ${PAD_KEYS}`);
    this.onChange();
  }

  get isChanged() {
    return this.past.length > 0;
  }

  // ---- strokes

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const [, height, width] = this.shape;
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
  }

  onDown(event) {
    if (event.button !== 0 || !this.shape || this.pointerId !== null) return;
    this.pointerId = event.pointerId;
    // A pointer made by a script or already gone cannot be captured; the stroke works without.
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {}
    this.beginStroke(this.place(event));
  }

  onMove(event) {
    if (!this.shape) return;
    if (event.pointerId !== this.pointerId) {
      if (this.pointerId === null && event.pointerType !== "touch") this.showRing(this.place(event));
      return;
    }
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of moves.length > 0 ? moves : [event]) this.follow(this.place(each));
  }

  onUp(event) {
    if (event.pointerId !== this.pointerId) return;
    this.pointerId = null;
    this.endStroke();
    if (event.pointerType === "touch") this.hideRing();
  }

  beginStroke(place) {
    this.remember();
    this.cover = new Float32Array(this.erased.length);
    this.before = { values: this.values, erased: this.erased };
    this.last = place;
    this.follow(place);
  }

  follow(place) {
    const [, height, width] = this.shape;
    coverStroke(this.cover, [height, width], this.last, place, this.radius);
    this.last = place;
    this.pointer = place;
    if (this.mode === "erase") {
      const mark = this.tool === "eraser" ? 0 : 1;
      this.erased = this.before.erased.map((old, at) => (this.cover[at] >= 0.5 ? mark : old));
    } else {
      const colour = this.tool === "eraser" ? this.ink.map(() => 0) : this.ink;
      this.values = paintedOver(this.before.values, this.cover, colour);
    }
    this.onChange();
  }

  endStroke() {
    if (!this.last) return;
    this.last = null;
    this.onStroke();
  }

  // ---- commands

  remember() {
    this.past.push({ values: this.values, erased: this.erased });
    if (this.past.length > MOST_UNDONE) this.past.shift();
  }

  undo() {
    this.endStroke();
    const before = this.past.pop();
    if (!before) return;
    Object.assign(this, before);
    this.done();
  }

  // A blank picture; while erasing, the whole picture again.
  clear() {
    this.remember();
    if (this.mode === "draw") this.values = new Float32Array(this.values.length);
    this.erased = new Uint8Array(this.erased.length);
    this.done();
  }

  centre() {
    this.remember();
    this.values = centred(this.values, this.shape);
    this.done();
  }

  done() {
    this.onChange();
    this.onStroke();
  }

  // ---- the keyboard

  onKey(event) {
    if (!this.shape || event.altKey) return;
    const isTaken = event.ctrlKey || event.metaKey ? this.command(event.key) : this.act(event.key, event.shiftKey);
    if (!isTaken) return;
    event.preventDefault();
    event.stopPropagation();
  }

  command(key) {
    if (key.toLowerCase() !== "z") return false;
    this.undo();
    return true;
  }

  act(key, isLong) {
    if (key in ARROWS) this.steer(...ARROWS[key], isLong ? 3 : 1);
    else if (key === " " || key === "Enter") this.putDown();
    else return false;
    return true;
  }

  steer(across, down, step) {
    const [, height, width] = this.shape;
    // The first arrow shows the brush in the middle.
    const { x, y } = this.pointer ?? { x: width / 2, y: height / 2 };
    const stride = this.pointer ? step : 0;
    const place = { x: clamp(x + across * stride, 0, width), y: clamp(y + down * stride, 0, height) };
    if (this.isDown) this.follow(place);
    else this.showRing(place);
  }

  putDown() {
    const [, height, width] = this.shape;
    this.isDown = !this.isDown;
    if (this.isDown) this.beginStroke(this.pointer ?? { x: width / 2, y: height / 2 });
    else this.endStroke();
  }

  // ---- painting

  showRing(place) {
    this.pointer = place;
    this.paint();
  }

  hideRing() {
    if (this.last) return;
    this.pointer = null;
    this.paint();
  }

  paint() {
    if (!this.shape) return;
    const context = this.canvas.getContext("2d");
    imageStrip(bytesOf(this.values), [1, ...this.shape], 0, 1, this.small);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.small, 0, 0, this.canvas.width, this.canvas.height);
    this.paintErased(context);
    if (this.pointer) this.paintRing(context);
  }

  // Erased pixels are hatched, so that they differ from black ones.
  paintErased(context) {
    const [, , width] = this.shape;
    const side = this.factor;
    context.fillStyle = ERASED_GROUND;
    context.strokeStyle = ERASED_LINE;
    context.lineWidth = Math.max(1, side / 10);
    this.erased.forEach((mark, at) => {
      if (!mark) return;
      const [left, top] = [(at % width) * side, Math.floor(at / width) * side];
      context.fillRect(left, top, side, side);
      context.beginPath();
      context.moveTo(left, top + side);
      context.lineTo(left + side, top);
      context.stroke();
    });
  }

  paintRing(context) {
    const { x, y } = this.pointer;
    const radius = Math.max(2, this.radius * this.factor);
    for (const [line, colour] of [[4, "rgba(0, 0, 0, 0.6)"], [2, "rgba(255, 255, 255, 0.9)"]]) {
      context.lineWidth = line;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x * this.factor, y * this.factor, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

const ERASED_GROUND = "#5a3a12";
const ERASED_LINE = "#ffa90e";
