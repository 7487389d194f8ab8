// Pointer, wheel and pinch on a canvas, told as plain events:
// pan(across, down), zoom(factor, x, y), click(x, y), hover(x, y, time) or hover(null), reset();
// stroke(phase, x, y), "start", "move", "end" or "cancel", in the place of pan where strokes(event) says so;
// where aims() says so, one finger hovers in the place of panning, and two pan. early(x, y, time) tells of every
// movement as soon as the browser knows of it, before the hover or pan that comes with the next frame.

const CLICK_SLACK = 5;
const DOUBLE_CLICK_MS = 350;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function attachGestures(canvas, events) {
  const pointers = new Map();
  let travelled = 0;
  let isArmed = false; // a wheel zooms only after a press on the canvas, until the pointer leaves: else it scrolls the page
  let pinched = false;
  let isStroking = false;
  let lastClick = { time: -Infinity, x: 0, y: 0 };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const onDown = (event) => {
    if (event.button !== 0) return;
    isArmed = true;
    if (pointers.size === 0) {
      travelled = 0;
      pinched = false;
    }
    pointers.set(event.pointerId, place(event));
    pinched ||= pointers.size > 1;
    if (pointers.size > 1) endStroke("cancel", event);
    else if (events.strokes?.(event)) {
      isStroking = true;
      events.stroke("start", ...Object.values(place(event)));
    }
    // A pointer made by a script or already gone cannot be captured; the gesture works without.
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {}
  };

  const onEarly = (event) => {
    const isAiming = pointers.size === 0 || (event.pointerType === "touch" && pointers.size === 1 && events.aims?.());
    if (!isAiming || isStroking) return;
    const { x, y } = place(event);
    events.early(x, y, event.timeStamp);
  };

  const onMove = (event) => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") events.hover?.(now.x, now.y, event.timeStamp);
      return;
    }
    if (pointers.size === 1) {
      travelled += Math.hypot(now.x - before.x, now.y - before.y);
      const aims = event.pointerType === "touch" && events.aims?.();
      if (isStroking) events.stroke("move", now.x, now.y);
      else if (aims) events.hover?.(now.x, now.y, event.timeStamp);
      else if (travelled > CLICK_SLACK) events.pan?.(now.x - before.x, now.y - before.y);
      pointers.set(event.pointerId, now);
    } else if (pointers.size === 2) {
      movePinch(event.pointerId, before, now);
    }
  };

  const movePinch = (identity, before, now) => {
    const other = [...pointers].find(([key]) => key !== identity)[1];
    const spreadBefore = Math.hypot(before.x - other.x, before.y - other.y);
    const spreadNow = Math.hypot(now.x - other.x, now.y - other.y);
    pointers.set(identity, now);
    events.pan?.((now.x - before.x) / 2, (now.y - before.y) / 2);
    if (spreadBefore > 1) events.zoom?.(spreadNow / spreadBefore, (now.x + other.x) / 2, (now.y + other.y) / 2);
  };

  const endStroke = (phase, event) => {
    if (!isStroking) return;
    isStroking = false;
    events.stroke(phase, ...Object.values(place(event)));
  };

  const onUp = (event) => {
    const wasDown = pointers.delete(event.pointerId);
    endStroke(travelled > CLICK_SLACK ? "end" : "cancel", event);
    if (!wasDown || pointers.size > 0 || pinched || travelled > CLICK_SLACK) return;
    const { x, y } = place(event);
    const isSecond =
      event.timeStamp - lastClick.time < DOUBLE_CLICK_MS && Math.hypot(x - lastClick.x, y - lastClick.y) < 20;
    lastClick = { time: isSecond ? -Infinity : event.timeStamp, x, y };
    if (isSecond) events.reset?.();
    else events.click?.(x, y);
  };

  const onCancel = (event) => {
    pointers.delete(event.pointerId);
    endStroke("cancel", event);
  };
  const onLeave = () => {
    isArmed = false;
    events.hover?.(null);
  };
  const onWheel = (event) => {
    if (!events.zoom || !(isArmed || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    const { x, y } = place(event);
    // Trackpads report a pinch as a wheel with the control key, in much smaller steps.
    events.zoom(Math.exp(-clamp(pixels, -240, 240) * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
  };

  canvas.addEventListener("pointerdown", onDown);
  canvas.addEventListener("pointermove", onMove);
  if (events.early) canvas.addEventListener("pointerrawupdate", onEarly); // where the page came over a safe connection
  canvas.addEventListener("pointerup", onUp);
  canvas.addEventListener("pointercancel", onCancel);
  canvas.addEventListener("pointerleave", onLeave);
  canvas.addEventListener("wheel", onWheel, { passive: false });
}
