// /play: the show under the thumbs. What lights up is what the show says is in force.
//
// Enters: touches, answers. Leaves: controls. The words, ranges and choices are the wire's (words.js).

import { CONTROLS } from "../words.js";
import { Show, keepAwake } from "./show.js";
import { Timeline, pulseOf } from "./stream.js";
import { get, send } from "./rehearse/api.js";
import { choices, fader, press, hold, toggle } from "./controls.js";

const MOST_LOOKS = 30; // seconds that a show may take to begin
const show = new Show();
const timeline = new Timeline();
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SECTIONS = [
  ["Style", () => [named("style", ["auto", ...show.styles])]],
  ["Movement", () => ["energy", "openness", "travel", "temperature"].map((name) => fader(show, name))],
  ["Scenes", () => [scenes()]],
  ["Look", () => [choices(show, "look")]],
  ["Colours", () => [choices(show, "palette")]],
  ["Camera", () => [choices(show, "camera")]],
  ["Tempo", () => [row(press(show, "half", "½ tempo"), press(show, "double", "2× tempo"), press(show, "sync", "the one, now"))]],
  ["Lights", () => ["master" in CONTROLS && fader(show, "master"), "lights_out" in CONTROLS && row(toggle(show, "lights_out", "lights out", "alarm"))].filter(Boolean)],
  ["Dancers", () => [fader(show, "dancers", 1), row(toggle(show, "mirror"))]],
  ["Together", () => [fader(show, "unison"), fader(show, "canon", 0.5), ...titled("who with whom", choices(show, "ensemble")), ...titled("formation", choices(show, "formation"))]],
  ["Phrases", () => [
    ...titled("order", named("form", ["free", "AABB", "AABA", "AAAB", "call-response"])),
    fader(show, "variation"), row(toggle(show, "recall"), toggle(show, "loop"), press(show, "keep")), bank(),
  ]],
  ["Show", () => [endShow()]],
];

function setUp() {
  document.querySelector("footer").append(
    press(show, "tap", "TAP"), toggle(show, "freeze", "FREEZE"), toggle(show, "blackout", "DARK", "alarm"),
    hold(show, "panic", "PANIC"),
  );
  build();
  show.addEventListener("frame", ({ detail }) => timeline.receive(detail, performance.now() / 1000));
  show.addEventListener("change", ({ detail }) => { if (!detail) rebuild(); });
  show.addEventListener("change", tell);
  show.addEventListener("line", tell);
  keepAwake();
  tell();
  requestAnimationFrame(beat);
}

function build() {
  document.querySelector("main").replaceChildren(...SECTIONS.map(([title, make]) => {
    const section = document.createElement("section"), head = document.createElement("h2");
    head.textContent = title;
    section.append(head, ...make());
    return section;
  }));
}

// Only where the names have changed: a button must not vanish under a thumb.
let built = "";
function rebuild() {
  const names = JSON.stringify([show.styles, show.names]);
  if (names === built) return;
  built = names;
  build();
}

// Only a show that was started from a page; the studio says so where it was not.
function endShow() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "end the show";
  button.onclick = async () => {
    if (!confirm("End the show?")) return;
    try { await send("DELETE", "/api/show"); } catch (error) { alert(error.message); }
  };
  return row(button);
}

function titled(text, part) {
  const title = document.createElement("h3");
  title.textContent = text;
  return [title, part];
}

function named(name, list) { return choices(show, name, list); }
function scenes() {
  const list = show.names.cue ?? [];
  return list.length ? choices(show, "cue", list) : note("This show has no set list (posejockey live --cues FILE).");
}
function bank() {
  const list = show.names.phrase ?? [];
  return list.length ? choices(show, "phrase", list) : note("Phrases that you keep appear here.");
}

function row(...parts) {
  const made = document.createElement("div");
  made.className = "choices";
  made.append(...parts);
  return made;
}

function note(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function tell() {
  const banner = document.querySelector("#banner");
  document.body.classList.toggle("alone", !show.is_alive);
  banner.hidden = show.is_connected && show.is_alive;
  if (!show.is_connected) banner.textContent = "The studio does not answer; trying again.";
  else if (!show.is_alive) waitForShow(banner);
}

function waitForShow(banner) {
  if (banner.querySelector("button")) return;
  const start = document.createElement("button");
  start.textContent = "Start the show";
  start.onclick = () => startShow(banner, start);
  banner.replaceChildren("No show is running. Start one with `posejockey live`, or here: ", start);
}

async function startShow(banner, start) {
  start.disabled = true;
  try {
    await send("POST", "/api/show", {});
    for (let k = 0; k < MOST_LOOKS && !show.is_alive; k++) {
      await new Promise((done) => setTimeout(done, 1000));
      const { error, ours } = await get("/api/show");
      if (!ours) throw new Error(error || "it ended");
    }
  } catch (error) {
    banner.textContent = `The show does not begin: ${error.message} `;
    banner.append(start);
  }
  start.disabled = false;
}

// The lamp follows the beat, at most three times a second, as everything that is lit here.
function beat() {
  requestAnimationFrame(beat);
  const view = timeline.view(performance.now() / 1000);
  document.querySelector("#lamp").style.opacity = calm.matches ? 0.5 : (0.15 + 0.85 * pulseOf(view)).toFixed(2);
  text("#tempo", view.bpm && view.age_s < 1 ? `${view.bpm.toFixed(1)} bpm` : "– bpm");
  const said = show.is_alive ? [timeline.state, view.section].filter((word) => word && word !== "unknown").join(", ") : "";
  text("#state", show.is_connected ? said || "no show" : "connecting");
}

function text(where, said) {
  const place = document.querySelector(where);
  if (place.textContent !== said) place.textContent = said;
}

setUp();
