// Follows a run under way: its live frames move the points, and the decoder is renewed with the run's weights.
// Live frames hold fewer points than the scene; they take its place until the run ends or is no longer followed.

const RENEWED_EVERY_MS = 3000;

class LiveMode {
  constructor(view) {
    this.view = view;
    this.glide = new PointGlide(view.plane, () => view.repaint());
    this.painted = 0;
    this.words = "";
    this.isOn = false;
  }

  // `live` is { run, base } or null.
  follow(live) {
    if (this.run === (live?.run ?? null)) return;
    this.close();
    this.run = live?.run ?? null;
    this.end();
    if (!live) return;
    this.renewed = performance.now();
    this.decoder = `${live.base}/${live.run}/decoder`;
    this.feed = new LiveFeed(live.base, live.run, {
      scene: (scene) => this.setScene(scene),
      news: () => this.onNews(),
      liveFrame: (buffer) => this.onFrame(buffer),
      trouble: (sentence) => this.say(sentence),
    });
  }

  close() {
    this.glide.close();
    this.feed?.close();
    this.feed = null;
  }

  say(words) {
    this.words = words;
    this.view.tellCount();
  }

  // ---- what arrives

  onNews() {
    const { status, epoch } = this.feed.state;
    if (this.feed.isFinal) this.view.report("ended", { run: this.run, status });
    this.say(`${status === "running" ? "live" : status}, epoch ${formatEpoch(epoch)}`);
  }

  setScene({ arrays, metadata }) {
    const labels = arrays.labels?.values ?? null;
    this.scene = { labels, classes: labels ? classNames(labels, metadataJson(metadata, "classes", [])) : [], values: null };
  }

  onFrame(buffer) {
    const { arrays, metadata } = readSafetensors(buffer);
    const { points, origin, basis } = arrays;
    if (!points || !this.scene || !this.view.scene) return;
    this.begin();
    const { plane, pointer, root } = this.view;
    const axes = metadataJson(metadata, "axes", ["", ""]);
    if (axes.join() !== plane.axes.join()) plane.setClasses(this.scene.labels, this.scene.classes, axes);
    this.glide.setPoints(points.values, true);
    pointer.setLive(points.values, origin && basis ? planeMap(origin.values, basis.values) : null);
    this.painted += 1;
    setAttribute(root, "data-painted", this.painted);
    this.renewDecoder();
  }

  renewDecoder() {
    const now = performance.now();
    if (!this.view.pointer.map || now - this.renewed < RENEWED_EVERY_MS) return;
    this.renewed = now;
    this.view.pointer.renew(this.decoder);
  }

  // ---- taking the scene's place

  begin() {
    if (this.isOn) return;
    this.isOn = true;
    const { view } = this;
    const { plane, tools } = view;
    this.waiting = view.scene;
    view.noteScene = this.scene;
    view.bar.show(null);
    view.field.setField(null);
    tools.setChosen([]);
    view.kindBox.hidden = true;
    view.setKind("points");
    plane.selected = -1;
    plane.setValues(null, null);
    plane.setClasses(this.scene.labels, this.scene.classes, plane.axes);
    view.legend.setClasses(this.scene.classes);
    plane.setHidden(view.legend.hidden);
    view.root.setAttribute("data-live", "");
    view.tellCount();
  }

  // Whether a scene that has come has to wait until the run is no longer followed.
  keeps(scene) {
    if (this.isOn) this.waiting = scene;
    return this.isOn;
  }

  end() {
    if (!this.isOn) return;
    this.isOn = false;
    this.glide.clear();
    const { view } = this;
    view.pointer.setLive(null, null);
    view.root.removeAttribute("data-live");
    view.scene = null;
    view.setScene(this.waiting);
  }
}

// The way from a place to a code: origin + x·across + y·up, from a basis of k rows and two columns.
function planeMap(origin, basis) {
  const column = (at) => Array.from({ length: origin.length }, (_, row) => basis[2 * row + at]);
  return { origin: Array.from(origin), across: column(0), up: column(1) };
}
