// Reading safetensors: 8 bytes of little-endian header length, a JSON header, then raw little-endian arrays.

const ARRAY_TYPES = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

// → { arrays: { name: { type, shape, values } }, metadata: { name: string } }
function readSafetensors(buffer) {
  if (buffer.byteLength < 8) throw new Error("safetensors: the file ends before its header");
  const headerLength = Number(new DataView(buffer).getBigUint64(0, true));
  const bodyStart = 8 + headerLength;
  if (bodyStart > buffer.byteLength) throw new Error("safetensors: the file ends within its header");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  const arrays = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name !== "__metadata__") arrays[name] = readArray(buffer, bodyStart, name, entry);
  }
  return { arrays, metadata: header.__metadata__ ?? {} };
}

function readArray(buffer, bodyStart, name, entry) {
  const ArrayType = ARRAY_TYPES[entry.dtype];
  if (!ArrayType) throw new Error(`safetensors: ${name} has the type ${entry.dtype}, which is not read here`);
  const [begin, end] = entry.data_offsets;
  const count = entry.shape.reduce((product, size) => product * size, 1);
  if (bodyStart + end > buffer.byteLength || end - begin !== count * ArrayType.BYTES_PER_ELEMENT) {
    throw new Error(`safetensors: ${name} is cut short`);
  }
  const start = bodyStart + begin;
  // A view costs nothing, but needs an aligned start; writers usually pad their header so that it is one.
  const aligned = start % ArrayType.BYTES_PER_ELEMENT === 0;
  const values = aligned ? new ArrayType(buffer, start, count) : new ArrayType(buffer.slice(start, bodyStart + end));
  return { type: entry.dtype, shape: entry.shape, values };
}

// A metadata entry that holds JSON; the fallback where it is absent or broken.
function metadataJson(metadata, name, fallback) {
  try {
    return name in metadata ? JSON.parse(metadata[name]) : fallback;
  } catch {
    return fallback;
  }
}
