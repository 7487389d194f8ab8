// Point data: the inputs and what the model makes of them as overlaid scatters, in the plane or turned in space.

class PointCloud {
  constructor({ repaint }, name = "live-images") {
    this.repaint = repaint;
    this.turn = { yaw: -0.7, pitch: 0.45 };
    this.box = element("div", { class: "plot plot-cloud" });
    this.key = element("div", { class: "legend" });
    this.surface = new Surface(this.box, { "data-testid": name, role: "img" }, repaint);
    this.clouds = [];
    attachGestures(this.surface.canvas, { pan: (across, down) => this.rotate(across, down) });
  }

  close() {
    this.surface.close();
  }

  setScene({ arrays }) {
    const { inputs, targets } = arrays;
    this.width = inputs.shape[1];
    this.isSolid = this.width >= 3;
    this.clouds = [{ name: "input", values: inputs.values, role: "muted" }];
    if (targets && !haveEqualValues(inputs, targets)) {
      this.clouds.push({ name: "clean", values: targets.values, role: "clean" });
    }
    this.clouds.push({ name: "output", values: null, role: "accent" });
    this.frame = cloudFrame(targets?.values ?? inputs.values, this.width);
    const hint = this.isSolid ? "Drag to turn it." : "";
    this.surface.canvas.setAttribute("aria-label", `inputs and outputs: ${inputs.shape[0]} points. ${hint}`);
    this.surface.canvas.toggleAttribute("data-turns", this.isSolid);
    this.paintKey();
    this.repaint();
  }

  setReconstructions({ values }) {
    const output = this.clouds[this.clouds.length - 1];
    if (!output) return;
    output.values = values;
    this.repaint();
  }

  setTheme(theme) {
    this.theme = theme;
    this.paintKey();
    this.repaint();
  }

  paintKey() {
    if (!this.theme) return;
    const swatches = this.clouds.map((cloud) => {
      const swatch = element("span", { class: "key" }, markerSwatch(this.colourOf(cloud), "circle"), element("span", { text: cloud.name }));
      return swatch;
    });
    if (this.isSolid) swatches.push(element("span", { class: "split-key", text: "drag to turn" }));
    this.key.replaceChildren(...swatches);
  }

  colourOf({ role }) {
    if (role === "clean") return CLASS_COLOURS[6];
    return this.theme[role];
  }

  rotate(across, down) {
    if (!this.isSolid) return;
    this.turn.yaw += across * 0.01;
    this.turn.pitch = clamp(this.turn.pitch + down * 0.01, -1.5, 1.5);
    this.repaint();
  }

  // → [x, y, depth] in the frame's units around its middle.
  project(values, index) {
    const { middle } = this.frame;
    const across = values[index * this.width] - middle[0];
    const up = (values[index * this.width + 1] ?? 0) - (middle[1] ?? 0);
    if (!this.isSolid) return [across, up, 0];
    const deep = values[index * this.width + 2] - middle[2];
    return turned(across, up, deep, this.turn);
  }

  paint() {
    const context = this.surface.begin();
    if (!context || !this.theme || this.clouds.length === 0) return;
    const { width, height } = this.surface;
    const scale = (Math.min(width, height) - 24) / (2 * this.frame.reach);
    const place = ([x, y]) => [width / 2 + x * scale, height / 2 - y * scale];
    if (this.isSolid) this.paintBox(context, place);
    this.paintErrors(context, place);
    for (const cloud of this.clouds) if (cloud.values) this.paintCloud(context, cloud, place);
  }

  paintCloud(context, cloud, place) {
    context.fillStyle = this.colourOf(cloud);
    const count = cloud.values.length / this.width;
    for (let index = 0; index < count; index += 1) {
      const spot = this.project(cloud.values, index);
      const [x, y] = place(spot);
      const nearness = this.isSolid ? 0.5 + spot[2] / (2 * this.frame.reach) : 0.7;
      context.globalAlpha = 0.45 + 0.5 * clamp(nearness, 0, 1);
      context.beginPath();
      context.arc(x, y, 1.6 + 1.6 * clamp(nearness, 0, 1), 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  // A hair from each input to its output: the reconstruction error, seen.
  paintErrors(context, place) {
    const first = this.clouds[0].values;
    const last = this.clouds[this.clouds.length - 1].values;
    if (!last || first.length !== last.length || first.length / this.width > 800) return;
    context.strokeStyle = this.theme.frame;
    context.lineWidth = 1;
    context.beginPath();
    for (let index = 0; index < first.length / this.width; index += 1) {
      context.moveTo(...place(this.project(first, index)));
      context.lineTo(...place(this.project(last, index)));
    }
    context.stroke();
  }

  // The edges of a cube, which tell how the cloud is turned.
  paintBox(context, place) {
    const half = this.frame.reach * 0.6;
    const corner = (bits) => place(turned(...[0, 1, 2].map((axis) => (bits & (1 << axis) ? half : -half)), this.turn));
    context.strokeStyle = this.theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (let bits = 0; bits < 8; bits += 1) {
      for (let axis = 0; axis < 3; axis += 1) {
        if (bits & (1 << axis)) continue;
        context.moveTo(...corner(bits));
        context.lineTo(...corner(bits | (1 << axis)));
      }
    }
    context.stroke();
  }
}

function turned(across, up, deep, { yaw, pitch }) {
  const x = across * Math.cos(yaw) + up * Math.sin(yaw);
  const back = -across * Math.sin(yaw) + up * Math.cos(yaw);
  return [x, deep * Math.cos(pitch) + back * Math.sin(pitch), deep * Math.sin(pitch) - back * Math.cos(pitch)];
}

// The middle of the points and how far a cube around them reaches.
function cloudFrame(values, width) {
  const lows = Array(Math.min(3, width)).fill(Infinity);
  const highs = Array(Math.min(3, width)).fill(-Infinity);
  for (let index = 0; index < values.length; index += 1) {
    const axis = index % width;
    if (axis >= lows.length) continue;
    lows[axis] = Math.min(lows[axis], values[index]);
    highs[axis] = Math.max(highs[axis], values[index]);
  }
  const half = Math.max(...highs.map((high, axis) => (high - lows[axis]) / 2), 1e-6);
  return { middle: lows.map((low, axis) => (low + highs[axis]) / 2), reach: half * (width >= 3 ? 1.45 : 1.15) };
}
