// Numbers as people read them, ticks for axes, and small geometry. Nothing here touches the page.

const MINUS = "\u2212";

// About four significant digits: 1234, 56.78, 0.01234, 1.2e−7.
function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace(/-/g, MINUS);
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(decimals, 6)).replace("-", MINUS);
}

function formatCount(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "–";
}

// Epochs are whole at their ends; between them one decimal is enough.
function formatEpoch(value) {
  if (!Number.isFinite(value)) return "–";
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

// The round step (1, 2 or 5 times a power of ten) that divides `span` into about `wanted` parts.
function roundStep(span, wanted) {
  const raw = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const fraction = raw / power;
  if (fraction <= 1.5) return power;
  if (fraction <= 3.5) return 2 * power;
  return fraction <= 7.5 ? 5 * power : 10 * power;
}

// → [{ value, label }] at round values within [low, high].
function linearTicks(low, high, wanted) {
  if (!(high > low) || !Number.isFinite(high - low)) return [];
  const step = roundStep(high - low, wanted);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  const last = Math.floor(high / step + 1e-9);
  for (let index = Math.ceil(low / step - 1e-9); index <= last; index += 1) {
    const value = index * step || 0;
    ticks.push({ value, label: tickLabel(value, decimals) });
  }
  return ticks;
}

function tickLabel(value, decimals) {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-4)) return value.toExponential().replace("e+", "e").replace(/-/g, MINUS);
  return value.toFixed(Math.min(decimals, 6)).replace("-", MINUS);
}

// Powers of ten, with 2 and 5 times each where there is room for them; few decades fall back to round steps.
function logTicks(low, high, wanted) {
  if (!(low > 0) || !(high > low)) return [];
  const decades = Math.log10(high / low);
  if (decades < 0.8) return linearTicks(low, high, wanted);
  const multiples = decades * 3 <= wanted * 1.6 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / Math.max(1, wanted)));
  const ticks = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent += 1) {
    if (exponent % stride !== 0) continue;
    for (const multiple of multiples) {
      const value = multiple * 10 ** exponent;
      const inside = value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
      if (inside) ticks.push({ value, label: tickLabel(value, Math.max(0, -exponent)) });
    }
  }
  return ticks;
}

// { left, right, bottom, top } of [m, 2] points, or null where none is finite.
function boundsOf(points) {
  let left = Infinity;
  let right = -Infinity;
  let bottom = Infinity;
  let top = -Infinity;
  for (let index = 0; index + 1 < points.length; index += 2) {
    const x = points[index];
    const y = points[index + 1];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  return left <= right ? { left, right, bottom, top } : null;
}

// The point nearest to (x, y) within `reach`, as an index, or −1. A scan: 20,000 points take about 30 µs.
function nearestPoint(points, x, y, reach, isShown = null) {
  let best = -1;
  let bestDistance = reach * reach;
  for (let index = 0; index * 2 < points.length; index += 1) {
    const across = points[2 * index] - x;
    const up = points[2 * index + 1] - y;
    const distance = across * across + up * up;
    if (distance <= bestDistance && (!isShown || isShown(index))) {
      best = index;
      bestDistance = distance;
    }
  }
  return best;
}

// Indices of points whose squares of side `size` do not overlap: the earlier point wins.
// It depends on the scale but not on where the view stands, so panning does not change the choice.
function thinnedPoints(points, size, isShown = null) {
  const taken = new Map();
  const chosen = [];
  const keyOf = (column, row) => column * 1048576 + row;
  const overlaps = (x, y, column, row) => {
    for (let across = -1; across <= 1; across += 1) {
      for (let up = -1; up <= 1; up += 1) {
        const other = taken.get(keyOf(column + across, row + up));
        if (other === undefined) continue;
        if (Math.abs(points[2 * other] - x) < size && Math.abs(points[2 * other + 1] - y) < size) return true;
      }
    }
    return false;
  };
  for (let index = 0; index * 2 < points.length; index += 1) {
    const x = points[2 * index];
    const y = points[2 * index + 1];
    if (!Number.isFinite(x) || !Number.isFinite(y) || (isShown && !isShown(index))) continue;
    const column = Math.floor(x / size);
    const row = Math.floor(y / size);
    if (overlaps(x, y, column, row)) continue;
    taken.set(keyOf(column, row), index);
    chosen.push(index);
  }
  return chosen;
}

// The index of the entry whose `key` is nearest to `value`, in a list sorted by it; −1 for an empty list.
function nearestEntry(entries, key, value) {
  let best = -1;
  for (let index = 0; index < entries.length; index += 1) {
    if (best < 0 || Math.abs(entries[index][key] - value) <= Math.abs(entries[best][key] - value)) best = index;
  }
  return best;
}

// The number of the row, among rows as long as `wanted`, that is nearest to it; −1 without rows.
function nearestRow(rows, wanted) {
  const length = wanted.length;
  let best = -1;
  let bestDistance = Infinity;
  for (let start = 0, row = 0; start < rows.length; start += length, row += 1) {
    let distance = 0;
    for (let at = 0; at < length && distance < bestDistance; at += 1) {
      const difference = rows[start + at] - wanted[at];
      distance += difference * difference;
    }
    if (distance < bestDistance) {
      bestDistance = distance;
      best = row;
    }
  }
  return best;
}

// The `count` points nearest to a place, the nearest first: [{ index, distance }, …].
function nearestFew(points, x, y, count) {
  const found = [];
  for (let index = 0; index * 2 < points.length; index += 1) {
    const distance = Math.hypot(points[2 * index] - x, points[2 * index + 1] - y);
    if (found.length === count && !(distance < found[count - 1].distance)) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].distance > distance) place -= 1;
    found.splice(place, 0, { index, distance });
    if (found.length > count) found.pop();
  }
  return found;
}

// Whether a place lies within a polygon [[x, y], …], by how often a ray to the right crosses its edges.
function isInPolygon(polygon, x, y) {
  let isInside = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at, at += 1) {
    const [x1, y1] = polygon[at];
    const [x2, y2] = polygon[before];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
  }
  return isInside;
}

// The points within a polygon, as ascending indices.
function pointsWithin(points, polygon, isShown = null) {
  const box = boundsOf(polygon.flat());
  const found = [];
  for (let index = 0; box && index * 2 < points.length; index += 1) {
    const x = points[2 * index];
    const y = points[2 * index + 1];
    const isNear = x >= box.left && x <= box.right && y >= box.bottom && y <= box.top;
    if (isNear && (!isShown || isShown(index)) && isInPolygon(polygon, x, y)) found.push(index);
  }
  return found;
}

// How many of the chosen points bear each label: [[label, count], …], the most frequent first.
function labelCounts(labels, indices) {
  const counts = new Map();
  for (const index of indices) counts.set(labels[index], (counts.get(labels[index]) ?? 0) + 1);
  return [...counts].sort(([one, few], [other, many]) => many - few || one - other);
}

// The mean of some of the pictures of a U8 array [n, c, h, w]: Uint8ClampedArray.
function meanPicture(values, shape, indices) {
  const size = shape[1] * shape[2] * shape[3];
  const sums = new Float64Array(size);
  for (const index of indices) for (let at = 0; at < size; at += 1) sums[at] += values[index * size + at];
  return Uint8ClampedArray.from(sums, (sum) => sum / indices.length);
}

// Up to `most` of a list, evenly spread over it.
function spreadOver(list, most) {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, at) => list[Math.floor((at * list.length) / most)]);
}

// A picture [c, h, w] with each block of pixels replaced by its mean, so that it gets the wanted height and width
// where those divide it by one whole number (what is left over is cut off); null where they do not.
function shrunkPicture(values, [channels, height, width], tall, wide) {
  const block = Math.floor(height / tall);
  if (block < 1 || block !== Math.floor(width / wide)) return null;
  if (block === 1) return height === tall && width === wide ? values : null;
  const result = new Uint8ClampedArray(channels * tall * wide);
  for (let at = 0; at < result.length; at += 1) {
    const [channel, row, column] = [Math.floor(at / (tall * wide)), Math.floor(at / wide) % tall, at % wide];
    let sum = 0;
    for (let down = 0; down < block; down += 1) {
      const start = (channel * height + row * block + down) * width + column * block;
      for (let right = 0; right < block; right += 1) sum += values[start + right];
    }
    result[at] = sum / (block * block);
  }
  return result;
}

function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
