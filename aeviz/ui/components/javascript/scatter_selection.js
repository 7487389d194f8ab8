// A set of points that was drawn around: how many, what they look like together and one by one, of which classes.

const SHOWN_OF_SET = 24;
const CLASSES_OF_SET = 6;

class SelectionPanel {
  constructor({ onClear }) {
    this.count = element("b", { "data-testid": "scatter-chosen" });
    this.mean = element("canvas", { width: 1, height: 1, role: "img", "aria-label": "mean picture of the selection" });
    this.meanBox = element("figure", {}, this.mean, element("figcaption", { text: "mean" }));
    this.mosaic = element("div", { class: "mosaic", "aria-hidden": "true" });
    this.bars = element("div", { class: "makeup", "data-testid": "scatter-makeup" });
    this.root = element("section", { class: "selection", hidden: true, "aria-label": "selection" },
      element("div", { class: "selection-head" }, this.count,
        element("button", { type: "button", class: "quiet", text: "clear", onclick: onClear })),
      element("div", { class: "selection-body" }, this.meanBox, this.mosaic, this.bars));
  }

  // `indices` of the scene's points, none for no selection.
  show(scene, indices) {
    this.root.hidden = indices.length === 0;
    if (indices.length === 0) return;
    const total = scene.points.length / 2;
    setText(this.count, `${formatCount(indices.length)} of ${formatCount(total)} points selected`);
    this.showPictures(scene.thumbnails, indices);
    this.bars.hidden = !scene.labels;
    if (scene.labels) this.showClasses(scene, indices);
  }

  showPictures(thumbnails, indices) {
    this.meanBox.hidden = this.mosaic.hidden = !thumbnails;
    if (!thumbnails) return;
    const { values, shape } = thumbnails;
    imageStrip(meanPicture(values, shape, indices), [1, ...shape.slice(1)], 0, 1, this.mean);
    this.mosaic.replaceChildren(...spreadOver(indices, SHOWN_OF_SET).map((index) => imageStrip(values, shape, index, 1)));
  }

  showClasses({ labels, classes }, indices) {
    const counts = labelCounts(labels, indices);
    const rest = counts.slice(CLASSES_OF_SET).reduce((sum, [, count]) => sum + count, 0);
    const rows = counts.slice(0, CLASSES_OF_SET).map(([label, count]) => this.bar(classes[label] ?? "no class", count, indices.length, classColour(label, "currentcolor")));
    if (rest) rows.push(this.bar("others", rest, indices.length, "currentcolor"));
    this.bars.replaceChildren(...rows);
  }

  bar(name, count, total, colour) {
    const share = element("i");
    share.style.width = `${(100 * count) / total}%`;
    share.style.background = colour;
    const words = `${formatCount(count)} (${Math.round((100 * count) / total)} %)`;
    return element("div", { class: "makeup-row" }, element("span", { text: name }), element("div", {}, share), element("span", { text: words }));
  }
}
