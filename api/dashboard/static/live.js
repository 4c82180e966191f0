// One stream for every experiment on the page. Progress changes in place; when a status changes, the
// parts marked with data-refresh are fetched again. A hidden page lets go of its stream, because a
// browser has only six connections to one host.

import { fragment, listening } from "./api.js";

const QUIET_MS = 1200;
const PATIENCE_MS = 3000;
let source = null;
let due = 0;
let lost = 0;

function connect() {
  if (source || document.hidden) return;
  source = new EventSource("/v1/events");
  source.addEventListener("changes", (event) => JSON.parse(event.data).forEach(apply));
  source.addEventListener("open", () => {
    if (!lost) return;
    found();
    refresh();
  });
  source.addEventListener("error", () => { lost ||= setTimeout(again, PATIENCE_MS); });
}

function found() {
  clearTimeout(lost);
  lost = 0;
  listening(true);
}

// A browser tries again by itself after a broken connection, and never after a refusal.
function again() {
  listening(false);
  lost = setTimeout(again, PATIENCE_MS);
  if (source?.readyState !== EventSource.CLOSED) return;
  source = null;
  connect();
}

function disconnect() {
  found();
  source?.close();
  source = null;
}

const told = new Map();

function apply(report) {
  const places = [...document.querySelectorAll(`[data-experiment="${report.id}"]`)];
  const news = told.get(report.id) !== report.status;
  told.set(report.id, report.status);
  const unknown = !places.length && news && "refreshUnknown" in document.body.dataset;
  if (places.filter((place) => show(place, report)).length || unknown) refreshSoon();
}

// Whether the status is another one than before.
function show(place, report) {
  const bar = place.querySelector("progress");
  if (bar && report.progress !== undefined) bar.value = report.progress;
  if ("cell" in place.dataset) {
    const changed = !place.classList.contains(report.status);
    place.className = report.status;
    return changed;
  }
  const word = place.querySelector("[data-status]");
  if (!word || word.textContent === report.status) return false;
  word.textContent = report.status;
  word.className = `status ${report.status}`;
  return true;
}

function refreshSoon() {
  if (due) return;
  due = setTimeout(() => { due = 0; refresh(); }, QUIET_MS);
}

// Fetch the page again and take over its marked parts, but for what the reader is working with.
export async function refresh() {
  if (document.hidden) return;
  const parts = [...document.querySelectorAll("[data-refresh]")];
  const fresh = parts.length ? await fragment(location.href).catch(() => null) : null;
  for (const part of fresh ? parts : []) {
    const other = fresh.querySelector(`[data-refresh="${part.dataset.refresh}"]`);
    if (!other || (innermost(part) && innermost(part) === innermost(other)) || other.innerHTML === undrawn(part)) continue;
    keep(part, other);
    const ticked = new Set([...part.querySelectorAll("input:checked")].map((box) => box.value));
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const key = focused && (focused.getAttribute("href") || focused.value);
    if (part.children.length > other.children.length && "rows" in part.dataset) merge(part, other);
    else part.replaceChildren(...other.childNodes);
    part.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = ticked.has(box.value); });
    if (key) [...part.querySelectorAll("a, input, button")].find((one) => (one.getAttribute("href") || one.value) === key)?.focus();
  }
  document.dispatchEvent(new Event("refreshed"));
}

// The parts within a part, by name: while they are the same, each of them is renewed by itself.
function innermost(part) {
  return [...part.querySelectorAll("[data-refresh]")].map((inner) => inner.dataset.refresh).join();
}

// What the server sent of a part: without what was drawn into it.
function undrawn(part) {
  const copy = part.cloneNode(true);
  for (const canvas of copy.querySelectorAll(".canvas")) {
    canvas.replaceChildren();
    for (const name of ["style", "tabindex"]) canvas.removeAttribute(name);
    for (const name of ["watched", "drawn", "failed"]) delete canvas.dataset[name];
  }
  return copy.innerHTML;
}

// A figure that is drawn stays, so that nothing flickers.
function keep(part, other) {
  for (const canvas of part.querySelectorAll("[data-drawn]"))
    other.querySelector(`[data-figure="${CSS.escape(canvas.dataset.figure ?? "")}"]`)?.replaceWith(canvas);
}

// More rows were loaded than one page has: those of the page are renewed, the others stay.
function merge(part, other) {
  for (const row of [...other.children].reverse()) {
    const old = part.querySelector(`:scope > [data-experiment="${row.dataset.experiment}"]`);
    if (old) old.replaceWith(row);
    else part.prepend(row);
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return disconnect();
  connect();
  refresh();
});
addEventListener("pagehide", disconnect);
addEventListener("pageshow", connect);
connect();
