// One run of a wall: its name and colour, how it stands, and one panel of it.

const WALL_PREFETCH = 2;
const WALL_PANELS = {
  codes: (repaint, marking) => new WallCodes(repaint, marking),
  reconstructions: (repaint) => new WallPictures(repaint, "reconstructions"),
  samples: (repaint) => new WallPictures(repaint, "samples"),
};

class WallTile {
  // `wall` has news(), onScene(scene), repaint(tile) and marking; `run` is { id, title, colour }.
  constructor(run, base, wall) {
    this.wall = wall;
    this.id = run.id;
    this.shownStep = NaN;
    this.frame = null;
    this.trouble = "";
    this.name = element("h3", { text: run.title, title: run.title });
    this.swatch = element("i", { class: "tile-swatch" });
    this.swatch.style.background = run.colour;
    this.state = element("span", { class: "tile-state", "data-testid": "wall-state" });
    this.body = element("div", { class: "tile-body" });
    this.root = element("section", { class: "tile", "data-testid": "wall-tile", "data-run": run.id },
      element("header", { class: "tile-head" }, this.swatch, this.name), this.state, this.body);
    this.feed = new LiveFeed(base, run.id, {
      scene: (scene) => this.setScene(scene),
      news: () => wall.news(),
      liveFrame: () => {},
      trouble: (sentence) => {
        this.trouble = sentence;
        wall.news();
      },
    }, "live?stored=1");
  }

  close() {
    this.isClosed = true;
    this.feed.close();
    this.panel?.close();
    this.root.remove();
  }

  // `address` is where a picture is that the server computes for this view, null where the frames hold it.
  setView(view, address) {
    if (this.view === view && this.address === address) return;
    this.view = view;
    this.address = address;
    this.panel?.close();
    const make = WALL_PANELS[view] ?? ((repaint) => new WallComputed(repaint, address));
    this.panel = make(() => this.wall.repaint(this), this.wall.marking);
    this.body.replaceChildren(this.panel.box);
    if (this.theme) this.panel.setTheme(this.theme);
    if (this.scene) this.panel.setScene(this.scene);
    if (this.frame) this.panel.setFrame(this.frame, false);
    this.wall.repaint(this);
  }

  setScene(scene) {
    this.scene = scene;
    this.panel?.setScene(scene);
    if (this.frame) this.panel?.setFrame(this.frame, false);
    this.wall.onScene(scene);
    this.wall.repaint(this);
  }

  setTheme(theme) {
    this.theme = theme;
    this.panel?.setTheme(theme);
  }

  // ---- which moment

  // The last stored frame up to an epoch; undefined for a run that has none yet.
  entryAt(epoch) {
    return this.feed.frames[lastUpTo(this.feed.frames, epoch)];
  }

  prefetch(epoch) {
    this.feed.prefetch(lastUpTo(this.feed.frames, epoch), WALL_PREFETCH);
  }

  // Has the frame of an epoch in the cache.
  async fetch(epoch) {
    const entry = this.entryAt(epoch);
    if (entry) await this.feed.frame(entry.step);
  }

  isReady(epoch) {
    const entry = this.entryAt(epoch);
    return !entry || this.feed.cachedFrame(entry.step) !== null;
  }

  // Shows the frame of an epoch if it is in the cache; one that could not be fetched leaves the picture as it is.
  show(epoch, isGliding) {
    const entry = this.entryAt(epoch);
    const frame = entry && this.feed.cachedFrame(entry.step);
    if (!frame || entry.step === this.shownStep) return;
    this.frame = frame;
    this.shownStep = entry.step;
    this.panel?.setFrame(frame, isGliding);
    setAttribute(this.root, "data-epoch", frame.metadata.epoch ?? "");
    this.wall.repaint(this);
  }

  fail(sentence, epoch) {
    this.trouble = sentence;
    this.showState(epoch);
  }

  // The words below the name: the error at this moment; and the epoch, the state or the trouble where they are its own.
  showState(epoch) {
    const { state, rows } = this.feed;
    const entry = this.entryAt(epoch);
    const row = rows[lastUpTo(rows, entry?.epoch ?? -1)];
    const words = [];
    if (row) words.push(`error ${formatNumber(row.test?.mse ?? row.test?.loss)}`);
    if (entry && entry.epoch !== epoch) words.push(`epoch ${formatEpoch(entry.epoch)}`);
    if (!["running", "finished"].includes(state.status)) words.push(STATUS_WORDS[state.status] ?? state.status);
    const trouble = this.trouble || (["failed", "diverged", "queued"].includes(state.status) ? state.message : "");
    setText(this.state, words.join(" · "));
    setAttribute(this.state, "title", trouble || "squared error per pixel of held-out examples");
    setAttribute(this.root, "data-status", state.status);
    if (!entry && trouble) setText(this.state, trouble);
  }

  paint(now) {
    this.panel?.paint(now);
  }
}
