// Points drawn as their pictures, thinned so that none covers another.

const MOST_KEPT_THUMBNAILS = 1500;

class Thumbnails {
  constructor(array) {
    this.values = array.values;
    this.shape = array.shape;
    this.kept = new Map();
    this.chosen = null;
  }

  // Small pictures are enlarged by a whole factor, large ones fit 44 pixels.
  get size() {
    const [, , height, width] = this.shape;
    const longer = Math.max(height, width);
    const factor = longer < 36 ? Math.max(1, Math.round(32 / longer)) : 44 / longer;
    return { width: width * factor, height: height * factor, room: longer * factor + 4 };
  }

  canvas(index) {
    let canvas = this.kept.get(index);
    if (!canvas) {
      if (this.kept.size >= MOST_KEPT_THUMBNAILS) this.kept.clear();
      canvas = imageStrip(this.values, this.shape, index, 1);
      this.kept.set(index, canvas);
    }
    return canvas;
  }

  // Which points get their picture: the same ones wherever the view stands, more of them the closer it is.
  choose(plane) {
    const scale = plane.scale();
    const { hidden, points } = plane;
    const isSame = this.chosen && this.chosen.scale === scale && this.chosen.hidden === hidden.size && this.chosen.points === points;
    if (!isSame) {
      const indices = thinnedPoints(points, this.size.room / scale, (index) => plane.isShown(index));
      this.chosen = { scale, hidden: hidden.size, points, indices };
    }
    return this.chosen.indices;
  }

  forget() {
    this.chosen = null;
  }

  draw(context, plane) {
    const { width, height } = this.size;
    context.imageSmoothingEnabled = width * plane.surface.ratio < this.shape[3];
    for (const index of this.choose(plane)) {
      const { x, y } = plane.toScreen(plane.points[2 * index], plane.points[2 * index + 1]);
      if (x < -width || y < -height || x > plane.surface.width + width || y > plane.surface.height + height) continue;
      const left = Math.round(x - width / 2);
      const top = Math.round(y - height / 2);
      context.drawImage(this.canvas(index), left, top, width, height);
      const isPointedAt = index === plane.hovered || index === plane.selected;
      const line = isPointedAt ? 4 : 2;
      context.lineWidth = line;
      context.strokeStyle = isPointedAt ? plane.theme.text : plane.colourOf(index);
      context.strokeRect(left - line / 2, top - line / 2, width + line, height + line);
    }
  }

  // The picture under a place on screen, or −1.
  at(plane, x, y) {
    const { width, height } = this.size;
    const found = this.choose(plane).find((index) => {
      const place = plane.toScreen(plane.points[2 * index], plane.points[2 * index + 1]);
      return Math.abs(place.x - x) <= width / 2 + 1 && Math.abs(place.y - y) <= height / 2 + 1;
    });
    return found ?? -1;
  }
}
