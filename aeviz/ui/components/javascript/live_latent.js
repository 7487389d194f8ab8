// The codes of a live run, gliding from one frame to the next.

class LatentChart {
  constructor({ repaint }) {
    this.repaint = repaint;
    this.box = element("div", { class: "plot" });
    this.note = element("div", { class: "note note-small", hidden: true, "aria-hidden": "true" });
    this.reset = element("button", { type: "button", class: "quiet", text: "reset view", hidden: true,
      onclick: () => this.plane.reset() });
    this.legend = new ClassLegend({ "data-testid": "live-legend" }, (hidden) => this.plane.setHidden(hidden));
    this.plane = new PointPlane(this.box, { "data-testid": "live-scatter", role: "img", "aria-label": "codes in latent space" }, {
      repaint,
      onHover: (index) => this.showNote(index),
      onClick: ({ x, y }) => this.showNote(this.plane.setHovered(this.plane.pointAt(x, y, 14))),
      onView: () => { this.reset.hidden = !this.plane.isMoved; },
    });
    this.glide = new PointGlide(this.plane, repaint);
    this.empty = element("p", { class: "empty", text: "The codes appear with the first frame." });
    this.box.append(this.empty, this.note);
    this.root = element("section", { class: "panel panel-latent" },
      element("div", { class: "panel-head" }, element("h3", { text: "Latent space" }), this.reset),
      this.box, this.legend.root);
    this.clear();
  }

  close() {
    this.glide.close();
    this.plane.close();
  }

  clear() {
    this.glide.clear();
    this.empty.hidden = false;
    this.plane.isMoved = false;
    this.plane.setPoints(new Float32Array(0));
    this.plane.setClasses(null, [], ["", ""]);
    this.legend.setClasses([]);
  }

  setScene({ arrays, metadata }) {
    this.classes = metadataJson(metadata, "classes", []);
    const labels = arrays.labels?.values ?? null;
    this.plane.setClasses(labels, this.classes, ["z₁", "z₂"]);
    this.legend.setClasses(labels ? this.classes : []);
  }

  // What the two coordinates are: the axes of a small code, principal axes of a large one. Stages may differ in it.
  setAxes(axes) {
    if (axes.join() !== this.plane.axes.join()) this.plane.setClasses(this.plane.labels, this.classes, axes);
  }

  setTheme(theme) {
    this.plane.setTheme(theme);
  }

  // Shows these points, moving there from where they stand when `isGliding`.
  setPoints(points, isGliding) {
    this.empty.hidden = true;
    this.glide.setPoints(points, isGliding);
  }

  paint(now) {
    const { width, height } = this.plane.surface;
    if (width !== this.fittedWidth || height !== this.fittedHeight) {
      this.fittedWidth = width;
      this.fittedHeight = height;
      this.glide.refit();
    }
    this.glide.moveOn(now);
    this.plane.paint();
    this.followNote();
  }

  // The note stays beside its point, which may be moving.
  followNote() {
    const { hovered, points, surface } = this.plane;
    if (hovered < 0 || this.note.hidden) return;
    const { x, y } = this.plane.toScreen(points[2 * hovered], points[2 * hovered + 1]);
    placeNote(this.note, x, y, surface.width, surface.height);
  }

  showNote(index) {
    this.note.hidden = index < 0;
    if (index < 0) return;
    const label = this.plane.labels?.[index];
    const name = label >= 0 ? this.classes[label] ?? label : null;
    setText(this.note, name === null ? `example ${index}` : `${name} · example ${index}`);
    this.followNote();
  }
}
