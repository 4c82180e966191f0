// The table of experiments: select several and act on them, show more rows, complete the filter.

import { call, fragment, say } from "./api.js";
import { complete } from "./completion.js";
import { refresh } from "./live.js";

const found = document.getElementById("found"); // the table once there is a row, which may be later
const tools = document.getElementById("selection");
const MOST_COMPARED = 100;

const boxes = () => [...found.querySelectorAll("tbody input[type=checkbox]")];
const chosen = () => boxes().filter((box) => box.checked).map((box) => box.value);

function update() {
  const ids = chosen();
  tools.querySelector("[data-count]").textContent = ids.length ? `${ids.length} selected` : "None selected";
  for (const button of tools.querySelectorAll("[data-do]")) button.disabled = !ids.length;
  tools.querySelector("[data-do=compare]").disabled = ids.length < 2 || ids.length > MOST_COMPARED;
  const all = document.getElementById("all");
  if (all) {
    all.checked = ids.length > 0 && ids.length === boxes().length;
    all.indeterminate = ids.length > 0 && ids.length < boxes().length;
  }
  boxes().forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
}

const SURE = { delete: (n) => `Delete ${n} experiment${n > 1 ? "s" : ""} with all results? This cannot be undone.` };
const DONE = { cancel: "asked to stop", retry: "queued again", delete: "deleted" };

async function act(action) {
  const ids = chosen();
  if (action === "compare") return location.assign(`/compare?ids=${ids.join(",")}`);
  if (SURE[action] && !confirm(SURE[action](ids.length))) return;
  const where = `id in (${ids.map((id) => `'${id}'`).join(", ")})`;
  try {
    const { changed } = await call("POST", "/v1/experiments/bulk", { where, action });
    say(changed ? `${changed} ${DONE[action]}` : `None of the selected could be changed: ${WHY[action]}`);
    boxes().forEach((box) => { box.checked = false; });
    await refresh();
    update();
  } catch (refusal) {
    say(refusal.message);
  }
}

const WHY = { cancel: "they have all ended", retry: "only failed and cancelled ones run again", delete: "cancel them first" };

async function more(link) {
  link.setAttribute("aria-busy", "true");
  const next = await fragment(link.href);
  document.getElementById("rows").append(...(next.getElementById("rows")?.children ?? []));
  document.getElementById("more").replaceChildren(...next.getElementById("more").childNodes);
  update();
}

found.addEventListener("change", ({ target }) => {
  if (target.id === "all") boxes().forEach((box) => { box.checked = target.checked; });
  update();
});
found.addEventListener("click", (event) => {
  const link = event.target.closest("[data-more]");
  if (!link) return;
  event.preventDefault();
  more(link).catch((refusal) => say(refusal.message));
});
tools.addEventListener("click", (event) => { if (event.target.dataset.do) act(event.target.dataset.do); });
document.addEventListener("refreshed", update);
update();
const filters = document.getElementById("filters");
complete(document.getElementById("where"), () => document.getElementById("kind").value);
for (const select of filters.querySelectorAll("select")) select.addEventListener("change", () => filters.requestSubmit());
