// The dance as rotations of a humanoid's bones (live/body/humanoid.py), for one dancer.
//
// Enters: joints, Float32Array(57), metres. Leaves: a rotation a bone, from an avatar's rest pose.
// Joints say where bones point, not how they are twisted: elbows and knees are hinges, so the plane
// of a bent limb gives its twist; pelvis and chest follow the lines of the hips and shoulders.

import * as THREE from "./vendor/three.module.js";
import { JOINTS } from "../words.js";

const SURE_SINE = 0.35;
const AT = Object.fromEntries(JOINTS.map((name, i) => [name, 3 * i]));

// Bones of VRM: [name, parent, our joint where it ends]. Parents before their children.
export const BONES = [
  ["hips", "", "spine"], ["spine", "hips", "chest"], ["chest", "spine", "neck"],
  ["neck", "chest", "head"], ["head", "neck", ""],
  ...["left", "right"].flatMap((side) => {
    const joint = (name) => `${side[0]}_${name}`;
    return [
      [`${side}Shoulder`, "chest", joint("shoulder")], [`${side}UpperArm`, `${side}Shoulder`, joint("elbow")],
      [`${side}LowerArm`, `${side}UpperArm`, joint("wrist")], [`${side}Hand`, `${side}LowerArm`, ""],
      [`${side}UpperLeg`, "hips", joint("knee")], [`${side}LowerLeg`, `${side}UpperLeg`, joint("ankle")],
      [`${side}Foot`, `${side}LowerLeg`, joint("toe")],
    ];
  }),
];

// Where bones point in a T-pose that faces +z. An avatar that rests otherwise says its own.
const v = (x, y, z) => new THREE.Vector3(x, y, z).normalize();
export const T_POSE = { hips: v(0, 1, 0), spine: v(0, 1, 0), chest: v(0, 1, 0), neck: v(0, 1, 0.1) };
for (const [side, x] of [["left", 1], ["right", -1]]) {
  T_POSE[`${side}Shoulder`] = v(x, 0.9, 0);
  T_POSE[`${side}UpperArm`] = T_POSE[`${side}LowerArm`] = v(x, 0, 0);
  T_POSE[`${side}UpperLeg`] = T_POSE[`${side}LowerLeg`] = v(0, -1, 0);
  T_POSE[`${side}Foot`] = v(0, -0.45, 0.9);
}
const HINGE = { leftArm: v(0, -1, 0), rightArm: v(0, 1, 0), leftLeg: v(1, 0, 0), rightLeg: v(1, 0, 0) };
const ACROSS = v(1, 0, 0);

// {bone: THREE.Quaternion}, each from its rest to where it is now, in stage space. rest: as T_POSE.
export function globalRotations(joints, rest = T_POSE) {
  const point = (name) => new THREE.Vector3().fromArray(joints, AT[name]);
  const way = (from, to) => point(to).sub(point(from)).normalize();
  const hips = way("r_hip", "l_hip"), shoulders = way("r_shoulder", "l_shoulder");
  const turned = {};
  turned.hips = aligned(way("pelvis", "spine"), hips, rest.hips, ACROSS);
  turned.spine = aligned(way("spine", "chest"), hips.clone().add(shoulders), rest.spine, ACROSS);
  turned.chest = aligned(way("chest", "neck"), shoulders, rest.chest, ACROSS);
  turned.head = turned.neck = swung(turned.chest, rest.neck, way("neck", "head"));
  for (const side of ["left", "right"]) {
    const l = side[0];
    const shoulder = (turned[`${side}Shoulder`] = swung(turned.chest, rest[`${side}Shoulder`], way("chest", `${l}_shoulder`)));
    limb(turned, side, "Arm", shoulder, way(`${l}_shoulder`, `${l}_elbow`), way(`${l}_elbow`, `${l}_wrist`), rest);
    limb(turned, side, "Leg", turned.hips, way(`${l}_hip`, `${l}_knee`), way(`${l}_knee`, `${l}_ankle`), rest);
    turned[`${side}Hand`] = turned[`${side}LowerArm`];
    turned[`${side}Foot`] = swung(turned[`${side}LowerLeg`], rest[`${side}Foot`], way(`${l}_ankle`, `${l}_toe`));
  }
  return turned;
}

// Where the avatar's hips belong: nearer to where the legs would have them than the spine.
export function hipsPosition(joints) {
  const mean = (k) => 0.3 * joints[k] + 0.35 * (joints[AT.l_hip + k] + joints[AT.r_hip + k]);
  return new THREE.Vector3(mean(0), mean(1), mean(2));
}

function limb(turned, side, kind, parent, above, below, rest) {
  const upper = `${side}Upper${kind}`, lower = `${side}Lower${kind}`, hinge = HINGE[side + kind];
  const straight = swung(parent, rest[upper], above);
  const plane = above.clone().cross(below), sine = plane.length();
  let sure = Math.min(sine / SURE_SINE, 1);
  sure = sure * sure * (3 - 2 * sure);
  const axis = hinge.clone().applyQuaternion(straight).multiplyScalar(1 - sure).addScaledVector(plane, sure / Math.max(sine, 1e-9));
  turned[upper] = aligned(above, axis, rest[upper], hinge);
  turned[lower] = aligned(below, axis, rest[lower], hinge);
}

// The turn that brings rest to primary, and rest's second axis closest to secondary.
function aligned(primary, secondary, rest, second) {
  return basis(primary, secondary).multiply(basis(rest, second).invert());
}

function basis(primary, secondary) {
  const second = secondary.clone().addScaledVector(primary, -secondary.dot(primary)).normalize();
  const third = primary.clone().cross(second);
  return new THREE.Quaternion().setFromRotationMatrix(new THREE.Matrix4().makeBasis(primary, second, third));
}

// The parent's turn, then the shortest one to where the bone points.
function swung(parent, rest, now) {
  const from = rest.clone().applyQuaternion(parent);
  return new THREE.Quaternion().setFromUnitVectors(from, now).multiply(parent);
}
