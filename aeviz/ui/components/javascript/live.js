// A run's picture: from its feed to header, loss, codes, reconstructions, samples and time line.
// Everything is painted from requestAnimationFrame, and only the parts that changed.

const SEEK_PREFETCH = 4;

class LiveView {
  constructor(parent) {
    this.dirty = new Set();
    this.request = 0;
    this.ticket = 0;
    this.report = () => {};
    const repaint = (part) => () => this.repaint(part);
    this.header = new LiveHeader();
    this.loss = new LossChart({ repaint: repaint("loss"), onSeek: (epoch) => this.seekEpoch(epoch) });
    this.header.stages.onChoose = (stage) => this.loss.chooseStage(stage);
    this.latent = new LatentChart({ repaint: repaint("latent") });
    this.samples = new SamplePanel({ repaint: repaint("samples") });
    this.scrubber = new Scrubber({
      onSeek: (index) => this.seek(index),
      onLive: () => this.goLive(),
      isReady: (index) => this.isReady(index),
    });
    this.outputHead = element("div", { class: "panel-head" }, element("h3", { text: "Inputs and reconstructions" }));
    this.outputBox = element("div", { class: "output" });
    this.outputPanel = element("section", { class: "panel panel-output" }, this.outputHead, this.outputBox);
    this.charts = element("div", { class: "charts" });
    this.pictures = element("div", { class: "pictures" });
    this.root = element("div", { class: "live", "data-testid": "live" },
      this.header.root, this.charts, this.pictures, this.scrubber.root);
    parent.append(this.root);
    this.parts = { loss: this.loss, latent: this.latent, samples: this.samples };
  }

  close() {
    this.feed?.close();
    this.scrubber.close();
    cancelAnimationFrame(this.request);
    this.isClosed = true;
    for (const part of Object.values(this.parts)) part.close();
    this.root.remove();
  }

  // ---- which run

  show({ run, base, lead, quiet = [] }) {
    this.arrange(lead);
    if (this.run === run && this.base === base) return;
    this.feed?.close();
    this.run = run;
    this.base = base;
    this.scene = null;
    this.liveBuffer = null;
    this.isLiveFresh = false;
    this.liveStep = -1;
    this.shown = { step: NaN, epoch: NaN };
    this.seekIndex = null;
    this.painted = 0;
    this.trouble = "";
    this.reported = null;
    this.scrubber.pause();
    this.header.stages.setStages([]);
    this.loss.clear(quiet);
    this.latent.clear();
    this.samples.clear();
    this.dropOutput();
    this.feed = new LiveFeed(base, run, {
      scene: (scene) => this.setScene(scene),
      news: () => this.onNews(),
      liveFrame: (buffer) => this.onLiveFrame(buffer),
      trouble: (sentence) => this.setTrouble(sentence),
    });
    this.repaint("state");
  }

  // Samples in the place of the codes where they are what the page is about; else below everything.
  arrange(lead) {
    if (this.lead === lead) return;
    this.lead = lead;
    const isAboutSamples = lead === "samples";
    this.samples.isAwaited = isAboutSamples;
    this.charts.replaceChildren(...(isAboutSamples ? [this.samples.root, this.loss.root] : [this.loss.root, this.latent.root]));
    this.pictures.replaceChildren(...(isAboutSamples ? [] : [this.outputPanel, this.samples.root]));
  }

  setTheme() {
    this.theme = readTheme(this.root);
    for (const part of Object.values(this.parts)) part.setTheme(this.theme);
  }

  setTrouble(sentence) {
    this.trouble = sentence;
    this.repaint("state");
  }

  // ---- what arrives

  setScene(scene) {
    this.scene = scene;
    const frame = this.keptFrame;
    this.dropOutput();
    const { inputs } = scene.arrays;
    if (inputs) {
      const options = { repaint: () => this.repaint("output") };
      const output = inputs.shape.length === 4 ? new ImageRows(options) : new PointCloud(options);
      this.outputBox.replaceChildren(output.box, ...(output.key ? [output.key] : []));
      output.setScene(scene);
      this.parts.output = output;
      if (this.theme) output.setTheme(this.theme);
    }
    this.latent.setScene(scene);
    this.samples.setScene(scene);
    this.header.stages.setStages(metadataJson(scene.metadata, "stages", []));
    this.outputPanel.hidden = !inputs;
    // A frame that came before the scene was kept for now.
    if (frame) this.showFrame(frame, false);
    this.repaint("state");
  }

  dropOutput() {
    this.parts.output?.close();
    delete this.parts.output;
    this.keptFrame = null;
    this.outputBox.replaceChildren();
    this.outputPanel.hidden = true;
  }

  onNews() {
    const { state, rows, frames } = this.feed;
    this.loss.setRows(rows);
    if (state.status !== this.reported) {
      this.reported = state.status;
      this.report(state.status);
    }
    if (this.seekIndex === null && !this.isLiveNewest()) this.showStored(frames.length - 1);
    this.repaint("state");
  }

  // Whether the live end is a live frame: a run that pauses or ends may store its last frame without sending it, and
  // one that is just joined has only stored ones.
  isLiveNewest() {
    const last = this.feed.frames[this.feed.frames.length - 1];
    if (!last || this.isLiveFresh) return true;
    return this.liveBuffer !== null && (this.feed.state.status === "running" || this.liveStep >= last.step);
  }

  // Only the newest live frame is kept; it is read when it is painted, so frames no one sees cost nothing.
  onLiveFrame(buffer) {
    this.liveBuffer = buffer;
    this.isLiveFresh = true;
    if (this.seekIndex === null) this.repaint("frame");
  }

  takeLiveFrame() {
    if (!this.isLiveFresh || this.seekIndex !== null) return;
    const frame = readSafetensors(this.liveBuffer);
    this.isLiveFresh = false;
    this.liveStep = momentOf(frame).step;
    this.painted += 1;
    this.showFrame(frame, true);
  }

  showFrame(frame, isGliding) {
    this.shown = momentOf(frame);
    if (!this.scene) {
      this.keptFrame = frame;
      return;
    }
    const { points, reconstructions, samples } = frame.arrays;
    this.latent.setAxes(metadataJson(frame.metadata, "axes", ["z₁", "z₂"]));
    if (points) this.latent.setPoints(points.values, isGliding);
    if (reconstructions) this.parts.output?.setReconstructions(reconstructions);
    this.samples.setSamples(samples);
    this.repaint("state");
  }

  // ---- moving in time

  seekEpoch(epoch) {
    const index = nearestEntry(this.feed.frames, "epoch", epoch);
    if (index < 0) return;
    this.scrubber.pause();
    this.seek(index);
  }

  seek(index) {
    const entry = this.feed.frames[index];
    if (!entry) return;
    this.seekIndex = index;
    this.loss.setMark(entry.epoch);
    this.feed.prefetch(index, SEEK_PREFETCH);
    this.showStored(index);
    this.repaint("state");
  }

  // Shows a stored frame once it is here, unless by then another, nearer to what is wanted, already is.
  async showStored(index) {
    const { feed } = this;
    const { step } = feed.frames[index];
    const cached = feed.cachedFrame(step);
    if (cached) {
      this.showFrame(cached, this.scrubber.isPlaying);
      return;
    }
    try {
      const frame = await feed.frame(step);
      if (feed !== this.feed || this.isClosed) return;
      if (this.trouble && !feed.attempts) this.setTrouble("");
      if (this.isStillWanted(step)) this.showFrame(frame, false);
    } catch (error) {
      if (feed === this.feed && !this.isClosed) this.setTrouble(error.message);
    }
  }

  isStillWanted(step) {
    if (this.seekIndex === null) return !this.isLiveNewest();
    const wanted = this.feed.frames[this.seekIndex]?.step;
    return !(Math.abs(this.shown.step - wanted) < Math.abs(step - wanted));
  }

  isReady(index) {
    const entry = this.feed.frames[index];
    if (!entry) return false;
    const isHere = this.feed.cachedFrame(entry.step) !== null;
    if (!isHere) this.feed.prefetch(index - 1, SEEK_PREFETCH);
    return isHere;
  }

  goLive() {
    this.seekIndex = null;
    this.loss.setMark(null);
    if (this.isLiveNewest()) {
      this.isLiveFresh = this.liveBuffer !== null;
      this.repaint("frame");
    } else {
      this.showStored(this.feed.frames.length - 1);
    }
    this.repaint("state");
  }

  // ---- painting

  repaint(part) {
    this.dirty.add(part);
    if (!this.request && !this.isClosed) this.request = requestAnimationFrame((now) => this.paint(now));
  }

  paint(now) {
    this.request = 0;
    if (this.dirty.has("frame")) this.takeLiveFrame();
    const { dirty } = this;
    this.dirty = new Set();
    if (dirty.has("state")) this.paintState();
    for (const [name, part] of Object.entries(this.parts)) if (dirty.has(name)) part.paint(now);
  }

  paintState() {
    const { state, rows, frames, isFinal } = this.feed;
    const newest = Math.max(state.step || 0, this.liveStep);
    this.header.show({ ...state, step: Number.isFinite(state.step) ? newest : NaN }, rows, this.trouble);
    const wanted = this.seekIndex === null ? this.shown : frames[this.seekIndex] ?? this.shown;
    this.scrubber.show({ frames, index: this.seekIndex, epoch: wanted.epoch, step: wanted.step, isFinal });
    setAttribute(this.root, "data-run", this.run);
    setAttribute(this.root, "data-status", state.status);
    setAttribute(this.root, "data-step", Number.isFinite(this.shown.step) ? this.shown.step : "");
    setAttribute(this.root, "data-frames", frames.length);
    setAttribute(this.root, "data-painted", this.painted);
  }
}

function momentOf({ metadata }) {
  return { step: Number(metadata.step ?? NaN), epoch: Number(metadata.epoch ?? NaN) };
}

const liveViews = new WeakMap();

// Called at mount and again whenever the data or the theme change; only the last call's clean-up counts.
export default function mount({ data, parentElement, setStateValue }) {
  let view = liveViews.get(parentElement);
  if (!view) {
    view = new LiveView(parentElement);
    liveViews.set(parentElement, view);
  }
  const ticket = (view.ticket += 1);
  view.report = (status) => setStateValue("status", { run: data.run, status });
  view.show(data);
  view.setTheme();
  return () => {
    if (view.ticket !== ticket) return;
    liveViews.delete(parentElement);
    view.close();
  };
}
