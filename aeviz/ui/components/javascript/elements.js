// Building the page's elements.

// element("button", { class: "chip", text: "log", onclick: … }, child, …)
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// An icon drawn from one SVG path on a 16 by 16 grid.
function icon(path) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(namespace, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

// Two or more exclusive choices, side by side.
function segmentedChoice(label, choices, chosen, onChoose) {
  const buttons = choices.map(([value, text]) =>
    element("button", {
      type: "button", class: "segment", text, "aria-pressed": String(value === chosen), "data-value": value,
      onclick: () => {
        for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
        onChoose(value);
      },
    }),
  );
  return element("div", { class: "segments", role: "group", "aria-label": label }, ...buttons);
}

// Text is written only when it differs: equal writes would still wake screen readers and layout.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// Places a small note beside (x, y), inside its parent's box.
function placeNote(note, x, y, width, height) {
  const gap = 14;
  note.hidden = false;
  const noteWidth = note.offsetWidth;
  const noteHeight = note.offsetHeight;
  const left = x + gap + noteWidth <= width ? x + gap : Math.max(0, x - gap - noteWidth);
  const top = clamp(y - noteHeight / 2, 0, Math.max(0, height - noteHeight));
  note.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
