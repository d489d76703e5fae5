// The room's lists, drawn from its state.

import { send } from "./api.js";
import { button, fileItem, fill, jobItem, listItem, songItem, takeItem } from "./lists.js";

const $ = (id) => document.getElementById(id);

export function drawLists(room) {
  const { songs } = room.state;
  fill($("song-list"), songs.map((song) => songItem(song, song.id === room.song?.id, () => room.attempt(() => room.openSong(song.id)))));
  fill($("take-list"), room.takesOfSong().toReversed().map((take) => drawTake(room, take)));
  drawJobs(room);
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
      discard: () => { if (confirm("Put this take away? Its file stays in the library, in .studio/discarded.")) discard(room, take.id); },
    },
  });
}

const shown = new Map(); // id of a job -> { item, update }

// Several times a second while one is running.
export function drawJobs(room) {
  const wanted = room.state.jobs.filter(({ state }) => ["waiting", "running", "failed"].includes(state));
  const ids = new Set(wanted.map(({ id }) => id));
  for (const [id, { item }] of shown) {
    if (ids.has(id)) continue;
    item.remove();
    shown.delete(id);
  }
  for (const job of wanted) {
    if (!shown.has(job.id)) {
      shown.set(job.id, jobItem(() => room.attempt(() => send("DELETE", `/api/jobs/${job.id}`))));
      $("jobs").append(shown.get(job.id).item);
    }
    shown.get(job.id).update(job);
  }
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
