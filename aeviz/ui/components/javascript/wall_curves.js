// One measure of all runs over their epochs while they train: training solid, test dashed; a click goes to an epoch.

const CURVE_MARGIN = { left: 56, right: 12, top: 8, bottom: 26 };
const CURVE_REACH = 24;

class WallCurves {
  constructor({ repaint, onSeek }) {
    this.repaint = repaint;
    this.lines = [];
    this.measure = "loss";
    this.box = element("div", { class: "plot plot-curves" });
    this.note = element("div", { class: "note note-small", hidden: true, "aria-hidden": "true" });
    this.surface = new Surface(this.box, { "data-testid": "wall-curves", role: "img" }, repaint);
    this.box.append(this.note);
    attachGestures(this.surface.canvas, {
      click: (x) => this.axes && onSeek(this.axes.epochAt(x)),
      hover: (x, y) => this.point(x, y),
    });
    this.root = element("section", { class: "wall-curves" }, this.box,
      element("p", { class: "wall-hint", text: "Solid: training, the mean over each epoch. Dashed: held-out test. A click shows the tiles at that epoch." }));
  }

  close() {
    this.surface.close();
  }

  setTheme(theme) {
    this.theme = theme;
    this.repaint();
  }

  // `runs` [{ title, colour, rows }]; `epoch` is the one that the tiles show.
  show(runs, epoch, { measure, unit, log }) {
    this.epoch = epoch;
    this.unit = unit;
    this.isLog = log;
    this.lines = runs.flatMap(({ title, colour, rows }) =>
      ["train", "test"].map((part) => ({
        title, colour, part,
        points: rows.map((row) => [row.epoch, row[part]?.[measure]]).filter(([, value]) => Number.isFinite(value) && (!log || value > 0)),
      })));
    const ends = this.lines.filter(({ part, points }) => part === "test" && points.length > 0);
    const words = ends.map(({ title, points }) => `${title} ${formatNumber(points[points.length - 1][1])}`);
    setAttribute(this.surface.canvas, "aria-label", `test ${measure}: ${words.join(", ")}`);
    this.repaint();
  }

  // What stands where: scales of the epochs and of the values that are there.
  scales() {
    const points = this.lines.flatMap((line) => line.points);
    if (points.length === 0) return null;
    const { left, right, top, bottom } = CURVE_MARGIN;
    const width = Math.max(1, this.surface.width - left - right);
    const height = Math.max(1, this.surface.height - top - bottom);
    const last = Math.max(1, ...points.map(([epoch]) => epoch));
    const forward = this.isLog ? Math.log : (value) => value;
    const [least, most] = extremes(points.map(([, value]) => value));
    const [low, high] = [forward(least), forward(most)];
    const air = (high - low || Math.abs(high) || 1) * 0.05;
    const back = this.isLog ? Math.exp : (value) => value;
    return {
      box: { left, top, width, height },
      last,
      low: back(low - air),
      high: back(high + air),
      xOf: (epoch) => left + (epoch / last) * width,
      yOf: (value) => top + height * (1 - (forward(value) - low + air) / (high - low + 2 * air)),
      epochAt: (x) => clamp(((x - left) / width) * last, 0, last),
    };
  }

  paint() {
    if (!this.theme || this.box.hidden) return;
    const context = this.surface.begin();
    this.axes = this.scales();
    if (!context || !this.axes) return;
    const { box, xOf, yOf, last, low, high } = this.axes;
    const ticks = this.isLog ? logTicks : linearTicks;
    const across = linearTicks(0, last, Math.min(box.width / 80, last)).map((tick) => ({ ...tick, at: xOf(tick.value) }));
    const up = ticks(low, high, box.height / 45).map((tick) => ({ ...tick, at: yOf(tick.value) }));
    drawGrid(context, box, across, up, this.theme);
    for (const line of this.lines) this.drawLine(context, line);
    if (Number.isFinite(this.epoch)) {
      const x = crisp(xOf(Math.min(this.epoch, last)));
      context.lineWidth = 1;
      drawLine(context, x, box.top, x, box.top + box.height, this.theme.text);
    }
    drawTickLabels(context, box, across, up, ["epoch", this.unit], this.theme);
  }

  drawLine(context, { colour, part, points }) {
    context.beginPath();
    for (const [epoch, value] of points) context.lineTo(this.axes.xOf(epoch), this.axes.yOf(value));
    context.setLineDash(part === "test" ? [5, 4] : []);
    context.lineWidth = 1.8;
    context.strokeStyle = colour;
    context.stroke();
    context.setLineDash([]);
  }

  // The nearest point of any line, named.
  point(x, y) {
    this.note.hidden = true;
    if (x === null || !this.axes) return;
    let best = { distance: CURVE_REACH };
    for (const { title, part, points } of this.lines) {
      for (const [epoch, value] of points) {
        const distance = Math.hypot(this.axes.xOf(epoch) - x, this.axes.yOf(value) - y);
        if (distance < best.distance) best = { distance, words: `${title} · epoch ${formatEpoch(epoch)} · ${part} ${formatNumber(value)}` };
      }
    }
    if (!best.words) return;
    setText(this.note, best.words);
    placeNote(this.note, x, y, this.surface.width, this.surface.height);
  }
}

// The least and the greatest of many numbers.
function extremes(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}
