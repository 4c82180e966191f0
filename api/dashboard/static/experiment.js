// One experiment: live progress with its curves, then the finished page; labels.

import { call, listening, say } from "./api.js";
import { Curves } from "./curves.js";

const head = document.querySelector("[data-live]");
const id = head.dataset.live;
const PAUSE_MS = 2000;
const GONE = [401, 404];

// The stream from its beginning, so that a late page draws the whole curve. EventSource cannot ask for that.
async function* reports(after, signal) {
  const answer = await fetch(`/v1/experiments/${id}/events`, { headers: { "Last-Event-ID": after }, signal });
  if (GONE.includes(answer.status)) {
    location.reload(); // a page says why
    await new Promise(() => {});
  }
  if (!answer.ok) throw new Error(`the stream answered ${answer.status}`);
  listening(true);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").filter((line) => line && !line.startsWith(":")).map((line) => line.split(/: ?(.*)/s, 2)));
      if (fields.data) yield { id: fields.id, ...JSON.parse(fields.data), at: fields.id };
    }
  }
}

function tell(report, curves) {
  const word = head.querySelector("[data-status]");
  word.textContent = report.status;
  word.className = `status ${report.status}`;
  const live = document.getElementById("live");
  live.querySelector("progress").value = report.progress ?? 0;
  const epoch = report.values?.epoch;
  live.querySelector("[data-said]").textContent =
    report.status === "queued" ? "Waiting for a free worker" : `${Math.round(100 * (report.progress ?? 0))} % done${epoch ? `, epoch ${Math.round(epoch).toLocaleString("en")}` : ""}`;
  if (report.values) curves.add(report.values);
}

const ENDED = ["succeeded", "failed", "cancelled"];

async function follow() {
  const curves = new Curves(document.querySelector("[data-curves]"));
  let after = "0-0";
  for (;;) {
    if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    const stop = new AbortController();
    const hide = () => document.hidden && stop.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      for await (const report of reports(after, stop.signal)) {
        after = report.at ?? after;
        if (!ENDED.includes(report.status)) { tell(report, curves); continue; }
        // An earlier attempt may have ended; the row knows.
        const now = await call("GET", `/v1/experiments/${id}`);
        if (ENDED.includes(now.status)) return location.reload();
      }
    } catch (error) {
      if (stop.signal.aborted) continue;
      listening(false);
      await new Promise((later) => setTimeout(later, PAUSE_MS));
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
  }
}

if (head.dataset.ended === "no") follow();

// Tags as `key=value, key=value`; those that are no longer there are taken off.
export function tagged(text, before) {
  const found = Object.fromEntries(text.split(",").map((pair) => pair.split(/=(.*)/s).map((part) => part.trim())).filter(([key]) => key).map(([key, value]) => [key, value ?? ""]));
  for (const key of before) if (!(key in found)) found[key] = null;
  return found;
}

const labels = document.querySelector("[data-labels]");
const keys = labels.elements.tags.value.split(",").map((pair) => pair.split("=")[0].trim()).filter(Boolean);
labels.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, tags, notes } = labels.elements;
  try {
    await call("PATCH", labels.dataset.labels, { name: name.value || null, notes: notes.value, tags: tagged(tags.value, keys) });
    location.reload();
  } catch (refusal) {
    say(refusal.message);
  }
});
labels.querySelector("button").disabled = false; // before this, the browser would have sent the form by itself
