// Figures: Vega-Lite documents of the API, drawn when they come into sight, in the colours of the theme.

import { call } from "./api.js";

const DARK = {
  "#1f2933": "#e7eaee", "#6b7785": "#a3afbb", "#e6eaee": "#313a44", white: "transparent", "#dfe3e8": "#353e48", "#b3bcc6": "#66727f",
  "#c9dcea": "#2b4356", "#f6d5d9": "#57333a",
  "#2f6690": "#7fb2d9", "#d1495b": "#f08b98", "#5b8e7d": "#8fc4b1", "#e09f3e": "#ecb968", "#8e6c8a": "#c9a3c4",
};

let loading = null;

function vega() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.body.dataset.vega;
    script.onload = () => resolve(window.vegaEmbed);
    script.onerror = () => reject(new Error("Vega could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// The document in the colours of a theme; on screen a figure stands on its panel.
export function coloured(document, dark) {
  if (typeof document === "string") return dark ? DARK[document] ?? document : document === "white" ? "transparent" : document;
  if (Array.isArray(document)) return document.map((part) => coloured(part, dark));
  if (document && typeof document === "object")
    return Object.fromEntries(Object.entries(document).map(([name, part]) => [name, name === "data" || name === "datasets" ? part : coloured(part, dark)]));
  return document;
}

const TOOLTIP = { disableDefaultStyle: true };

const OPTIONS = { actions: false, ast: true, renderer: "svg", defaultStyle: false, tooltip: TOOLTIP };

// A picture that is wider than its frame is moved by the keyboard too.
const sized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

// Draw a document into a canvas; the picture keeps its shape and fills the space it was given.
export async function draw(canvas, document) {
  const embed = await vega();
  canvas.view?.finalize();
  const place = window.document.createElement("div");
  place.className = "drawn";
  const dark = isDark();
  place.classList.toggle("dark", dark);
  const { view } = await embed(place, coloured(document, dark), OPTIONS);
  const svg = place.querySelector("svg");
  const [width, height] = [svg.getAttribute("width"), svg.getAttribute("height")];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
  svg.setAttribute("aria-hidden", "true"); // the canvas says what the picture is
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  canvas.style.setProperty("--width", `${width}px`);
  canvas.style.setProperty("--height", `${height}px`);
  canvas.replaceChildren(place);
  sized.observe(canvas);
  canvas.view = view;
  canvas.document = document;
  canvas.dataset.drawn = "";
  canvas.dispatchEvent(new Event("drawn", { bubbles: true }));
}

async function show(canvas) {
  canvas.textContent = "Drawing…";
  try {
    await draw(canvas, await call("GET", canvas.dataset.figure));
  } catch (error) {
    canvas.textContent = error.message;
    canvas.dataset.failed = "";
  }
  canvas.dispatchEvent(new Event("settled", { bubbles: true }));
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    show(entry.target);
  }
}, { rootMargin: "300px" });

// Every figure in a part of the page that is not drawn yet.
export function watch(part = document) {
  for (const canvas of part.querySelectorAll("[data-figure]:not([data-watched])")) {
    canvas.dataset.watched = "";
    if ("eager" in document.body.dataset) show(canvas);
    else seen.observe(canvas);
  }
}

document.addEventListener("themechange", () => {
  for (const canvas of document.querySelectorAll("[data-drawn]")) draw(canvas, canvas.document);
});
document.addEventListener("refreshed", () => watch());
watch();
