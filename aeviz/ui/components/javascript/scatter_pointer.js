// What the decoder makes of the place under the pointer, in the same frame; beside it the nearest training examples.
// The decoder itself runs here, on the run's own weights: nothing is asked of the server while the pointer moves.

const NEIGHBOURS = 5;
const REST_MS = 60;
const PICTURE_SIDE = 132;

class PointerDecoder {
  constructor({ repaint, onReady }) {
    this.repaint = repaint;
    this.onReady = onReady;
    this.tape = null;
    this.aimed = null;
    this.count = 0;
    this.timer = 0;
    this.figures = {
      made: new PointerFigure("decoded here"),
      code: new PointerFigure("nearest code"),
      picture: new PointerFigure("nearest picture"),
    };
    this.about = element("p", { class: "pointer-about" });
    this.root = element("aside", { class: "pointer", hidden: true, "data-testid": "scatter-pointer" },
      ...Object.values(this.figures).map(({ root }) => root), this.about);
  }

  get canDecode() {
    return Boolean(this.tape && this.map && this.points);
  }

  close() {
    clearTimeout(this.timer);
    this.abort?.abort();
  }

  // ---- what is given

  // `decoder` is { address, pictures, origin, across, up } or null; without `across` places are read from the nearest
  // points, and without `pictures` the shown examples serve as the nearest.
  update(decoder) {
    this.map = decoder && (this.liveMap ?? decoder);
    this.root.hidden = !decoder;
    if (decoder?.address !== this.address) {
      this.tape = null;
      this.load(decoder?.address ?? null);
    } else this.again();
    this.tellAbout();
    if (decoder?.pictures !== this.picturesAddress) this.loadPictures(decoder?.pictures ?? null);
  }

  async load(address) {
    this.address = address;
    this.abort?.abort();
    if (!address) return;
    this.abort = new AbortController();
    const { signal } = this.abort;
    try {
      const file = await fetchSafetensors(address, signal);
      if (!signal.aborted) this.setFile(file);
    } catch (error) {
      if (signal.aborted) return;
      this.address = null;
      this.root.hidden = true; // a click still asks the server
    }
  }

  // Newer weights of the same run; those at hand stay where they cannot be had.
  async renew(address) {
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      const file = await fetchSafetensors(address);
      if (file.metadata.step !== this.step) this.setFile(file);
    } catch {
    } finally {
      this.isRenewing = false;
    }
  }

  setFile(file) {
    this.tape = readTape(file);
    this.step = file.metadata.step;
    this.codes = file.arrays.codes?.values ?? null;
    this.references = file.arrays.references?.values ?? null;
    this.tellAbout();
    this.root.setAttribute("data-state", "ready");
    this.root.setAttribute("data-weights", this.step ?? "");
    this.again();
    this.onReady();
  }

  // Which weights decode, and how a place became a code where the picture has no formula.
  tellAbout() {
    const weights = this.step ? `weights after ${formatCount(Number(this.step))} updates` : "";
    const isBetween = this.map && !this.map.across;
    setText(this.about, isBetween ? `${weights}; a place is the mean of the codes of its ${NEIGHBOURS} nearest points` : weights);
  }

  async loadPictures(address) {
    this.picturesAddress = address;
    this.examples = null;
    if (!address) return;
    try {
      const { arrays } = await fetchSafetensors(address);
      if (address === this.picturesAddress) this.examples = { pictures: arrays.pictures, labels: arrays.labels?.values };
      this.again();
    } catch {
      this.picturesAddress = null; // the shown examples serve
    }
  }

  setScene(scene) {
    this.scene = scene;
    this.points = scene.points;
    this.again();
  }

  // Points of a run under way, and the way from their plane to codes; null for both at its end.
  setLive(points, map) {
    if (points) this.points = points;
    this.liveMap = map;
    if (this.map && map) this.map = map;
    this.again();
  }

  // ---- aiming

  // The place in the units of the plane, and when the pointer was there, by the browser's own clock.
  aim(x, y, time) {
    this.aimed = { x, y, time };
    this.isStale = true;
    this.repaint();
  }

  again() {
    if (this.aimed) this.aimed.time = NaN;
    this.isStale = this.aimed !== null;
    this.repaint();
  }

  // Called at once when the pointer moves (browsers tell of that just before a frame), else from the next frame.
  paint() {
    if (!this.isStale || !this.canDecode || !this.aimed) return;
    this.isStale = false;
    const code = this.codeAt(this.aimed.x, this.aimed.y);
    this.made = bytesOf(playTape(this.tape, code));
    this.figures.made.show(this.made, [1, ...this.tape.shape], 0);
    if (Number.isFinite(this.aimed.time)) setAttribute(this.root, "data-delay", (performance.now() - this.aimed.time).toFixed(2));
    this.showNearestCode(code);
    this.count += 1;
    setAttribute(this.root, "data-decoded", this.count);
    setAttribute(this.root, "data-code", Array.from(code.subarray(0, 8), (value) => value.toPrecision(6)).join(" "));
    clearTimeout(this.timer);
    // Comparing pictures costs more than decoding one: it waits until the pointer rests.
    this.timer = setTimeout(() => this.showNearestPicture(), REST_MS);
  }

  // What the decoder makes of a place, as a picture with words.
  picture(x, y, words) {
    return { values: bytesOf(playTape(this.tape, this.codeAt(x, y))), shape: this.tape.shape, words };
  }

  codeAt(x, y) {
    const k = this.tape.code;
    const code = new Float32Array(k);
    const { origin, across, up } = this.map;
    if (across) {
      for (let unit = 0; unit < k; unit += 1) code[unit] = origin[unit] + x * across[unit] + y * up[unit];
      return code;
    }
    const near = nearestFew(this.points, x, y, NEIGHBOURS);
    let total = 0;
    for (const { index, distance } of near) {
      const weight = 1 / Math.max(distance, 1e-12);
      total += weight;
      for (let unit = 0; unit < k; unit += 1) code[unit] += weight * this.codes[index * k + unit];
    }
    return code.map((value) => value / total);
  }

  // ---- the nearest examples: of training where they are at hand, else of those that are shown

  get nearby() {
    const { examples, references, scene, codes } = this;
    if (examples && references) return { ...examples, codes: references, kind: "training " };
    return { pictures: scene.thumbnails, labels: scene.labels, codes, kind: "" };
  }

  showNearestCode(code) {
    const { pictures, codes, labels, kind } = this.nearby;
    const best = codes ? nearestRow(codes, code) : -1;
    this.figures.code.root.hidden = !pictures || best < 0;
    if (this.figures.code.root.hidden) return;
    this.figures.code.show(pictures.values, pictures.shape, best);
    this.figures.code.say(`nearest ${kind}code${this.classOf(labels, best)}`);
  }

  showNearestPicture() {
    const { pictures, labels, kind } = this.nearby;
    const wanted = pictures && this.made && shrunkPicture(this.made, this.tape.shape, ...pictures.shape.slice(2));
    const best = wanted ? nearestRow(pictures.values, wanted) : -1;
    this.figures.picture.root.hidden = best < 0;
    if (best < 0) return;
    this.figures.picture.show(pictures.values, pictures.shape, best);
    this.figures.picture.say(`nearest ${kind}picture${this.classOf(labels, best)}`);
  }

  // The class of an example, as words that follow others.
  classOf(labels, index) {
    const label = labels?.[index];
    return label >= 0 ? `: ${this.scene.classes[label] ?? label}` : "";
  }
}

class PointerFigure {
  constructor(words) {
    this.canvas = element("canvas", { width: 1, height: 1, "aria-hidden": "true" });
    this.words = element("figcaption", { text: words });
    this.root = element("figure", {}, this.canvas, this.words);
  }

  show(values, shape, index) {
    const [, , height, width] = shape;
    imageStrip(values, shape, index, 1, this.canvas);
    const factor = Math.max(1, Math.floor(PICTURE_SIDE / Math.max(width, height)));
    const wide = `${Math.min(PICTURE_SIDE, width * factor)}px`;
    if (this.canvas.style.width === wide) return;
    this.canvas.style.width = wide;
    this.canvas.style.imageRendering = factor > 1 ? "pixelated" : "auto";
  }

  say(words) {
    setText(this.words, words);
  }

  // For a file: what is seen and what is written under it.
  get saved() {
    return { canvas: this.canvas, words: this.words.textContent };
  }
}

async function fetchSafetensors(address, signal) {
  const answer = await fetch(new URL(address, window.location.href), { signal });
  if (!answer.ok) throw new Error("It could not be fetched.");
  return readSafetensors(await answer.arrayBuffer());
}
