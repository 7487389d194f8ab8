// What the server computed of a run at one moment: pictures in a grid, or the heights of bars.

class WallComputed {
  constructor(repaint, address) {
    this.repaint = repaint;
    this.plot = element("div", { class: "plot plot-computed", hidden: !address });
    this.words = element("p", { class: "tile-words", text: address ? "" : "Not computed yet." });
    this.box = element("div", {}, this.words, this.plot);
    this.surface = new Surface(this.plot, { "data-testid": "wall-computed", role: "img" }, repaint);
    if (address) this.fetch(address);
  }

  close() {
    this.isClosed = true;
    this.surface.close();
  }

  async fetch(address) {
    try {
      const answer = await fetch(new URL(address, window.location.href));
      if (!answer.ok) throw new Error();
      const { arrays, metadata } = readSafetensors(await answer.arrayBuffer());
      if (this.isClosed) return;
      this.arrays = arrays;
      this.metadata = metadata;
      setText(this.words, metadata.words ?? "");
      this.plot.hidden = !arrays.pictures && !arrays.heights;
      this.surface.canvas.setAttribute("aria-label", metadata.label ?? "");
      if (arrays.pictures) this.strip = imageStrip(arrays.pictures.values, arrays.pictures.shape, 0, arrays.pictures.shape[0]);
      this.repaint();
    } catch {
      if (!this.isClosed) setText(this.words, "This picture is no longer kept. Choose the view again.");
    }
  }

  setScene() {}

  setFrame() {}

  setTheme(theme) {
    this.theme = theme;
    this.repaint();
  }

  paint() {
    if (!this.arrays || !this.theme || this.surface.width < 1) return;
    if (this.arrays.pictures) this.paintPictures(this.arrays.pictures.shape);
    else if (this.arrays.heights) this.paintBars(this.arrays.heights.values);
  }

  paintPictures([count, , height, width]) {
    const columns = Number(this.metadata.columns);
    const gap = Number(this.metadata.gap ?? 2);
    const rows = Math.ceil(count / columns);
    const room = this.surface.width;
    const wide = Math.min((room - gap * (columns - 1)) / columns, 56);
    const tall = (wide * height) / width;
    const wanted = `${Math.ceil(rows * (tall + gap))}px`;
    if (this.plot.style.height !== wanted) this.plot.style.height = wanted;
    const context = this.surface.begin();
    if (!context) return;
    context.imageSmoothingEnabled = wide * this.surface.ratio < width;
    for (let at = 0; at < count; at += 1) {
      const left = (at % columns) * (wide + gap);
      const top = Math.floor(at / columns) * (tall + gap);
      context.drawImage(this.strip, at * width, 0, width, height, left, top, wide, tall);
    }
  }

  // Bars from `low` to `high`, as high as their share of `top`, which all tiles have in common.
  paintBars(heights) {
    const { low, high, top, across = "", up = "" } = this.metadata;
    const context = this.surface.begin();
    if (!context) return;
    const box = { left: 44, top: 8, width: Math.max(1, this.surface.width - 54), height: Math.max(1, this.surface.height - 34) };
    const [from, to, most] = [Number(low), Number(high), Number(top)];
    const xOf = (value) => box.left + ((value - from) / (to - from)) * box.width;
    const yOf = (value) => box.top + box.height * (1 - value / most);
    const acrossTicks = linearTicks(from, to, Math.min(box.width / 70, heights.length / 2)).map((tick) => ({ ...tick, at: xOf(tick.value) }));
    const upTicks = linearTicks(0, most, box.height / 50).map((tick) => ({ ...tick, at: yOf(tick.value) }));
    drawGrid(context, box, acrossTicks, upTicks, this.theme);
    context.fillStyle = this.theme.accent;
    const wide = box.width / heights.length;
    heights.forEach((height, at) => {
      const y = yOf(Math.min(height, most));
      context.fillRect(box.left + at * wide + 0.5, y, Math.max(1, wide - 1), box.top + box.height - y);
    });
    drawTickLabels(context, box, acrossTicks, upTicks, [across, up], this.theme);
  }
}
