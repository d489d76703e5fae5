// Buttons and faders that show what is in force, and say when a touch has not been answered.
//
// Enters: a Show, a control's name. Leaves: elements. A touched control is marked `waiting` until the
// show's answer comes, and `refused` for a while where it was refused, or where none came.

import { CONTROLS } from "../words.js";

const PATIENCE_MS = 1500;
const SEND_EVERY_MS = 33; // of a fader that moves
const HOLD_MS = 600;

// One press, one message: tap, half, double, keep.
export function press(show, name, label = name) {
  const button = make(name, label);
  // At the touch, not when it ends: a tap is a moment.
  button.addEventListener("pointerdown", (event) => { event.preventDefault(); button.focus(); send(show, name, null, button); });
  button.addEventListener("click", ({ detail }) => { if (detail === 0) send(show, name, null, button); }); // by keyboard
  follow(show, name, button);
  return button;
}

// Held, so that nobody panics by leaning on the phone.
export function hold(show, name, label = name) {
  const button = make(name, label);
  button.className = "panic";
  button.title = `hold it: ${CONTROLS[name].meaning}`;
  let timer = 0;
  const begin = () => {
    if (timer) return;
    button.classList.add("held");
    timer = setTimeout(() => { end(); send(show, name, null, button); }, HOLD_MS);
  };
  const end = () => { clearTimeout(timer); timer = 0; button.classList.remove("held"); };
  button.addEventListener("pointerdown", begin);
  for (const type of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(type, end);
  button.addEventListener("keydown", ({ key, repeat }) => (key === " " || key === "Enter") && !repeat && begin());
  button.addEventListener("keyup", end);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  follow(show, name, button);
  return button;
}

// On or off.
export function toggle(show, name, label = name, kind = "") {
  const button = make(name, label);
  if (kind) button.classList.add(kind);
  button.addEventListener("click", () => send(show, name, !isOn(show, name), button));
  follow(show, name, button, () => button.setAttribute("aria-pressed", isOn(show, name)));
  return button;
}

function isOn(show, name) { return (show.values[name] ?? 0) >= 0.5; }

// One of several, each by its name. list: the control's own choices if not given.
export function choices(show, name, list = CONTROLS[name].choices) {
  const group = document.createElement("div");
  group.className = "choices";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", CONTROLS[name].meaning);
  for (const choice of list) {
    const button = make(`${name}=${choice}`, choice);
    button.addEventListener("click", () => send(show, name, choice, button));
    follow(show, name, button, () => button.setAttribute("aria-pressed", show.values[name] === choice));
    group.append(button);
  }
  const other = document.createElement("output"); // a mix of styles, a form of one's own
  follow(show, name, other, () => {
    const value = show.values[name];
    other.textContent = typeof value === "string" && !list.includes(value) ? value : "";
  });
  group.append(other);
  return group;
}

export function fader(show, name, step = 0.01) {
  const { low, high, meaning } = CONTROLS[name];
  const row = document.createElement("label"), said = document.createElement("output"), slider = document.createElement("input");
  row.className = "fader";
  row.title = meaning;
  Object.assign(slider, { type: "range", min: low, max: high, step, name, disabled: false });
  row.append(name, slider, said);
  let is_held = false, sent_ms = 0, later = 0;
  const move = () => {
    clearTimeout(later);
    const wait = sent_ms + SEND_EVERY_MS - performance.now();
    if (wait > 0) { later = setTimeout(move, wait); return; }
    sent_ms = performance.now();
    send(show, name, Number(slider.value), slider);
  };
  const paint = (value) => {
    said.textContent = value === undefined ? "–" : String(Number(value.toFixed(2)));
    slider.style.setProperty("--filled", `${(100 * (slider.value - low)) / (high - low)}%`);
  };
  slider.addEventListener("input", () => { move(); paint(Number(slider.value)); });
  slider.addEventListener("pointerdown", () => { is_held = true; });
  for (const type of ["pointerup", "pointercancel", "change"]) {
    slider.addEventListener(type, () => { is_held = false; });
  }
  follow(show, name, slider, () => {
    if (is_held) return; // the finger has it; what came of it is seen when it is let go
    const value = show.values[name];
    slider.value = value ?? (low + high) / 2;
    paint(typeof value === "number" ? value : undefined);
  });
  return row;
}

function make(name, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.control = name;
  button.textContent = label;
  button.title = CONTROLS[name.split("=")[0]].meaning;
  return button;
}

function send(show, name, value, element) {
  clearTimeout(element.patience);
  if (!show.play(name, value)) { mark(element, "refused"); return; }
  mark(element, "waiting");
  element.patience = setTimeout(() => mark(element, "refused"), PATIENCE_MS);
}

function mark(element, state) {
  element.classList.toggle("waiting", state === "waiting");
  element.classList.toggle("refused", state === "refused");
  if (state === "refused") setTimeout(() => element.classList.remove("refused"), PATIENCE_MS);
}

// paint: called now, and whenever the show has answered about this control. An element that has left
// the page is not called any more.
function follow(show, name, element, paint = () => {}) {
  let was_there = false;
  const heed = ({ detail }) => {
    was_there ||= element.isConnected;
    if (was_there && !element.isConnected) { show.removeEventListener("change", heed); return; }
    if (detail !== name && detail !== "") return;
    if (detail === name) {
      clearTimeout(element.patience);
      const is_refused = performance.now() - (show.refused[name] ?? -Infinity) < 50;
      if (element.classList.contains("waiting")) mark(element, is_refused ? "refused" : "");
    }
    paint();
  };
  show.addEventListener("change", heed);
  paint();
}
