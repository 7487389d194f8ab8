// A canvas that fills its box at the screen's own resolution.

class Surface {
  // `onResize` asks for a repaint; the backing store changes only within begin(), because resizing it clears it.
  constructor(host, attributes, onResize) {
    this.canvas = element("canvas", attributes);
    this.context = this.canvas.getContext("2d");
    this.width = 0;
    this.height = 0;
    this.ratio = 1;
    host.append(this.canvas);
    this.observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      if (width === this.width && height === this.height) return;
      this.width = width;
      this.height = height;
      onResize();
    });
    this.observer.observe(host);
  }

  // Ready to draw in CSS pixels on a clear canvas; null while the box has no size.
  begin() {
    if (this.width < 1 || this.height < 1) return null;
    this.ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.width * this.ratio);
    const height = Math.round(this.height * this.ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return this.context;
  }

  close() {
    this.observer.disconnect();
  }
}

// Draws U8 images [n, c, h, w] with c = 1 (grey) or 3 (RGB) side by side on one small canvas, pixel for pixel.
function imageStrip(values, shape, first, count, canvas = document.createElement("canvas")) {
  const [, channels, height, width] = shape;
  if (canvas.width !== width * count) canvas.width = width * count;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width * count, height);
  const plane = width * height;
  for (let image = 0; image < count; image += 1) {
    const source = (first + image) * channels * plane;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const from = source + row * width + column;
        const to = 4 * (row * width * count + image * width + column);
        pixels.data[to] = values[from];
        pixels.data[to + 1] = channels === 1 ? values[from] : values[from + plane];
        pixels.data[to + 2] = channels === 1 ? values[from] : values[from + 2 * plane];
        pixels.data[to + 3] = 255;
      }
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// Numbers from 0 to 1 as bytes.
function bytesOf(values) {
  const bytes = new Uint8ClampedArray(values.length); // rounds, and cuts to 0…255
  for (let index = 0; index < values.length; index += 1) bytes[index] = values[index] * 255;
  return bytes;
}
