// Plays a model's tape: the operations that torch carried out on one input (a code for a decoder, an example for a whole
// autoencoder), repeated on another, float by float. A value is { shape, values }. Only what models use is here
// (aeviz/views/tape.py lists the names); what works on images is in tape_images.js.

function readTape({ arrays, metadata }) {
  const { code, input, shape, steps, result } = JSON.parse(metadata.tape);
  const constants = new Map(Object.entries(arrays).map(([name, { shape: own, values }]) => [name, { shape: own, values }]));
  return { code, input, shape, steps, result, constants };
}

// The example that the model makes of a code or of another example: Float32Array in the order of `tape.shape`.
function playTape(tape, input) {
  const known = new Map(tape.constants);
  known.set("input", { shape: [1, ...tape.input], values: Float32Array.from(input) });
  for (const { op, args, kwargs, out } of tape.steps) {
    // Options come last, and only where there are any, so that positional defaults hold.
    const options = Object.keys(kwargs).length > 0 ? [kwargs] : [];
    const made = OPERATIONS[op](...args.map((each) => resolved(each, known)), ...options);
    if (Array.isArray(out)) out.forEach((name, place) => known.set(name, made[place]));
    else known.set(out, made);
  }
  return known.get(tape.result).values;
}

function resolved(value, known) {
  if (Array.isArray(value)) return value.map((each) => resolved(each, known));
  return value !== null && typeof value === "object" ? known.get(value.tensor) : value;
}

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

function mapped({ shape, values }, compute) {
  const result = new Float32Array(values.length);
  for (let index = 0; index < result.length; index += 1) result[index] = compute(values[index]);
  return { shape, values: result };
}

const entrywise = (compute) => (x) => mapped(x, compute);

// Two values of equal or broadcast shapes, or a value and a number, on either side.
function paired(one, other, compute) {
  if (typeof other === "number") return mapped(one, (value) => compute(value, other));
  if (typeof one === "number") return mapped(other, (value) => compute(one, value));
  if (one.shape.join() === other.shape.join()) {
    const result = new Float32Array(one.values.length);
    for (let index = 0; index < result.length; index += 1) result[index] = compute(one.values[index], other.values[index]);
    return { shape: one.shape, values: result };
  }
  const rank = Math.max(one.shape.length, other.shape.length);
  const long = [one, other].map(({ shape }) => [...Array(rank - shape.length).fill(1), ...shape]);
  const shape = long[0].map((side, axis) => (side === 1 ? long[1][axis] : side));
  const steps = long.map((own) => stridesOf(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride)));
  const result = new Float32Array(sizeOf(shape));
  eachPlace(shape, steps, (at, [left, right]) => {
    result[at] = compute(one.values[left], other.values[right]);
  });
  return { shape, values: result };
}

function stridesOf(shape) {
  const strides = new Array(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Goes over a shape in order with the offsets that each row of strides gives.
function eachPlace(shape, rows, visit) {
  const place = new Array(shape.length).fill(0);
  const offsets = new Array(rows.length).fill(0);
  const count = sizeOf(shape);
  for (let at = 0; at < count; at += 1) {
    visit(at, offsets);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      place[axis] += 1;
      rows.forEach((strides, row) => (offsets[row] += strides[axis]));
      if (place[axis] < shape[axis]) break;
      rows.forEach((strides, row) => (offsets[row] -= strides[axis] * shape[axis]));
      place[axis] = 0;
    }
  }
}

function permuted({ shape, values }, order) {
  const axes = order.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const strides = stridesOf(shape);
  const result = new Float32Array(values.length);
  const wanted = axes.map((axis) => shape[axis]);
  eachPlace(wanted, [axes.map((axis) => strides[axis])], (at, [from]) => {
    result[at] = values[from];
  });
  return { shape: wanted, values: result };
}

function transposed(x, first = 0, second = 1) {
  if (x.shape.length < 2) return x;
  const order = x.shape.map((_, axis) => axis);
  const [one, other] = [first, second].map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  [order[one], order[other]] = [order[other], order[one]];
  return permuted(x, order);
}

function reshaped({ shape, values }, wanted) {
  const known = wanted.reduce((product, side) => (side === -1 ? product : product * side), 1);
  return { shape: wanted.map((side) => (side === -1 ? sizeOf(shape) / known : side)), values };
}

// x (n × a) times w (a × b), added to a bias of b or n × b numbers.
function multiplied(x, w, bias = null) {
  const [rows, inner] = x.shape;
  const across = w.shape[1];
  const result = new Float32Array(rows * across);
  for (let row = 0; row < rows; row += 1) {
    const own = result.subarray(row * across, (row + 1) * across);
    if (bias) own.set(bias.shape.length > 1 && bias.shape[0] === rows
      ? bias.values.subarray(row * across, (row + 1) * across) : bias.values.subarray(0, across));
    for (let at = 0; at < inner; at += 1) {
      const factor = x.values[row * inner + at];
      if (factor === 0) continue; // after a rectifier many are
      const start = at * across;
      for (let column = 0; column < across; column += 1) own[column] += factor * w.values[start + column];
    }
  }
  return { shape: [rows, across], values: result };
}

// Rows of products, one multiplication for each of the batch.
function multipliedEach(x, w) {
  const parts = Array.from({ length: x.shape[0] }, (_, at) => multiplied(select(x, 0, at), select(w, 0, at)));
  return { shape: [x.shape[0], ...parts[0].shape], values: joined(parts.map(({ values }) => values)) };
}

function joined(parts) {
  const result = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    result.set(part, start);
    start += part.length;
  }
  return result;
}

function concatenated(parts, axis = 0) {
  const at = axis < 0 ? axis + parts[0].shape.length : axis;
  const shape = parts[0].shape.map((side, own) => (own === at ? parts.reduce((sum, part) => sum + part.shape[own], 0) : side));
  const outer = sizeOf(shape.slice(0, at));
  const pieces = [];
  for (let row = 0; row < outer; row += 1) {
    for (const { shape: own, values } of parts) {
      const length = sizeOf(own.slice(at));
      pieces.push(values.subarray(row * length, (row + 1) * length));
    }
  }
  return { shape, values: joined(pieces) };
}

function sliced({ shape, values }, axis = 0, start = 0, end = Infinity, step = 1) {
  const at = axis < 0 ? axis + shape.length : axis;
  const clip = (place) => clamp(place < 0 ? place + shape[at] : place, 0, shape[at]);
  const [low, high] = [clip(start ?? 0), clip(end ?? Infinity)];
  const rows = [];
  for (let row = low; row < high; row += step) rows.push(row);
  return taken({ shape, values }, at, rows);
}

// The rows of these numbers along an axis.
function taken({ shape, values }, axis, rows) {
  const at = axis < 0 ? axis + shape.length : axis;
  const inner = sizeOf(shape.slice(at + 1));
  const outer = sizeOf(shape.slice(0, at));
  const pieces = [];
  for (let block = 0; block < outer; block += 1) {
    for (const row of rows) pieces.push(values.subarray((block * shape[at] + row) * inner, (block * shape[at] + row + 1) * inner));
  }
  return { shape: shape.map((side, own) => (own === at ? rows.length : side)), values: joined(pieces) };
}

function select(x, axis, index) {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const { shape, values } = taken(x, at, [index < 0 ? index + x.shape[at] : index]);
  return { shape: shape.filter((_, own) => own !== at), values };
}

// Pieces of `size` rows along an axis, the last as long as is left.
function cut(x, size, axis = 0) {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const count = Math.ceil(x.shape[at] / size);
  return Array.from({ length: count }, (_, piece) => sliced(x, at, piece * size, (piece + 1) * size));
}

// The k largest of each row with their places, the largest first; the earlier of equals.
function largestOf({ shape, values }, k, axis = -1) {
  if (shape.length !== 2 || (axis !== -1 && axis !== 1)) throw new Error("tape: this topk is not known");
  const [rows, length] = shape;
  const places = new Float32Array(rows * k);
  for (let row = 0; row < rows; row += 1) {
    const own = values.subarray(row * length, (row + 1) * length);
    const order = Array.from(own.keys()).sort((one, other) => own[other] - own[one] || one - other);
    places.set(order.slice(0, k), row * k);
  }
  const found = places.map((place, at) => values[Math.floor(at / k) * length + place]);
  return [{ shape: [rows, k], values: found }, { shape: [rows, k], values: places }];
}

// x with the entries of each row at these places replaced.
function scattered({ shape, values }, axis, places, given) {
  if (shape.length !== 2 || axis !== 1) throw new Error("tape: this scatter is not known");
  const result = Float32Array.from(values);
  const across = places.shape[1];
  places.values.forEach((place, at) => {
    result[Math.floor(at / across) * shape[1] + place] = given.values[at];
  });
  return { shape, values: result };
}

function expanded({ shape, values }, wanted) {
  const long = [...Array(wanted.length - shape.length).fill(1), ...shape];
  const full = wanted.map((side, axis) => (side === -1 ? long[axis] : side));
  const result = new Float32Array(sizeOf(full));
  eachPlace(full, [stridesOf(long).map((stride, axis) => (long[axis] === 1 ? 0 : stride))], (at, [from]) => {
    result[at] = values[from];
  });
  return { shape: full, values: result };
}

function reduced({ shape, values }, axes, keeps, start, combine) {
  const along = (axes ?? shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + shape.length : axis));
  const strides = stridesOf(shape.map((side, axis) => (along.includes(axis) ? 1 : side)));
  const steps = strides.map((stride, axis) => (along.includes(axis) ? 0 : stride));
  const kept = shape.map((side, axis) => (along.includes(axis) ? 1 : side));
  const result = new Float32Array(sizeOf(kept)).fill(start);
  eachPlace(shape, [steps], (at, [to]) => {
    result[to] = combine(result[to], values[at]);
  });
  return { shape: keeps ? kept : kept.filter((_, axis) => !along.includes(axis)), values: result };
}

function smallestAt({ shape, values }, axis, keeps = false) {
  const at = axis < 0 ? axis + shape.length : axis;
  const inner = sizeOf(shape.slice(at + 1));
  const outer = sizeOf(shape.slice(0, at));
  const result = new Float32Array(outer * inner);
  for (let block = 0; block < outer; block += 1) {
    for (let column = 0; column < inner; column += 1) {
      let best = 0;
      for (let row = 1; row < shape[at]; row += 1) {
        const place = (each) => values[(block * shape[at] + each) * inner + column];
        if (place(row) < place(best)) best = row;
      }
      result[block * inner + column] = best;
    }
  }
  return { shape: keeps ? shape.map((side, own) => (own === at ? 1 : side)) : shape.filter((_, own) => own !== at), values: result };
}

// Rows of a table by their numbers, whatever the numbers' own shape.
function lookedUp(table, numbers) {
  const { shape, values } = taken(table, 0, [...numbers.values]);
  return { shape: [...numbers.shape, ...shape.slice(1)], values };
}

function softened(x, beta = 1, threshold = 20) {
  return mapped(x, (value) => (value * beta > threshold ? value : Math.log1p(Math.exp(value * beta)) / beta));
}

function shares({ shape, values }, axis) {
  const width = shape[axis < 0 ? axis + shape.length : axis];
  if ((axis + shape.length) % shape.length !== shape.length - 1) throw new Error("softmax only over the last axis");
  const made = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += width) {
    const own = values.subarray(row, row + width);
    const most = Math.max(...own);
    const powers = Array.from(own, (value) => Math.exp(value - most));
    const total = powers.reduce((sum, value) => sum + value, 0);
    made.set(powers.map((value) => value / total), row);
  }
  return { shape, values: made };
}

// The coefficients of the rational approximation 7.1.26 of Abramowitz & Stegun, good to 1.5e-7.
function errorFunction(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
}

const same = (x) => x;

const OPERATIONS = {
  _softmax: shares,
  _unsafe_view: reshaped,
  add: (one, other, { alpha = 1 } = {}) => paired(one, other, (a, b) => a + alpha * b),
  addmm: (bias, x, w) => multiplied(x, w, bias),
  alias: same,
  argmin: smallestAt,
  bmm: multipliedEach,
  cat: concatenated,
  clamp: (x, low, high) => mapped(x, (value) => Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value))),
  clone: same,
  constant_pad_nd: (x, sides, outside) => padded(x, sides, outside ?? 0, false),
  convolution: convolved,
  detach: same,
  div: (one, other) => paired(one, other, (a, b) => a / b),
  elu: entrywise((value) => (value > 0 ? value : Math.expm1(value))),
  embedding: lookedUp,
  exp: entrywise(Math.exp),
  expand: expanded,
  gelu: entrywise((value) => (value * (1 + errorFunction(value / Math.SQRT2))) / 2),
  hardtanh: (x, low, high) => mapped(x, (value) => clamp(value, low, high)),
  index: (table, [numbers]) => lookedUp(table, numbers),
  index_select: (x, axis, { values }) => taken(x, axis, [...values]),
  leaky_relu: (x, slope = 0.01) => mapped(x, (value) => (value > 0 ? value : slope * value)),
  max_pool2d_with_indices: pooled,
  max_unpool2d: unpooled,
  mm: (x, w) => multiplied(x, w),
  mul: (one, other) => paired(one, other, (a, b) => a * b),
  neg: entrywise((value) => -value),
  permute: permuted,
  pow: (x, exponent) => mapped(x, (value) => value ** exponent),
  relu: entrywise((value) => Math.max(0, value)),
  replication_pad2d: (x, sides) => padded(x, sides, 0, true),
  reshape: reshaped,
  rsub: (x, other) => paired(other, x, (a, b) => a - b),
  scatter: scattered,
  select,
  sigmoid: entrywise((value) => 1 / (1 + Math.exp(-value))),
  silu: entrywise((value) => value / (1 + Math.exp(-value))),
  slice: sliced,
  softplus: softened,
  split: cut,
  sqrt: entrywise(Math.sqrt),
  squeeze: ({ shape, values }, axis) => ({
    shape: shape.filter((side, own) => side !== 1 || (axis !== undefined && own !== (axis < 0 ? axis + shape.length : axis))),
    values,
  }),
  sub: (one, other) => paired(one, other, (a, b) => a - b),
  sum: (x, axes = null, keeps = false) => reduced(x, axes, keeps, 0, (a, b) => a + b),
  t: (x) => transposed(x),
  tanh: entrywise(Math.tanh),
  topk: largestOf,
  transpose: (x, first, second) => transposed(x, first, second),
  unsqueeze: ({ shape, values }, axis) => {
    const at = axis < 0 ? axis + shape.length + 1 : axis;
    return { shape: [...shape.slice(0, at), 1, ...shape.slice(at)], values };
  },
  upsample_nearest2d: enlarged,
  view: reshaped,
  zeros_like: ({ shape, values }) => ({ shape, values: new Float32Array(values.length) }),
};
