// Colours and marker shapes of classes, and the scale for continuous values.

// Petroff 2021, arXiv:2107.02270: ten colours that colour-blind readers can tell apart.
const CLASS_COLOURS = [
  "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
];
const MARKER_SHAPES = ["circle", "square", "diamond", "triangle", "cross"];

function classColour(label, fallback) {
  return label >= 0 ? CLASS_COLOURS[label % CLASS_COLOURS.length] : fallback;
}

// Beyond ten classes colours repeat and the shape tells them apart.
function classShape(label) {
  return MARKER_SHAPES[Math.floor(Math.max(0, label) / CLASS_COLOURS.length) % MARKER_SHAPES.length];
}

// A perceptual scale, built in OKLCh (Ottosson 2020): lightness rises evenly from violet through teal to yellow.
// Its ends keep their distance from the page's background, so that no value disappears into it.
function valueColours(dark, steps = 64) {
  const [darkest, lightest] = dark ? [0.42, 0.93] : [0.27, 0.83];
  return Array.from({ length: steps }, (_, index) => {
    const part = index / (steps - 1);
    return oklchToRgb(darkest + part * (lightest - darkest), 0.125 + 0.025 * part, 305 - 205 * part);
  });
}

// A quiet scale for what lies under points: from near the background to a mid blue, evenly in lightness, so that
// the colours of the points stand out at both of its ends.
function fieldColours(dark, steps = 64) {
  const [from, to] = dark ? [0.27, 0.6] : [0.96, 0.66];
  return Array.from({ length: steps }, (_, index) => {
    const part = index / (steps - 1);
    return oklchToRgb(from + part * (to - from), 0.015 + 0.07 * part, 240);
  });
}

function oklchToRgb(lightness, chroma, hueDegrees) {
  const hue = (hueDegrees * Math.PI) / 180;
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  const channels = linear.map((value) => {
    const encoded = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, encoded)));
  });
  return `rgb(${channels.join(", ")})`;
}
