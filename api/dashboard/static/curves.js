// Live values against epochs (or time) as they come, on a logarithmic axis when they are positive. A
// value holds until another one is reported.

const NS = "http://www.w3.org/2000/svg";
const [HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [300, 62, 46, 10, 14];
const MOST = 4;

function part(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const short = (value) => (value === 0 ? "0" : Math.abs(value) >= 1e7 || Math.abs(value) < 1e-2 ? (+value.toPrecision(3)).toExponential() : (+value.toPrecision(3)).toLocaleString("en"));

// Places between two ends: powers of ten, or steps of 1, 2, 5.
export function ticks(low, high, log) {
  if (log) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) all.push(10 ** power);
    const visible = (tick) => tick >= low * 0.999 && tick <= high * 1.001;
    const inside = all.filter(visible);
    const between = all.flatMap((power) => [1, 2, 5].map((step) => step * power)).filter(visible);
    if (inside.length < 3) return between.length > 1 ? between : ticks(low, high, false);
    const stride = Math.ceil(inside.length / 6);
    return inside.filter((_, index) => index % stride === 0);
  }
  const rough = (high - low) / 5 || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((multiple) => multiple * size >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) found.push(+tick.toPrecision(12));
  return found;
}

export class Curves {
  constructor(place) {
    this.series = new Map();
    this.legend = document.createElement("ul");
    this.legend.className = "legend";
    this.width = place.clientWidth; // so that its letters are of one size on every screen
    this.svg = part("svg", { class: "curves", viewBox: `0 0 ${this.width} ${HEIGHT}`, role: "img", "aria-label": "Live values against epochs" });
    this.place = place;
  }

  // Add one report; values that have not changed since the last are the same measurement.
  add(values) {
    const { epoch, ...measured } = values;
    this.now = epoch;
    for (const [name, value] of Object.entries(measured)) {
      if (value === null) continue;
      if (!this.series.has(name)) this.series.set(name, []);
      const points = this.series.get(name);
      const x = epoch ?? points.length;
      this.across = epoch === undefined ? "report" : "epoch";
      const last = points.at(-1);
      if (last && (last[1] === value || last[0] >= x)) continue;
      points.push([x, value]);
    }
    this.due ??= requestAnimationFrame(() => { this.due = null; this.draw(); });
  }

  draw() {
    const named = [...this.series].slice(0, MOST);
    if (!named.length) return;
    if (!this.svg.isConnected) this.place.append(this.legend, this.svg);
    const points = named.flatMap(([, line]) => line);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const log = ys.every((y) => y > 0);
    const [left, right] = [Math.min(...xs), Math.max(...xs, this.now ?? 0)];
    let [low, high] = [Math.min(...ys), Math.max(...ys)];
    [low, high] = log ? [low / 1.3, high * 1.3] : [low - (high - low || 1) * 0.1, high + (high - low || 1) * 0.1];
    const at = log ? Math.log10 : (value) => value;
    const x = (value) => LEFT + ((value - left) / (right - left || 1)) * (this.width - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - ((at(value) - at(low)) / (at(high) - at(low) || 1)) * (HEIGHT - BOTTOM - TOP);
    const drawn = [];
    for (const tick of ticks(low, high, log)) {
      drawn.push(part("line", { class: "axis", x1: LEFT, x2: this.width - RIGHT, y1: y(tick), y2: y(tick) }));
      drawn.push(part("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, short(tick)));
    }
    for (const tick of ticks(left, right, false))
      drawn.push(part("text", { x: x(tick), y: HEIGHT - BOTTOM + 20, "text-anchor": "middle" }, short(tick)));
    drawn.push(part("text", { x: (LEFT + this.width - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, this.across));
    named.forEach(([, line], index) => {
      const path = line.map(([a, b], place) => `${place ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
      drawn.push(part("path", { class: this.colour(index), d: `${path}${right > line.at(-1)[0] ? `H${x(right).toFixed(1)}` : "h0.1"}` }));
    });
    this.svg.replaceChildren(...drawn);
    this.legend.replaceChildren(...named.map(([name, line], index) => {
      const item = document.createElement("li");
      const dot = document.createElement("span");
      dot.className = `dot ${this.colour(index)}`;
      item.append(dot, `${name.replaceAll("_", " ")}: ${(+line.at(-1)[1].toPrecision(3)).toString()}`);
      return item;
    }));
  }

  colour(index) {
    const name = [...this.series.keys()][index];
    const rule = ["curl_feedback_alignment", "feedback_alignment", "curl_descent", "gradient_descent"].find((rule) => name.startsWith(rule));
    return rule ?? `s${index}`;
  }
}
