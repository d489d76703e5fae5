// How a song is danced: the options of `posejockey perform` as faders, kept in the browser.

const KEY = "posejockey-faders";
const FADERS = [
  ["Movement", [
    { name: "energy", low: -2, high: 2, step: 0.1, usual: 0 },
    { name: "openness", low: -2, high: 2, step: 0.1, usual: 0 },
    { name: "travel", low: -2, high: 2, step: 0.1, usual: 0 },
    { name: "temperature", label: "variety", low: 0, high: 2, step: 0.05, usual: 1 },
  ]],
  ["Dancers", [
    { name: "dancers", low: 1, high: 16, step: 1, usual: 1 },
    { name: "unison", low: 0, high: 1, step: 0.05, usual: 0 },
    { name: "canon", low: 0, high: 8, step: 0.5, usual: 0 },
    { name: "ensemble", choices: ["all", "pairs", "halves", "solo"], usual: "all" },
    { name: "formation", choices: ["auto", "rows", "line", "wedge", "circle", "grid", "columns", "scatter"], usual: "auto" },
  ]],
  ["Phrases", [
    { name: "form", text: ["AABA", "AABB", "AAAB", "call-response", "free", "AA~B-A'"], usual: "AABA" },
    { name: "phrase", label: "length", choices: [4, 8, 16, 32], usual: 8, unit: " beats" },
    { name: "variation", low: 0, high: 1, step: 0.05, usual: 0 },
    { name: "recall", label: "sections", choices: ["return", "go on"], usual: "return" },
    { name: "seed", low: 0, high: 999, step: 1, usual: 0 },
  ]],
];
const ALL = FADERS.flatMap(([, faders]) => faders);

export class Faders {
  constructor(form) {
    this.form = form;
    this.styles = [];
    this.models = []; // weights that were learned here: { id, name }
    this.model = ""; // the id of those that are chosen; "" for the studio's own
    this.onModel = () => {};
    this.values = { ...Object.fromEntries(ALL.map(({ name, usual }) => [name, usual])), style: {}, ...remembered() };
    form.addEventListener("submit", (event) => event.preventDefault());
    this._draw();
  }

  // The styles of the weights, each a share of the mix; all at 0 means: as the music sounds.
  setStyles(styles) {
    if (styles.join() === this.styles.join()) return;
    this.styles = styles;
    this._draw();
  }

  setModels(models) {
    if (models.map(({ id }) => id).join() === this.models.map(({ id }) => id).join()) return;
    this.models = models;
    this._draw();
  }

  // As `perform` takes them; what is as usual is left out. seed: added, for takes that differ.
  options(moreSeed = 0) {
    const { style, recall, seed, ...rest } = this.values;
    const found = { seed: seed + moreSeed, recall: recall === "return" };
    for (const { name, usual } of ALL) if (name in rest && rest[name] !== usual) found[name] = rest[name];
    const mix = this.styles.filter((name) => style[name] > 0).map((name) => `${name}=${style[name]}`);
    if (mix.length) found.style = mix.join(",");
    if (found.recall) delete found.recall;
    return found;
  }

  _draw() {
    const mix = this.styles.map((name) => this._fader({ name, low: 0, high: 1, step: 0.05, usual: 0 }, this.values.style));
    const hint = Object.assign(document.createElement("p"), { className: "hint", textContent: "all at 0: as the music sounds" });
    hint.style.margin = "0 0 4px";
    const groups = [group("Style", [...this._weights(), hint, ...mix])];
    for (const [title, faders] of FADERS) groups.push(group(title, faders.map((fader) => this._fader(fader, this.values))));
    this.form.replaceChildren(...groups);
  }

  // Which weights dance, where there is a choice.
  _weights() {
    if (!this.models.length) return [];
    const choices = document.createElement("select");
    choices.add(new Option("as delivered", ""));
    for (const { id, name } of this.models) choices.add(new Option(name.replace(/\.onnx$/, ""), id));
    choices.value = this.model;
    choices.addEventListener("change", () => { this.model = choices.value; this.onModel(this.model); });
    const row = Object.assign(document.createElement("label"), { className: "fader" });
    row.append(Object.assign(document.createElement("span"), { textContent: "weights" }), choices);
    return [row];
  }

  _fader(fader, values) {
    const { name, label = name, usual } = fader;
    const row = Object.assign(document.createElement("label"), { className: "fader" });
    row.append(Object.assign(document.createElement("span"), { textContent: label }));
    const input = fader.choices ? select(fader) : fader.text ? text(fader) : range(fader);
    input.name = name;
    input.value = values[name] ?? usual;
    const output = document.createElement("output");
    const show = () => { output.textContent = Number(input.value).toFixed(fader.step < 0.1 ? 2 : fader.step < 1 ? 1 : 0); };
    input.addEventListener("input", () => {
      values[name] = typeof usual === "number" ? Number(input.value) : input.value;
      show();
      remember(this.values);
    });
    row.append(input);
    if (input.type !== "range") return row;
    show();
    row.append(output);
    input.addEventListener("dblclick", () => { input.value = usual; input.dispatchEvent(new Event("input")); });
    return row;
  }
}

function range({ low, high, step }) {
  return Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step });
}

function select({ choices, unit = "" }) {
  const made = document.createElement("select");
  for (const choice of choices) made.add(new Option(`${choice}${unit}`, choice));
  return made;
}

function text({ name, text: offered }) {
  const list = document.createElement("datalist");
  list.id = `offered-${name}`;
  for (const value of offered) list.append(new Option(value, value));
  document.getElementById(list.id)?.remove();
  document.body.append(list);
  const made = Object.assign(document.createElement("input"), { type: "text", maxLength: 40, spellcheck: false });
  made.setAttribute("list", list.id);
  return made;
}

function group(title, rows) {
  const made = document.createElement("fieldset");
  made.append(Object.assign(document.createElement("legend"), { textContent: title }), ...rows);
  return made;
}

function remember(values) {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch { /* then they last as long as the page */ }
}

function remembered() {
  try {
    const values = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return typeof values.style === "object" && values.style ? values : {};
  } catch {
    return {};
  }
}
