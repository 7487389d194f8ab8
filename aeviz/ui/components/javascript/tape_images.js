// The operations of a tape that work on images, n × c × h × w (see tape.js).

// Both kinds of convolution, each input pixel spread or gathered over its kernel; one group, no dilation.
function convolved(x, weight, bias, stride, padding, dilation, isTransposed, outputPadding, groups) {
  if (groups !== 1 || dilation.some((each) => each !== 1)) throw new Error("tape: this convolution is not known");
  const [count, before, height, width] = x.shape;
  const [kernelHeight, kernelWidth] = weight.shape.slice(2);
  const after = isTransposed ? weight.shape[1] : weight.shape[0];
  const side = (size, kernel, axis) => (isTransposed
    ? (size - 1) * stride[axis] - 2 * padding[axis] + kernel + outputPadding[axis]
    : Math.floor((size + 2 * padding[axis] - kernel) / stride[axis]) + 1);
  const [tall, wide] = [side(height, kernelHeight, 0), side(width, kernelWidth, 1)];
  const result = new Float32Array(count * after * tall * wide);
  const kernel = kernelHeight * kernelWidth;
  for (let example = 0; example < count; example += 1) {
    for (let to = 0; to < after; to += 1) {
      const target = result.subarray((example * after + to) * tall * wide, (example * after + to + 1) * tall * wide);
      if (bias) target.fill(bias.values[to]);
      for (let from = 0; from < before; from += 1) {
        const source = x.values.subarray((example * before + from) * height * width, (example * before + from + 1) * height * width);
        const start = (isTransposed ? from * after + to : to * before + from) * kernel;
        for (let row = 0; row < kernelHeight; row += 1) {
          for (let column = 0; column < kernelWidth; column += 1) {
            const factor = weight.values[start + row * kernelWidth + column];
            const [down, right] = [row - padding[0], column - padding[1]];
            if (isTransposed) spread(source, height, width, target, tall, wide, stride, down, right, factor);
            else gather(source, height, width, target, tall, wide, stride, down, right, factor);
          }
        }
      }
    }
  }
  return { shape: [count, after, tall, wide], values: result };
}

// The range of places p within 0…count − 1 for which step·p + shift lies within 0…limit − 1: [first, last].
function placesInside(count, step, shift, limit) {
  return [Math.max(0, Math.ceil(-shift / step)), Math.min(count - 1, Math.floor((limit - 1 - shift) / step))];
}

// target[s·y + down, s·x + right] += factor · source[y, x]
function spread(source, height, width, target, tall, wide, [stepDown, stepRight], down, right, factor) {
  if (factor === 0) return;
  const [top, bottom] = placesInside(height, stepDown, down, tall);
  const [first, last] = placesInside(width, stepRight, right, wide);
  for (let y = top; y <= bottom; y += 1) {
    let to = (y * stepDown + down) * wide + first * stepRight + right;
    for (let from = y * width + first; from <= y * width + last; from += 1, to += stepRight) target[to] += factor * source[from];
  }
}

// target[y, x] += factor · source[s·y + down, s·x + right]
function gather(source, height, width, target, tall, wide, [stepDown, stepRight], down, right, factor) {
  if (factor === 0) return;
  const [top, bottom] = placesInside(tall, stepDown, down, height);
  const [first, last] = placesInside(wide, stepRight, right, width);
  for (let y = top; y <= bottom; y += 1) {
    let from = (y * stepDown + down) * width + first * stepRight + right;
    for (let to = y * wide + first; to <= y * wide + last; to += 1, from += stepRight) target[to] += factor * source[from];
  }
}

// Every pixel of the result from a pixel of x, or from a constant outside it. `rows` and `columns` say, for each row and
// column of the result, which one of x that is; −1 for none.
function resampled(x, rows, columns, outside) {
  const [count, channels, height, width] = x.shape;
  const [tall, wide] = [rows.length, columns.length];
  const result = new Float32Array(count * channels * tall * wide).fill(outside);
  for (let plane = 0; plane < count * channels; plane += 1) {
    for (let y = 0; y < tall; y += 1) {
      if (rows[y] < 0) continue;
      const start = (plane * height + rows[y]) * width;
      const target = (plane * tall + y) * wide;
      for (let column = 0; column < wide; column += 1) {
        if (columns[column] >= 0) result[target + column] = x.values[start + columns[column]];
      }
    }
  }
  return { shape: [count, channels, tall, wide], values: result };
}

function enlarged(x, [tall, wide]) {
  const [height, width] = x.shape.slice(2);
  const from = (size, wanted) => Int32Array.from({ length: wanted }, (_, at) => Math.floor((at * size) / wanted));
  return resampled(x, from(height, tall), from(width, wide), 0);
}

function padded(x, [left, right, top = 0, bottom = 0], outside, isReplicated) {
  const [height, width] = x.shape.slice(-2);
  const from = (size, before, after) => Int32Array.from({ length: size + before + after }, (_, at) => {
    const place = at - before;
    if (isReplicated) return clamp(place, 0, size - 1);
    return place >= 0 && place < size ? place : -1;
  });
  return resampled(x, from(height, top, bottom), from(width, left, right), outside);
}

// The largest value of each window, and where in its picture it was, counted row by row; of equals the first.
function pooled(x, [kernelHeight, kernelWidth], stride = [], padding = [0, 0], dilation = [1, 1], reachesOver = false) {
  const isKnown = padding.every((side) => side === 0) && dilation.every((each) => each === 1) && !reachesOver;
  if (!isKnown) throw new Error("tape: this pooling is not known");
  const [stepDown, stepRight] = stride.length > 0 ? stride : [kernelHeight, kernelWidth];
  const [count, channels, height, width] = x.shape;
  const tall = Math.floor((height - kernelHeight) / stepDown) + 1;
  const wide = Math.floor((width - kernelWidth) / stepRight) + 1;
  const largest = new Float32Array(count * channels * tall * wide);
  const places = new Float32Array(largest.length);
  for (let plane = 0, to = 0; plane < count * channels; plane += 1) {
    for (let y = 0; y < tall; y += 1) {
      for (let column = 0; column < wide; column += 1, to += 1) {
        let best = -1;
        for (let row = y * stepDown; row < y * stepDown + kernelHeight; row += 1) {
          for (let at = column * stepRight; at < column * stepRight + kernelWidth; at += 1) {
            const place = row * width + at;
            const start = plane * height * width;
            if (best < 0 || x.values[start + place] > x.values[start + best]) best = place;
          }
        }
        largest[to] = x.values[plane * height * width + best];
        places[to] = best;
      }
    }
  }
  const shape = [count, channels, tall, wide];
  return [{ shape, values: largest }, { shape, values: places }];
}

// Every value back at its place, zeros elsewhere.
function unpooled(x, places, [tall, wide]) {
  const [count, channels, height, width] = x.shape;
  const result = new Float32Array(count * channels * tall * wide);
  x.values.forEach((value, at) => {
    result[Math.floor(at / (height * width)) * tall * wide + places.values[at]] = value;
  });
  return { shape: [count, channels, tall, wide], values: result };
}
