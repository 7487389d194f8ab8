// The scale of continuous values, with its ends and its middle written out.

class ColourBar {
  constructor(attributes) {
    this.name = element("span", { class: "bar-name" });
    this.ramp = element("div", { class: "bar-ramp" });
    this.ticks = element("div", { class: "bar-ticks" });
    this.root = element("div", { class: "bar", hidden: true, ...attributes }, this.name, this.ramp, this.ticks);
  }

  show(range, name, colours) {
    this.root.hidden = !range;
    if (!range) return;
    setText(this.name, name);
    this.ramp.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
    const values = [range.low, (range.low + range.high) / 2, range.high];
    this.ticks.replaceChildren(...values.map((value) => element("span", { text: formatNumber(value) })));
  }
}
