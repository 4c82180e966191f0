// Two synapses: w1' = -s1 w2 e, w2' = -s2 w1 e, e = w1 w2 - 1, from one start under both rules.

const NS = "http://www.w3.org/2000/svg";
const EXTENT = 2.5;
const [STEP, DURATION, TOLERANCE] = [0.005, 12, 1e-3];
const SIGNS = { none: [1, 1], readout: [1, -1], hidden: [-1, 1], both: [-1, -1] };
const RULES = ["gradient_descent", "curl_descent"];
const ARROWS = 13;

export const field = ([s1, s2], [w1, w2]) => {
  const e = w1 * w2 - 1;
  return [-s1 * w2 * e, -s2 * w1 * e];
};

// One step of the classical Runge-Kutta method.
function step(signs, w, h) {
  const along = (k, f) => [w[0] + f * k[0], w[1] + f * k[1]];
  const a = field(signs, w);
  const b = field(signs, along(a, h / 2));
  const c = field(signs, along(b, h / 2));
  const d = field(signs, along(c, h));
  return [0, 1].map((i) => w[i] + (h / 6) * (a[i] + 2 * b[i] + 2 * c[i] + d[i]));
}

// The trajectory from a start, until it has left every picture.
export function trajectory(signs, start) {
  const path = [start];
  for (let t = 0; t < DURATION; t += STEP) {
    const w = step(signs, path.at(-1), STEP);
    if (!(Math.hypot(...w) < 1e3)) break;
    path.push(w);
  }
  return path;
}

const loss = ([w1, w2]) => (w1 * w2 - 1) ** 2 / 2;

// What becomes of a start, as far as this trajectory tells.
export function fate(path) {
  const errors = path.map(([w1, w2]) => Math.abs(w1 * w2 - 1));
  if (path.length * STEP < DURATION) return "escapes to infinity";
  if (errors.at(-1) > TOLERANCE) return "has not converged: it turns, or is slow";
  const arrived = errors.length - [...errors].reverse().findIndex((error) => error > TOLERANCE);
  return `converges at t = ${((errors.every((error) => error <= TOLERANCE) ? 0 : arrived) * STEP).toFixed(2)}`;
}

function part(name, attributes) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const line = (points, scale = ([x, y]) => [x, -y]) => points.map((point, i) => `${i ? "L" : "M"}${scale(point).map((one) => one.toFixed(3)).join(" ")}`).join("");

// Both branches of w1 w2 = 1, cut where their stability changes.
function solutions([s1, s2]) {
  const pieces = [];
  for (const sign of [1, -1]) {
    let run = { stable: null, points: [] };
    for (let k = -100; k <= 100; k += 1) {
      const w1 = Math.exp((k / 100) * Math.log(EXTENT));
      const point = [sign * w1, sign / w1];
      const stable = s1 * point[1] ** 2 + s2 * point[0] ** 2 > 0;
      if (stable !== run.stable) {
        run = { stable, points: run.points.slice(-1) };
        pieces.push(run);
      }
      run.points.push(point);
    }
  }
  return pieces.map(({ stable, points }) => part("path", { class: stable ? "stable" : "unstable", d: line(points), "vector-effect": "non-scaling-stroke" }));
}

function arrows(signs) {
  const found = [];
  const gap = (2 * EXTENT) / ARROWS;
  for (let i = 0; i < ARROWS; i += 1) for (let j = 0; j < ARROWS; j += 1) {
    const at = [-EXTENT + (i + 0.5) * gap, -EXTENT + (j + 0.5) * gap];
    const v = field(signs, at);
    const size = Math.hypot(...v);
    if (size < 1e-9) continue;
    const reach = (gap * 0.62 * size) / (size + 0.8) / size;
    const [dx, dy] = [v[0] * reach, v[1] * reach];
    found.push(part("path", { class: "arrow", fill: "none", "vector-effect": "non-scaling-stroke", d: line([at, [at[0] + dx, at[1] + dy]]) }));
    found.push(part("circle", { class: "tip", cx: at[0] + dx, cy: -(at[1] + dy), r: 0.03 }));
  }
  return found;
}

const toy = document.querySelector("[data-toy]");
const choice = document.querySelector("[data-flipped]");
let start = [-1.9, 1.3];

const signsOf = (rule) => SIGNS[rule === "gradient_descent" ? "none" : choice.value];
const plane = (rule) => toy.querySelector(`[data-plane=${rule}]`);

function backdrop(rule) {
  const signs = signsOf(rule);
  const svg = plane(rule);
  const turning = signs[0] !== signs[1] ? [part("circle", { class: "never", cx: 0, cy: 0, r: Math.SQRT2 })] : [];
  const frame = part("rect", { class: "frame", x: -EXTENT, y: -EXTENT, width: 2 * EXTENT, height: 2 * EXTENT, "vector-effect": "non-scaling-stroke" });
  const axes = [part("path", { class: "frame", d: `M${-EXTENT} 0H${EXTENT}M0 ${-EXTENT}V${EXTENT}`, "vector-effect": "non-scaling-stroke" })];
  const path = part("path", { class: `path ${rule}`, "vector-effect": "non-scaling-stroke" });
  const handle = part("circle", { class: "handle", r: 0.11, tabindex: 0, role: "slider", "aria-label": `Start of ${rule.replace("_", " ")}`, "aria-valuemin": -EXTENT, "aria-valuemax": EXTENT, "vector-effect": "non-scaling-stroke" });
  const label = (x, y, text) => { const t = part("text", { x, y }); t.textContent = text; t.setAttribute("font-size", "0.17"); t.style.fontSize = "0.17px"; return t; };
  svg.replaceChildren(...turning, ...axes, ...arrows(signs), ...solutions(signs), path, frame, label(EXTENT - 0.75, EXTENT + 0.2, "hidden w1"), label(-EXTENT, -EXTENT - 0.07, "readout w2"), handle);
}

function losses(paths) {
  const svg = toy.querySelector("[data-losses]");
  const [left, right, top, bottom] = [44, 330, 12, 298];
  const [low, high] = [1e-7, Math.max(10, ...paths.flatMap((path) => path.map(loss)).filter(Number.isFinite).map((one) => Math.min(one, 1e3)))];
  const x = (t) => left + (t / DURATION) * (right - left);
  const y = (value) => bottom - (Math.log10(Math.max(value, low) / low) / Math.log10(high / low)) * (bottom - top);
  const text = (at, words, anchor) => { const t = part("text", { ...at, "text-anchor": anchor }); t.textContent = words; return t; };
  const drawn = [];
  for (let power = -6; power <= 3; power += 2) if (10 ** power <= high) {
    drawn.push(part("path", { class: "frame", d: `M${left} ${y(10 ** power)}H${right}` }), text({ x: left - 6, y: y(10 ** power) + 4 }, `1e${power}`, "end"));
  }
  for (let t = 0; t <= DURATION; t += 3) drawn.push(text({ x: x(t), y: bottom + 17 }, String(t), "middle"));
  paths.forEach((path, index) => {
    const points = path.filter((_, place) => place % 8 === 0).map((w, place) => [x(place * 8 * STEP), y(loss(w))]);
    drawn.push(part("path", { class: `loss ${RULES[index]}`, d: line(points, (point) => point) }));
  });
  svg.replaceChildren(...drawn, text({ x: (left + right) / 2, y: 334 }, "time", "middle"));
}

function update() {
  const paths = RULES.map((rule) => trajectory(signsOf(rule), start));
  RULES.forEach((rule, index) => {
    const svg = plane(rule);
    svg.querySelector(".path").setAttribute("d", line(paths[index].filter((w, place) => place % 4 === 0 && Math.max(...w.map(Math.abs)) < EXTENT * 1.1)));
    const handle = svg.querySelector(".handle");
    handle.setAttribute("cx", start[0]);
    handle.setAttribute("cy", -start[1]);
    handle.setAttribute("aria-valuenow", start[0].toFixed(2));
    handle.setAttribute("aria-valuetext", `w1 ${start[0].toFixed(2)}, w2 ${start[1].toFixed(2)}`);
    toy.querySelector(`[data-fate=${rule}]`).textContent = fate(paths[index]);
  });
  losses(paths);
}

const clamp = (value) => Math.max(-EXTENT, Math.min(EXTENT, value));

function move(to) {
  start = to.map(clamp);
  update();
}

function redraw() {
  RULES.forEach(backdrop);
  update();
}

for (const rule of RULES) {
  const svg = plane(rule);
  const follow = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    move([point.x, -point.y]);
  };
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); follow(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) follow(event); });
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.25 : 0.05;
    move([start[0] + by[0] * size, start[1] + by[1] * size]);
  });
}
choice.addEventListener("change", redraw);
redraw();
