// What a drag does (move the view, draw around points, draw a line), pins, saving the picture, and help.

const KEYS = [
  ["Arrows", "move the pointer (with Shift: further)"],
  ["Enter", "pick the point or place"],
  ["P", "drop a pin, to compare"],
  ["Shift + drag", "draw around points"],
  ["Alt + drag", "draw a line: pictures along it"],
  ["+  −  0", "zoom in, out, reset the view"],
  ["S", "save the picture as PNG"],
  ["?", "show or hide these keys"],
  ["Esc", "leave"],
  ["Touch", "one finger decodes, two move and zoom"],
];

class ScatterTools {
  // `onChosen(indices)` and `onPinned(places)` tell of what was done; `repaint` asks for a paint.
  constructor(plane, pointer, { repaint, onChosen, onPinned, save }) {
    this.plane = plane;
    this.pointer = pointer;
    this.repaint = repaint;
    this.onChosen = onChosen;
    this.save = save;
    this.isOn = false;
    this.mode = "move";
    this.loop = null;
    this.chosen = [];
    this.selection = new SelectionPanel({ onClear: () => this.choose([]) });
    this.walk = new Walk(pointer, repaint);
    this.pins = new Pins(pointer, (places) => {
      repaint();
      onPinned(places);
    });
    this.buildBar();
    this.root = element("div", { class: "scatter-sets" }, this.selection.root, this.walk.strip.root, this.pins.strip.root);
  }

  buildBar() {
    this.help = element("dl", { class: "note help", hidden: true, "data-testid": "scatter-help" },
      ...KEYS.flatMap(([key, words]) => [element("dt", { text: key }), element("dd", { text: words })]));
    this.helpButton = this.button("?", "keys", () => this.toggleHelp());
    this.helpButton.setAttribute("aria-expanded", "false");
    this.lineModes = segmentedChoice("what a drag does", [["move", "move"], ["lasso", "select"], ["line", "line"]], "move",
      (mode) => { this.mode = mode; });
    this.pinButton = this.button("pin", "drop a pin where the pointer was last (P)", () => this.dropPin());
    this.saveButton = this.button("save", "save the picture as PNG (S)", () => this.save());
    this.bar = element("div", { class: "scatter-tools", hidden: true, "data-testid": "scatter-tools" },
      this.lineModes, this.pinButton, this.saveButton, this.helpButton);
  }

  button(text, title, onclick) {
    return element("button", { type: "button", class: "quiet", text, title, onclick });
  }

  toggleHelp(isShown = this.help.hidden) {
    this.help.hidden = !isShown;
    setAttribute(this.helpButton, "aria-expanded", isShown);
  }

  // Where nothing can be decoded, lines and pins have no pictures to show.
  setOn(isOn, decodes) {
    this.isOn = isOn;
    this.bar.hidden = !isOn;
    this.pinButton.hidden = !decodes;
    this.lineModes.querySelector("[data-value=line]").hidden = !decodes;
  }

  again() {
    this.walk.draw(STEPS_OF_LINE);
    this.pins.draw();
  }

  dropPin() {
    const { aimed } = this.pointer;
    if (aimed) this.pins.drop(aimed.x, aimed.y);
  }

  // ---- keys; true for one that is ours

  act(key) {
    if (!this.isOn) return false;
    if (key === "p" || key === "P") this.dropPin();
    else if (key === "s" || key === "S") this.save();
    else if (key === "?") this.toggleHelp();
    else if (key === "Escape" && !this.help.hidden) this.toggleHelp(false);
    else return false;
    return true;
  }

  // ---- strokes

  kindOf(event) {
    if (!this.isOn) return null;
    if (event.shiftKey) return "lasso";
    if (event.altKey && this.pointer.canDecode) return "line";
    return this.mode === "move" ? null : this.mode;
  }

  strokes(event) {
    this.kind = this.kindOf(event);
    return this.kind !== null;
  }

  stroke(phase, x, y) {
    const place = this.plane.fromScreen(x, y);
    const here = [place.x, place.y];
    if (this.kind === "line") this.drawLine(phase, here);
    else this.drawLoop(phase, here);
  }

  drawLine(phase, here) {
    if (phase === "start") this.start = here;
    else if (phase !== "cancel") this.walk.set([this.start, here], phase === "move");
  }

  drawLoop(phase, here) {
    if (phase === "start") this.loop = [here];
    else if (phase === "move") this.loop.push(here);
    else {
      if (phase === "end") this.choose(pointsWithin(this.plane.points, this.loop, (index) => this.plane.isShown(index)));
      this.loop = null;
    }
    this.repaint();
  }

  // ---- the selection

  choose(indices) {
    if (indices.length === 0 && this.chosen.length === 0) return;
    this.setChosen(indices);
    this.onChosen(indices);
  }

  setChosen(indices) {
    this.chosen = indices;
    const mask = indices.length ? new Uint8Array(this.plane.points.length / 2) : null;
    for (const index of indices) mask[index] = 1;
    this.plane.setChosen(mask);
    if (this.scene) this.selection.show(this.scene, indices);
  }

  // Another picture of the same points keeps what was chosen of them.
  setScene(scene) {
    const isSame = this.scene?.points.length === scene.points.length;
    this.scene = scene;
    this.setChosen(isSame ? this.chosen : []);
  }

  // ---- over the points

  draw(context) {
    const { plane } = this;
    if (this.walk.line) drawPath(context, plane, { points: this.walk.places });
    for (const [x, y, letter] of this.pins.marks()) drawPin(context, plane, plane.toScreen(x, y), letter);
    if (this.loop) drawLoop(context, plane, this.loop);
  }
}

function drawLoop(context, plane, loop) {
  context.beginPath();
  for (const [x, y] of loop) {
    const place = plane.toScreen(x, y);
    context.lineTo(place.x, place.y);
  }
  context.closePath();
  context.fillStyle = withAlpha(plane.theme.accent, 0.12);
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = plane.theme.accent;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}
