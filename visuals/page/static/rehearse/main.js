// The rehearsal room: puts the song, the dance, the faders and the lists together.

import { get, listen, send, bytes } from "./api.js";
import { Dance, lastBefore } from "./dance.js";
import { Edit } from "./edit.js";
import { Faders } from "./faders.js";
import { Floor } from "./floor.js";
import { Player } from "./player.js";
import { Sheet } from "./sheet.js";
import { watchActions } from "./actions.js";
import { watchKeys } from "./keys.js";
import { drawJobs, drawLists } from "./room.js";
import { watchDrops } from "./drop.js";

const $ = (id) => document.getElementById(id);
const MOST_BESIDE = 4;
const FIRST_S = 1.5; // of a dance that is still made: then it is shown

const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

class Room {
  constructor() {
    this.state = { songs: [], takes: [], phrases: [], films: [], exports: [], models: [], styles: [], jobs: [] };
    this.song = null;
    this.take = null;
    this.beside = []; // ids of takes shown next to the one that is open
    this.summary = null;
    this.mirrored = false;
    this._version = -1;
    this._loaded = new Map(); // id of a take -> Dance
    this._growing = null; // { job, dance, at } of a dance that is still made
    this.player = new Player();
    this.floor = new Floor($("canvas"));
    this.faders = new Faders($("faders"));
    this.faders.onModel = (id) => this.attempt(async () => this.faders.setStyles(id ? await get(`/api/models/${id}/styles`) : this.state.styles));
    this.sheet = new Sheet({ frame: $("score"), sheet: $("sheet"), wave: $("wave"), phrases: $("phrases"), head: $("head") });
    this.edit = null;
  }

  async start() {
    await this.refresh();
    listen((told) => this._hear(told));
    const wanted = new URLSearchParams(location.hash.slice(1));
    const take = this.state.takes.find(({ id }) => id === wanted.get("take"));
    const song = this.state.songs.find(({ id, name }) => id === wanted.get("song") || name === take?.song);
    if (song) await this.openSong(song.id, take?.id);
    requestAnimationFrame(() => this._draw());
  }

  say(text) {
    $("notice").textContent = text;
    $("notice").hidden = !text;
  }

  // Run what may fail; the studio's sentence is shown.
  async attempt(act) {
    try {
      this.say("");
      return await act();
    } catch (error) {
      this.say(error.message);
      return undefined;
    }
  }

  async refresh() {
    Object.assign(this.state, { songs: [], takes: [], phrases: [], films: [], exports: [], models: [] }, await get("/api/state"));
    this._version = this.state.version;
    this.faders.setModels(this.state.models);
    if (!this.faders.model) this.faders.setStyles(this.state.styles);
    drawLists(this);
  }

  takesOfSong() { return this.state.takes.filter(({ song }) => song === this.song?.name); }

  // Opening ------------------------------------------------------------------------------------

  async openSong(id, take) {
    this.song = this.state.songs.find((song) => song.id === id);
    if (!this.song) return;
    this.player.load(`/api/songs/${id}/sound`);
    this.beside = [];
    this.take = this.summary = this.edit = null;
    this.floor.show([]);
    this.setLoop(null);
    $("dance").disabled = false;
    this.sheet.show({ outline: null, summary: null, edit: null });
    const outline = await this.attempt(() => get(`/api/songs/${id}/outline`));
    this.sheet.show({ outline });
    const takes = this.takesOfSong();
    if (takes.length) await this.openTake(take ?? takes.at(-1).id);
    this._remember();
  }

  async openTake(id) {
    this._growing = null;
    this.take = this.state.takes.find((take) => take.id === id);
    if (!this.take) return;
    this.summary = await this.attempt(() => get(`/api/takes/${id}/summary`)) ?? null;
    if (!this.summary) return;
    this.edit = new Edit(id, this.summary.phrases.length);
    this.edit.addEventListener("change", () => { this.sheet.draw(); this.showActions(); });
    this.player.beats = this.summary.beats;
    this.player.counts = this.summary.counts;
    this.sheet.show({ summary: this.summary, edit: this.edit });
    await this._show();
    this._remember();
  }

  async compare(id, isOn) {
    const others = this.beside.filter((other) => other !== id);
    this.beside = isOn ? [...others, id].slice(-(MOST_BESIDE - 1)) : others;
    await this.attempt(() => this._show());
  }

  async _show() {
    const ids = [this.take.id, ...this.beside.filter((id) => id !== this.take.id)];
    const dances = await Promise.all(ids.map((id) => this._load(id)));
    this.floor.show(dances);
    this._label(ids.map((id) => this.state.takes.find((take) => take.id === id)?.title ?? ""));
    $("empty").hidden = true;
    drawLists(this);
    this.showActions();
  }

  _label(titles) {
    $("labels").replaceChildren(...titles.map((textContent) => Object.assign(document.createElement("span"), { textContent })));
  }

  async _load(id) {
    if (!this._loaded.has(id)) {
      const [summary, rows] = await Promise.all([get(`/api/takes/${id}/summary`), bytes(`/api/takes/${id}/rows`)]);
      const dance = new Dance(summary.dancers);
      dance.append(rows);
      this._loaded.set(id, dance);
    }
    return this._loaded.get(id);
  }

  _remember() {
    history.replaceState(null, "", `#song=${this.song?.id ?? ""}&take=${this.take?.id ?? ""}`);
  }

  // Dancing ------------------------------------------------------------------------------------

  async dance(count = 1, more = {}) {
    for (let k = 0; k < count; k++) {
      const wishes = { kind: "dance", song: this.song.id, options: this.faders.options(k), model: this.faders.model, ...more };
      const job = await this.attempt(() => send("POST", "/api/jobs", wishes));
      if (job && k === 0) this._growing = { job: job.id, dance: new Dance(job.about.dancers), at: 0, isShown: false };
    }
  }

  _hear({ version, jobs, styles }) {
    const ended = jobs.filter(({ id, state }) => state === "done" && this.state.jobs.some((old) => old.id === id && old.state !== "done"));
    this.state.jobs = jobs;
    if (styles.length) this.state.styles = styles;
    if (styles.length && !this.faders.model) this.faders.setStyles(styles);
    drawJobs(this);
    if (this._growing) this.attempt(() => this._grow(jobs.find(({ id }) => id === this._growing.job)));
    if (version !== this._version || ended.length) this.attempt(() => this._changed(ended));
  }

  async _changed(ended) {
    await this.refresh();
    const mine = ended.find(({ id, kind }) => kind === "dance" && (id === this._growing?.job || !this.take));
    const made = mine && this.takesOfSong().findLast(({ title }) => title === mine.about.title);
    if (made) await this.openTake(made.id);
  }

  // Take in what has been danced meanwhile; show it as soon as there is something to see.
  async _grow(job) {
    const growing = this._growing;
    if (!job || growing.isAsking || job.state !== "running") {
      if (job && ["failed", "cancelled"].includes(job.state)) this._growing = null;
      return;
    }
    growing.isAsking = true;
    try {
      const piece = await bytes(`/api/jobs/${growing.job}/rows?from=${growing.at}`);
      growing.at += piece.byteLength;
      growing.dance.append(piece);
    } finally {
      growing.isAsking = false;
    }
    if (growing.isShown || growing.dance.seconds < FIRST_S || this._growing !== growing) return;
    growing.isShown = true;
    this.floor.show([growing.dance]);
    this._label([`${job.about.title} (being danced)`]);
    $("empty").hidden = true;
    document.body.dataset.first = String(Math.round(performance.now()));
  }

  // The loop, the picture ----------------------------------------------------------------------

  setLoop(loop) {
    this.player.loop = loop;
    this.sheet.loop = loop;
    $("loop-off").disabled = !loop;
    this.sheet.draw();
  }

  showActions() {
    const k = this.sheet.selected, isChosen = k >= 0 && Boolean(this.edit);
    $("chosen").textContent = isChosen ? `phrase ${k + 1}: ${this.sheet.lane.children[k]?.textContent ?? ""}` : "select a phrase";
    for (const made of $("actions").querySelectorAll("[data-act]")) made.disabled = !isChosen;
    $("undo").disabled = !this.edit?.canUndo;
    $("redo").disabled = !this.edit?.canRedo;
    $("dance-edit").disabled = !this.edit?.isChanged;
  }

  _draw() {
    const time_s = this.player.tick(), isPlaying = this.player.isPlaying;
    if (Math.abs(time_s - (this._drawn_s ?? time_s)) > 0.5) this.floor.cut();
    if (isPlaying || this.floor.isStale || time_s !== this._drawn_s) {
      this.floor.draw(time_s, this.mirrored, isCalm.matches);
      this.sheet.place(time_s, isPlaying && !isCalm.matches);
      this._showTime(time_s);
    }
    this._drawn_s = time_s;
    requestAnimationFrame(() => this._draw());
  }

  _showTime(time_s) {
    $("clock").textContent = `${Math.floor(time_s / 60)}:${(time_s % 60).toFixed(1).padStart(4, "0")}`;
    const at = lastBefore(this.player.beats, time_s + 0.02);
    const count = $("counts").getAttribute("aria-pressed") === "true" ? this.player.counts[at] ?? "" : "";
    if ($("count").textContent !== String(count)) {
      $("count").textContent = count;
      $("count").classList.toggle("one", count === 1);
    }
  }
}

const room = new Room();
window.room = room; // for who looks into it by the browser's console, and for measurements
watchActions(room);
watchKeys(room);
watchDrops(room);
room.showActions();
room.attempt(() => room.start());
