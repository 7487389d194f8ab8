// Drawing on a picture of data: arithmetic alone, no page. A picture is Float32Array in [0, 1], c × h × w, and a place is
// { x, y } in its pixels from its upper left corner, so that the middle of the first pixel is at (0.5, 0.5).

// Raises `cover` (h × w, from 0 to 1) to how much of each pixel the stroke from one place to another covers: 1 within the
// radius, 0 from one pixel farther out on, and in between by the distance of the pixel's middle.
function coverStroke(cover, [height, width], from, to, radius) {
  const reach = radius + 0.5;
  const [left, right] = [Math.min(from.x, to.x) - reach, Math.max(from.x, to.x) + reach];
  const [top, bottom] = [Math.min(from.y, to.y) - reach, Math.max(from.y, to.y) + reach];
  for (let row = Math.max(0, Math.floor(top)); row < Math.min(height, Math.ceil(bottom)); row += 1) {
    for (let column = Math.max(0, Math.floor(left)); column < Math.min(width, Math.ceil(right)); column += 1) {
      const share = clamp(reach - distanceToStretch(column + 0.5, row + 0.5, from, to), 0, 1);
      const at = row * width + column;
      if (share > cover[at]) cover[at] = share;
    }
  }
}

function distanceToStretch(x, y, from, to) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const square = across * across + down * down;
  const part = square > 0 ? clamp(((x - from.x) * across + (y - from.y) * down) / square, 0, 1) : 0;
  return Math.hypot(x - from.x - part * across, y - from.y - part * down);
}

// The picture with a colour (c numbers) laid over it as strongly as `cover` says.
function paintedOver(values, cover, colour) {
  const plane = cover.length;
  return values.map((value, at) => value + cover[at % plane] * (colour[Math.floor(at / plane)] - value));
}

// The picture moved by whole pixels so that its centre of mass lies in the middle, as the digits of MNIST do
// (LeCun, Cortes, Burges); what leaves the frame is lost. An empty picture stays.
function centred(values, [channels, height, width]) {
  let [mass, across, down] = [0, 0, 0];
  values.forEach((value, at) => {
    mass += value;
    across += value * ((at % width) + 0.5);
    down += value * ((Math.floor(at / width) % height) + 0.5);
  });
  if (!(mass > 0)) return values;
  const [right, below] = [Math.round(width / 2 - across / mass), Math.round(height / 2 - down / mass)];
  const result = new Float32Array(values.length);
  for (let row = 0; row < channels * height; row += 1) {
    const to = (row % height) + below;
    if (to < 0 || to >= height) continue;
    for (let column = Math.max(0, -right); column < Math.min(width, width - right); column += 1) {
      result[(row - (row % height) + to) * width + column + right] = values[row * width + column];
    }
  }
  return result;
}

// The picture with 0 where `erased` (h × w) is not 0.
function withoutErased(values, erased) {
  return values.map((value, at) => (erased[at % erased.length] ? 0 : value));
}

// What is known from the picture, the erased pixels from what a model made of it, cut to [0, 1].
function completedWith(values, erased, made) {
  return values.map((value, at) => (erased[at % erased.length] ? clamp(made[at], 0, 1) : value));
}

// √ of the mean squared difference; over the erased pixels alone where there are such.
function rootMeanSquare(one, other, erased = null) {
  let [sum, count] = [0, 0];
  for (let at = 0; at < one.length; at += 1) {
    if (erased && !erased[at % erased.length]) continue;
    sum += (one[at] - other[at]) ** 2;
    count += 1;
  }
  return count > 0 ? Math.sqrt(sum / count) : 0;
}

// Bytes in base64 and back: pictures travel so between page and server.
function bytesToText(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function textToBytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function textToPicture(text) {
  return Float32Array.from(textToBytes(text), (byte) => byte / 255);
}
