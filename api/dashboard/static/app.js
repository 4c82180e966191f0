// What every page does: the theme switch, buttons that copy, buttons that act.

import { call, say } from "./api.js";

const root = document.documentElement;

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.querySelector("[data-theme-switch]").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; SameSite=Strict`;
  document.dispatchEvent(new Event("themechange"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));

// <button data-copy> copies the code beside it.
async function copy(button) {
  const text = button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    say("Selected: press Ctrl-C to copy");
  }
}

// <button data-act="POST /v1/..." data-body='{}' data-sure="..." data-then="/where"> does one thing.
async function act(button) {
  if (button.dataset.sure && !confirm(button.dataset.sure)) return;
  const [method, path] = button.dataset.act.split(" ");
  button.disabled = true;
  try {
    const answer = await call(method, path, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
    if (button.dataset.then) location.assign(button.dataset.then.replace("{id}", answer?.id ?? ""));
    else location.reload();
  } catch (refusal) {
    say(refusal.message);
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy], button[data-act]");
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  else act(button);
});
root.dataset.ready = ""; // before this, buttons look as if they could not be pressed
