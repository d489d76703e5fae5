// From the stage to the screen: the window's camera (visuals/scene/camera.py) for three.js.
//
// Enters: poses, bars, time. Leaves: a THREE.PerspectiveCamera that keeps every dancer in the picture.

import * as THREE from "./vendor/three.module.js";

const HALF_FOV = (16 * Math.PI) / 180;
const HEIGHT_M = 1.75, TARGET_M = 0.93, REACH_M = 0.95, HALF_HEIGHT_M = 1.26;
const FOLLOW_S = 1.2, WIDEN_S = 0.35, NARROW_S = 3;
const SWAY_RAD = (34 * Math.PI) / 180, SWAY_S = 36;
const BARS_A_CUT = 2, CUT_S = 6, DRIFT_RAD_S = (1.6 * Math.PI) / 180;
const PLACES = [[0, 1.75], [36, 1.3], [-18, 0.5], [-40, 2.4], [14, 3], [58, 1.7], [-58, 1.2], [0, 0.6]];

export class StageCamera {
  constructor(mode = "front") {
    this.camera = new THREE.PerspectiveCamera((2 * HALF_FOV * 180) / Math.PI, 1, 0.1, 100);
    this.setMode(mode);
  }

  setMode(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    this._place = this._bars = 0;
    this._bar_phase = 0;
    this._cut();
  }

  // dancers: as of a view. aspect: width / height.
  follow(dancers, aspect, dt_s, bar_phase) {
    if (bar_phase < this._bar_phase - 0.5) this._bar();
    this._bar_phase = bar_phase;
    this._turn(dt_s);
    if (dancers.length) this._frame(dancers, aspect, dt_s);
    const toward = this._toward, camera = this.camera;
    camera.aspect = aspect;
    camera.position.copy(this._focus).addScaledVector(toward, this._distance);
    camera.position.y = this._height;
    camera.lookAt(this._focus.x, TARGET_M, this._focus.z);
    camera.updateProjectionMatrix();
  }

  _bar() {
    this._bars += 1;
    if (this.mode === "cuts" && this._bars % BARS_A_CUT === 0) this._next();
  }

  _next() {
    this._place = (this._place + 1) % PLACES.length;
    this._cut();
  }

  _turn(dt_s) {
    this._time_s += dt_s;
    if (this.mode === "orbit") this._yaw = SWAY_RAD * Math.sin((2 * Math.PI * this._time_s) / SWAY_S);
    if (this.mode === "cuts") {
      if (this._time_s > CUT_S && this._bars === 0) this._next();
      this._yaw = (PLACES[this._place][0] * Math.PI) / 180 + DRIFT_RAD_S * this._time_s;
    }
  }

  _cut() {
    this._yaw = (PLACES[this._place][0] * Math.PI) / 180;
    this._height = PLACES[this._place][1];
    this._time_s = 0;
    this._is_placed = false;
    this._focus ??= new THREE.Vector3();
    this._distance ??= 4.5;
  }

  get _toward() { return new THREE.Vector3(Math.sin(this._yaw), 0, Math.cos(this._yaw)); }
  get _right() { return new THREE.Vector3(Math.cos(this._yaw), 0, -Math.sin(this._yaw)); }

  _frame(dancers, aspect, dt_s) {
    const right = this._right, toward = this._toward;
    const across = spread(dancers, right), along = spread(dancers, toward);
    const focus = right.multiplyScalar(across.middle).addScaledVector(toward, along.middle);
    const tangent = Math.tan(HALF_FOV);
    let away = Math.max(HALF_HEIGHT_M / tangent, (across.half + REACH_M) / (tangent * aspect));
    if (this.mode !== "front") away += (along.half * Math.abs(this._height - TARGET_M)) / (away + along.half) / tangent;
    const distance = away + along.half;
    if (!this._is_placed) {
      this._is_placed = true;
      this._focus.copy(focus);
      this._distance = distance;
      return;
    }
    this._focus.lerp(focus, gain(dt_s, FOLLOW_S));
    const pace_s = distance > this._distance ? WIDEN_S : NARROW_S;
    this._distance += (distance - this._distance) * gain(dt_s, pace_s);
  }
}

function spread(dancers, axis) {
  const at = dancers.map(({ joints }) => joints[0] * axis.x + joints[2] * axis.z);
  const low = Math.min(...at), high = Math.max(...at);
  return { middle: (low + high) / 2, half: (high - low) / 2 };
}

function gain(dt_s, time_constant_s) { return 1 - Math.exp(-Math.max(dt_s, 0) / time_constant_s); }
