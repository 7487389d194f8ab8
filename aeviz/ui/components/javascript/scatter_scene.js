// What a scatter's file holds, ready to draw.

const VALUE_STEPS = 64;

async function fetchScatterScene(address, signal) {
  const answer = await fetch(new URL(address, window.location.href), { signal });
  if (answer.status === 404) throw new Error("This picture is no longer stored; load the page again.");
  if (!answer.ok) throw new Error("The picture could not be fetched.");
  return scatterScene(readSafetensors(await answer.arrayBuffer()));
}

function scatterScene({ arrays, metadata }) {
  const labels = arrays.labels?.values ?? null;
  const values = arrays.values?.values ?? null;
  return {
    points: arrays.points.values,
    labels,
    classes: labels ? classNames(labels, metadataJson(metadata, "classes", [])) : [],
    axes: metadataJson(metadata, "axes", ["", ""]),
    values,
    range: values ? valueRange(values) : null,
    valueName: metadata.value_name ?? "value",
    thumbnails: arrays.thumbnails ?? null,
    field: arrays.field ? fieldOf(arrays.field, metadata) : null,
  };
}

function fieldOf({ values, shape: [rows, columns] }, metadata) {
  return { values, rows, columns, extent: metadataJson(metadata, "field_extent", [0, 1, 0, 1]), name: metadata.field_name ?? "" };
}

// Labels without a name are called by their number.
function classNames(labels, names) {
  const count = labels.reduce((most, label) => Math.max(most, label + 1), names.length);
  return Array.from({ length: count }, (_, label) => String(names[label] ?? label));
}

function valueRange(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high && Number.isFinite(value)) high = value;
  }
  if (!(low <= high)) return { low: 0, high: 1 };
  return low < high ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

// Each value's step on the colour scale; what is not a number gets one that has no colour.
function valueStepsOf(values, { low, high }) {
  return Uint8Array.from(values, (value) =>
    Number.isFinite(value) ? clamp(Math.floor(((value - low) / (high - low)) * VALUE_STEPS), 0, VALUE_STEPS - 1) : 255);
}

// What there is to say of one point: its class, its value, its number.
function describePoint(scene, index) {
  const parts = [];
  if (scene.labels?.[index] >= 0) parts.push(scene.classes[scene.labels[index]]);
  if (scene.values) parts.push(`${scene.valueName} ${formatNumber(scene.values[index])}`);
  parts.push(`example ${index}`);
  return parts;
}
