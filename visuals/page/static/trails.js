// Light that hands and feet leave in the air: the strip that a piece of the limb has swept.
//
// Enters: the points of a figure (20 of them, metres) at growing times. Leaves: one mesh.

import * as THREE from "./vendor/three.module.js";
import { JOINTS } from "../words.js";
import { ADDED_LIGHT } from "./light.js";

const MOST = 72; // places kept of each painter; older ones go first
const JUMP_S = 1, JUMP_M = 0.8; // beyond these nobody danced from here to there

const PAINTERS = [
  ["l_elbow", "l_wrist", 1], ["r_elbow", "r_wrist", 0], ["l_knee", "l_ankle", 1], ["r_knee", "r_ankle", 0],
].map(([inner, outer, is_left]) => ({ inner: 3 * JOINTS.indexOf(inner), outer: 3 * JOINTS.indexOf(outer), is_left }));

export class Trails {
  // lasts_s: after which an eighth of their light is left. width_m: of the strip.
  constructor(lasts_s, width_m, colors) {
    this._width_m = width_m;
    const vertices = PAINTERS.length * MOST * 2;
    this._geometry = new THREE.BufferGeometry();
    this._at = attribute(this._geometry, "position", vertices, 3);
    this._hue = attribute(this._geometry, "hue", vertices, 3);
    this._born = attribute(this._geometry, "born", vertices, 1);
    for (const [p, { is_left }] of PAINTERS.entries()) {
      for (let k = 0; k < 2 * MOST; k++) colors[is_left].toArray(this._hue.array, 3 * (2 * MOST * p + k));
    }
    this._geometry.setIndex(new THREE.Uint16BufferAttribute(strips(), 1));
    this._material = new THREE.ShaderMaterial({
      uniforms: { now_s: { value: 0 }, half_s: { value: lasts_s / 3 } },
      vertexShader: `
        attribute vec3 hue; attribute float born; varying vec4 light;
        uniform float now_s, half_s;
        void main() {
          light = vec4(hue, born < 0.0 ? 0.0 : 0.8 * exp2(-(now_s - born) / half_s));
          gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
        }`,
      fragmentShader: `
        varying vec4 light;
        void main() { gl_FragColor = vec4(light.rgb * light.a, 0.6 * light.a); }`,
      side: THREE.DoubleSide,
      ...ADDED_LIGHT,
    });
    this.mesh = new THREE.Mesh(this._geometry, this._material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 1;
    this.clear();
  }

  add(points, time_s) {
    const is_on = time_s >= this._newest_s && time_s <= this._newest_s + JUMP_S;
    if (!is_on) this.clear();
    this._start_s ??= time_s;
    for (const [p, painter] of PAINTERS.entries()) this._paint(p, this._edge(points, painter), time_s);
    this._newest_s = time_s;
    this._material.uniforms.now_s.value = time_s - this._start_s;
    this._at.needsUpdate = this._born.needsUpdate = true;
  }

  clear() {
    this._start_s = undefined;
    this._newest_s = -Infinity;
    this._born.array.fill(-1);
    this._born.needsUpdate = true;
  }

  dispose() {
    this._geometry.dispose();
    this._material.dispose();
  }

  // The two ends of the brush: the wrist, and a little up the arm.
  _edge(points, { inner, outer }) {
    const way = [0, 1, 2].map((k) => points[inner + k] - points[outer + k]);
    const share = this._width_m / Math.max(Math.hypot(...way), 1e-3);
    const tip = [0, 1, 2].map((k) => points[outer + k]);
    return [...tip, ...tip.map((x, k) => x + share * way[k])];
  }

  // The newest place is the last of a strip; the others move up by one.
  _paint(p, edge, time_s) {
    const at = this._at.array, born = this._born.array;
    const first = 2 * MOST * p, last = first + 2 * (MOST - 1);
    const is_far = born[last] < 0 || distance(at.subarray(3 * last, 3 * last + 6), edge) > JUMP_M;
    if (is_far) {
      for (let k = first; k <= last; k += 2) at.set(edge, 3 * k);
      born.fill(-1, first, last);
    } else if (time_s > this._newest_s) {
      at.copyWithin(3 * first, 3 * first + 6, 3 * last + 6);
      born.copyWithin(first, first + 2, last + 2);
    }
    at.set(edge, 3 * last);
    born.fill(time_s - this._start_s, last, last + 2);
  }
}

function distance(a, b) { return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

function attribute(geometry, name, count, size) {
  const made = new THREE.BufferAttribute(new Float32Array(count * size), size);
  made.setUsage(THREE.DynamicDrawUsage);
  geometry.setAttribute(name, made);
  return made;
}

function strips() {
  const index = [];
  for (let p = 0; p < PAINTERS.length; p++) {
    for (let k = 0; k + 1 < MOST; k++) {
      const a = 2 * (MOST * p + k);
      index.push(a, a + 1, a + 2, a + 1, a + 3, a + 2);
    }
  }
  return index;
}
