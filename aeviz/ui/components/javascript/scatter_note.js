// The note beside the pointer: the picture of the point under it, and what there is to say of it.

class PointNote {
  constructor() {
    this.image = element("canvas", { width: 1, height: 1 });
    this.text = element("div");
    this.root = element("div", { class: "note note-picture", hidden: true, "aria-hidden": "true" }, this.image, this.text);
  }

  hide() {
    this.root.hidden = true;
  }

  show(scene, index, x, y, { width, height }) {
    if (index < 0 || !scene || x === null) {
      this.hide();
      return;
    }
    if (index !== this.index || scene !== this.scene) {
      this.index = index;
      this.scene = scene;
      this.image.hidden = !scene.thumbnails;
      if (scene.thumbnails) previewThumbnail(scene.thumbnails, index, this.image);
      setText(this.text, describePoint(scene, index).join("\n"));
    }
    placeNote(this.root, x, y, width, height);
  }
}

// A small picture enlarged by a whole factor.
function previewThumbnail({ values, shape }, index, canvas) {
  const [, , height, width] = shape;
  const factor = Math.max(1, Math.floor(112 / Math.max(height, width)));
  imageStrip(values, shape, index, 1, canvas);
  canvas.style.width = `${Math.min(160, width * factor)}px`;
  canvas.style.height = `${(Math.min(160, width * factor) * height) / width}px`;
  canvas.style.imageRendering = factor > 1 ? "pixelated" : "auto";
}
