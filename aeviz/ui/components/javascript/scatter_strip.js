// A row of small pictures that the decoder makes of places: along a line that is drawn, or of pins that were dropped.

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MOST_PINS = LETTERS.length;
const STEPS_OF_LINE = 9;
const STEPS_WHILE_SLOW = 5;
const SLOW_LINE_MS = 12;

class PictureStrip {
  constructor(title, attributes, onClear) {
    this.row = element("div", { class: "strip-row" });
    this.root = element("section", { class: "strip", hidden: true, "aria-label": title, ...attributes },
      element("div", { class: "selection-head" }, element("b", { text: title }),
        element("button", { type: "button", class: "quiet", text: "clear", onclick: onClear })),
      this.row);
    this.figures = [];
  }

  // `pictures` are { values (U8), shape [c, h, w], words, onRemove } in their order.
  show(pictures) {
    this.root.hidden = pictures.length === 0;
    while (this.figures.length < pictures.length) this.figures.push(this.figure());
    this.row.replaceChildren(...this.figures.slice(0, pictures.length).map(({ root }) => root));
    pictures.forEach((picture, at) => this.fill(this.figures[at], picture));
  }

  // For a file: what is seen and what is written under each.
  get shown() {
    return this.figures.slice(0, this.row.children.length).map(({ canvas, words }) => ({ canvas, words: words.textContent }));
  }

  figure() {
    const canvas = element("canvas", { width: 1, height: 1 });
    const words = element("span");
    const remove = element("button", { type: "button", class: "quiet", text: "×" });
    const root = element("figure", {}, canvas, element("figcaption", {}, words, remove));
    return { root, canvas, words, remove };
  }

  fill({ canvas, words, remove }, { values, shape, words: text, onRemove }) {
    imageStrip(values, [1, ...shape], 0, 1, canvas);
    canvas.style.imageRendering = Math.max(...shape.slice(1)) < 60 ? "pixelated" : "auto";
    setText(words, text);
    remove.hidden = !onRemove;
    remove.onclick = onRemove ?? null;
    setAttribute(remove, "aria-label", `remove ${text}`);
  }
}

// The places on a line, in equal steps, both ends included: [[x, y], …].
function placesAlong([fromX, fromY], [toX, toY], count) {
  return Array.from({ length: count }, (_, at) => {
    const part = at / (count - 1);
    return [fromX + part * (toX - fromX), fromY + part * (toY - fromY)];
  });
}

// What is decoded along a line while it is drawn; fewer pictures while that is slow, all of them at its end.
class Walk {
  constructor(pointer, onChange) {
    this.pointer = pointer;
    this.onChange = onChange;
    this.strip = new PictureStrip("Along the line", { "data-testid": "scatter-walk" }, () => this.set(null));
    this.line = null;
    this.cost = 0;
  }

  set(line, isMoving = false) {
    this.line = line;
    this.draw(isMoving && this.cost > SLOW_LINE_MS ? STEPS_WHILE_SLOW : STEPS_OF_LINE);
    this.onChange();
  }

  draw(count) {
    const started = performance.now();
    this.places = this.line && this.pointer.canDecode ? placesAlong(...this.line, count) : [];
    this.strip.show(this.places.map(([x, y], at) => this.pointer.picture(x, y, `${at + 1}`)));
    this.cost = ((performance.now() - started) * STEPS_OF_LINE) / count;
  }
}

// Places that stay, with letters, to be compared.
class Pins {
  constructor(pointer, onChange) {
    this.pointer = pointer;
    this.onChange = onChange;
    this.strip = new PictureStrip("Pins", { "data-testid": "scatter-pins" }, () => this.set([]));
    this.places = [];
  }

  drop(x, y) {
    if (this.places.length < MOST_PINS) this.set([...this.places, [x, y]]);
  }

  set(places) {
    this.places = places;
    this.draw();
    this.onChange(places);
  }

  draw() {
    const shown = this.pointer.canDecode ? this.places : [];
    this.strip.show(shown.map(([x, y], at) => ({
      ...this.pointer.picture(x, y, LETTERS[at]),
      onRemove: () => this.set(this.places.filter((_, other) => other !== at)),
    })));
  }

  // As marks of the plane: [x, y, letter].
  marks() {
    return this.places.map(([x, y], at) => [x, y, LETTERS[at]]);
  }
}
