// The keyboard's cursor: arrows move a cross, Enter picks, plus and minus zoom, 0 resets, Escape leaves.

const CURSOR_STEP = 10;
const SPOKEN_AFTER_MS = 250;

class KeyboardCursor {
  // `onPick(place)` on Enter, `onMove(place)` with every step, `onSpeak()` once the cross rests.
  // `onKey(key)` may take other keys: it says whether it did.
  constructor(plane, { onPick, onSpeak, onMove, onKey = () => false }) {
    this.plane = plane;
    this.onOtherKey = onKey;
    this.onPick = onPick;
    this.onSpeak = onSpeak;
    this.onMove = onMove;
    this.place = null;
    this.timer = 0;
    plane.canvas.addEventListener("keydown", (event) => this.onKey(event));
    plane.canvas.addEventListener("blur", () => this.hide());
  }

  close() {
    clearTimeout(this.timer);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTaken = this.act(event.key, event.shiftKey);
    if (isTaken) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  act(key, isLong) {
    const { plane } = this;
    if (this.onOtherKey(key)) return true;
    if (key in ARROWS) this.move(...ARROWS[key], isLong ? 5 * CURSOR_STEP : CURSOR_STEP);
    else if ((key === "Enter" || key === " ") && this.place) this.pick();
    else if (key === "+" || key === "=") this.zoom(1.25);
    else if (key === "-") this.zoom(0.8);
    else if (key === "0") plane.reset();
    else if (key === "Escape" && this.place) this.hide();
    else return false;
    return true;
  }

  pick() {
    clearTimeout(this.timer);
    this.onPick(this.place);
  }

  zoom(factor) {
    const { x, y } = this.place ?? this.middle();
    this.plane.zoom(factor, x, y);
  }

  middle() {
    const { left, top, width, height } = this.plane.plot();
    return { x: left + width / 2, y: top + height / 2 };
  }

  move(across, down, step) {
    const { left, top, width, height } = this.plane.plot();
    // The first arrow shows the cross in the middle.
    const { x, y } = this.place ?? this.middle();
    const stride = this.place ? step : 0;
    this.place = {
      x: clamp(x + across * stride, left, left + width),
      y: clamp(y + down * stride, top, top + height),
    };
    this.plane.setHovered(this.plane.pointAt(this.place.x, this.place.y, 10));
    this.plane.repaint();
    this.onMove(this.place);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.onSpeak(this.place), SPOKEN_AFTER_MS);
  }

  hide() {
    if (!this.place) return;
    this.place = null;
    this.plane.setHovered(-1);
    this.plane.repaint();
  }
}
