// What a run sends: its scene once, its stored frames on demand, and a WebSocket of news.

const FINAL_STATES = ["finished", "stopped", "diverged", "failed"];
const LONGEST_WAIT_MS = 10000;

class LiveFeed {
  // `listener` has scene(scene), news(), liveFrame(buffer) and trouble(sentence).
  // `news` is the socket's name; `live?stored=1` tells of stored frames alone.
  constructor(base, run, listener, news = "live") {
    this.news = news;
    this.address = new URL(`${base}/${encodeURIComponent(run)}/`, window.location.href);
    this.listener = listener;
    this.state = { status: "", message: "", epoch: NaN, epochs: NaN, step: NaN, steps: NaN };
    this.rows = [];
    this.frames = [];
    this.cache = new Map();
    this.hasScene = false;
    this.isSceneMissing = false;
    this.isClosed = false;
    this.attempts = 0;
    this.timer = 0;
    this.connect();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  get isFinal() {
    return FINAL_STATES.includes(this.state.status);
  }

  // ---- the scene: it is written before the first frame, and not asked for sooner, as a waiting run has none

  async fetchScene() {
    if (this.hasScene || this.isFetchingScene) return;
    this.isFetchingScene = true;
    try {
      const answer = await fetch(new URL("scene", this.address));
      this.isSceneMissing = answer.status === 404;
      if (answer.ok) {
        const scene = readSafetensors(await answer.arrayBuffer());
        this.hasScene = true;
        if (!this.isClosed) this.listener.scene(scene);
      }
    } catch (error) {
      // A server that is away (TypeError) is told of by the socket.
      if (!this.isClosed && !(error instanceof TypeError)) this.listener.trouble(`The picture cannot be read (${error.message}).`);
    } finally {
      this.isFetchingScene = false;
    }
  }

  // ---- the socket

  connect() {
    const address = new URL(this.news, this.address);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    let isFirstMessage = true;
    let wasOpen = false;
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      wasOpen = true;
      if (!this.isClosed) this.listener.trouble("");
    };
    socket.onmessage = ({ data }) => {
      if (this.isClosed) return;
      this.attempts = 0;
      if (typeof data === "string") {
        this.receive(JSON.parse(data), isFirstMessage);
        isFirstMessage = false;
      } else {
        this.listener.liveFrame(data);
        this.fetchScene();
      }
    };
    socket.onclose = () => this.onDropped(wasOpen);
    this.socket = socket;
  }

  // The first message of a connection tells everything so far; later ones only what is new.
  receive(message, isFirst) {
    const { rows = [], frames = [], ...state } = message;
    if (isFirst || rows.length > 0) this.rows = isFirst ? rows : this.rows.concat(rows);
    if (isFirst || frames.length > 0) this.frames = isFirst ? frames : this.frames.concat(frames);
    Object.assign(this.state, state);
    if (this.frames.length > 0) this.fetchScene();
    this.listener.news();
  }

  async onDropped(wasOpen) {
    if (this.isClosed || this.isFinal) return;
    // A socket that never opened may be a server that is away or a run that does not exist; its scene tells which.
    if (!wasOpen && !this.state.status) {
      await this.fetchScene();
      if (this.isSceneMissing && !this.isClosed) this.listener.trouble("This run is not in the store.");
      if (this.isSceneMissing) return;
    }
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.attempts);
    this.attempts += 1;
    // One short drop is not worth a word.
    if (!wasOpen || this.attempts > 1) this.listener.trouble("The server does not answer; trying again.");
    if (!this.isClosed) this.timer = setTimeout(() => this.connect(), wait);
  }

  // ---- stored frames, each fetched once

  cachedFrame(step) {
    const entry = this.cache.get(step);
    return entry instanceof Promise ? null : entry ?? null;
  }

  frame(step) {
    if (!this.cache.has(step)) {
      const asked = this.fetchFrame(step);
      this.cache.set(step, asked);
      asked.then((frame) => this.cache.set(step, frame), () => this.cache.delete(step));
    }
    return Promise.resolve(this.cache.get(step));
  }

  async fetchFrame(step) {
    const answer = await fetch(new URL(`frames/${step}`, this.address));
    if (answer.status === 404) throw new Error(`The frame of step ${formatCount(step)} is no longer stored.`);
    if (!answer.ok) throw new Error(`The frame of step ${formatCount(step)} could not be fetched.`);
    return readSafetensors(await answer.arrayBuffer());
  }

  // Asks for the frames around `index` ahead of need; what fails is asked for again when it is wanted.
  prefetch(index, reach) {
    for (let distance = 1; distance <= reach; distance += 1) {
      for (const neighbour of [index + distance, index - distance]) {
        const entry = this.frames[neighbour];
        if (entry) this.frame(entry.step).catch(() => {});
      }
    }
  }
}
