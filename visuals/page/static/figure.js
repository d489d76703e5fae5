// A dancing figure in a three.js scene, in the looks and colours of the window.
//
// Enters: poses, Float32Array(57), x y z of the 19 joints in metres, y up (live/body/skeleton.py).
// Leaves: meshes in the scene. A body is one instanced draw of tapered capsules, whose ends are the
// joints themselves: a pose costs a copy of a few hundred numbers, and the card does the rest.
// Everything is written with premultiplied alpha, so that light adds up over a transparent page.

import * as THREE from "./vendor/three.module.js";
import { JOINTS, PALETTES } from "../words.js";
import { ADDED_LIGHT } from "./light.js";
import { Trails } from "./trails.js";

const SKULL = JOINTS.length;
const INDEX = Object.fromEntries([...JOINTS, "skull"].map((name, i) => [name, i]));
const SWELL = 0.16; // how much thicker a body is on the beat

// From joint to joint, with a radius in metres at each end.
const BODY = [
  ["pelvis", "spine", 0.082, 0.088], ["spine", "chest", 0.088, 0.105], ["chest", "neck", 0.1, 0.046],
  ["l_shoulder", "r_shoulder", 0.058, 0.058], ["l_hip", "r_hip", 0.07, 0.07],
  ["chest", "l_shoulder", 0.085, 0.055], ["chest", "r_shoulder", 0.085, 0.055],
  ["spine", "l_hip", 0.08, 0.074], ["spine", "r_hip", 0.08, 0.074], ["skull", "skull", 0.112, 0.112],
  ["l_shoulder", "l_elbow", 0.054, 0.043], ["l_elbow", "l_wrist", 0.043, 0.032],
  ["r_shoulder", "r_elbow", 0.054, 0.043], ["r_elbow", "r_wrist", 0.043, 0.032],
  ["l_hip", "l_knee", 0.077, 0.054], ["l_knee", "l_ankle", 0.054, 0.038],
  ["r_hip", "r_knee", 0.077, 0.054], ["r_knee", "r_ankle", 0.054, 0.038],
  ["l_ankle", "l_toe", 0.044, 0.034], ["r_ankle", "r_toe", 0.044, 0.034],
];
const HAND = 0.022; // a sphere at the wrist's end, so that an arm does not look cut off
const STICK = [
  ["pelvis", "spine"], ["spine", "chest"], ["chest", "neck"], ["neck", "skull"], ["neck", "l_shoulder"],
  ["neck", "r_shoulder"], ["l_shoulder", "l_elbow"], ["l_elbow", "l_wrist"], ["r_shoulder", "r_elbow"],
  ["r_elbow", "r_wrist"], ["pelvis", "l_hip"], ["pelvis", "r_hip"], ["l_hip", "l_knee"],
  ["l_knee", "l_ankle"], ["l_ankle", "l_toe"], ["r_hip", "r_knee"], ["r_knee", "r_ankle"],
  ["r_ankle", "r_toe"],
].map(([a, b]) => [a, b, 0.017, 0.017]);
const SKULL_RING = [["skull", "skull", 0.075, 0.075]];
const STARS = [...JOINTS, "skull"].map((name) => [name, name, 0.03, 0.03]);

// What a look is made of. layers: [tubes, kind, share of the radii, strength]; trail_s, ribbon_m: how
// long a hand's light stays and how wide it is; echoes: paler bodies so many seconds behind.
const LOOKS = {
  neon: { layers: [[BODY, "neon", 1, 1], [BODY, "halo", 1.9, 0.26]], trail_s: 1.2, ribbon_m: 0.05 },
  chalk: { layers: [[STICK, "chalk", 1.5, 1], [SKULL_RING, "chalk", 1, 1]], trail_s: 0.25, ribbon_m: 0.02 },
  ribbons: { layers: [[STICK, "neon", 1.3, 1], [SKULL_RING, "neon", 0.8, 1], [STICK, "halo", 4, 0.3]], trail_s: 1.6, ribbon_m: 0.2 },
  particles: { layers: [[BODY, "dots", 1.06, 1], [BODY, "halo", 1.5, 0.22]], trail_s: 0.6, ribbon_m: 0.02 },
  constellation: { layers: [[STICK, "halo", 1.2, 0.6], [STARS, "neon", 0.8, 1], [STARS, "halo", 3, 0.7]], trail_s: 0 },
  silhouette: { layers: [[BODY, "rim", 1, 1]], trail_s: 0 },
  canon: { layers: [[BODY, "solid", 1, 1]], trail_s: 0, echoes: [0.18, 0.36] },
  kaleidoscope: { layers: [[BODY, "neon", 0.8, 1], [BODY, "halo", 1.7, 0.22]], trail_s: 0.7, ribbon_m: 0.08, echoes: [0.25] },
  wireframe: { layers: [[BODY, "wire", 1, 1]], trail_s: 0 },
  bodies: { layers: [[BODY, "solid", 1, 1]], trail_s: 0 },
};
export const FIGURE_LOOKS = Object.keys(LOOKS);

export class Figure {
  // scene: a THREE.Scene. look: one of FIGURE_LOOKS. palette: a name, or colours as in words.js.
  // dancer: counted from 1; decides the colours.
  constructor(scene, { look = "neon", palette = "night", dancer = 1 } = {}) {
    this.group = new THREE.Group();
    this.dancer = dancer;
    this._scene = scene;
    this._points = new Float32Array(3 * (SKULL + 1));
    this._bodies = [];
    this._past = [];
    scene.add(this.group);
    this.setLook({ look, palette });
  }

  setLook({ look = this.look, palette = this.palette }) {
    if (look === this.look && palette === this.palette) return;
    this._clear();
    this.look = look in LOOKS ? look : "neon";
    this.palette = palette;
    const { layers, trail_s, ribbon_m, echoes = [] } = LOOKS[this.look];
    const colors = colorsOf(palette, this.dancer);
    for (const [tubes, kind, share, strength] of layers) {
      this._bodies.push(new Capsules(tubes, kind, share, strength, colors, 0));
    }
    for (const [at, late_s] of echoes.entries()) {
      const strength = 0.42 / (at + 1);
      this._bodies.push(new Capsules(BODY, "halo", 1.25, strength, colors, late_s));
    }
    this._trails = trail_s ? new Trails(trail_s, ribbon_m, colors) : null;
    for (const part of this._parts) this.group.add(part.mesh);
    if (this._seen) this._draw(0);
  }

  // joints: Float32Array(57). time_s: of the dance or of a clock; it should not jump, or trails are
  // cut there. pulse: 1 on the beat, falling to 0.
  setPose(joints, time_s = performance.now() / 1000, pulse = 0) {
    this._points.set(joints);
    skull(this._points);
    this._seen = true;
    this._remember(time_s);
    this._draw(time_s, pulse);
  }

  // The pose was moved, not danced: no light between here and there.
  cut() {
    this._past.length = 0;
    this._trails?.clear();
  }

  set visible(is_on) { this.group.visible = is_on; }
  get visible() { return this.group.visible; }

  dispose() {
    this._clear();
    this._scene.remove(this.group);
  }

  get _parts() { return this._trails ? [...this._bodies, this._trails] : this._bodies; }

  _clear() {
    for (const part of this._bodies.length ? this._parts : []) {
      this.group.remove(part.mesh);
      part.dispose();
    }
    this._bodies = [];
    this._trails = null;
  }

  _remember(time_s) {
    const longest = Math.max(0, ...this._bodies.map((body) => body.late_s));
    const newest = this._past.at(-1)?.time_s ?? time_s;
    if (!longest || time_s < newest || time_s > newest + 0.5) this._past.length = 0;
    if (!longest) return;
    this._past.push({ time_s, points: this._points.slice() });
    while (this._past.length > 2 && this._past[1].time_s < time_s - longest) this._past.shift();
  }

  _draw(time_s, pulse = 0) {
    const swell = 1 + SWELL * pulse;
    for (const body of this._bodies) body.set(this._earlier(time_s - body.late_s), swell, time_s);
    this._trails?.add(this._points, time_s);
  }

  _earlier(time_s) {
    return (this._past.find((past) => past.time_s >= time_s) ?? { points: this._points }).points;
  }
}

// [body's colour, own left side's] of a dancer, as linear THREE.Color.
function colorsOf(palette, dancer) {
  const { dancers } = typeof palette === "string" ? PALETTES[palette] ?? PALETTES.night : palette;
  return dancers[(dancer - 1) % dancers.length].map(
    ([red, green, blue]) => new THREE.Color().setRGB(red / 255, green / 255, blue / 255),
  );
}

// The skull's middle as a 20th point: the head joint is near the crown.
function skull(points) {
  const neck = 3 * INDEX.neck, head = 3 * INDEX.head, at = 3 * SKULL;
  for (let k = 0; k < 3; k++) points[at + k] = points[neck + k] + 0.8 * (points[head + k] - points[neck + k]);
}

// One mesh: all tubes of a body in one draw.
class Capsules {
  constructor(tubes, kind, share, strength, [color, left], late_s) {
    this.late_s = late_s;
    this._tubes = tubes.map(([a, b, radius_a, radius_b]) => ({
      a: 3 * INDEX[a], b: 3 * INDEX[b], radius_a: radius_a * share, radius_b: Math.max(radius_b * share, HAND * share * (tubes === BODY)),
    }));
    const count = tubes.length;
    const geometry = new THREE.InstancedBufferGeometry();
    geometry.index = UNIT.index;
    geometry.setAttribute("position", UNIT.attributes.position);
    geometry.setAttribute("end", UNIT.attributes.end);
    this._from = instanced(geometry, "from", new Float32Array(3 * count), 3);
    this._to = instanced(geometry, "to", new Float32Array(3 * count), 3);
    this._radii = instanced(geometry, "radii", new Float32Array(2 * count), 2);
    const hues = tubes.flatMap(([a, b]) => (isLeft(a) || isLeft(b) ? left : color).toArray());
    instanced(geometry, "hue", new Float32Array(hues), 3);
    geometry.instanceCount = count;
    this._material = material(kind, strength);
    this.mesh = new THREE.Mesh(geometry, this._material);
    this.mesh.frustumCulled = false; // its vertices are where the shader puts them
    this.mesh.renderOrder = kind === "halo" ? 2 : 0;
  }

  set(points, swell, time_s) {
    for (const [k, { a, b, radius_a, radius_b }] of this._tubes.entries()) {
      for (let axis = 0; axis < 3; axis++) {
        this._from.array[3 * k + axis] = points[a + axis];
        this._to.array[3 * k + axis] = points[b + axis];
      }
      this._radii.array[2 * k] = radius_a * swell;
      this._radii.array[2 * k + 1] = radius_b * swell;
    }
    this._from.needsUpdate = this._to.needsUpdate = this._radii.needsUpdate = true;
    this._material.uniforms.time_s.value = time_s % 1000;
  }

  dispose() {
    this.mesh.geometry.dispose();
    this._material.dispose();
  }
}

function isLeft(name) { return name.startsWith("l_"); }

function instanced(geometry, name, array, size) {
  const attribute = new THREE.InstancedBufferAttribute(array, size);
  attribute.setUsage(THREE.DynamicDrawUsage);
  geometry.setAttribute(name, attribute);
  return attribute;
}

// A capsule of no length: a ball cut at its equator, the lower half for one end, the upper for the
// other; between the halves lies the tube's side.
const UNIT = (() => {
  const around = 14, rings = 4, positions = [], ends = [], index = [];
  for (let ring = 0; ring <= 2 * rings + 1; ring++) {
    const end = ring > rings ? 1 : 0;
    const angle = ((ring - rings - end) / rings) * (Math.PI / 2);
    for (let k = 0; k < around; k++) {
      const turn = (2 * Math.PI * k) / around;
      positions.push(Math.cos(angle) * Math.cos(turn), Math.sin(angle), Math.cos(angle) * Math.sin(turn));
      ends.push(end);
    }
  }
  for (let ring = 0; ring < 2 * rings + 1; ring++) {
    for (let k = 0; k < around; k++) {
      const a = ring * around + k, b = ring * around + ((k + 1) % around);
      index.push(a, a + around, b, b, a + around, b + around);
    }
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(positions, 3));
  geometry.setAttribute("end", new THREE.Float32BufferAttribute(ends, 1));
  geometry.setIndex(index);
  return geometry;
})();

const VERTEX = `
attribute vec3 from, to, hue;
attribute vec2 radii;
attribute float end;
varying vec3 normal_, eye, hue_, ball;
void main() {
  vec3 along = to - from;
  float length_ = length(along);
  vec3 y = length_ > 1e-5 ? along / length_ : vec3(0.0, 1.0, 0.0);
  vec3 x = normalize(cross(abs(y.z) < 0.9 ? vec3(0.0, 0.0, 1.0) : vec3(1.0, 0.0, 0.0), y));
  vec3 turned = mat3(x, y, cross(x, y)) * position;
  vec3 at = mix(from, to, end) + turned * mix(radii.x, radii.y, end);
  vec4 seen = modelViewMatrix * vec4(at, 1.0);
  normal_ = normalMatrix * turned;
  eye = -seen.xyz;
  hue_ = hue;
  ball = at;
  gl_Position = projectionMatrix * seen;
}`;

// Each gives rgb already multiplied by alpha. facing: 1 towards the lens, 0 at the outline.
const SHADES = {
  neon: `vec3 lit = hue_ * (0.55 + 0.55 * pow(1.0 - facing, 1.5));
    rgb = mix(lit, vec3(1.0), 0.55 * pow(facing, 5.0)); alpha = 1.0;`,
  solid: `rgb = hue_ * (0.22 + 0.6 * max(dot(n, normalize(vec3(0.35, 0.8, 0.5))), 0.0) + 0.4 * pow(1.0 - facing, 3.0));
    alpha = 1.0;`,
  rim: `rgb = hue_ * (0.05 + 1.3 * pow(1.0 - facing, 1.8)); alpha = 1.0;`,
  chalk: `float grain = fract(sin(dot(floor(gl_FragCoord.xy / 2.0), vec2(12.99, 78.23))) * 43758.5);
    rgb = mix(hue_, vec3(1.0), 0.35) * (0.72 + 0.28 * grain); alpha = 1.0;`,
  halo: `float light = strength * facing * facing * facing; rgb = hue_ * light; alpha = 0.6 * light;`,
  dots: `vec3 cell = floor(ball * 90.0); float grain = fract(sin(dot(cell, vec3(12.99, 78.23, 37.72))) * 43758.5 + 0.35 * time_s);
    if (grain < 0.62) discard; rgb = mix(hue_, vec3(1.0), 0.4 * grain) * grain; alpha = 1.0;`,
  wire: `rgb = hue_ * (0.5 + 0.5 * facing); alpha = 1.0;`,
};

function material(kind, strength) {
  const is_light = kind === "halo";
  return new THREE.ShaderMaterial({
    uniforms: { strength: { value: strength }, time_s: { value: 0 } },
    vertexShader: VERTEX,
    fragmentShader: `
      varying vec3 normal_, eye, hue_, ball;
      uniform float strength, time_s;
      void main() {
        vec3 n = normalize(normal_);
        float facing = clamp(dot(n, normalize(eye)), 0.0, 1.0);
        vec3 rgb; float alpha;
        ${SHADES[kind]}
        gl_FragColor = vec4(rgb, alpha);
        #include <premultiplied_alpha_fragment>
      }`,
    wireframe: kind === "wire",
    ...(is_light ? ADDED_LIGHT : {}),
  });
}
