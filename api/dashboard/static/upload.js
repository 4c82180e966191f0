// Upload by dropping or choosing a file, or several of one recording, with its progress; a refusal is shown as the server says it.

import { bytes } from "./api.js";

const drop = document.getElementById("drop");
const input = document.getElementById("file");
const going = drop.querySelector("[data-going]");
const said = drop.querySelector("[data-said]");
const problem = drop.querySelector("[data-problem]");

function fail(message) {
  going.hidden = true;
  problem.hidden = false;
  problem.textContent = message;
  input.value = "";
}

function answered(request) {
  let content = {};
  try { content = JSON.parse(request.responseText); } catch { /* an answer without a body is judged by its status */ }
  if (request.status === 201 || request.status === 202) return location.assign(`/datasets/${content.id}`);
  return fail(content.detail ?? `The service answered ${request.status}.`);
}

function send(files) {
  problem.hidden = true;
  const limit = Number(drop.dataset.limit);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const names = files.map((file) => file.name).join(", ");
  if (size > limit) return fail(`${names}: ${bytes(size)}; the limit is ${bytes(limit)}.`);
  const form = new FormData();
  const mapping = document.getElementById("mapping").value.trim();
  if (mapping) form.append("mapping", mapping);
  for (const file of files) form.append("file", file);
  const request = new XMLHttpRequest();
  const bar = going.querySelector("progress");
  going.hidden = false;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = loaded / total;
    said.textContent = loaded < total ? `${bytes(loaded)} of ${bytes(total)}` : "Uploaded; the file is being read";
  });
  request.addEventListener("load", () => answered(request));
  request.addEventListener("error", () => fail("The upload broke off. Is the service still running?"));
  request.open("POST", "/v1/datasets");
  request.send(form);
}

input.addEventListener("change", () => { if (input.files.length) send([...input.files]); });
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) send([...event.dataTransfer.files]);
});
