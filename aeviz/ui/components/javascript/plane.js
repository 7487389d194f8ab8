// A plane of points: axes, panning, zooming, classes that hide, hovering. Both components draw their codes with it.

const PLANE_MARGIN = { left: 44, right: 10, top: 8, bottom: 26 };
const SLOW_LAYER_MS = 14;
const SETTLE_MS = 90;

class PointPlane {
  // `repaint` is asked for a call of paint(); `onHover(index, x, y)` and `onClick(place)` tell what the pointer does;
  // `strokes`, `stroke` and `aims` are passed on to the gestures.
  constructor(host, attributes, { repaint, onHover = () => {}, onClick = () => {}, onView = () => {}, ...strokes }) {
    this.surface = new Surface(host, attributes, () => this.changed());
    this.canvas = this.surface.canvas;
    this.repaint = repaint;
    this.onView = onView;
    this.points = new Float32Array(0);
    this.labels = null;
    this.valueSteps = null;
    this.valueScale = null;
    this.axes = ["", ""];
    this.hidden = new Set();
    this.view = { x: 0, y: 0, units: 2 };
    this.home = { ...this.view };
    this.isMoved = false;
    this.hovered = -1;
    this.selected = -1;
    this.chosen = null;
    this.radius = 3;
    this.drawsPoints = true;
    this.underlay = null;
    this.overlay = null;
    this.layer = document.createElement("canvas");
    this.layerView = null;
    this.layerCost = 0;
    this.isLayerStale = true;
    this.settleTimer = 0;
    attachGestures(this.canvas, {
      pan: (across, down) => this.pan(across, down),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      reset: () => this.reset(),
      ...strokes,
      click: (x, y) => this.isInside(x, y) && onClick({ x, y }),
      hover: (x, y, time) => {
        onHover(x === null ? this.setHovered(-1) : this.setHovered(this.pointAt(x, y, 10)), x, y, time);
      },
    });
  }

  close() {
    clearTimeout(this.settleTimer);
    this.surface.close();
  }

  // ---- what is shown

  setClasses(labels, classes, axes) {
    this.labels = labels;
    this.classes = classes;
    this.axes = axes;
    this.stamps = null;
    this.changed();
  }

  // Colour by a step of a scale instead of by class; null for both returns to classes.
  setValues(valueSteps, valueScale) {
    this.valueSteps = valueSteps;
    this.valueScale = valueScale;
    this.stamps = null;
    this.changed();
  }

  setPoints(points) {
    this.points = points;
    this.radius = clamp(6.2 - Math.log10(Math.max(10, points.length / 2)) * 1.05, 1.7, 4);
    this.changed();
  }

  // One moment of a movement, set while painting: it asks for no further paint.
  showMoment(points, home) {
    this.points = points;
    this.isLayerStale = true;
    this.home = home;
    if (!this.isMoved) this.view = { ...home };
  }

  setTheme(theme) {
    this.theme = theme;
    this.stamps = null;
    this.changed();
  }

  setHidden(hidden) {
    this.hidden = hidden;
    this.setHovered(-1);
    this.changed();
  }

  // Points that stand out while the others fade: a Uint8Array with 1 for each of them, or null.
  setChosen(chosen) {
    this.chosen = chosen;
    this.changed();
  }

  isShown(index) {
    return this.hidden.size === 0 || !this.labels || !this.hidden.has(this.labels[index]);
  }

  // The colour that a point is drawn in.
  colourOf(index) {
    const { muted, accent } = this.theme;
    if (this.valueSteps) return this.valueScale[this.valueSteps[index]] ?? muted;
    return this.labels ? classColour(this.labels[index], muted) : accent;
  }

  setHovered(index) {
    if (index !== this.hovered) {
      this.hovered = index;
      this.repaint();
    }
    return index;
  }

  changed() {
    this.isLayerStale = true;
    this.repaint();
  }

  // ---- where the view stands; `units` is how many units the shorter side of the plot spans

  // The view that shows all of `bounds` with some air.
  viewOf(bounds) {
    const { width, height } = this.plot();
    const shorter = Math.max(1, Math.min(width, height));
    const wide = ((bounds.right - bounds.left) * shorter) / Math.max(1, width);
    const tall = ((bounds.top - bounds.bottom) * shorter) / Math.max(1, height);
    const units = Math.max(wide, tall) * 1.1;
    return {
      x: (bounds.left + bounds.right) / 2,
      y: (bounds.bottom + bounds.top) / 2,
      units: units > 1e-9 ? units : 1,
    };
  }

  setHome(view) {
    this.home = { ...view };
    if (!this.isMoved) this.setView(view);
  }

  setView(view) {
    this.view = { ...view };
    // While nothing is zoomed a finger that moves up or down scrolls the page (see the style of this attribute).
    this.canvas.toggleAttribute("data-moved", this.isMoved);
    this.repaint();
    this.onView();
  }

  pan(across, down) {
    this.isMoved = true;
    const scale = this.scale();
    this.setView({ ...this.view, x: this.view.x - across / scale, y: this.view.y + down / scale });
  }

  zoom(factor, x, y) {
    const units = clamp(this.view.units / factor, this.home.units / 2000, this.home.units * 20);
    const before = this.fromScreen(x, y);
    this.isMoved = true;
    this.view = { ...this.view, units };
    const after = this.fromScreen(x, y);
    this.setView({ x: this.view.x + before.x - after.x, y: this.view.y + before.y - after.y, units });
  }

  reset() {
    this.isMoved = false;
    this.setView(this.home);
  }

  plot() {
    const { left, right, top, bottom } = PLANE_MARGIN;
    return {
      left, top,
      width: Math.max(1, this.surface.width - left - right),
      height: Math.max(1, this.surface.height - top - bottom),
    };
  }

  scale() {
    const { width, height } = this.plot();
    return Math.min(width, height) / this.view.units;
  }

  toScreen(x, y) {
    const { left, top, width, height } = this.plot();
    const scale = this.scale();
    return { x: left + width / 2 + (x - this.view.x) * scale, y: top + height / 2 - (y - this.view.y) * scale };
  }

  fromScreen(x, y) {
    const { left, top, width, height } = this.plot();
    const scale = this.scale();
    return { x: this.view.x + (x - left - width / 2) / scale, y: this.view.y - (y - top - height / 2) / scale };
  }

  isInside(x, y) {
    const { left, top, width, height } = this.plot();
    return x >= left && x <= left + width && y >= top && y <= top + height;
  }

  // The point drawn nearest to a place on screen, within `reach` pixels, or −1. Where something else is drawn in the
  // points' stead, `finder(x, y)` tells what is under the place.
  pointAt(x, y, reach) {
    if (!this.drawsPoints && this.finder) return this.finder(x, y);
    const place = this.fromScreen(x, y);
    return nearestPoint(this.points, place.x, place.y, reach / this.scale(), (index) => this.isShown(index));
  }

  // ---- drawing

  paint() {
    const context = this.surface.begin();
    if (!context || !this.theme || this.points.length === 0) return;
    if (this.underlay) this.clipped(context, () => this.underlay(context));
    drawPlaneAxes(context, this);
    this.clipped(context, () => {
      if (this.drawsPoints) this.drawLayer(context);
      if (this.overlay) this.overlay(context);
      this.drawRing(context, this.selected, 2.5, 5);
      if (this.drawsPoints) this.drawRing(context, this.hovered, 2, 3.5);
    });
  }

  // Draws within the frame of the plot alone.
  clipped(context, draw) {
    const { left, top, width, height } = this.plot();
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    draw();
    context.restore();
  }

  // The points are drawn once on a layer of their own; hovering and marks then cost one copy of it. Where a layer is
  // slow to draw, a moving view shows the last one shifted and scaled, and draws it anew when the movement pauses.
  drawLayer(context) {
    const isViewSame = this.layerView && ["x", "y", "units"].every((name) => this.layerView[name] === this.view[name]);
    const width = Math.round(this.surface.width * this.surface.ratio);
    const height = Math.round(this.surface.height * this.surface.ratio);
    const isSizeSame = this.layer.width === width && this.layer.height === height;
    const mustDraw = this.isLayerStale || !isSizeSame || (!isViewSame && this.layerCost < SLOW_LAYER_MS);
    if (mustDraw) this.redrawLayer(width, height);
    else if (!isViewSame) this.redrawWhenSettled();
    const zoom = this.layerView.units / this.view.units;
    const { left, top, width: plotWidth, height: plotHeight } = this.plot();
    const middle = { x: left + plotWidth / 2, y: top + plotHeight / 2 };
    const shifted = this.toScreen(this.layerView.x, this.layerView.y);
    context.drawImage(
      this.layer,
      shifted.x - middle.x * zoom, shifted.y - middle.y * zoom,
      this.surface.width * zoom, this.surface.height * zoom,
    );
  }

  redrawWhenSettled() {
    clearTimeout(this.settleTimer);
    this.settleTimer = setTimeout(() => this.changed(), SETTLE_MS);
  }

  redrawLayer(width, height) {
    const started = performance.now();
    const context = this.layer.getContext("2d");
    if (this.layer.width !== width || this.layer.height !== height || !this.pixels) {
      this.layer.width = width;
      this.layer.height = height;
      this.pixels = context.createImageData(width, height);
    }
    const image = new Uint32Array(this.pixels.data.buffer);
    image.fill(0);
    if (this.chosen) {
      this.stampPoints(image, width, height, (index) => this.isShown(index) && !this.chosen[index]);
      fade(image, 0.22);
      this.stampPoints(image, width, height, (index) => this.isShown(index) && this.chosen[index]);
    } else this.stampPoints(image, width, height, (index) => this.isShown(index));
    context.putImageData(this.pixels, 0, 0);
    this.layerView = { ...this.view };
    this.isLayerStale = false;
    this.layerCost = performance.now() - started;
  }

  stampPoints(image, width, height, isStamped) {
    const { ratio } = this.surface;
    const { points, labels, valueSteps } = this;
    const stamps = this.markerStamps(ratio, width);
    const origin = this.toScreen(0, 0);
    const scale = this.scale() * ratio;
    const reach = stamps.size;
    for (let index = 0; index * 2 < points.length; index += 1) {
      const x = origin.x * ratio + points[2 * index] * scale;
      const y = origin.y * ratio - points[2 * index + 1] * scale;
      const isNear = x > -reach && y > -reach && x < width + reach && y < height + reach;
      if (!isNear || !isStamped(index)) continue;
      const kind = valueSteps ? valueSteps[index] : labels ? labels[index] : 0;
      stampMarker(image, stamps, kind, x, y);
    }
  }

  markerStamps(ratio, width) {
    const { stamps, theme, radius } = this;
    if (stamps?.ratio === ratio && stamps.radius === radius && stamps.width === width) return stamps;
    const kinds = this.valueScale
      ? this.valueScale.map((colour) => [colour, "circle"])
      : this.labels
        ? this.classes.map((_, label) => [classColour(label), classShape(label)])
        : [[theme.accent, "circle"]];
    this.stamps = { ratio, radius, ...markerStamps(kinds, radius, ratio, width, theme.muted, theme.background) };
    return this.stamps;
  }

  drawRing(context, index, lineWidth, gap) {
    if (index < 0 || index * 2 >= this.points.length || !this.isShown(index)) return;
    const { x, y } = this.toScreen(this.points[2 * index], this.points[2 * index + 1]);
    context.beginPath();
    context.arc(x, y, this.radius + gap, 0, 2 * Math.PI);
    context.lineWidth = lineWidth + 2;
    context.strokeStyle = this.theme.background;
    context.stroke();
    context.lineWidth = lineWidth;
    context.strokeStyle = this.theme.text;
    context.stroke();
  }
}
