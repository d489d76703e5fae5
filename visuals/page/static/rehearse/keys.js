// The keyboard.

import { act } from "./actions.js";
import { lastBefore } from "./dance.js";

const $ = (id) => document.getElementById(id);
const CLICKED = { " ": "play", "[": "loop-a", "]": "loop-b", "\\": "loop-off", m: "mirror", c: "clicks", "?": "help" };
const ACTS = { k: "keep", r: "repeat", x: "mirror", v: "vary" };
const RATES = { 1: "1", 2: "0.75", 3: "0.5", 4: "0.25" };

export function watchKeys(room) {
  addEventListener("keydown", (event) => {
    if (event.altKey || isTyping(event)) return;
    if ((event.ctrlKey || event.metaKey) ? undo(room, event) : press(room, event)) event.preventDefault();
  });
}

// Whether a key was for something else: a text, a fader, a dialog, or the button that has the focus.
function isTyping({ target, key }) {
  if (document.querySelector("dialog[open]")) return true;
  if (target.matches?.("input[type=text], select, input[type=range]")) return true;
  if (key === " " && target.matches?.(".phrase")) return false; // it is selected already
  return (key === " " || key === "Enter") && target.matches?.("button, a, input");
}

function undo(room, { key, shiftKey }) {
  const name = key.toLowerCase();
  if (!room.edit || !["z", "y"].includes(name)) return false;
  if (name === "y" || shiftKey) room.edit.redo();
  else room.edit.undo();
  return true;
}

function press(room, { key, shiftKey }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (name in CLICKED) $(CLICKED[name]).click();
  else if (name in ACTS) act(room, ACTS[name]);
  else if (name in RATES) {
    $("rate").value = RATES[name];
    $("rate").dispatchEvent(new Event("change"));
  } else if (name === "ArrowLeft" || name === "ArrowRight") step(room, name === "ArrowLeft" ? -1 : 1, shiftKey);
  else return false;
  return true;
}

// A count, or a phrase, back or on.
function step(room, by, isPhrase) {
  const { player } = room;
  const times = isPhrase ? room.summary?.phrases.map(({ at }) => at) ?? [] : player.beats;
  const now_s = player.tick();
  if (!times.length) { player.seek(now_s + by); return; }
  const at = lastBefore(times, now_s + 1e-3);
  const to = by < 0 && now_s - (times[at] ?? 0) > 0.3 ? at : at + by;
  player.seek(times[Math.min(Math.max(to, 0), times.length - 1)]);
}
