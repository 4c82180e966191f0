// The printable page: its one button, and the keys that ask for the same, wait until every figure is drawn.

import { say } from "./api.js";

const button = document.querySelector("[data-print]");
const drawing = () => document.querySelector("[data-figure]:not([data-drawn], [data-failed])");
let wanted = false;

function settled() {
  if (drawing()) return;
  button.textContent = "Print";
  button.disabled = false;
  if (wanted) print();
  wanted = false;
}

if (button) {
  button.addEventListener("click", () => print());
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "p" || !drawing()) return;
    if (wanted) return; // who asks again does not want to wait
    event.preventDefault();
    wanted = true;
    say("It will be printed once all figures are drawn");
  });
  document.addEventListener("settled", settled);
  settled();
}
