// What models make of the picture on the pad, computed in the page from their tapes, as the pad changes.
// Where a model has no tape the server answers after each stroke.

const SETTLED = 1e-4; // root mean square change of a step from which on nothing is seen to change
const MOST_STEPS = 200;

class PadModel {
  constructor({ name, address }, place, repaint) {
    this.address = address;
    this.repaint = repaint;
    this.tape = null;
    this.plain = new PadFigure(`drawing-made-${place}`, "given back");
    this.completed = new PadFigure(`drawing-completed-${place}`, "completed");
    this.trouble = element("p", { class: "message", hidden: true });
    this.root = element("div", { class: "pad-model", "data-testid": "drawing-model" },
      element("div", { class: "pad-name", text: name, title: name }),
      element("div", { class: "pad-pair" }, this.plain.root, this.completed.root), this.trouble);
    if (address) this.load();
  }

  close() {
    this.abort?.abort();
  }

  get isReady() {
    return !this.address || this.tape !== null;
  }

  async load() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    try {
      const answer = await fetch(new URL(this.address, window.location.href), { signal });
      if (!answer.ok) throw new Error("The model could not be fetched. Reload the page.");
      const file = readSafetensors(await answer.arrayBuffer());
      if (signal.aborted) return;
      this.tape = readTape(file);
      this.repaint();
    } catch (error) {
      if (signal.aborted) return;
      this.trouble.hidden = false;
      setText(this.trouble, error.message);
    }
  }

  // ---- in the page

  // What it gives back of the picture as it is now; a completion begins anew.
  restore(pad) {
    this.completed.root.hidden = pad.mode !== "erase";
    if (!this.tape) return;
    const given = withoutErased(pad.values, pad.erased);
    const made = playTape(this.tape, given);
    this.plain.show(bytesOf(made), this.tape.shape);
    if (pad.mode === "erase") {
      const error = pad.erased.some(Boolean) ? ` · RMSE there ${formatNumber(rootMeanSquare(made, pad.values, pad.erased))}` : "";
      this.plain.say(`given back${error}`);
      this.run = { values: given, steps: 0, isOver: !pad.erased.some(Boolean) };
      this.showRun(pad);
    } else {
      this.plain.say(`RMS change ${formatNumber(rootMeanSquare(made, given))}`);
    }
  }

  // One more step of the completion: x ← known pixels of the picture, erased ones of r(x). Whether there is more to do.
  step(pad) {
    if (!this.tape || !this.run || this.run.isOver) return false;
    const next = completedWith(pad.values, pad.erased, playTape(this.tape, this.run.values));
    const change = rootMeanSquare(next, this.run.values);
    const steps = this.run.steps + 1;
    this.run = { values: next, steps, change, isOver: change < SETTLED || steps >= MOST_STEPS };
    this.showRun(pad);
    return !this.run.isOver;
  }

  showRun(pad) {
    const { values, steps, isOver } = this.run;
    this.completed.show(bytesOf(values), this.tape.shape);
    setAttribute(this.root, "data-steps", steps);
    if (steps === 0) {
      this.completed.say(isOver ? "nothing is erased" : "completed, before step 1");
      return;
    }
    const error = formatNumber(rootMeanSquare(values, pad.values, pad.erased));
    this.completed.say(`${steps} ${steps === 1 ? "step" : "steps"}${isOver ? ", settled" : ""} · RMSE there ${error}`);
  }

  // ---- from the server

  showAnswer(pad, { made, completed, steps }) {
    this.completed.root.hidden = pad.mode !== "erase";
    this.plain.show(textToBytes(made), pad.shape);
    this.plain.say("given back, by the server");
    if (!completed) return;
    this.completed.show(textToBytes(completed), pad.shape);
    this.completed.say(`${steps} steps, by the server`);
  }
}

class PadFigure {
  constructor(name, words) {
    this.canvas = element("canvas", { width: 1, height: 1, role: "img", "aria-label": words, "data-testid": name });
    this.words = element("figcaption", { text: words });
    this.root = element("figure", {}, this.canvas, this.words);
  }

  show(bytes, shape) {
    imageStrip(bytes, [1, ...shape], 0, 1, this.canvas);
  }

  say(words) {
    setText(this.words, words);
    setAttribute(this.canvas, "aria-label", words);
  }
}
