// A first look at a dataset: condition means, activity trial by trial, behaviour.

import { call, say } from "./api.js";
import { draw } from "./figures.js";

const INK = { background: "white", config: { view: { stroke: null }, font: "sans-serif", axis: { labelColor: "#6b7785", titleColor: "#1f2933", titleFontWeight: "normal" }, legend: { labelColor: "#1f2933", titleColor: "#1f2933" } }, padding: 12 };
const MOST_LABELS = 24;

function matrix({ rows, neurons, values }, rowTitle) {
  const cells = values.flatMap((row, place) => row.map((value, column) => ({ row: place, column, value, name: rows[place], neuron: neurons[column] })));
  const named = rows.length <= MOST_LABELS;
  const labels = `${JSON.stringify(rows)}[datum.value]`;
  return {
    ...INK, width: 460, height: 300, data: { values: cells }, mark: { type: "rect", tooltip: true },
    encoding: {
      x: { field: "column", type: "ordinal", title: "neuron", axis: { labels: false, ticks: false, domain: false } },
      y: { field: "row", type: "ordinal", title: named ? null : rowTitle, axis: { labels: named, labelExpr: labels, ticks: false, domain: false, labelLimit: 160 } },
      color: { field: "value", type: "quantitative", title: null, scale: { scheme: "viridis" } },
      tooltip: [{ field: "name", title: rowTitle }, { field: "neuron" }, { field: "value", format: ".3~g" }],
    },
  };
}

function behaviour({ trials, ...curves }) {
  const values = Object.entries(curves).flatMap(([name, line]) => line.map((value, place) => ({ name, trial: trials[place], value })));
  return {
    ...INK, width: 460, height: 240, data: { values }, mark: { type: "line", strokeWidth: 1.5 },
    encoding: {
      x: { field: "trial", type: "quantitative", title: "trial" },
      y: { field: "value", type: "quantitative", title: null },
      color: { field: "name", type: "nominal", title: null, legend: { orient: "top" }, scale: { domain: ["deviation", "perturbation", "compensation"], range: ["#d1495b", "#6b7785", "#2f6690"] } },
    },
  };
}

function panel(place, caption) {
  const figure = document.createElement("figure");
  figure.className = "figure";
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", caption);
  const words = document.createElement("figcaption");
  words.textContent = caption;
  figure.append(canvas, words);
  place.append(figure);
  return canvas;
}

const PARTS = {
  condition_means: ["Mean activity of every neuron in every cell", (part) => matrix(part, "cell")],
  activity: ["Activity in the order of the file", (part) => matrix(part, "trial")],
  behaviour: ["Behaviour over trials", behaviour],
};

const place = document.querySelector("[data-preview]");
if (place) {
  const found = await call("GET", place.dataset.preview).catch((refusal) => { say(refusal.message); return {}; });
  for (const [name, [caption, chart]] of Object.entries(PARTS)) {
    if (!found[name]) continue;
    place.hidden = false;
    draw(panel(place.querySelector(".figures"), caption), chart(found[name]));
  }
}
