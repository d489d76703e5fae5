// A clip as it was found, beside the film that it was found in.
//
// Enters: poses (int16, millimetres, 30 a second), a film's address. Leaves: pictures on a canvas. The
// film leads where there is one: what the figure does is what was found at that moment.

import * as THREE from "./vendor/three.module.js";
import { OrbitControls } from "./vendor/OrbitControls.js";
import { Figure } from "./figure.js";

const RATE = 30, NUMBERS = 57;

export class ClipViewer {
  constructor(canvas, film) {
    this._canvas = canvas;
    this._film = film;
    this.is_paused = false;
    film.addEventListener("error", () => { film.hidden = true; });
  }

  // start_s: where in the film the clip begins.
  async show(poses, film, start_s = 0) {
    const answer = await fetch(poses);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    this._rows = new Int16Array(await answer.arrayBuffer());
    this._time_s = 0;
    this._start_s = start_s;
    this._film.hidden = !film;
    if (film) this._film.src = film;
    else this._film.removeAttribute("src");
    this._begin();
    this._figure.cut();
  }

  // The card is asked for only when there is something to see.
  _begin() {
    if (this._renderer) return;
    this._renderer = new THREE.WebGLRenderer({ canvas: this._canvas, alpha: true, antialias: true });
    this._scene = new THREE.Scene();
    this._camera = new THREE.PerspectiveCamera(32, 0.75, 0.1, 50);
    this._camera.position.set(0, 1.3, 5.2);
    this._controls = new OrbitControls(this._camera, this._canvas);
    this._controls.target.set(0, 0.95, 0);
    this._scene.add(new THREE.GridHelper(4, 8, 0x556070, 0x2c333d));
    this._figure = new Figure(this._scene, { look: "bodies", palette: "safe" });
    this._last_ms = performance.now();
    requestAnimationFrame((ms) => this._draw(ms));
  }

  _draw(ms) {
    requestAnimationFrame((next) => this._draw(next));
    const dt_s = Math.min((ms - this._last_ms) / 1000, 0.1);
    this._last_ms = ms;
    this._lead(dt_s);
    const count = this._rows.length / NUMBERS;
    const k = Math.min(Math.floor(this._time_s * RATE), count - 1);
    if (k >= 0) this._figure.setPose(this._centred(k), this._time_s);
    const { clientWidth: width, clientHeight: height } = this._canvas;
    if (this._canvas.width !== width || this._canvas.height !== height) {
      this._renderer.setSize(width, height, false);
      this._camera.aspect = width / Math.max(height, 1);
      this._camera.updateProjectionMatrix();
    }
    this._controls.update();
    this._renderer.render(this._scene, this._camera);
  }

  _lead(dt_s) {
    const film = this._film, length_s = this._rows.length / NUMBERS / RATE;
    const is_led = !film.hidden && film.readyState >= 2;
    if (is_led && film.paused !== this.is_paused) {
      if (this.is_paused) film.pause();
      else film.play().catch(() => {});
    }
    const from_s = film.currentTime - this._start_s;
    if (is_led && from_s < -0.05 && !film.seeking) film.currentTime = this._start_s;
    if (is_led) this._time_s = Math.max(from_s, 0);
    else if (!this.is_paused) this._time_s += dt_s;
    if (this._time_s >= length_s) {
      this._time_s = 0;
      if (is_led) film.currentTime = this._start_s;
      this._figure.cut();
    }
  }

  // Over the middle of the grid, wherever it danced.
  _centred(k) {
    const pose = Float32Array.from(this._rows.subarray(NUMBERS * k, NUMBERS * (k + 1)), (mm) => mm / 1000);
    const x = this._rows[0] / 1000, z = this._rows[2] / 1000;
    for (let at = 0; at < NUMBERS; at += 3) { pose[at] -= x; pose[at + 2] -= z; }
    return pose;
  }
}
