// The room's lists, drawn from its state.

import { send } from "./api.js";
import { button, fileItem, fill, jobItem, listItem, songItem, takeItem } from "./lists.js";

const $ = (id) => document.getElementById(id);

export function drawLists(room) {
  const { songs, jobs } = room.state;
  fill($("song-list"), songs.map((song) => songItem(song, song.id === room.song?.id, () => room.attempt(() => room.openSong(song.id)))));
  fill($("take-list"), room.takesOfSong().toReversed().map((take) => drawTake(room, take)));
  fill($("jobs"), jobs.filter(({ state }) => ["waiting", "running", "failed"].includes(state)).map((job) => drawJob(room, job)));
  const files = [...room.state.films, ...room.state.exports].sort((a, b) => b.made_ms - a.made_ms);
  fill($("file-list"), files.map((file) => fileItem(file, () => discard(room, file.id))));
  fill($("kept-list"), room.state.phrases.map((phrase) => drawKept(room, phrase)));
}

function drawTake(room, take) {
  const isCurrent = take.id === room.take?.id;
  return takeItem(take, {
    isCurrent,
    isCompared: isCurrent || room.beside.includes(take.id),
    acts: {
      open: () => room.attempt(() => room.openTake(take.id)),
      star: () => room.attempt(() => change(room, take, { star: !take.star })),
      compare: (isOn) => room.compare(take.id, isOn),
      rename: () => rename(room, take),
    },
  });
}

function drawJob(room, job) {
  return jobItem(job, () => room.attempt(() => send("DELETE", `/api/jobs/${job.id}`)));
}

function drawKept(room, phrase) {
  const name = phrase.name.replace(/\.toml$/, "");
  const put = button(name, () => {
    if (room.edit && room.sheet.selected >= 0) room.edit.replace(room.sheet.selected, { kept: phrase.id, name });
    else room.say("select a phrase of the take first; the kept one is put there");
  }, { className: "name", label: `put ${name} in the place of the selected phrase` });
  return listItem([put, button("✕", () => discard(room, phrase.id), { className: "plain", label: `put ${name} away` })]);
}

function rename(room, take) {
  const title = prompt("What is this take called?", take.title ?? "");
  if (title?.trim()) room.attempt(() => change(room, take, { title: title.trim() }));
}

async function change(room, take, about) {
  await send("PATCH", `/api/items/${take.id}`, about);
  await room.refresh();
}

function discard(room, id) {
  room.attempt(async () => {
    await send("DELETE", `/api/items/${id}`);
    await room.refresh();
  });
}
