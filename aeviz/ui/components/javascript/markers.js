// Markers, stamped pixel by pixel into one image: for thousands of small points this takes a third of the time that a
// canvas needs to copy or fill them one by one, with or without a graphics card.

// Points stand at quarters of a pixel, so that slow movement stays smooth.
const QUARTERS = 4;

// Everything needed to stamp markers of these kinds ([colour, shape]) into images `width` pixels wide.
// A last kind is added, in `otherColour`, for points of no kind.
function markerStamps(kinds, radius, ratio, width, otherColour, background) {
  const size = Math.ceil(radius * ratio * 2.8) + 4;
  const masks = new Map();
  const stampsOf = ([colour, shape]) => {
    if (!masks.has(shape)) masks.set(shape, markerMasks(shape, size, radius * ratio, ratio));
    return masks.get(shape).map((mask) => colouredStamp(mask, size, width, parseColour(colour), parseColour(background)));
  };
  return { size, width, stamps: [...kinds, [otherColour, "circle"]].map(stampsOf) };
}

// How much of each pixel the marker covers, and its rim, at every quarter of a pixel across and down.
function markerMasks(shape, size, radius, ratio) {
  const count = QUARTERS * QUARTERS;
  const canvas = element("canvas", { width: size * count, height: 2 * size });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.lineWidth = 1.2 * ratio;
  for (let variant = 0; variant < count; variant += 1) {
    const x = variant * size + size / 2 + (variant % QUARTERS) / QUARTERS;
    const y = size / 2 + Math.floor(variant / QUARTERS) / QUARTERS;
    context.beginPath();
    traceMarker(context, shape, x, y, radius);
    context.fill();
    context.beginPath();
    traceMarker(context, shape, x, y + size, radius);
    context.stroke();
  }
  return Array.from({ length: count }, (_, variant) => ({
    fill: alphasOf(context, variant * size, 0, size),
    rim: alphasOf(context, variant * size, size, size),
  }));
}

function alphasOf(context, left, top, size) {
  const { data } = context.getImageData(left, top, size, size);
  return Uint8Array.from({ length: size * size }, (_, index) => data[4 * index + 3]);
}

// The pixels that are not empty: their offsets in an image of this width, and their colours as 32-bit RGBA.
// A rim of background keeps neighbours apart.
function colouredStamp({ fill, rim }, size, width, colour, background) {
  const across = [];
  const offsets = [];
  const pixels = [];
  for (let index = 0; index < fill.length; index += 1) {
    const covered = fill[index] / 255;
    const rimmed = (rim[index] / 255) * 0.75 * (1 - covered);
    const alpha = covered + rimmed;
    if (alpha < 0.02) continue;
    const mixed = colour.map((channel, place) => (channel * covered + background[place] * rimmed) / alpha);
    across.push(index % size);
    offsets.push(Math.floor(index / size) * width + (index % size));
    pixels.push(packed(...mixed, 255 * alpha));
  }
  return { across: Uint8Array.from(across), offsets: Int32Array.from(offsets), pixels: Uint32Array.from(pixels) };
}

function packed(red, green, blue, alpha) {
  return ((Math.round(alpha) << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

// Stamps marker `kind` with its middle at (x, y), in pixels of `image` (a Uint32Array of RGBA).
function stampMarker(image, { size, width, stamps }, kind, x, y) {
  const left = Math.floor(x - size / 2);
  const top = Math.floor(y - size / 2);
  const variant = Math.floor((y - size / 2 - top) * QUARTERS) * QUARTERS + Math.floor((x - size / 2 - left) * QUARTERS);
  const { across, offsets, pixels } = (stamps[kind] ?? stamps[stamps.length - 1])[variant];
  const start = top * width + left;
  const isWhole = left >= 0 && left + size <= width && start >= 0 && start + size * width <= image.length;
  for (let index = 0; index < offsets.length; index += 1) {
    const place = start + offsets[index];
    if (!isWhole && (place < 0 || place >= image.length || left + across[index] < 0 || left + across[index] >= width)) continue;
    const pixel = pixels[index];
    image[place] = pixel >= 0xff000000 || image[place] === 0 ? pixel : over(pixel, image[place]);
  }
}

// Makes all that was stamped so far more translucent.
function fade(image, share) {
  for (let place = 0; place < image.length; place += 1) {
    const pixel = image[place];
    if (pixel !== 0) image[place] = ((Math.round((pixel >>> 24) * share) << 24) | (pixel & 0xffffff)) >>> 0;
  }
}

// One translucent pixel laid over another, neither multiplied by its alpha.
function over(upper, lower) {
  const upperAlpha = upper >>> 24;
  const lowerAlpha = ((lower >>> 24) * (255 - upperAlpha)) / 255;
  const alpha = upperAlpha + lowerAlpha;
  const mix = (shift) => (((upper >>> shift) & 255) * upperAlpha + ((lower >>> shift) & 255) * lowerAlpha) / alpha;
  return packed(mix(0), mix(8), mix(16), alpha);
}

// Adds a marker of about equal area, whatever its shape, to the context's current path.
function traceMarker(context, shape, x, y, radius) {
  if (shape === "square") {
    const half = radius * 0.89;
    context.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (shape === "diamond") {
    tracePolygon(context, x, y, [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]], radius);
  } else if (shape === "triangle") {
    tracePolygon(context, x, y, [[0, -1.4], [1.28, 0.85], [-1.28, 0.85]], radius);
  } else if (shape === "cross") {
    const arm = 0.42;
    const tip = 1.3;
    const corners = [
      [-arm, -tip], [arm, -tip], [arm, -arm], [tip, -arm], [tip, arm], [arm, arm],
      [arm, tip], [-arm, tip], [-arm, arm], [-tip, arm], [-tip, -arm], [-arm, -arm],
    ];
    tracePolygon(context, x, y, corners, radius);
  } else {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

function tracePolygon(context, x, y, corners, radius) {
  corners.forEach(([across, down], index) => {
    if (index === 0) context.moveTo(x + across * radius, y + down * radius);
    else context.lineTo(x + across * radius, y + down * radius);
  });
  context.closePath();
}
