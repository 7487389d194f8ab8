// The line above the pictures: how the run stands, in words and in four readings.

const STATUS_WORDS = {
  "": "connecting", queued: "queued", running: "running", paused: "paused", finished: "finished",
  stopped: "stopped", diverged: "diverged", failed: "failed",
};
const SPOKEN_EVERY_MS = 20000;

class LiveHeader {
  constructor() {
    this.pill = element("span", { class: "pill", "data-testid": "live-status", "data-status": "" });
    this.readings = {
      epoch: reading("epoch", "live-epoch"),
      step: reading("step", "live-step"),
      train: reading("train loss", "live-train"),
      test: reading("test loss", "live-test"),
    };
    this.message = element("p", { class: "message", "data-testid": "live-message", hidden: true });
    this.progress = element("div", { class: "progress-done" });
    this.stages = new StageStrip();
    this.spoken = element("div", { class: "unseen", role: "status", "aria-live": "polite" });
    this.root = element(
      "header",
      { class: "header" },
      element("div", { class: "header-line" }, this.pill,
        element("dl", { class: "readings" }, ...Object.values(this.readings).map(({ root }) => root))),
      element("div", { class: "progress", "aria-hidden": "true" }, this.progress),
      this.stages.root,
      this.message,
      this.spoken,
    );
    this.lastSpoken = { status: null, time: 0 };
  }

  show(state, rows, trouble) {
    const { status, epoch, epochs, step } = state;
    const row = rows[rows.length - 1];
    setText(this.pill, trouble && !status ? "no connection" : STATUS_WORDS[status] ?? status);
    setAttribute(this.pill, "data-status", status);
    setText(this.readings.epoch.value, formatEpoch(epoch));
    setText(this.readings.epoch.aside, Number.isFinite(epochs) ? `of ${formatEpoch(epochs)}` : "");
    setText(this.readings.step.value, formatCount(step));
    setText(this.readings.train.value, formatNumber(row?.train?.loss));
    setText(this.readings.test.value, formatNumber(latestTestLoss(rows)));
    const done = status === "finished" ? 1 : clamp(epoch / epochs || 0, 0, 1);
    this.progress.style.transform = `scaleX(${done})`;
    this.stages.show(row?.stage ?? 0, status);
    this.showMessage(trouble || statusSentence(state), trouble ? "trouble" : status);
    this.speak(state, row);
  }

  showMessage(sentence, kind) {
    setText(this.message, sentence);
    setAttribute(this.message, "data-kind", kind);
    this.message.hidden = !sentence;
  }

  // Changes of status are spoken at once, progress only now and then.
  speak({ status, epoch, epochs }, row) {
    const now = Date.now();
    const isNewStatus = status !== this.lastSpoken.status;
    if (!status || (!isNewStatus && (status !== "running" || now - this.lastSpoken.time < SPOKEN_EVERY_MS))) return;
    this.lastSpoken = { status, time: now };
    const loss = row ? `, train loss ${formatNumber(row.train?.loss)}` : "";
    setText(this.spoken, `Run ${STATUS_WORDS[status] ?? status}, epoch ${formatEpoch(epoch)} of ${formatEpoch(epochs)}${loss}.`);
  }
}

// The stages of a training that has more than one: which are over, and which is being trained. A click on one asks for
// its own curves, a second click for all again.
class StageStrip {
  constructor() {
    this.onChoose = () => {};
    this.chosen = null;
    this.chips = [];
    this.root = element("div", { class: "stages", role: "group", "aria-label": "stages of the training", "data-testid": "live-stages", hidden: true });
  }

  setStages(stages) {
    this.chosen = null;
    this.chips = stages.map(({ name, epochs }, number) =>
      element("button", {
        type: "button", class: "stage", "aria-pressed": "false", title: "Show the curves of this stage alone",
        onclick: () => this.choose(number),
      }, element("span", { text: name }), element("small", { text: `${formatEpoch(epochs)} epochs` })));
    this.root.replaceChildren(...this.chips);
    this.root.hidden = stages.length < 2;
  }

  choose(number) {
    this.chosen = this.chosen === number ? null : number;
    this.chips.forEach((chip, index) => setAttribute(chip, "aria-pressed", String(index === this.chosen)));
    this.onChoose(this.chosen);
  }

  show(current, status) {
    this.chips.forEach((chip, index) => {
      const isOver = index < current || status === "finished";
      setAttribute(chip, "data-state", isOver ? "over" : index === current ? "current" : "ahead");
      if (index === current && !isOver) setAttribute(chip, "aria-current", "step");
      else chip.removeAttribute("aria-current");
    });
  }
}

function reading(name, testid) {
  const value = element("span", { class: "reading-value", "data-testid": testid, text: "–" });
  const aside = element("span", { class: "reading-aside" });
  const root = element("div", { class: "reading" },
    element("dt", { text: name }), element("dd", {}, value, aside));
  return { root, value, aside };
}

// The test loss is not measured at every row.
function latestTestLoss(rows) {
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const loss = rows[index].test?.loss;
    if (Number.isFinite(loss)) return loss;
  }
  return NaN;
}

function statusSentence({ status, message }) {
  if (message) return message;
  if (status === "queued") return "Waiting for a free worker.";
  if (status === "failed") return "The run failed.";
  return status === "diverged" ? "The loss is no longer finite." : "";
}
