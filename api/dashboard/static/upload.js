// Upload by dropping or choosing files: a line with its progress for each upload, one after the other. Of
// several files the reader says what they are; a refusal is shown as the server says it.

import { bytes, call, fragment } from "./api.js";

const PAUSE_MS = 1000;

const drop = document.getElementById("drop");
const input = document.getElementById("file");
const choice = drop.querySelector("[data-choice]");
const lines = document.getElementById("uploads");
const limit = Number(drop.dataset.limit);

let chosen = [];
let before = Promise.resolve();

const size = (files) => files.reduce((sum, file) => sum + file.size, 0);
const going = () => lines.querySelector(":scope > :not([data-ended])");
const called = ([first, ...others]) => (others.length ? `${first.name} and ${others.length} more` : first.name);

function choose(files) {
  choice.hidden = files.length < 2;
  if (files.length === 1) return begin([files]);
  chosen = files;
  choice.querySelector("[data-chosen]").textContent = `${files.length} files, ${bytes(size(files))}`;
  choice.querySelector("[data-each]").focus();
}

const WAYS = { each: () => chosen.map((file) => [file]), parts: () => [chosen], none: () => [] };

choice.addEventListener("click", ({ target }) => {
  const way = Object.keys(WAYS).find((name) => name in target.dataset);
  if (!way) return;
  choice.hidden = true;
  input.focus();
  begin(WAYS[way]());
});

// Each upload is a list of files that become one dataset, through the mapping that is there now.
function begin(uploads) {
  const mapping = document.getElementById("mapping").value.trim();
  input.value = "";
  if (!going()) lines.replaceChildren();
  for (const files of uploads) {
    const line = added(called(files));
    before = before.then(() => through(files, mapping, line));
  }
  if (lines.children.length > 1) before = before.then(listAnew);
}

function added(name) {
  const line = document.getElementById("upload").content.cloneNode(true).firstElementChild;
  line.querySelector("[data-name]").textContent = name;
  line.querySelector("progress").setAttribute("aria-label", `Upload of ${name}`);
  lines.append(line);
  return line;
}

async function through(files, mapping, line) {
  try {
    const dataset = await sent(files, mapping, line);
    line.dataset.ended = "";
    const address = `/datasets/${dataset.id}`;
    if (lines.children.length === 1 && choice.hidden) return location.assign(address);
    const link = document.createElement("a");
    link.href = address;
    link.textContent = line.querySelector("[data-name]").textContent;
    line.querySelector("[data-name]").replaceChildren(link);
    const { error } = await read(dataset);
    if (error) throw new Error(error);
    line.querySelector("[data-said]").textContent = "Ready";
  } catch (refusal) {
    line.querySelector("[data-said]").textContent = "";
    line.querySelector("[data-problem]").textContent = refusal.message;
    line.querySelector("[data-problem]").hidden = false;
  }
  line.querySelector("progress").hidden = true;
  line.dataset.ended = "";
}

// The dataset that the service made of the files.
function sent(files, mapping, line) {
  if (size(files) > limit) throw new Error(`${called(files)}: ${bytes(size(files))}; the limit is ${bytes(limit)}.`);
  const form = new FormData();
  if (mapping) form.append("mapping", mapping);
  for (const file of files) form.append("file", file);
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    line.querySelector("progress").value = loaded / total;
    line.querySelector("[data-said]").textContent = loaded < total ? `${bytes(loaded)} of ${bytes(total)}` : "Uploaded; the file is being read";
  });
  request.open("POST", "/v1/datasets");
  request.send(form);
  return new Promise((resolve, reject) => {
    request.addEventListener("error", () => reject(new Error("The upload broke off. Is the service still running?")));
    request.addEventListener("load", () => {
      let content = {};
      try { content = JSON.parse(request.responseText); } catch { /* an answer without a body is judged by its status */ }
      if (request.status === 201 || request.status === 202) resolve(content);
      else reject(new Error(content.detail ?? `The service answered ${request.status}.`));
    });
  });
}

// The dataset once it has been read: of a large file the service answers before.
async function read(dataset) {
  while (dataset.status === "inspecting") {
    await new Promise((later) => setTimeout(later, PAUSE_MS));
    dataset = await call("GET", `/v1/datasets/${dataset.id}`);
  }
  return dataset;
}

async function listAnew() {
  const fresh = await fragment(location.href).catch(() => null);
  const listed = fresh?.getElementById("listed");
  if (listed) document.getElementById("listed").replaceWith(listed);
}

const picked = () => { if (input.files.length) choose([...input.files]); };
input.addEventListener("change", picked);
picked(); // perhaps before this script was there

// Files may be dropped beside the frame too: a browser would open them instead of this page.
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.toggle("over", name === "dragenter" || name === "dragover");
  if (name === "drop" && event.dataTransfer.files.length) choose([...event.dataTransfer.files]);
});

// Whoever leaves would lose what is still going on or waits.
addEventListener("beforeunload", (event) => { if (going() || !choice.hidden) event.preventDefault(); });
