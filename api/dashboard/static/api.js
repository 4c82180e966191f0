// Calls of the public API. A refusal becomes an Error with the server's own sentence.

export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.errors = problem.errors || [];
  }
}

const reach = (address, options) => fetch(address, options).catch(() => {
  throw new Refusal({ detail: "The service does not answer. Is it still running?", status: 0 });
});

export async function call(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await reach(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 204) return null;
  const content = await answer.json().catch(() => ({ detail: `The service answered ${answer.status}.` }));
  if (answer.status === 401) content.detail = "You are no longer signed in. Sign in in another tab, then try again.";
  if (!answer.ok) throw new Refusal({ status: answer.status, ...content });
  return content;
}

// The page at an address, as a document to take parts from.
export async function fragment(address) {
  const answer = await reach(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Refusal({ detail: `The page answered ${answer.status}.`, status: answer.status });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

let fading;

// A short message that is read out and goes away.
export function say(message) {
  const place = document.getElementById("toasts");
  place.replaceChildren();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = message;
  place.append(toast);
  clearTimeout(fading);
  fading = setTimeout(() => toast.remove(), 6000);
}

// Whether the news still come; while they do not, the page says that it may be out of date.
export function listening(well) {
  const notice = document.getElementById("lost");
  if (well) notice?.remove();
  if (well || notice) return;
  const said = document.createElement("p");
  said.id = "lost";
  said.className = "toast";
  said.setAttribute("role", "alert");
  said.textContent = "The service does not answer: what is shown may be out of date. It is asked again every few seconds.";
  document.body.append(said);
}

export const bytes = (count) =>
  count < 2 ** 20 ? `${Math.ceil(count / 1024)} KiB` : count < 2 ** 30 ? `${(count / 2 ** 20).toFixed(1)} MiB` : `${(count / 2 ** 30).toFixed(2)} GiB`;

export const seconds = (time) =>
  time < 1 ? `${Math.round(time * 1000)} ms` : time < 60 ? `${time.toFixed(time < 10 ? 1 : 0)} s` : time < 3600 ? `${Math.round(time / 60)} min` : `${(time / 3600).toFixed(1)} h`;
