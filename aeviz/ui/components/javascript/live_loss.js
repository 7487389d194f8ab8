// Loss curves over epochs: train solid, test dashed, one colour a term.

const LOSS_MARGIN = { left: 44, right: 12, top: 8, bottom: 26 };
// The class colours that make clear lines; two are too deep for a dark page and are lifted there.
const TERM_COLOURS = ["#3f90da", "#e76300", "#832db6", "#a96b59", "#bd1f01", "#717581"];
const TERM_COLOURS_ON_DARK = ["#3f90da", "#e76300", "#b77ae0", "#c08a79", "#ff7a60", "#94a4a2"];
const SPLITS = ["train", "test"];
// Measured beside the loss, in units of their own; not shown until they are asked for.
const BESIDE = { mse: "squared error per pixel", error: "share of wrong classes" };

class LossChart {
  constructor({ repaint, onSeek }) {
    this.repaint = repaint;
    this.onSeek = onSeek;
    this.rows = [];
    this.all = [];
    this.stage = null;
    this.terms = [];
    this.hiddenTerms = new Set(Object.keys(BESIDE));
    this.isLogarithmic = false;
    this.markedEpoch = null;
    this.pointer = null;
    this.legend = element("div", { class: "legend", role: "group", "aria-label": "terms of the loss" });
    const choice = segmentedChoice("scale of the loss", [["linear", "linear"], ["log", "log"]], "linear", (scale) => {
      this.isLogarithmic = scale === "log";
      this.repaint();
    });
    this.note = element("div", { class: "note", hidden: true, "aria-hidden": "true" });
    this.box = element("div", { class: "plot" });
    this.empty = element("p", { class: "empty", text: "The curves begin with the first epoch." });
    this.box.append(this.empty, this.note);
    this.surface = new Surface(this.box, { "data-testid": "live-loss", role: "img", "aria-label": "loss by epoch" }, repaint);
    this.root = element("section", { class: "panel panel-loss" },
      element("div", { class: "panel-head" },
        element("h3", {}, "Loss", element("span", { class: "unit", text: "nats per example" })), choice),
      this.box,
      this.legend);
    attachGestures(this.surface.canvas, {
      hover: (x) => this.point(x),
      pan: () => {},
      click: (x) => this.seek(x),
    });
  }

  close() {
    this.surface.close();
  }

  // quiet: terms that are not drawn until they are asked for.
  clear(quiet) {
    this.rows = [];
    this.all = [];
    this.stage = null;
    this.terms = [];
    this.hiddenTerms = new Set([...Object.keys(BESIDE), ...quiet]);
    this.markedEpoch = null;
    this.legend.replaceChildren();
    this.repaint();
  }

  setRows(all) {
    if (all === this.all) return;
    this.all = all;
    this.setShownRows();
  }

  // The curves of one stage alone, whose losses are of one kind; null for all of them.
  chooseStage(stage) {
    this.stage = stage;
    this.pointer = null;
    this.note.hidden = true;
    this.setShownRows();
  }

  setShownRows() {
    const rows = this.stage === null ? this.all : this.all.filter((row) => (row.stage ?? 0) === this.stage);
    this.rows = rows;
    const terms = shownTerms(rows);
    if (terms.join() !== this.terms.join()) {
      this.terms = terms;
      this.legend.replaceChildren(...terms.map((term, index) => this.chip(term, index)), splitKey());
    }
    this.empty.hidden = rows.length > 0;
    this.repaint();
  }

  setTheme(theme) {
    this.theme = theme;
    [...this.legend.querySelectorAll("[data-term]")].forEach((chip, index) =>
      chip.style.setProperty("--chip-colour", this.colourOf(index)));
    this.repaint();
  }

  setMark(epoch) {
    if (epoch === this.markedEpoch) return;
    this.markedEpoch = epoch;
    this.repaint();
  }

  chip(term, index) {
    const chip = element("button", {
      type: "button", class: "chip chip-line", "aria-pressed": String(!this.hiddenTerms.has(term)), "data-term": term,
      onclick: () => {
        if (!this.hiddenTerms.delete(term)) this.hiddenTerms.add(term);
        setAttribute(chip, "aria-pressed", String(!this.hiddenTerms.has(term)));
        this.repaint();
      },
    }, element("i"), element("span", { text: termLabel(term) }));
    chip.style.setProperty("--chip-colour", this.colourOf(index));
    return chip;
  }

  // The sum has the text's own colour.
  colourOf(index) {
    if (index === 0) return this.theme?.text ?? "currentColor";
    const colours = this.theme?.dark ? TERM_COLOURS_ON_DARK : TERM_COLOURS;
    return colours[(index - 1) % colours.length];
  }

  // ---- places

  plot() {
    const { left, right, top, bottom } = LOSS_MARGIN;
    return {
      left, top,
      width: Math.max(1, this.surface.width - left - right),
      height: Math.max(1, this.surface.height - top - bottom),
    };
  }

  measure() {
    const shown = this.terms.filter((term) => !this.hiddenTerms.has(term));
    const first = this.rows[0].epoch;
    const last = this.rows[this.rows.length - 1].epoch;
    const epochs = { low: first, high: Math.max(last, first + 1) };
    return { shown, epochs, losses: lossRange(this.rows, shown, this.isLogarithmic) };
  }

  point(x) {
    this.pointer = x;
    if (x === null) this.note.hidden = true;
    this.repaint();
  }

  epochAt(x) {
    const { left, width } = this.plot();
    const { epochs } = this.measure();
    return epochs.low + clamp((x - left) / width, 0, 1) * (epochs.high - epochs.low);
  }

  seek(x) {
    if (this.rows.length === 0) return;
    this.point(x);
    this.onSeek(this.epochAt(x));
  }

  // ---- drawing

  paint() {
    const context = this.surface.begin();
    if (!context || !this.theme || this.rows.length === 0) return;
    const box = this.plot();
    const { shown, epochs, losses } = this.measure();
    const xOf = (epoch) => box.left + ((epoch - epochs.low) / (epochs.high - epochs.low)) * box.width;
    const place = this.isLogarithmic ? Math.log : (value) => value;
    const floor = place(losses.low);
    const yOf = (value) => box.top + box.height * (1 - (place(value) - floor) / (place(losses.high) - floor));
    this.paintAxes(context, box, epochs, losses, xOf, yOf);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 2, box.width + 2, box.height + 4);
    context.clip();
    this.paintBorders(context, box, xOf);
    this.paintMark(context, box, xOf);
    for (const term of [...shown].reverse()) this.paintTerm(context, term, xOf, yOf);
    context.restore();
    this.paintPointer(context, box, shown, xOf, yOf);
  }

  paintAxes(context, box, epochs, losses, xOf, yOf) {
    const across = linearTicks(epochs.low, epochs.high, box.width / 70).filter(({ value }) => Number.isInteger(value));
    for (const tick of across) tick.label = formatEpoch(tick.value);
    const ticksOf = this.isLogarithmic ? logTicks : linearTicks;
    const up = ticksOf(losses.low, losses.high, box.height / 48);
    for (const tick of across) tick.at = xOf(tick.value);
    for (const tick of up) tick.at = yOf(tick.value);
    drawGrid(context, box, across, up, this.theme);
    drawTickLabels(context, box, across, up, ["epoch"], this.theme);
  }

  paintTerm(context, term, xOf, yOf) {
    context.strokeStyle = this.colourOf(this.terms.indexOf(term));
    context.lineWidth = term === "loss" ? 2 : 1.6;
    context.lineJoin = "round";
    for (const split of SPLITS) {
      context.setLineDash(split === "test" ? [5, 4] : []);
      context.beginPath();
      let isDown = false;
      let drawn = 0;
      let stage;
      for (const row of this.rows) {
        if (row.stage !== stage) isDown = false;
        stage = row.stage;
        const value = row[split]?.[term];
        // A row without this number leaves the pen where it is; a number that cannot be drawn lifts it.
        if (value === undefined) continue;
        const canDraw = Number.isFinite(value) && (!this.isLogarithmic || value > 0);
        if (canDraw && isDown) context.lineTo(xOf(row.epoch), yOf(value));
        else if (canDraw) context.moveTo(xOf(row.epoch), yOf(value));
        isDown = canDraw;
        drawn += canDraw;
        // A first value has no line yet.
        if (canDraw && drawn === 1) context.arc(xOf(row.epoch), yOf(value), 1.5, 0, 2 * Math.PI);
        if (canDraw && drawn === 1) context.moveTo(xOf(row.epoch), yOf(value));
      }
      context.stroke();
    }
    context.setLineDash([]);
  }

  // Where a stage ends and another begins: their losses are not of one kind and cannot be compared.
  paintBorders(context, box, xOf) {
    context.lineWidth = 1;
    for (let index = 1; index < this.rows.length; index += 1) {
      if (this.rows[index].stage === this.rows[index - 1].stage) continue;
      const x = crisp(xOf(this.rows[index].epoch));
      drawLine(context, x, box.top, x, box.top + box.height, this.theme.muted);
    }
  }

  paintMark(context, box, xOf) {
    if (this.markedEpoch === null) return;
    const x = crisp(xOf(this.markedEpoch));
    context.lineWidth = 2;
    drawLine(context, x, box.top, x, box.top + box.height, this.theme.accent);
    context.fillStyle = this.theme.accent;
    context.beginPath();
    tracePolygon(context, x, box.top, [[-1, 0], [1, 0], [0, 1.2]], 6);
    context.fill();
  }

  paintPointer(context, box, shown, xOf, yOf) {
    if (this.pointer === null) return;
    const row = this.rows[nearestEntry(this.rows, "epoch", this.epochAt(this.pointer))];
    const x = xOf(row.epoch);
    context.lineWidth = 1;
    drawLine(context, crisp(x), box.top, crisp(x), box.top + box.height, this.theme.muted);
    for (const term of shown) {
      for (const split of SPLITS) {
        const value = row[split]?.[term];
        if (!Number.isFinite(value) || (this.isLogarithmic && value <= 0)) continue;
        context.beginPath();
        context.arc(x, yOf(value), 3.2, 0, 2 * Math.PI);
        context.fillStyle = split === "train" ? this.colourOf(this.terms.indexOf(term)) : this.theme.background;
        context.strokeStyle = this.colourOf(this.terms.indexOf(term));
        context.lineWidth = 1.5;
        context.fill();
        context.stroke();
      }
    }
    this.showNote(row, shown, x, box);
  }

  showNote(row, shown, x, box) {
    const cells = shown.flatMap((term) => [
      element("span", { text: termLabel(term) }),
      element("b", { text: formatNumber(row.train?.[term]) }),
      element("b", { text: formatNumber(row.test?.[term]) }),
    ]);
    const head = [element("span", { text: `epoch ${formatEpoch(row.epoch)}` }), element("em", { text: "train" }), element("em", { text: "test" })];
    this.note.replaceChildren(element("div", { class: "note-table" }, ...head, ...cells));
    placeNote(this.note, x, box.top + box.height * 0.3, this.surface.width, this.surface.height);
  }
}

// `loss` first. Where the reconstruction is all of the loss the two are one curve, so it is drawn once.
function shownTerms(rows) {
  const names = new Set(rows.flatMap((row) => [...Object.keys(row.train ?? {}), ...Object.keys(row.test ?? {})]));
  names.delete("loss");
  const isAll = rows.every((row) => SPLITS.every((split) => row[split]?.reconstruction === row[split]?.loss));
  if (isAll) names.delete("reconstruction");
  return rows.length > 0 ? ["loss", ...names] : [];
}

function termLabel(term) {
  return BESIDE[term] ?? term.replaceAll("_", " ");
}

// The range of the values to draw, with air; on a linear scale small ranges far from zero are not forced down to it.
function lossRange(rows, terms, isLogarithmic) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    for (const split of SPLITS) {
      for (const term of terms) {
        const value = row[split]?.[term];
        if (!Number.isFinite(value) || (isLogarithmic && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  if (low > high) return { low: isLogarithmic ? 0.1 : 0, high: 1 };
  if (isLogarithmic) return low < high ? { low: low / 1.08, high: high * 1.08 } : { low: low / 2, high: high * 2 };
  if (low >= 0 && low < 0.35 * high) return { low: 0, high: high * 1.04 || 1 };
  const air = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return { low: low - air, high: high + air };
}

function splitKey() {
  return element("span", { class: "split-key", "aria-hidden": "true" },
    element("span", { class: "key-solid", text: "train" }), element("span", { class: "key-dashed", text: "test" }));
}
