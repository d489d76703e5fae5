// /stage: the show's dancers on a transparent page, for OBS, a projector, any screen in the house.
//
// In the address: ?look= &palette= &camera= (without them as the show has them), &avatar=FILE of the
// library's folder avatars, &background=COLOUR (none: transparent), &dancers=1,3, &still (no pulse).

import * as THREE from "./vendor/three.module.js";
import { CAMERAS, LOOKS, PALETTES } from "../words.js";
import { readAvatar } from "./avatar.js";
import { StageCamera } from "./camera.js";
import { FIGURE_LOOKS, Figure } from "./figure.js";
import { Show, keepAwake } from "./show.js";
import { Timeline, pulseOf } from "./stream.js";

const LOST_S = 1; // without frames they fade ...
const FADE_S = 0.6; // ... over so long; the dark comes and goes in it, too
const DRESS_S = 0.35;
const LONGEST_S = 0.1; // of a step, after a tab was in the background

const asked = new URLSearchParams(location.search);
const calm = asked.has("still") || matchMedia("(prefers-reduced-motion: reduce)").matches;
const only = new Set((asked.get("dancers") ?? "").split(",").filter(Boolean).map(Number));
const show = new Show();
const timeline = new Timeline();
const scene = new THREE.Scene();
const view = new StageCamera();
const figures = new Map();
const clothes = {}; // look and palette
const message = document.querySelector("#message");
const canvas = document.querySelector("canvas");
const renderer = new THREE.WebGLRenderer({ canvas, alpha: true, antialias: true, powerPreference: "high-performance" });
let avatar_content = null, light = 0, last_s = 0, is_dressed = false, dressed_s = 0;

function setUp() {
  const background = asked.get("background");
  if (background && CSS.supports("color", background)) document.body.style.background = background;
  renderer.setClearColor(0, 0);
  scene.add(new THREE.HemisphereLight(0xffffff, 0x555566, 2.2), new THREE.DirectionalLight(0xffffff, 1.4));
  show.addEventListener("frame", ({ detail }) => timeline.receive(detail, now()));
  show.addEventListener("change", () => { is_dressed = false; });
  addEventListener("resize", resize);
  addEventListener("keydown", ({ key }) => key.toLowerCase() === "f" && fullScreen());
  canvas.addEventListener("dblclick", fullScreen);
  keepAwake();
  resize();
  loadAvatar();
  requestAnimationFrame(draw);
}

function now() { return performance.now() / 1000; }

function chosen(name, choices) {
  const wanted = asked.get(name) ?? show.values[name];
  return choices.includes(wanted) ? wanted : choices[0];
}

// What the show has asked for is put on at most three times a second: nobody flickers.
function dress(time_s) {
  if (is_dressed || time_s - dressed_s < DRESS_S) return;
  is_dressed = true;
  dressed_s = time_s;
  clothes.look = chosen("look", asked.get("look") === "bodies" ? FIGURE_LOOKS : LOOKS);
  clothes.palette = chosen("palette", Object.keys(PALETTES));
  for (const figure of figures.values()) figure.setLook?.(clothes);
  view.setMode(calm ? "front" : chosen("camera", CAMERAS));
}

async function loadAvatar() {
  const name = asked.get("avatar");
  if (!name) return;
  try {
    const answer = await fetch(`/avatars/${encodeURIComponent(name)}`);
    if (!answer.ok) throw new Error(`there is no avatar ${name} in the library's folder "avatars"`);
    const content = await answer.arrayBuffer();
    await readAvatar(content.slice(0)); // it can dance, or says why not
    avatar_content = content;
    for (const number of figures.keys()) forget(number);
  } catch (error) {
    tell(error.message);
  }
}

function tell(text) {
  message.textContent = text;
  message.hidden = !text;
}

function draw() {
  requestAnimationFrame(draw);
  const time_s = now(), seen = timeline.view(time_s);
  const dt_s = Math.min(time_s - last_s, LONGEST_S);
  last_s = time_s;
  const dancers = seen.dancers.filter(({ number }) => !only.size || only.has(number));
  dress(time_s);
  brighten(seen, dt_s);
  view.follow(dancers, canvas.width / canvas.height, dt_s, seen.bar_phase);
  const pulse = calm ? 0 : pulseOf(seen);
  for (const { number, joints } of dancers) figureOf(number)?.setPose(joints, seen.time_s, pulse);
  const there = new Set(dancers.map(({ number }) => number));
  for (const number of figures.keys()) if (!there.has(number)) forget(number);
  renderer.render(scene, view.camera);
}

// In the dark and without a show they fade. The canvas's own opacity: nothing can flash by it.
function brighten({ age_s }, dt_s) {
  const is_dark = timeline.state === "blackout" || show.values.dark >= 0.5;
  const step = dt_s / FADE_S;
  light += Math.min(Math.max((is_dark || age_s > LOST_S ? 0 : 1) - light, -step), step);
  canvas.style.opacity = light.toFixed(3);
}

function figureOf(number) {
  if (!figures.has(number)) {
    figures.set(number, avatar_content ? comingAvatar(number) : new Figure(scene, { dancer: number, ...clothes }));
  }
  return figures.get(number);
}

// Reading takes a moment; until then nobody dances there.
function comingAvatar(number) {
  const waiting = { setPose() {}, dispose() { this.is_over = true; } };
  readAvatar(avatar_content.slice(0)).then((avatar) => {
    if (waiting.is_over) { avatar.dispose(); return; }
    scene.add(avatar.root);
    figures.set(number, avatar);
  });
  return waiting;
}

function forget(number) {
  figures.get(number).dispose();
  figures.delete(number);
}

function resize() {
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.setSize(innerWidth, innerHeight, false);
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}

setUp();
