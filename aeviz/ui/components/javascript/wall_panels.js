// What a tile of a wall can show of its run. Every panel has box, setScene, setTheme, setFrame, paint and close.

// Codes. The pointer marks images in all tiles of the wall: `marking` has hover(index) and choose(indices).
class WallCodes {
  constructor(repaint, marking) {
    this.box = element("div", { class: "plot plot-codes" });
    this.note = element("div", { class: "note note-small", hidden: true, "aria-hidden": "true" });
    this.marking = marking;
    this.stroke = null;
    this.plane = new PointPlane(this.box, { "data-testid": "wall-codes", role: "img", "aria-label": "codes" }, {
      repaint,
      onHover: (index) => marking.hover(index, this),
      onClick: ({ x, y }) => {
        const index = this.plane.pointAt(x, y, 14);
        marking.choose(index < 0 ? [] : [index]);
      },
      strokes: (event) => event.pointerType !== "touch",
      stroke: (phase, x, y) => this.draw(phase, x, y),
    });
    this.plane.overlay = (context) => this.drawStroke(context);
    this.glide = new PointGlide(this.plane, repaint);
    this.box.append(this.note);
  }

  close() {
    this.glide.close();
    this.plane.close();
  }

  setScene({ arrays, metadata }) {
    this.classes = metadataJson(metadata, "classes", []);
    this.plane.setClasses(arrays.labels?.values ?? null, this.classes, ["z₁", "z₂"]);
  }

  setTheme(theme) {
    this.plane.setTheme(theme);
  }

  setFrame({ arrays, metadata }, isGliding) {
    const axes = metadataJson(metadata, "axes", ["z₁", "z₂"]);
    if (axes.join() !== this.plane.axes.join()) this.plane.setClasses(this.plane.labels, this.classes, axes);
    if (arrays.points) this.glide.setPoints(arrays.points.values, isGliding);
  }

  // ---- what is marked in all tiles

  setHidden(hidden) {
    this.plane.setHidden(hidden);
  }

  setHovered(index, isHere) {
    this.plane.setHovered(index);
    this.note.hidden = index < 0 || !isHere;
    if (this.note.hidden) return;
    const label = this.plane.labels?.[index];
    const name = label >= 0 ? this.classes[label] ?? label : null;
    const words = element("span", { text: name === null ? `example ${index}` : `${name} · example ${index}` });
    this.note.replaceChildren(...[this.marking.picture(index), words].filter(Boolean));
    this.followNote();
  }

  setChosen(indices) {
    const chosen = indices.length > 0 ? new Uint8Array(this.plane.points.length / 2) : null;
    for (const index of indices) if (index < chosen.length) chosen[index] = 1;
    this.plane.selected = indices.length === 1 ? indices[0] : -1;
    this.plane.setChosen(chosen);
  }

  draw(phase, x, y) {
    if (phase === "start") this.stroke = [];
    this.stroke?.push([x, y]);
    if (phase === "end") {
      const polygon = this.stroke.map(([across, down]) => Object.values(this.plane.fromScreen(across, down)));
      this.marking.choose(pointsWithin(this.plane.points, polygon, (index) => this.plane.isShown(index)));
    }
    if (phase === "end" || phase === "cancel") this.stroke = null;
    this.plane.repaint();
  }

  drawStroke(context) {
    if (!this.stroke || this.stroke.length < 2) return;
    context.beginPath();
    for (const [x, y] of this.stroke) context.lineTo(x, y);
    context.closePath();
    context.lineWidth = 1.5;
    context.strokeStyle = this.plane.theme.accent;
    context.stroke();
    context.globalAlpha = 0.12;
    context.fillStyle = this.plane.theme.accent;
    context.fill();
    context.globalAlpha = 1;
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

  followNote() {
    const { hovered, points, surface } = this.plane;
    if (hovered < 0 || this.note.hidden) return;
    const { x, y } = this.plane.toScreen(points[2 * hovered], points[2 * hovered + 1]);
    placeNote(this.note, x, y, surface.width, surface.height);
  }
}

// Inputs over reconstructions, or draws from the prior: the panels of the live picture, told apart by the data.
class WallPictures {
  constructor(repaint, name) {
    this.repaint = repaint;
    this.name = name; // of the frame's array: "reconstructions" or "samples"
    this.box = element("div", { class: "tile-pictures" });
    this.words = element("p", { class: "tile-words", hidden: true, text: "This model has no prior to sample from." });
    this.box.append(this.words);
  }

  close() {
    this.picture?.close();
  }

  setScene(scene) {
    this.scene = scene;
    this.picture?.close();
    this.picture = null;
    const { inputs } = scene.arrays;
    if (!inputs) return;
    const areImages = inputs.shape.length === 4;
    const [Pictures, Cloud] = this.name === "samples" ? [SampleGrid, SampleCloud] : [ImageRows, PointCloud];
    this.picture = areImages ? new Pictures({ repaint: this.repaint, small: true }) : new Cloud({ repaint: this.repaint });
    this.picture.setScene(scene);
    this.box.replaceChildren(this.words, this.picture.box);
    if (this.theme) this.picture.setTheme(this.theme);
  }

  setTheme(theme) {
    this.theme = theme;
    this.picture?.setTheme(theme);
  }

  setFrame({ arrays }) {
    const array = arrays[this.name];
    this.words.hidden = Boolean(array);
    if (this.picture) this.picture.box.hidden = !array;
    if (array) this.picture?.setReconstructions(array);
  }

  paint() {
    if (this.picture && !this.picture.box.hidden) this.picture.paint();
  }
}
