// A sweep: cells of the map open their experiment, pictures follow the results, parallel coordinates.

import { call, say } from "./api.js";
import { draw } from "./figures.js";

const sweep = document.querySelector("[data-sweep]").dataset.sweep;
const map = document.querySelector("[data-map]");
const REDRAW_MS = 4000;
const MOST_LINES = 600;
const MARGIN = 110;
const AXIS = 120; // pixels that the name of one takes

// The filter that finds what one rectangle stands for.
export function inside(datum, x, y) {
  const along = (name, low, high) => {
    if (high === undefined) return `param.${name} = ${typeof low === "string" ? `'${low}'` : low}`;
    return `param.${name} >= ${Math.min(low, high)} and param.${name} <= ${Math.max(low, high)}`;
  };
  return `sweep = '${sweep}' and ${along(x, datum.x, datum.x2)} and ${along(y, datum.y, datum.y2)}`;
}

async function open(datum) {
  const where = `kind = '${map.dataset.kind}' and ${inside(datum, map.dataset.x, map.dataset.y)}`;
  const { items } = await call("GET", `/v1/experiments?limit=2&where=${encodeURIComponent(where)}`);
  if (items.length === 1) location.assign(`/experiments/${items[0].id}`);
  else if (items.length) location.assign(`/experiments?where=${encodeURIComponent(where)}`);
  else say("No experiment lies in this cell");
}

function opens({ view }) {
  view.addEventListener("click", (event, item) => {
    if (item?.datum && "x" in item.datum && "y" in item.datum && !("order" in item.datum)) open(item.datum).catch((refusal) => say(refusal.message));
  });
}

map.addEventListener("drawn", ({ target }) => { if (target.closest(".clickable")) opens(target); });
map.querySelectorAll(".clickable [data-drawn]").forEach(opens); // drawn before this script was there

// Each axis on its own scale from 0 to 1; logarithmic where positive values span more than a decade.
export function scaled(lines, axes) {
  const scales = new Map(axes.map((axis) => {
    const values = lines.map((line) => line[axis]);
    if (!values.every((value) => typeof value === "number")) {
      const words = [...new Set(values.map(String))].sort();
      return [axis, { of: (value) => (words.length > 1 ? words.indexOf(String(value)) / (words.length - 1) : 0.5), ends: [words[0], words.at(-1)] }];
    }
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const at = low > 0 && high / low > 10 ? Math.log : (value) => value;
    return [axis, { of: (value) => (high > low ? (at(value) - at(low)) / (at(high) - at(low)) : 0.5), ends: [low, high].map((end) => String(+end.toPrecision(3))) }];
  }));
  return scales;
}

function parallel({ lines, metric }, width) {
  const shown = lines.slice(0, MOST_LINES);
  const axes = [...Object.keys(shown[0]).filter((name) => name !== "id" && name !== metric), metric];
  const scales = scaled(shown, axes);
  const words = (name) => name.replaceAll("_", " ");
  const values = shown.flatMap((line) => axes.map((axis, place) => ({ id: line.id, axis: words(axis), place, at: scales.get(axis).of(line[axis]), end: scales.get(metric).of(line[metric]), value: line[axis] })));
  const ends = axes.flatMap((axis) => scales.get(axis).ends.map((label, end) => ({ axis: words(axis), at: end, label })));
  const x = { field: "axis", type: "nominal", sort: axes.map(words), title: null, axis: { labelAngle: 0, orient: "top", grid: true, domain: false, ticks: false, labelFontSize: 12, labelPadding: 22 } };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: Math.max(AXIS * axes.length, Math.min(760, width - MARGIN)), height: 260, background: "white", padding: 14,
    config: { view: { stroke: null }, font: "sans-serif", axis: { labelColor: "#1f2933", gridColor: "#6b7785" } },
    layer: [
      { data: { values }, params: [{ name: "hover", select: { type: "point", fields: ["id"], on: "pointerover", clear: "pointerout" } }], mark: { type: "line", strokeWidth: 1.4 },
        encoding: { x, y: { field: "at", type: "quantitative", axis: null }, detail: { field: "id" }, color: { field: "end", type: "quantitative", scale: { scheme: { name: "viridis", extent: [0.2, 0.9] } }, legend: null },
          opacity: { condition: { param: "hover", value: 0.9, empty: true }, value: 0.08 } } },
      ...[0, 1].map((end) => ({ data: { values: ends.filter(({ at }) => at === end) }, mark: { type: "text", color: "#6b7785", fontSize: 11, dy: end ? -9 : 12 }, encoding: { x, y: { field: "at", type: "quantitative" }, text: { field: "label" } } })),
    ],
  };
}

function drawLines() {
  const [place, data] = ["lines", "lines-data"].map((id) => document.getElementById(id));
  if (place && !("drawn" in place.dataset)) draw(place, parallel(JSON.parse(data.textContent), place.clientWidth)).catch((error) => say(error.message));
}

drawLines();

// While results come in, the pictures are fetched again now and then.
let counts = document.querySelector("[data-counts]").textContent;
let due = 0;
document.addEventListener("refreshed", () => {
  drawLines();
  const now = document.querySelector("[data-counts]").textContent;
  if (now === counts || due) return;
  counts = now;
  due = setTimeout(async () => {
    due = 0;
    for (const canvas of map.querySelectorAll("[data-figure]")) {
      const answer = await fetch(canvas.dataset.figure);
      if (answer.ok) await draw(canvas, await answer.json());
    }
  }, REDRAW_MS);
});

const over = document.getElementById("over");
over.addEventListener("change", () => over.requestSubmit());
