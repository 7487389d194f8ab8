// Points that move from one picture of a run to the next, while the view follows them with some patience.

const GLIDE_MS = 110;
const SHORTEST_STEP_MS = 40;

class PointGlide {
  constructor(plane, repaint) {
    this.plane = plane;
    this.repaint = repaint;
    this.clear();
  }

  close() {
    clearTimeout(this.timer);
  }

  clear() {
    this.movement = null;
    this.hasPoints = false;
  }

  // Shows these points, moving there from where they stand when `isGliding`.
  setPoints(points, isGliding) {
    const home = this.followedHome(points);
    const canGlide = isGliding && this.hasPoints && points.length === this.plane.points.length && !prefersStillness();
    this.hasPoints = true;
    if (!canGlide) {
      this.movement = null;
      this.plane.setPoints(points);
      this.plane.setHome(home);
      return;
    }
    const fromView = { ...this.plane.home };
    this.movement = { start: performance.now(), last: 0, from: this.plane.points, to: points, fromView, toView: home };
    this.repaint();
  }

  // The view stays while the points fill it well, so that it is they who are seen to move.
  followedHome(points) {
    const bounds = boundsOf(points);
    if (!bounds) return this.plane.home;
    const wanted = this.plane.viewOf(bounds);
    const { home } = this.plane;
    const target = this.movement?.toView ?? home;
    const drift = Math.hypot(wanted.x - target.x, wanted.y - target.y);
    const isGood = this.hasPoints && wanted.units + 2 * drift <= target.units * 1.04 && wanted.units >= target.units * 0.7;
    return isGood ? target : { ...wanted, units: wanted.units * (this.hasPoints ? 1.12 : 1) };
  }

  // A new size of the box changes what fits.
  refit() {
    if (!this.hasPoints) return;
    const bounds = boundsOf(this.movement?.to ?? this.plane.points);
    if (bounds) this.plane.setHome(this.plane.viewOf(bounds));
    if (this.movement) this.movement.toView = { ...this.plane.home };
  }

  // One step of the way: about twenty-five a second look smooth and cost less than half of sixty; where drawing is
  // slow, fewer. Called from each paint.
  moveOn(now) {
    const { movement } = this;
    if (!movement) return;
    const part = clamp((now - movement.start) / GLIDE_MS, 0, 1);
    const pause = clamp(15 * this.plane.layerCost, SHORTEST_STEP_MS, GLIDE_MS);
    const isTooSoon = now - movement.last < pause - 4;
    // A timer, not the next animation frame: frames in which nothing moves would still cost the browser their upkeep.
    clearTimeout(this.timer);
    if (part < 1 || isTooSoon) this.timer = setTimeout(() => this.repaint(), isTooSoon ? 8 : pause - 8);
    if (isTooSoon) return;
    movement.last = now;
    if (part >= 1) this.movement = null;
    const { fromView, toView } = movement;
    this.plane.showMoment(part >= 1 ? movement.to : mixed(movement.from, movement.to, part), {
      x: fromView.x + part * (toView.x - fromView.x),
      y: fromView.y + part * (toView.y - fromView.y),
      units: fromView.units + part * (toView.units - fromView.units),
    });
  }
}

function mixed(from, to, part) {
  const result = new Float32Array(to.length);
  for (let index = 0; index < to.length; index += 1) result[index] = from[index] + part * (to[index] - from[index]);
  return result;
}
