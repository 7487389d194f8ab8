// What a run left behind, held by the page itself, in the place of the feed from a server: the same class for the tiles.
// `STORED` is { run: { state, rows, frames, scene, files } }, the files in base64 by step.

class LiveFeed {
  constructor(base, run, listener) {
    const { state, rows, frames, scene, files } = STORED[run];
    Object.assign(this, { state, rows, frames, files });
    this.isFinal = true;
    this.cache = new Map();
    // Later, as from a server: who makes a feed is not ready to hear of it yet.
    setTimeout(() => {
      if (scene && !this.isClosed) listener.scene(readSafetensors(storedBytes(scene)));
      if (!this.isClosed) listener.news();
    });
  }

  close() {
    this.isClosed = true;
  }

  cachedFrame(step) {
    if (!this.cache.has(step)) this.cache.set(step, readSafetensors(storedBytes(this.files[step])));
    return this.cache.get(step);
  }

  frame(step) {
    return Promise.resolve(this.cachedFrame(step));
  }

  prefetch() {}
}

function storedBytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}
