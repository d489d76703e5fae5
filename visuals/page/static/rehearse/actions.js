// What the buttons do: playing, the phrase that is selected, dancing, export.

import { FIGURE_LOOKS } from "../figure.js";
import { send } from "./api.js";
import { button, listItem } from "./lists.js";

const $ = (id) => document.getElementById(id);
const MOTION = [[".bvh", "BVH"], [".glb", "GLB"], [".vrma", "VRMA"], [".csv", "CSV"]];
const FILMS = [["1280x720", "MP4"], ["1080x1920", "MP4 upright"]];
const LEAST_LOOP_S = 0.5;

export function watchActions(room) {
  watchTransport(room);
  watchPhrases(room);
  drawExports(room);
  $("dance").addEventListener("click", () => room.dance(Number($("how-many").value)));
  $("dance-edit").addEventListener("click", () => danceEdit(room));
}

function watchTransport(room) {
  const { player, floor } = room;
  $("play").addEventListener("click", () => room.attempt(() => player.toggle()));
  player.addEventListener("change", () => {
    $("play").textContent = player.isPlaying ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", player.isPlaying ? "pause" : "play");
  });
  $("rate").addEventListener("change", () => player.setRate(Number($("rate").value)));
  $("side").addEventListener("change", () => floor.setSide($("side").value));
  for (const look of ["bodies", ...FIGURE_LOOKS.filter((name) => name !== "bodies")]) $("look").add(new Option(look));
  $("look").addEventListener("change", () => floor.setLook($("look").value));
  $("loop-a").addEventListener("click", () => setEnd(room, 0));
  $("loop-b").addEventListener("click", () => setEnd(room, 1));
  $("loop-off").addEventListener("click", () => room.setLoop(null));
  $("help").addEventListener("click", () => $("keys").showModal());
  onSwitch("mirror", (isOn) => { room.mirrored = isOn; floor.isStale = true; });
  onSwitch("clicks", (isOn) => { player.clicks = isOn; });
  onSwitch("counts", () => { floor.isStale = true; });
  room.sheet.addEventListener("seek", ({ detail }) => player.seek(detail));
}

function onSwitch(id, act) {
  $(id).addEventListener("click", () => {
    const isOn = $(id).getAttribute("aria-pressed") !== "true";
    $(id).setAttribute("aria-pressed", String(isOn));
    act(isOn);
  });
}

// One end of the loop, on the nearest beat; the other stays, or is an eight away.
function setEnd(room, end) {
  const { player } = room, at = nearestBeat(player.beats, player.tick());
  const eight_s = 8 * 60 / (room.summary?.tempo_bpm ?? 120);
  const [a, b] = player.loop ?? [Math.max(at - eight_s, 0), at + eight_s];
  const loop = end ? [Math.min(a, at - LEAST_LOOP_S), at] : [at, Math.max(b, at + LEAST_LOOP_S)];
  room.setLoop([Math.max(loop[0], 0), loop[1]]);
}

function nearestBeat(beats, time_s) {
  return beats.reduce((best, beat) => (Math.abs(beat - time_s) < Math.abs(best - time_s) ? beat : best), beats[0] ?? time_s);
}

// Phrases ----------------------------------------------------------------------------------------

function watchPhrases(room) {
  room.sheet.addEventListener("select", ({ detail: k }) => {
    if (!room.player.isPlaying) room.player.seek(room.summary.phrases[k].at);
    room.showActions();
  });
  room.sheet.addEventListener("put", ({ detail: [from, to] }) => {
    room.edit.put(from, to);
    room.sheet.select(to);
    room.showActions();
  });
  $("actions").addEventListener("click", (event) => {
    const name = event.target.closest("[data-act]")?.dataset.act;
    if (name) act(room, name);
  });
  $("undo").addEventListener("click", () => room.edit?.undo());
  $("redo").addEventListener("click", () => room.edit?.redo());
}

// keep, repeat, mirror, vary, replace, earlier, later, restore: of the phrase that is selected.
export function act(room, name) {
  const { edit } = room, k = room.sheet.selected;
  if (!edit || k < 0) return;
  const moved = { earlier: k - 1, later: k + 1 }[name];
  if (name === "keep") room.attempt(() => keep(room, k));
  else if (name === "replace") choose(room, k);
  else if (moved === undefined) edit[name](k);
  else if (edit.exchange(k, moved)) room.sheet.select(moved);
  room.showActions();
}

async function keep(room, k) {
  const slot = room.edit.slots[k];
  if (slot.kept) { room.say("it is kept already"); return; }
  const name = prompt("Keep this phrase as (empty: the next number)", "");
  if (name === null) return;
  await send("POST", "/api/phrases", { take: slot.take, phrase: slot.phrase, name: name.trim() });
  await room.refresh();
}

// What may come in the place of a phrase: the same place of other takes, and what was kept.
function choose(room, k) {
  const others = room.takesOfSong().filter(({ id }) => id !== room.edit.take);
  const put = (by) => () => { room.edit.replace(k, by); $("chooser").close(); room.showActions(); };
  const rows = [
    ...others.map(({ id, title, name }) => button(`${title ?? name}, the same place`, put({ take: id, phrase: k }), { className: "name" })),
    ...room.state.phrases.map(({ id, name }) => {
      const shown = name.replace(/\.toml$/, "");
      return button(`kept: ${shown}`, put({ kept: id, name: shown }), { className: "name" });
    }),
  ];
  if (!rows.length) rows.push(Object.assign(document.createElement("span"), { textContent: "dance another take, or keep a phrase" }));
  $("chooser-list").replaceChildren(...rows.map((row) => listItem([row])));
  $("chooser").showModal();
}

function danceEdit(room) {
  const options = room.take.options ?? {};
  room.dance(1, { options, arrangement: { take: room.edit.take, slots: room.edit.request } });
}

// Export -----------------------------------------------------------------------------------------

function drawExports(room) {
  const ask = (wishes) => () => {
    if (!room.take) { room.say("open a take first"); return; }
    room.attempt(() => send("POST", "/api/jobs", { take: room.take.id, ...wishes }));
  };
  const films = FILMS.map(([size, label]) => button(label, ask({ kind: "film", film: { size } }), { label: `film of this take, ${size}` }));
  const motion = MOTION.map(([suffix, label]) => button(label, ask({ kind: "export", suffix }), { label: `${label} of this take` }));
  const npz = button("NPZ", () => { if (room.take) location.assign(`/api/files/${room.take.id}`); }, { label: "this take itself" });
  const list = button("set list", () => room.attempt(() => setList(room)), { label: "a set list of the takes with a star" });
  list.title = "a scene for each take with a star, for posejockey live --cues";
  $("exports").replaceChildren(...films, ...motion, npz, list);
}

async function setList(room) {
  const takes = room.state.takes.filter(({ star }) => star).map(({ id }) => id);
  if (!takes.length) throw new Error("give a star to the takes that the set list is to have");
  await send("POST", "/api/set-list", { takes });
  await room.refresh();
}
