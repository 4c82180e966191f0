// Completion of the filter: names of fields, kinds after `kind =`, statuses after `status =`.

const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "between", "like", "is null", "is not null"];
const JOINS = ["and", "or", "order by"];
const MOST = 40;

let words = null;

async function vocabulary() {
  words ??= await fetch("/vocabulary.json").then((answer) => answer.json());
  return words;
}

// What may stand where the caret is: the text it would replace, and what to offer.
export function offers(text, known, kind) {
  const before = text.match(/(?:^|[\s(,])([\w.\-"']*)$/)?.[1] ?? "";
  const rest = text.slice(0, text.length - before.length).trimEnd();
  const quoted = (list) => list.map((word) => ({ text: `'${word}'`, note: "" }));
  if (/\bkind\s*(=|!=|in\s*\(|,)$/.test(rest)) return { before, found: quoted(Object.keys(known.kinds)) };
  if (/\bstatus\s*(=|!=|in\s*\(|,)$/.test(rest)) return { before, found: quoted(known.statuses) };
  if (/[\w."]$/.test(rest) && !/\b(and|or|not)$/i.test(rest) && !/(=|<|>|\bin|\blike|\bbetween)\s*\S+$/i.test(rest))
    return { before, found: OPERATORS.map((text) => ({ text, note: "" })) };
  if (/(=|<|>|\blike)\s*\S+$/i.test(rest) && !/\b(and|or|not)$/i.test(rest))
    return { before, found: JOINS.slice(0, 2).map((text) => ({ text, note: "" })) };
  const names = new Map();
  for (const [name, fields] of Object.entries(known.kinds))
    if (!kind || kind === name) for (const [field, type] of Object.entries(fields)) names.set(field, type);
  names.set("tag.", "text");
  return { before, found: [...names].map(([text, note]) => ({ text, note })) };
}

export function matching({ before, found }) {
  const part = before.toLowerCase();
  const starts = found.filter(({ text }) => text.toLowerCase().startsWith(part));
  const holds = part ? found.filter((one) => !starts.includes(one) && one.text.toLowerCase().includes(part)) : [];
  return [...starts, ...holds].filter(({ text }) => text !== before).slice(0, MOST);
}

// A combobox as the ARIA practices describe it: the focus stays in the field.
export function complete(input, kindOf) {
  const list = document.createElement("ul");
  list.className = "options";
  list.id = `${input.id}-options`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Completions");
  list.hidden = true;
  input.after(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(name, value);
  let current = -1;
  let shown = { before: "", found: [] };

  function close() {
    list.hidden = true;
    current = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    current = place;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === place)));
    const item = list.children[place];
    if (!item) return;
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  function take(place) {
    const { text } = shown.found[place];
    const caret = input.selectionStart - shown.before.length;
    const gap = text.endsWith(".") ? "" : " ";
    input.setRangeText(text + gap, caret, input.selectionStart, "end");
    close();
    if (gap) show();
  }

  async function show() {
    const known = await vocabulary();
    if (document.activeElement !== input) return;
    const { before, found } = offers(input.value.slice(0, input.selectionStart), known, kindOf());
    shown = { before, found: matching({ before, found }) };
    list.replaceChildren(...shown.found.map(({ text, note }, index) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${index}`;
      item.setAttribute("role", "option");
      item.append(text);
      const aside = document.createElement("span");
      aside.textContent = note;
      item.append(aside);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(index); });
      return item;
    }));
    list.hidden = !shown.found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    current = -1;
  }

  input.addEventListener("input", show);
  input.addEventListener("focus", vocabulary);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && list.hidden) { event.preventDefault(); show(); return; }
    if (list.hidden) return;
    const count = list.children.length;
    if (event.key === "ArrowDown") { event.preventDefault(); mark((current + 1) % count); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark((current - 1 + count) % count); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
    else if ((event.key === "Enter" || event.key === "Tab") && current >= 0) { event.preventDefault(); take(current); }
  });
}
