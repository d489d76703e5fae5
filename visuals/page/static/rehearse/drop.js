// A song comes in: dropped anywhere on the page, or chosen. It is danced to at once.

import { upload } from "./api.js";

const $ = (id) => document.getElementById(id);

export function watchDrops(room) {
  $("file").addEventListener("change", () => {
    const files = [...$("file").files];
    $("file").value = "";
    addSongs(room, files);
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    addSongs(room, [...event.dataTransfer.files]);
  });
}

async function addSongs(room, files) {
  for (const file of files) {
    await room.attempt(async () => {
      room.say(`listening to ${file.name} …`);
      const { id } = await upload("/api/songs", file);
      room.say("");
      await room.refresh();
      await room.openSong(id);
      await room.dance();
    });
  }
}
