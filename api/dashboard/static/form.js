// The form of a spec: read it, ask what it costs, show what is wrong where it is wrong, submit.

import { bytes, call, say, seconds } from "./api.js";

const form = document.getElementById("composer");
const kind = form.dataset.kind;
const PAUSE_MS = 250;
const at = (name) => form.querySelector(`[${name}]`);

class Unreadable extends Error {
  constructor(field, message) { super(message); this.errors = [{ field: `spec.${field}`, message }]; }
}

// What a field says, as JSON; undefined where nothing was entered, so that the default holds.
function value(input) {
  const { control, path, nullable } = input.dataset;
  if (control === "check") return input.checked;
  if (control === "checks") return [...input.querySelectorAll("input:checked")].map((box) => box.value);
  const text = input.value.trim();
  if (text === "") return nullable === "true" || control === "select" ? null : undefined;
  if (control === "select" || control === "text") return text;
  if (control === "json") {
    try { return JSON.parse(text); } catch { throw new Unreadable(path, `not JSON: ${text}`); }
  }
  const number = Number(text);
  if (!Number.isNaN(number)) return number;
  if (control === "either") return text;
  throw new Unreadable(path, `${text} is not a number`);
}

function put(spec, path, content) {
  const names = path.split(".");
  const last = names.pop();
  let place = spec;
  for (const name of names) {
    if (place[name] === null) return;
    place = place[name] ??= {};
  }
  place[last] = content;
}

export function spec() {
  const found = {};
  for (const box of form.querySelectorAll("[data-uses]")) if (!box.checked) put(found, box.dataset.uses, null);
  for (const input of form.querySelectorAll("[data-path]")) {
    const content = value(input);
    if (content !== undefined) put(found, input.dataset.path, content);
  }
  return found;
}

// `0.1, 1, 10`, or `0.1 to 10 in 7 log`, as the API's axes.
export function axis(text) {
  const spaced = text.match(/^(?:from\s+)?(\S+)\s+to\s+(\S+)\s+in\s+(\d+)(?:\s+steps?)?(\s+log)?$/i);
  if (spaced) {
    const [low, high, count] = spaced.slice(1, 4).map(Number);
    return spaced[4] ? { logspace: [Math.log10(low), Math.log10(high), count] } : { linspace: [low, high, count] };
  }
  return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => {
    try { return JSON.parse(part); } catch { return part; }
  });
}

function lines() {
  const all = [...form.querySelectorAll("[data-axis]")].map((line) => [line.querySelector("[data-axis-name]").value.trim(), line.querySelector("[data-axis-values]").value.trim()]);
  return all.filter(([name, text]) => name && text);
}

const axes = () => Object.fromEntries(lines().map(([name, text]) => [name, axis(text)]));

function body() {
  const varied = axes();
  if (!Object.keys(varied).length) return { kind, spec: spec() };
  const derived = "compression_ratio" in varied;
  const base = spec();
  for (const name of Object.keys(varied)) clear(base, name, derived);
  return { kind, base, axes: varied, ...(derived ? { derive: { total_neurons: Number(form.querySelector("#total").value) } } : {}) };
}

// What an axis sets may not stand in the base as well where both together would contradict each other.
function clear(base, name, derived) {
  if (derived && name === "compression_ratio") { delete base.inputs; delete base.hidden; }
}

const sweeping = () => Object.keys(axes()).length > 0;

function tags() {
  return Object.fromEntries(form.querySelector("#tags").value.split(",").map((pair) => pair.split(/=(.*)/s).map((part) => part.trim())).filter(([key]) => key).map(([key, text]) => [key, text ?? ""]));
}

function mark(errors) {
  for (const wrong of form.querySelectorAll("[data-wrong]")) wrong.hidden = true;
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const elsewhere = [];
  for (const { field, message } of errors) {
    const path = field.replace(/^(spec|base)\./, "").replace(/\.\d+$/, "");
    const place = nearest(path);
    if (!place) { elsewhere.push(`${path}: ${message}`); continue; }
    const wrong = place.querySelector("[data-wrong]");
    wrong.textContent = message;
    wrong.hidden = false;
    place.closest("details")?.setAttribute("open", "");
    const input = place.querySelector("input, select, textarea");
    input.setAttribute("aria-invalid", "true");
  }
  return elsewhere;
}

// The field at a path, or the one that the path lies in.
function nearest(path) {
  for (let part = path; part; part = part.slice(0, Math.max(part.lastIndexOf("."), 0))) {
    const found = form.querySelector(`[data-field="${CSS.escape(part)}"]`);
    if (found) return found;
  }
  return null;
}

function problem(text) {
  const place = at("data-problem");
  place.hidden = !text;
  place.textContent = text;
}

// The form as it is now is at the page's address: for a link, a reload, and the way back.
function keep() {
  const state = new URLSearchParams({ kind, spec: JSON.stringify(spec()) });
  for (const id of ["name", "tags"]) if (form.querySelector(`#${id}`).value) state.set(id, form.querySelector(`#${id}`).value);
  for (const [name, text] of lines()) state.append("vary", `${name}=${text}`);
  history.replaceState(null, "", `/new?${state}`);
}

let changed = false;
let asked = 0;

async function estimate() {
  const turn = ++asked;
  try {
    const content = body();
    at("data-json").textContent = JSON.stringify(content.spec ?? content, null, 2);
    const many = "axes" in content;
    at("data-submit").textContent = many ? "Start the sweep" : "Start";
    const cost = many ? await call("POST", "/v1/sweeps/preview", content) : await call("POST", "/v1/experiments/estimate", content);
    if (turn !== asked) return;
    mark([]);
    if (changed) keep();
    at("data-seconds").textContent = `about ${seconds(cost.seconds)} on one core${cost.seconds > cost.time_limit_s ? `, more than the ${seconds(cost.time_limit_s)} of this installation` : ""}`;
    at("data-memory").textContent = bytes(cost.memory_bytes) + (cost.memory_bytes > cost.memory_limit_bytes ? `, more than the ${bytes(cost.memory_limit_bytes)} of this installation` : "");
    at("data-experiments").textContent = cost.duplicates ? `${cost.count}, and ${cost.duplicates} equal ones left out` : String(cost.count ?? 1);
    problem(cost.fits === false ? "It would not fit here." : "");
  } catch (refusal) {
    if (turn !== asked) return;
    const elsewhere = mark(refusal.errors ?? []);
    at("data-seconds").textContent = at("data-memory").textContent = "–";
    problem(elsewhere.join(" ") || (refusal.errors?.length ? "Something is not right yet: see the fields that are marked." : refusal.message));
  }
}

async function submit() {
  const button = at("data-submit");
  button.disabled = true;
  try {
    const labels = { name: form.querySelector("#name").value.trim() || null, tags: tags() };
    const path = sweeping() ? "/v1/sweeps" : "/v1/experiments";
    const reuse = !sweeping() && form.querySelector("#reuse").checked ? { reuse: true } : {};
    const { id } = await call("POST", path, { ...body(), ...labels, ...reuse });
    location.assign(`${path.slice(3)}/${id}`);
  } catch (refusal) {
    const elsewhere = mark(refusal.errors ?? []);
    problem(elsewhere.join(" "));
    const first = form.querySelector("[aria-invalid]");
    if (first) first.focus();
    say(refusal.message);
    button.disabled = false;
  }
}

let due = 0;

function soon() {
  changed = true;
  clearTimeout(due);
  due = setTimeout(estimate, PAUSE_MS);
}

function follow() {
  for (const box of form.querySelectorAll("[data-uses]"))
    for (const input of box.closest("[data-group]").querySelectorAll("input, select, textarea")) if (input !== box) input.disabled = !box.checked;
  at("data-derive").hidden = !("compression_ratio" in axes());
}

function add() {
  const line = document.getElementById("axis").content.cloneNode(true);
  at("data-axes").append(line);
  at("data-axes").lastElementChild.querySelector("input").focus();
}

form.addEventListener("input", () => { follow(); soon(); });
form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
at("data-submit").disabled = false; // before this, the browser would have sent the form by itself
form.addEventListener("click", (event) => {
  if (event.target.closest("[data-add-axis]")) add();
  if (event.target.closest("[data-remove-axis]")) { event.target.closest("[data-axis]").remove(); follow(); soon(); }
});
at("data-goes").addEventListener("change", (event) => { if (event.target.value) location.assign(event.target.value); });
follow();
estimate();
