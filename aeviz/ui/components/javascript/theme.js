// Colours and fonts of the page, read from Streamlit's CSS variables so that canvases follow its theme.

function readTheme(node) {
  const style = getComputedStyle(node);
  const read = (name, fallback) => {
    const value = style.getPropertyValue(name).trim();
    return value && value !== "unset" ? value : fallback;
  };
  const text = read("--st-text-color", "#31333f");
  const background = read("--st-background-color", "#ffffff");
  const dark = luminance(background) < 0.4;
  return {
    dark,
    text,
    background,
    accent: read("--st-primary-color", dark ? "#7aa2ff" : "#3f6fd9"),
    font: read("--st-font", "system-ui, sans-serif"),
    muted: withAlpha(text, dark ? 0.72 : 0.7),
    frame: withAlpha(text, dark ? 0.28 : 0.22),
    grid: withAlpha(text, dark ? 0.1 : 0.075),
    zero: withAlpha(text, dark ? 0.26 : 0.2),
  };
}

// [red, green, blue] in 0–255 of a #hex or rgb() colour, which is what Streamlit's theme holds.
function parseColour(colour) {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(colour.trim());
  if (hex) {
    const digits = hex[1].length < 6 ? [...hex[1]].map((digit) => digit + digit).join("") : hex[1];
    return [0, 2, 4].map((start) => parseInt(digits.slice(start, start + 2), 16));
  }
  const numbers = colour.match(/[\d.]+/g);
  return numbers && numbers.length >= 3 ? numbers.slice(0, 3).map(Number) : [128, 128, 128];
}

function withAlpha(colour, alpha) {
  return `rgba(${parseColour(colour).join(", ")}, ${alpha})`;
}

// Relative luminance in 0–1, roughly: enough to tell a dark theme from a light one.
function luminance(colour) {
  const [red, green, blue] = parseColour(colour);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

function prefersStillness() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
