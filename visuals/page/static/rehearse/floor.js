// The dancers in three dimensions: one take, or several side by side under the same camera.

import * as THREE from "../vendor/three.module.js";
import { OrbitControls } from "../vendor/OrbitControls.js";
import { Figure } from "../figure.js";

const SIDES = { front: [0, 0.1, 1], back: [0, 0.1, -1], side: [1, 0.1, 0], top: [0, 1.4, 0.002] }; // of the distance
const NEAR_M = 4.6; // for one dancer; more need more room
const MORE_M = 0.45;
const FAR_M = 9;
const MIDDLE = [0, 0.95, 0];
const MOST_PIXELS = 2; // a device's pixels to one of the page's

export class Floor {
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.setClearColor(0x000000, 0);
    this.renderer.setScissorTest(true);
    this.camera = new THREE.PerspectiveCamera(38, 1, 0.1, 60);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = false;
    this.controls.minDistance = 1.5;
    this.controls.maxDistance = 20;
    this.controls.maxPolarAngle = Math.PI / 2 - 0.02;
    this.controls.addEventListener("change", () => { this.isStale = true; });
    this.look = "bodies";
    this.isStale = true;
    this._views = [];
    this._pose = new Float32Array(57);
    this._side = "front";
    new ResizeObserver(() => { this.isStale = true; }).observe(canvas);
    this.setSide("front");
  }

  setSide(side = this._side) {
    const most = Math.max(1, ...this._views.map(({ dance }) => dance.dancers));
    const far_m = Math.min(NEAR_M + MORE_M * (most - 1), FAR_M);
    this._side = side;
    this._dancers = most;
    this.camera.position.set(...SIDES[side].map((share, axis) => share * far_m + MIDDLE[axis]));
    this.controls.target.set(...MIDDLE);
    this.controls.update();
    this.isStale = true;
  }

  setLook(look) {
    this.look = look;
    for (const { figures } of this._views) for (const figure of figures) figure.setLook({ look });
    this.isStale = true;
  }

  // dances: of `Dance`, shown from left to right.
  show(dances) {
    for (const { figures } of this._views) for (const figure of figures) figure.dispose();
    this._views = dances.map((dance) => {
      const scene = new THREE.Scene();
      scene.add(ground());
      const figures = Array.from({ length: dance.dancers }, (_, k) => new Figure(scene, { look: this.look, dancer: k + 1 }));
      return { dance, scene, figures };
    });
    const most = Math.max(1, ...dances.map(({ dancers }) => dancers));
    if (dances.length && most !== this._dancers) this.setSide();
    this.isStale = true;
  }

  // Light that trails behind must not be drawn across a jump in time.
  cut() {
    for (const { figures } of this._views) for (const figure of figures) figure.cut();
    this.isStale = true;
  }

  // isCalm: nothing swells on the beat; a body that is to be learned from never does.
  draw(time_s, isMirrored, isCalm = false) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, MOST_PIXELS));
    this.renderer.setSize(width, height, false);
    const share = width / Math.max(this._views.length, 1);
    this.camera.aspect = share / height;
    // Who stands in a narrow picture has to be seen whole, too.
    this.camera.zoom = Math.min(1, Math.max(this.camera.aspect / 0.8, 0.35));
    this.camera.updateProjectionMatrix();
    this.canvas.style.visibility = this._views.length ? "" : "hidden";
    for (const [k, view] of this._views.entries()) {
      this._place(view, time_s, isMirrored, !isCalm && this.look !== "bodies");
      this.renderer.setViewport(k * share, 0, share, height);
      this.renderer.setScissor(k * share, 0, share, height);
      this.renderer.render(view.scene, this.camera);
    }
    this.isStale = false;
  }

  _place({ dance, figures }, time_s, isMirrored, pulses) {
    const pulse = pulses ? (1 - dance.beatPhase(time_s)) ** 3 : 0;
    for (const [k, figure] of figures.entries()) {
      figure.visible = dance.pose(time_s, k, this._pose, isMirrored);
      if (figure.visible) figure.setPose(this._pose, time_s, pulse);
    }
  }
}

// A floor of metres, with a brighter line where the audience sits.
function ground() {
  const group = new THREE.Group();
  const grid = new THREE.GridHelper(8, 8, 0x39424f, 0x252c36);
  const front = new THREE.Mesh(new THREE.PlaneGeometry(8, 0.03), new THREE.MeshBasicMaterial({ color: 0x8a6a43 }));
  front.rotation.x = -Math.PI / 2;
  front.position.set(0, 0.002, 2);
  group.add(grid, front);
  return group;
}
