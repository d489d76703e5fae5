// /learn: films and motion files become clips, clips a style, the style dances beside the old one.
//
// Enters: files, the studio's jobs. Leaves: jobs; what they made is shown while it comes.

import { get, listen, send, upload } from "./rehearse/api.js";
import { ClipViewer } from "./learn_viewer.js";

const $ = (id) => document.getElementById(id);
const WEAK_HELD = 0.25, WEAK_SPEED = 0.15; // a dancer who was lost, or hardly moves
const SHORT_S = 180;
const state = { footage: new Set(), clips: [], lessons: [], songs: [], jobs: [], version: -1 };
const viewer = new ClipViewer($("figure"), $("film"));

async function setUp() {
  $("files").addEventListener("change", () => { add([...$("files").files]); $("files").value = ""; });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => { event.preventDefault(); add([...event.dataTransfer.files]); });
  $("name").addEventListener("input", enable);
  $("capture").addEventListener("click", () => attempt(capture));
  $("learn").addEventListener("click", () => attempt(learn));
  $("stop").addEventListener("click", pause);
  listen(hear);
}

async function attempt(what) {
  $("notice").hidden = true;
  try { await what(); } catch (error) { say(error.message); }
}

function say(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
}

// Files -------------------------------------------------------------------------------------------

function add(files) {
  return attempt(async () => {
    for (const file of files) {
      const row = line(`${file.name} …`);
      try {
        const { id, name } = await upload("/api/footage", file);
        state.footage.add(id);
        row.replaceChildren(name, button("leave out", () => { state.footage.delete(id); row.remove(); enable(); }, "plain"));
      } catch (error) {
        row.remove();
        throw new Error(`${file.name}: ${error.message}`);
      } finally {
        enable();
      }
    }
  });
}

function line(text) {
  const row = document.createElement("li");
  row.textContent = text;
  $("footage").append(row);
  return row;
}

function enable() {
  $("capture").disabled = !state.footage.size || !$("name").value || !$("name").validity.valid;
  $("learn").disabled = !$("from").value || state.jobs.some((job) => job.kind === "learn" && !isOver(job));
}

async function capture() {
  await send("POST", "/api/jobs", { kind: "capture", footage: [...state.footage], name: $("name").value });
  state.footage.clear();
  $("footage").replaceChildren();
  enable();
}

async function learn() {
  const name = $("from").value;
  await send("POST", "/api/jobs", { kind: "learn", name, style: name, minutes: Number($("minutes").value) });
}

// What the studio says ----------------------------------------------------------------------------

function isOver({ state: now }) { return ["done", "failed", "cancelled"].includes(now); }

function hear({ jobs, version }) {
  const ended = jobs.filter((job) => isOver(job) && state.jobs.some((old) => old.id === job.id && !isOver(old)));
  const drawn = jobs.find((job) => job.kind === "learn" && job.state === "running");
  const is_picture = drawn && Math.floor(performance.now() / 5000) !== state.looked;
  state.jobs = jobs;
  showJobs();
  if (ended.length || version !== state.version || is_picture) {
    state.looked = Math.floor(performance.now() / 5000);
    state.version = version;
    attempt(refresh);
  }
  for (const job of ended) if (job.state === "failed") say(`${job.kind} ${job.about.title}: ${job.say}`);
}

async function refresh() {
  const [folders, lessons, all] = await Promise.all([get("/api/clips"), get("/api/lessons"), get("/api/state")]);
  Object.assign(state, { clips: folders, lessons, songs: all.songs ?? [], films: all.footages ?? [] });
  showClips();
  showLesson();
  showStyles();
  enable();
}

function showJobs() {
  const mine = state.jobs.filter((job) => ["capture", "learn"].includes(job.kind) && !isOver(job));
  $("jobs").replaceChildren(...mine.map((job) => {
    const row = document.createElement("li"), bar = document.createElement("progress");
    bar.value = job.done;
    row.append(`${job.kind} ${job.about.title}`, bar, button("cancel", () => attempt(() => send("DELETE", `/api/jobs/${job.id}`)), "plain"));
    return row;
  }));
  const lesson = mine.find((job) => job.kind === "learn");
  const said = $("lesson").querySelector("p");
  if (lesson && said) said.textContent = progressOf(lesson);
  enable();
}

function progressOf({ state: now, told, done }) {
  if (now === "waiting") return "waiting for another job";
  const left = told?.eta_s === undefined ? "" : `, ${Math.max(1, Math.round(told.eta_s / 60))} min left`;
  return `${Math.round(100 * done)} %${left}: ${told?.stage ?? "beginning"}, ${told?.say ?? ""}`;
}

// Clips -------------------------------------------------------------------------------------------

function showClips() {
  const chosen = $("from").value;
  $("from").replaceChildren(...state.clips.map(({ name }) => new Option(name, name, false, name === chosen)));
  if (!state.clips.length) { $("clips").replaceChildren(text("p", "What was found in your films appears here.", "hint")); return; }
  $("clips").replaceChildren(...state.clips.map(tableOf));
}

function tableOf({ name, clips }) {
  const table = document.createElement("table"), seconds = clips.reduce((sum, clip) => sum + clip.seconds, 0);
  const caption = document.createElement("caption");
  caption.textContent = `${name}: ${clips.length} clips, ${(seconds / 60).toFixed(1)} minutes${seconds < SHORT_S ? "; three and more learn better" : ""}`;
  table.append(caption, rowOf(["clip", "length", "tempo", "found"], "th"), ...clips.map((clip) => clipRow(name, clip)));
  return table;
}

function clipRow(folder, clip) {
  const tempo = clip.tempo_bpm ? `${clip.tempo_bpm.toFixed(0)} bpm` : "from its motion";
  const weak = clip.error ?? (clip.held > WEAK_HELD ? `still or lost for ${Math.round(100 * clip.held)} %` : clip.speed < WEAK_SPEED ? "hardly moves" : "");
  const row = rowOf([clip.name, `${clip.seconds} s`, tempo, weak || `${clip.speed ?? 0} m/s`], "td");
  row.cells[3].classList.toggle("weak", Boolean(weak));
  row.cells[0].replaceChildren(button(clip.name, () => attempt(() => look(folder, clip))));
  return row;
}

async function look(folder, clip) {
  $("look").hidden = $("looked").hidden = false;
  const film = (state.films ?? []).find((item) => item.name === clip.source);
  await viewer.show(`/api/clips/${encodeURIComponent(folder)}/${encodeURIComponent(clip.name)}/poses`, film && `/api/footage/${film.id}/film`, clip.source_start_s);
  $("shown").textContent = `${clip.name}, from ${clip.source ?? "a file"}`;
}

function pause() {
  viewer.is_paused = !viewer.is_paused;
  $("stop").setAttribute("aria-pressed", viewer.is_paused);
}

// Lessons -----------------------------------------------------------------------------------------

function showLesson() {
  const job = state.jobs.find((each) => each.kind === "learn" && !isOver(each));
  if (!job) { $("lesson").replaceChildren(text("p", "While it learns, pictures of how it dances by then appear here.", "hint")); return; }
  const lesson = state.lessons.find(({ style }) => style === job.about.title);
  const newest = lesson?.pictures.filter((name) => name !== "before-after.png").at(-1);
  $("lesson").replaceChildren(text("p", progressOf(job)), ...(newest ? [pictureOf(lesson.style, newest, "above one of your clips, below how it dances by now")] : []));
}

function showStyles() {
  const done = state.lessons.filter(({ model }) => model);
  $("styles").replaceChildren(...(done.length ? done.map(styleOf) : [text("p", "Styles that were learned appear here.", "hint")]));
}

function styleOf({ style, model, pictures, report }) {
  const block = document.createElement("div"), song = document.createElement("select"), advice = document.createElement("ul");
  block.className = "style";
  song.setAttribute("aria-label", "song to try it on");
  song.append(...state.songs.map(({ id, name }) => new Option(name, id)));
  const both = button("dance to it, old and new", () => attempt(() => compare(style, model, song.value)));
  both.disabled = !state.songs.length;
  const on_stage = button("use on stage", () => attempt(() => useOnStage(style, model)), "strong");
  const row = document.createElement("p");
  row.className = "row";
  row.append(song, both, on_stage);
  advice.append(...(report?.advice ?? []).map((sentence) => text("li", sentence)));
  const called = report ? `${Math.round(100 * (report.called_by_its_name ?? 0))} % of its dance is recognised as ${style}` : "";
  block.append(text("h3", style), text("p", called, "hint"), row, advice, ...(pictures.includes("before-after.png") ? [pictureOf(style, "before-after.png", "before and after")] : []));
  if (!state.songs.length) block.append(text("p", "Drop a song into the rehearsal room first.", "hint"));
  return block;
}

// Two takes of one song, side by side in the rehearsal room.
async function compare(style, model, song) {
  await send("POST", "/api/jobs", { kind: "dance", song, title: "as before", options: {} });
  await send("POST", "/api/jobs", { kind: "dance", song, title: style, options: { style }, model });
  say("Both are being danced; look at them side by side in the rehearsal room.");
}

async function useOnStage(style, model) {
  await send("POST", "/api/show", { model, style });
  say(`A show with ${style} begins; play it from the page Play.`);
}

function pictureOf(style, name, caption) {
  const figure = document.createElement("figure"), image = document.createElement("img");
  image.src = `/api/lessons/${encodeURIComponent(style)}/pictures/${encodeURIComponent(name)}`;
  image.alt = caption;
  figure.append(image, text("figcaption", caption));
  return figure;
}

// Elements ----------------------------------------------------------------------------------------

function text(tag, said, kind = "") {
  const made = document.createElement(tag);
  made.textContent = said;
  made.className = kind;
  return made;
}

function button(label, act, kind = "") {
  const made = text("button", label, kind);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function rowOf(cells, tag) {
  const row = document.createElement("tr");
  row.append(...cells.map((said, k) => text(tag, said, tag === "td" && k === 1 ? "number" : "")));
  return row;
}

setUp();
