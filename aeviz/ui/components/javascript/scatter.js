// A scatter of up to some 70,000 codes: panned, zoomed, filtered, shown as points or pictures, picked from, followed.

const PICK_REACH = 8;
const CLOSEST_MS = 7;
const HELP = "Arrow keys move a cursor, Enter picks, plus and minus zoom, 0 resets the view, question mark lists all keys.";

class ScatterView {
  constructor(parent) {
    this.request = 0;
    this.ticket = 0;
    this.count = 0;
    this.marks = {};
    this.kind = "points";
    this.report = () => {};
    this.build();
    parent.append(this.root);
  }

  build() {
    this.box = element("div", { class: "plot" });
    this.note = new PointNote();
    this.trouble = element("p", { class: "message", "data-testid": "scatter-message", hidden: true });
    this.status = element("span", { class: "scatter-status", "data-testid": "scatter-status", role: "status", "aria-live": "polite" });
    this.reset = element("button", { type: "button", class: "quiet", text: "reset view", hidden: true, onclick: () => this.plane.reset() });
    this.kindBox = element("div", { hidden: true });
    this.legend = new ClassLegend({ "data-testid": "scatter-legend" }, (hidden) => this.hide(hidden));
    this.bar = new ColourBar({ "data-testid": "scatter-bar" });
    this.field = new FieldLayer();
    this.buildPlane();
    this.pointer = new PointerDecoder({ repaint: () => this.repaint(), onReady: () => this.onDecoder() });
    this.tools = new ScatterTools(this.plane, this.pointer, {
      repaint: () => this.repaint(),
      onChosen: (indices) => this.report("chosen", { indices, scene: this.address }),
      onPinned: (places) => this.report("pinned", { places, scene: this.address }),
      save: () => downloadCanvas(savedView(this), "codes.png"),
    });
    this.live = new LiveMode(this);
    this.box.append(this.note.root, this.tools.help);
    this.root = element("div", { class: "scatter", "data-testid": "scatter" },
      element("div", { class: "scatter-head" }, this.status, this.reset, this.tools.bar, this.kindBox),
      this.trouble,
      element("div", { class: "scatter-body" }, this.box, this.pointer.root),
      element("div", { class: "scatter-foot" }, this.legend.root, this.field.bar.root, this.bar.root),
      this.tools.root);
  }

  buildPlane() {
    const attributes = { "data-testid": "scatter-canvas", tabindex: 0, role: "application", "aria-label": `Scatter of codes. ${HELP}` };
    this.plane = new PointPlane(this.box, attributes, {
      repaint: () => this.repaint(),
      onHover: (index, x, y, time) => {
        if (x !== null) this.aimNow({ x, y }, time);
        this.note.show(this.noteScene, index, x, y, this.plane.surface);
      },
      onClick: (place) => this.onClick(place),
      onView: () => this.onView(),
      strokes: (event) => this.tools.strokes(event),
      stroke: (phase, x, y) => this.tools.stroke(phase, x, y),
      aims: () => this.pointer.canDecode,
      early: (x, y, time) => this.aimNow({ x, y }, time),
    });
    this.plane.finder = (x, y) => this.thumbnails?.at(this.plane, x, y) ?? -1;
    this.plane.underlay = (context) => this.field.draw(context, this.plane);
    this.plane.overlay = (context) => this.paintOverlay(context);
    this.cursor = new KeyboardCursor(this.plane, {
      onPick: (place) => this.pickAt(place),
      onSpeak: (place) => this.speak(place),
      onMove: (place) => this.aim(place, NaN),
      onKey: (key) => this.tools.act(key),
    });
  }

  close() {
    this.isClosed = true;
    this.abort?.abort();
    cancelAnimationFrame(this.request);
    this.live.close();
    this.cursor.close();
    this.pointer.close();
    this.plane.close();
    this.root.remove();
  }

  // ---- what is given

  update({ scene, marks, pick, height, decoder, tools, live, pinned }) {
    this.marks = marks ?? {};
    this.tools.setOn(Boolean(tools), Boolean(decoder));
    if (pinned && this.pinnedOf !== pinned.of) {
      this.pinnedOf = pinned.of; // of another plane: what was pinned there means something else here
      this.tools.pins.places = pinned.places;
    }
    this.canPick = pick;
    this.box.style.setProperty("--height", `${height}px`);
    this.plane.selected = this.live.isOn ? -1 : this.marks.selected ?? -1;
    this.plane.canvas.toggleAttribute("data-picks", pick);
    if (scene !== this.address) this.load(scene);
    this.pointer.update(decoder ?? null);
    this.live.follow(live ?? null);
    this.onDecoder();
    this.repaint();
  }

  // What is decoded elsewhere than under the pointer, anew.
  onDecoder() {
    this.plane.canvas.toggleAttribute("data-aims", this.pointer.canDecode);
    this.tools.again();
  }

  async load(address) {
    this.address = address;
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.root.setAttribute("data-state", "loading");
    try {
      const scene = await fetchScatterScene(address, signal);
      if (!signal.aborted) this.setScene(scene);
    } catch (error) {
      if (signal.aborted) return;
      this.address = null;
      this.setTrouble(error.message);
      this.root.setAttribute("data-state", "failed");
    }
  }

  setTrouble(sentence) {
    setText(this.trouble, sentence);
    this.trouble.hidden = !sentence;
  }

  setScene(scene) {
    if (this.live.keeps(scene)) return;
    const isSameKind = this.scene?.classes.join() === scene.classes.join() && this.scene?.values === null && !scene.values;
    this.scene = scene;
    this.setTrouble("");
    this.plane.setPoints(scene.points);
    this.noteScene = scene;
    this.pointer.setScene(scene);
    this.tools.setScene(scene);
    this.plane.setClasses(scene.labels, scene.classes, scene.axes);
    if (!isSameKind) {
      this.legend.setClasses(scene.classes, !scene.values);
      this.plane.setHidden(this.legend.hidden);
    }
    this.setThumbnails(scene);
    this.setColours();
    this.fit();
    this.tellCount();
    this.root.setAttribute("data-state", "ready");
    this.root.setAttribute("data-points", scene.points.length / 2);
    this.onDecoder();
  }

  setThumbnails({ thumbnails }) {
    this.thumbnails = thumbnails ? new Thumbnails(thumbnails) : null;
    this.kindBox.hidden = !thumbnails;
    this.setKind(thumbnails ? this.kind : "points");
    if (thumbnails && !this.kindBox.firstChild) {
      this.kindBox.append(segmentedChoice("how points are drawn", [["points", "points"], ["images", "images"]], "points",
        (kind) => {
          this.kind = kind;
          this.setKind(kind);
        }));
    }
  }

  setKind(kind) {
    this.plane.drawsPoints = kind === "points";
    this.plane.changed();
  }

  setColours() {
    if (!this.scene || !this.plane.theme || this.live.isOn) return;
    const { values, range, valueName, field } = this.scene;
    this.field.setField(field, this.plane.theme.dark);
    const colours = values ? valueColours(this.plane.theme.dark, VALUE_STEPS) : null;
    this.plane.setValues(values ? valueStepsOf(values, range) : null, colours);
    this.bar.show(range, valueName, colours);
  }

  setTheme() {
    this.plane.setTheme(readTheme(this.root));
    this.setColours();
  }

  hide(hidden) {
    this.thumbnails?.forget();
    this.plane.setHidden(hidden);
    this.tellCount();
  }

  tellCount() {
    if (!this.scene) return;
    if (this.live.isOn) {
      setText(this.status, `${this.live.words} · ${formatCount(this.plane.points.length / 2)} points`);
      return;
    }
    const total = this.scene.points.length / 2;
    const { hidden, labels } = this.plane;
    const shown = hidden.size === 0 || !labels ? total : labels.reduce((sum, label) => sum + !hidden.has(label), 0);
    setText(this.status, shown === total ? `${formatCount(total)} points` : `${formatCount(shown)} of ${formatCount(total)} points`);
  }

  // ---- the view

  fit() {
    const bounds = boundsOf(this.scene?.points ?? []);
    if (bounds) this.plane.setHome(this.plane.viewOf(bounds));
  }

  onView() {
    this.reset.hidden = !this.plane.isMoved;
    this.note.hide();
  }

  repaint() {
    if (!this.request && !this.isClosed) this.request = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.request = 0;
    const { width, height } = this.plane.surface;
    if (width !== this.fittedWidth || height !== this.fittedHeight) {
      this.fittedWidth = width;
      this.fittedHeight = height;
      if (this.live.isOn) this.live.glide.refit();
      else this.fit();
    }
    this.pointer.paint();
    this.live.glide.moveOn(performance.now());
    this.plane.paint();
    // Before anything is pointed at, what is marked or the middle of the view is shown.
    if (!this.pointer.aimed && this.pointer.tape && this.scene) this.aim(this.markedPlace(), NaN);
  }

  markedPlace() {
    const { selected } = this.plane;
    const [pin] = this.marks.pins ?? [];
    if (selected >= 0) return this.plane.toScreen(this.plane.points[2 * selected], this.plane.points[2 * selected + 1]);
    if (pin) return this.plane.toScreen(pin[0], pin[1]);
    return this.cursor.middle();
  }

  // The picture of the place is painted within the event itself and not in the frame after it. A place that is
  // decoded already, or follows one too closely for anyone to see, is left to the frame.
  aimNow(place, time) {
    if (!this.plane.isInside(place.x, place.y)) return;
    if (place.x === this.last?.x && place.y === this.last?.y) return;
    this.last = place;
    this.aim(place, time);
    const now = performance.now();
    if (now - (this.decodedAt ?? 0) < CLOSEST_MS) return;
    this.decodedAt = now;
    this.pointer.paint();
  }

  aim(place, time) {
    const { x, y } = this.plane.fromScreen(place.x, place.y);
    this.pointer.aim(x, y, time);
  }

  paintOverlay(context) {
    if (!this.plane.drawsPoints) this.thumbnails?.draw(context, this.plane);
    if (!this.live.isOn) drawMarks(context, this.plane, this.marks);
    this.tools.draw(context);
    if (this.cursor.place) drawCursor(context, this.plane, this.cursor.place);
  }

  // ---- pointing and picking

  onClick(place) {
    const index = this.plane.setHovered(this.plane.pointAt(place.x, place.y, PICK_REACH));
    this.note.show(this.noteScene, index, place.x, place.y, this.plane.surface);
    this.aim(place, NaN);
    this.pickAt(place);
  }

  pickAt(place) {
    if (!this.canPick || !this.scene || this.live.isOn) return;
    const index = this.plane.pointAt(place.x, place.y, PICK_REACH);
    const { x, y } = this.plane.fromScreen(place.x, place.y);
    this.count += 1;
    this.report("picked", { x, y, index: index < 0 ? null : index, count: this.count, scene: this.address });
    this.speak(place, "Picked ");
  }

  speak(place, opening = "") {
    if (!place || !this.noteScene) return;
    const { x, y } = this.plane.fromScreen(place.x, place.y);
    const index = this.plane.pointAt(place.x, place.y, PICK_REACH);
    const found = index < 0 ? "no point here" : describePoint(this.noteScene, index).join(" · ");
    setText(this.status, `${opening}${formatNumber(x)}, ${formatNumber(y)}: ${found}`);
  }
}

const scatterViews = new WeakMap();

// Called at mount and again whenever the data or the theme change; only the last call's clean-up counts.
export default function mount({ data, parentElement, setStateValue }) {
  let view = scatterViews.get(parentElement);
  if (!view) {
    view = new ScatterView(parentElement);
    scatterViews.set(parentElement, view);
  }
  const ticket = (view.ticket += 1);
  view.report = setStateValue;
  view.setTheme();
  view.update(data);
  return () => {
    if (view.ticket !== ticket) return;
    scatterViews.delete(parentElement);
    view.close();
  };
}
