// The time line under the pictures: any stored frame, played through, or the live end.

const FRAME_MS = 100;
const PLAY_PATH = "M4.5 2.6v10.8L13.2 8z";
const PAUSE_PATH = "M4 3h3v10H4zM9 3h3v10H9z";

class Scrubber {
  // `onSeek(index)` and `onLive()` tell the wish; show() draws what came of it.
  constructor({ onSeek, onLive, isReady }) {
    this.onSeek = onSeek;
    this.onLive = onLive;
    this.isReady = isReady;
    this.count = 0;
    this.timer = 0;
    this.range = element("input", {
      type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "stored moment of the run", "data-testid": "live-scrubber",
      oninput: () => {
        this.pause();
        onSeek(Number(this.range.value));
      },
    });
    this.play = element("button", { type: "button", class: "round", "data-testid": "live-play", onclick: () => this.toggle() });
    this.live = element("button", { type: "button", class: "live-button", "data-testid": "live-live",
      onclick: () => {
        this.pause();
        onLive();
      } }, element("i"), element("span", { text: "Live" }));
    this.label = element("output", { class: "moment", "data-testid": "live-moment" });
    this.root = element("div", { class: "scrubber" }, this.play, this.range, this.label, this.live);
    this.showPlaying();
  }

  close() {
    clearInterval(this.timer);
  }

  get isPlaying() {
    return this.timer !== 0;
  }

  toggle() {
    if (this.isPlaying) {
      this.pause();
      return;
    }
    const isAtEnd = Number(this.range.value) >= this.count - 1;
    this.timer = setInterval(() => this.advance(), FRAME_MS);
    this.showPlaying();
    if (isAtEnd) this.onSeek(0);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.showPlaying();
  }

  // The next frame, once it is here: a slow connection plays slower rather than skipping.
  advance() {
    const next = Number(this.range.value) + 1;
    if (next >= this.count) {
      this.pause();
      this.onLive();
    } else if (this.isReady(next)) this.onSeek(next);
  }

  showPlaying() {
    this.play.replaceChildren(icon(this.isPlaying ? PAUSE_PATH : PLAY_PATH));
    setAttribute(this.play, "aria-label", this.isPlaying ? "pause" : "play the stored frames");
  }

  // `index` null means the live end.
  show({ frames, index, epoch, step, isFinal }) {
    this.count = frames.length;
    const isEmpty = frames.length === 0;
    const position = index ?? Math.max(0, frames.length - 1);
    this.range.max = Math.max(0, frames.length - 1);
    this.range.value = position;
    this.range.disabled = isEmpty;
    this.play.disabled = frames.length < 2;
    this.range.style.setProperty("--done", frames.length > 1 ? position / (frames.length - 1) : isEmpty ? 0 : 1);
    const words = Number.isFinite(epoch) ? momentWords({ epoch, step }) : "no frame yet";
    // As wide as its longest text, so that the time line does not change its length under the pointer.
    const longest = isEmpty ? words : momentWords(frames[frames.length - 1]);
    this.label.style.minWidth = `${Math.round(Math.max(longest.length, words.length) * 6.7)}px`;
    setText(this.label, words);
    setAttribute(this.range, "aria-valuetext", words);
    setAttribute(this.live, "aria-pressed", String(index === null));
    setAttribute(this.live, "data-final", String(isFinal));
    setText(this.live.lastChild, isFinal ? "Last" : "Live");
  }
}

function momentWords({ epoch, step }) {
  // Runs side by side have an epoch in common and no step.
  return `epoch ${formatEpoch(epoch)}${Number.isFinite(step) ? ` · step ${formatCount(step)}` : ""}`;
}
