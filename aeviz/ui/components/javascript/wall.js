// A wall: up to twelve runs at the same epoch, with one time line, one legend, and marks that all of them share.

class Wall {
  constructor(parent) {
    this.tiles = [];
    this.dirty = new Set();
    this.request = 0;
    this.ticket = 0;
    this.epoch = null; // null is the newest that all have
    this.report = () => {};
    this.chosen = [];
    this.hidden = new Set();
    this.marking = {
      hover: (index, panel) => this.hover(index, panel),
      choose: (indices) => this.choose(indices),
      picture: (index) => this.picture(index),
    };
    this.pill = element("span", { class: "pill", "data-testid": "wall-status" });
    this.moment = element("span", { class: "reading-aside", "data-testid": "wall-epoch" });
    this.progress = element("div", { class: "progress-done" });
    this.legend = new ClassLegend({ "data-testid": "wall-legend" }, (hidden) => {
      this.hidden = hidden;
      this.eachCodes((codes) => codes.setHidden(hidden));
    });
    this.hint = element("p", { class: "wall-hint", text: "Point at a dot to find the same image in every tile; draw around dots to mark them." });
    this.grid = element("div", { class: "tiles" });
    this.selection = new SelectionPanel({ onClear: () => this.choose([]) });
    this.scrubber = new Scrubber({
      onSeek: (index) => this.seek(index),
      onLive: () => this.seek(null),
      isReady: (index) => this.isReady(index),
    });
    this.curves = new WallCurves({ repaint: () => this.repaint(this.curves), onSeek: (epoch) => this.seekEpoch(epoch) });
    this.root = element("div", { class: "live wall", "data-testid": "wall" },
      element("header", { class: "wall-header" },
        element("div", { class: "header-line" }, this.pill, this.moment),
        element("div", { class: "progress", "aria-hidden": "true" }, this.progress)),
      this.legend.root, this.grid, this.hint, this.selection.root, this.scrubber.root, this.curves.root);
    parent.append(this.root);
  }

  close() {
    this.isClosed = true;
    cancelAnimationFrame(this.request);
    this.scrubber.close();
    this.curves.close();
    for (const tile of this.tiles) tile.close();
    this.root.remove();
  }

  // `runs` [{ id, title, colour }], `view` of all tiles, `computed` { id: address } for it, `examples` an address.
  // `curve` { measure, unit, log } is what the curves below draw.
  show({ runs, base, view, computed = {}, examples = null, curve = { measure: "loss", unit: "nats", log: false } }) {
    this.runs = runs;
    this.curve = curve;
    const ids = runs.map(({ id }) => id).join();
    if (ids !== this.ids) this.hang(runs, base, ids);
    const isOfFrames = view in WALL_PANELS;
    this.view = view;
    this.hint.hidden = view !== "codes";
    this.legend.root.hidden = view !== "codes" || !this.scene?.arrays.labels;
    for (const tile of this.tiles) tile.setView(view, isOfFrames ? null : computed[tile.id] ?? null);
    this.eachCodes((codes) => {
      codes.setHidden(this.hidden);
      codes.setChosen(this.chosen);
    });
    this.fetchExamples(examples);
    this.news();
  }

  hang(runs, base, ids) {
    for (const tile of this.tiles) tile.close();
    this.ids = ids;
    this.scene = null;
    this.epoch = null;
    this.epochs = [];
    this.reported = null;
    this.hidden = new Set();
    this.choose([]);
    this.legend.setClasses([]);
    this.scrubber.pause();
    this.tiles = runs.map((run) => new WallTile(run, base, this));
    setAttribute(this.grid, "data-count", runs.length);
    this.grid.replaceChildren(...this.tiles.map(({ root }) => root));
    if (this.theme) for (const tile of this.tiles) tile.setTheme(this.theme);
  }

  setTheme() {
    this.theme = readTheme(this.root);
    this.curves.setTheme(this.theme);
    for (const tile of this.tiles) tile.setTheme(this.theme);
  }

  // ---- what arrives

  // The first scene names the classes; runs of one wall learn the same data.
  onScene(scene) {
    if (this.scene) return;
    this.scene = scene;
    const classes = metadataJson(scene.metadata, "classes", []);
    this.legend.setClasses(scene.arrays.labels ? classes : []);
    this.legend.root.hidden = this.view !== "codes" || !scene.arrays.labels;
    this.showSelection();
  }

  async fetchExamples(address) {
    if (address === this.examplesAddress) return;
    this.examplesAddress = address;
    this.examples = null;
    if (!address) return;
    try {
      const answer = await fetch(new URL(address, window.location.href));
      if (answer.ok) this.examples = readSafetensors(await answer.arrayBuffer()).arrays.pictures ?? null;
      this.showSelection();
    } catch {} // without the pictures, what is marked is told in words
  }

  news() {
    this.dirty.add("state");
    this.ask();
  }

  // ---- marks

  eachCodes(act) {
    for (const { panel } of this.tiles) if (panel instanceof WallCodes) act(panel);
  }

  hover(index, panel) {
    if (index === this.hovered && panel === this.hoveredIn) return;
    this.hovered = index;
    this.hoveredIn = panel;
    this.eachCodes((codes) => codes.setHovered(index, codes === panel));
  }

  choose(indices) {
    this.chosen = indices;
    this.eachCodes((codes) => codes.setChosen(indices));
    this.showSelection();
    setAttribute(this.root, "data-chosen", indices.length);
  }

  showSelection() {
    const labels = this.scene?.arrays.labels?.values ?? null;
    const points = this.tiles.find(({ frame }) => frame)?.frame.arrays.points?.values ?? new Float32Array(0);
    const classes = this.scene ? metadataJson(this.scene.metadata, "classes", []) : [];
    this.selection.show({ points, labels, classes, thumbnails: this.examples }, this.chosen);
  }

  picture(index) {
    return this.examples && index < this.examples.shape[0] ? imageStrip(this.examples.values, this.examples.shape, index, 1) : null;
  }

  // ---- time

  seek(index) {
    this.epoch = index === null ? null : this.epochs[index] ?? null;
    this.news();
  }

  // The stored moment that is nearest to an epoch.
  seekEpoch(epoch) {
    this.scrubber.pause();
    this.seek(nearestEntry(this.epochs.map((each) => ({ each })), "each", epoch));
  }

  isReady(index) {
    const epoch = this.epochs[index];
    for (const tile of this.tiles) tile.prefetch(epoch);
    return this.areReady(epoch);
  }

  // Once all have ended, every frame is fetched in the background, a moment at a time: the time line then answers at once.
  async fill() {
    if (this.filled === this.ids || navigator.connection?.saveData) return;
    const { ids } = this;
    this.filled = ids;
    for (const epoch of [...this.epochs].reverse()) {
      if (this.isClosed || this.ids !== ids) return;
      await Promise.allSettled(this.tiles.map((tile) => tile.fetch(epoch)));
    }
  }

  // All tiles change in one turn, once every frame of the moment is here. One moment is fetched at a time, and shown
  // even if another is wanted by then: a wall of fast runs moves on while the newest is on its way.
  async showEpoch(epoch, isGliding) {
    this.wanted = epoch;
    if (this.areReady(epoch)) {
      this.showTiles(epoch, isGliding);
      return;
    }
    if (this.isFetching) return;
    this.isFetching = true;
    const { tiles } = this;
    const reasons = (await Promise.allSettled(tiles.map((tile) => tile.fetch(epoch)))).map(({ reason }) => reason);
    this.isFetching = false;
    if (this.isClosed) return;
    const isSame = tiles === this.tiles && this.wanted === epoch;
    if (tiles === this.tiles) {
      reasons.forEach((reason, place) => reason && tiles[place].fail(reason.message, epoch));
      if (isSame || !this.areReady(this.wanted)) this.showTiles(epoch, isGliding);
    }
    // Meanwhile a run may have told of frames of its own. What failed is asked for again when there is news.
    if (!isSame || !reasons.some(Boolean)) this.news();
  }

  areReady(epoch) {
    return this.tiles.every((tile) => tile.isReady(epoch));
  }

  showTiles(epoch, isGliding) {
    for (const tile of this.tiles) tile.show(epoch, isGliding);
  }

  // ---- painting

  repaint(tile) {
    this.dirty.add(tile);
    this.ask();
  }

  ask() {
    if (!this.request && !this.isClosed) this.request = requestAnimationFrame((now) => this.paint(now));
  }

  paint(now) {
    this.request = 0;
    if (this.dirty.has("state")) this.paintState();
    const { dirty } = this;
    this.dirty = new Set();
    for (const part of [...this.tiles, this.curves]) if (dirty.has(part)) part.paint(now);
  }

  paintState() {
    this.dirty.delete("state");
    const runs = this.tiles.map(({ feed }) => ({ frames: feed.frames, isFinal: feed.isFinal }));
    const statuses = this.tiles.map(({ feed }) => feed.state.status);
    this.epochs = wallEpochs(runs);
    const newest = this.epochs[this.epochs.length - 1] ?? NaN;
    const epoch = this.epoch ?? newest;
    const isGliding = this.epoch === null || this.scrubber.isPlaying;
    this.showEpoch(epoch, isGliding);
    for (const tile of this.tiles) {
      tile.showState(epoch);
      if (this.epoch !== null) tile.prefetch(epoch);
    }
    const isFinal = runs.every((run) => run.isFinal);
    const index = this.epoch === null ? null : this.epochs.indexOf(this.epoch);
    const frames = this.epochs.map((each) => ({ epoch: each }));
    this.scrubber.show({ frames, index: index === -1 ? null : index, epoch, isFinal });
    const longest = Math.max(...this.tiles.map(({ feed }) => feed.state.epochs || 0));
    const word = isFinal ? "finished" : statuses.find((each) => each === "running") ?? statuses.find(Boolean) ?? "";
    setAttribute(this.pill, "data-status", word);
    setText(this.pill, statusCounts(statuses) || "connecting");
    setText(this.moment, Number.isFinite(newest) ? `epoch ${formatEpoch(newest)} of ${formatEpoch(longest)}` : "");
    const parts = this.tiles.map(({ feed }) => (feed.isFinal ? 1 : clamp(feed.state.epoch / feed.state.epochs || 0, 0, 1)));
    this.progress.style.transform = `scaleX(${parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length)})`;
    setAttribute(this.root, "data-epoch", Number.isFinite(epoch) ? epoch : "");
    setAttribute(this.root, "data-final", String(isFinal));
    const lines = this.tiles.map(({ feed }, place) => ({ ...this.runs[place], rows: feed.rows }));
    this.curves.show(lines, epoch, this.curve);
    this.tell(isFinal);
  }

  // The page around learns once that all have ended: its tables then can be complete.
  tell(isFinal) {
    const told = isFinal ? this.ids : "";
    if (told === this.reported) return;
    this.reported = told;
    this.report(told);
    if (isFinal) this.fill();
  }
}

const walls = new WeakMap();

// Called at mount and again whenever the data or the theme change; only the last call's clean-up counts.
export default function mount({ data, parentElement, setStateValue }) {
  let wall = walls.get(parentElement);
  if (!wall) {
    wall = new Wall(parentElement);
    walls.set(parentElement, wall);
  }
  const ticket = (wall.ticket += 1);
  wall.report = (ids) => setStateValue("ended", ids);
  wall.show(data);
  wall.setTheme();
  return () => {
    if (wall.ticket !== ticket) return;
    walls.delete(parentElement);
    wall.close();
  };
}
