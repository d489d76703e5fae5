// Light upon light: what is there stays, and the page behind becomes less by its alpha.

import * as THREE from "./vendor/three.module.js";

export const ADDED_LIGHT = {
  transparent: true,
  depthWrite: false,
  blending: THREE.CustomBlending,
  blendSrc: THREE.OneFactor,
  blendDst: THREE.OneFactor,
  blendSrcAlpha: THREE.OneFactor,
  blendDstAlpha: THREE.OneMinusSrcAlphaFactor,
};
