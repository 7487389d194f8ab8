// A legend of classes: a click hides or shows one, a double click shows it alone, then all again.

class ClassLegend {
  constructor(attributes, onChange) {
    this.root = element("div", { class: "legend", role: "group", "aria-label": "classes", ...attributes });
    this.hidden = new Set();
    this.onChange = onChange;
  }

  // `coloured` is false where colour tells a value; the names then stand without a marker.
  setClasses(classes, coloured = true) {
    this.hidden = new Set();
    this.chips = classes.map((name, label) => this.chip(name, label, coloured));
    this.root.replaceChildren(...this.chips);
    this.root.hidden = classes.length === 0;
  }

  chip(name, label, coloured) {
    return element(
      "button",
      {
        type: "button", class: "chip", "aria-pressed": "true", title: "Click: hide or show. Double click: only this.",
        onclick: () => this.toggle(label),
        ondblclick: () => this.isolate(label),
      },
      ...(coloured ? [markerSwatch(classColour(label), classShape(label))] : []),
      element("span", { text: String(name) }),
    );
  }

  toggle(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.changed();
  }

  isolate(label) {
    const others = this.chips.map((_, index) => index).filter((index) => index !== label);
    const isAlone = !this.hidden.has(label) && others.every((index) => this.hidden.has(index));
    this.hidden = new Set(isAlone ? [] : others);
    this.changed();
  }

  changed() {
    this.chips.forEach((chip, label) => setAttribute(chip, "aria-pressed", String(!this.hidden.has(label))));
    this.onChange(this.hidden);
  }
}

const SWATCH_PATHS = {
  circle: "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
  square: "M3.5 3.5h9v9h-9z",
  diamond: "M8 1.8L14.2 8L8 14.2L1.8 8z",
  triangle: "M8 2L14 13H2z",
  cross: "M6.2 2h3.6v4.2H14v3.6H9.8V14H6.2V9.8H2V6.2h4.2z",
};

function markerSwatch(colour, shape) {
  const swatch = icon(SWATCH_PATHS[shape]);
  swatch.style.fill = colour;
  return swatch;
}
