// A VRM or GLB figure that dances instead of ours.
//
// Enters: a model, poses as of `Figure`. Leaves: objects in the scene. A VRM says which bone is which;
// in another GLB bones are known by the names that Unity, Mixamo and Blender's exporters give them.

import * as THREE from "./vendor/three.module.js";
import { GLTFLoader } from "./vendor/GLTFLoader.js";
import { VRMLoaderPlugin, VRMUtils } from "./vendor/three-vrm.js";
import { BONES, T_POSE, globalRotations, hipsPosition } from "./humanoid.js";
import { REST_POSE } from "../words.js";

const PELVIS_M = REST_POSE[1];
const LONGEST_S = 0.1; // of a step of hair and cloth
// Other names for VRM's bones, without prefix, case, spaces and underscores.
const ALIASES = {
  hips: ["pelvis"], chest: ["spine2", "upperchest", "spine1"], neck: ["neck1"], head: [],
  ...Object.fromEntries(["left", "right"].flatMap((side) => [
    [`${side}Shoulder`, [`${side}clavicle`]], [`${side}UpperArm`, [`${side}arm`]], [`${side}LowerArm`, [`${side}forearm`]],
    [`${side}UpperLeg`, [`${side}upleg`, `${side}thigh`]], [`${side}LowerLeg`, [`${side}leg`, `${side}shin`, `${side}calf`]],
    [`${side}Foot`, [`${side}ankle`]],
  ])),
};
const NEEDED = ["hips", "leftUpperArm", "leftLowerArm", "rightUpperArm", "rightLowerArm", "leftUpperLeg", "leftLowerLeg", "rightUpperLeg", "rightLowerLeg"];

// content: ArrayBuffer of a .vrm or .glb. Error, with a sentence, for one that cannot dance.
export async function readAvatar(content) {
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMLoaderPlugin(parser));
  const gltf = await loader.parseAsync(content, "");
  const vrm = gltf.userData.vrm;
  if (!vrm) return new BoneAvatar(gltf.scene);
  VRMUtils.rotateVRM0(vrm);
  return new VrmAvatar(vrm);
}

// What both have in common: a place in a scene, poses.
class Avatar {
  constructor(root) {
    this.root = root;
    root.traverse((part) => { part.frustumCulled = false; });
  }

  set visible(is_on) { this.root.visible = is_on; }
  get visible() { return this.root.visible; }
  cut() {}
  dispose() { this.root.removeFromParent(); VRMUtils.deepDispose(this.root); }
}

class VrmAvatar extends Avatar {
  constructor(vrm) {
    super(vrm.scene);
    this._vrm = vrm;
    this._flip = vrm.meta?.metaVersion === "0" ? -1 : 1; // it faces the other way
    this._hips = vrm.humanoid.getNormalizedBoneNode("hips");
    this._scale = this._hips.getWorldPosition(new THREE.Vector3()).y / PELVIS_M;
    this._parent_y = this._hips.position.y - this._hips.getWorldPosition(new THREE.Vector3()).y;
    this._time_s = 0;
  }

  setPose(joints, time_s) {
    const turned = globalRotations(joints);
    for (const [name, parent] of BONES) {
      const node = this._vrm.humanoid.getNormalizedBoneNode(name);
      if (!node) continue;
      const local = parent ? present(this._vrm, parent, turned).invert().multiply(turned[name]) : turned[name];
      node.quaternion.set(this._flip * local.x, local.y, this._flip * local.z, local.w);
    }
    const at = hipsPosition(joints);
    this._hips.position.set(this._flip * at.x, at.y * this._scale + this._parent_y, this._flip * at.z);
    this._vrm.update(Math.min(Math.max(time_s - this._time_s, 0), LONGEST_S));
    this._time_s = time_s;
  }
}

// The turn of the nearest parent that this avatar has: chest and shoulders may be missing.
function present(vrm, name, turned) {
  while (name && !vrm.humanoid.getNormalizedBoneNode(name)) name = BONES.find(([bone]) => bone === name)[1];
  return name ? turned[name].clone() : new THREE.Quaternion();
}

class BoneAvatar extends Avatar {
  constructor(root) {
    super(root);
    root.updateWorldMatrix(true, true);
    this._bones = found(root);
    const missing = NEEDED.filter((name) => !this._bones[name]);
    if (missing.length) throw new Error(`this model has no bones called ${missing.join(", ")}`);
    this._names = BONES.map(([name]) => name).filter((name) => this._bones[name]);
    this._rest = { ...T_POSE, ...this._directions() };
    this._turns = Object.fromEntries(this._names.map((name) => [name, this._bones[name].getWorldQuaternion(new THREE.Quaternion())]));
    this._scale = this._bones.hips.getWorldPosition(new THREE.Vector3()).y / PELVIS_M;
  }

  setPose(joints) {
    const turned = globalRotations(joints, this._rest);
    this.root.updateWorldMatrix(true, false);
    for (const name of this._names) {
      const bone = this._bones[name];
      const world = turned[name].clone().multiply(this._turns[name]);
      bone.parent.updateWorldMatrix(true, false);
      bone.quaternion.copy(bone.parent.getWorldQuaternion(new THREE.Quaternion()).invert().multiply(world));
      if (name === "hips") {
        const at = hipsPosition(joints);
        at.y *= this._scale;
        bone.position.copy(bone.parent.worldToLocal(at));
      }
      bone.updateMatrixWorld(false);
    }
  }

  // Where limbs point at rest: an avatar may stand with its arms half down.
  _directions() {
    const found = {};
    for (const side of ["left", "right"]) {
      for (const [bone, end] of [["UpperArm", "LowerArm"], ["LowerArm", "Hand"], ["UpperLeg", "LowerLeg"], ["LowerLeg", "Foot"]]) {
        const from = this._bones[side + bone], to = this._bones[side + end];
        if (from && to) {
          const way = to.getWorldPosition(new THREE.Vector3()).sub(from.getWorldPosition(new THREE.Vector3()));
          if (way.length() > 1e-4) found[side + bone] = way.normalize();
        }
      }
    }
    return found;
  }
}

function found(root) {
  const named = {};
  root.traverse((part) => { named[plain(part.name)] ??= part; });
  const bones = {};
  for (const [name] of BONES) {
    const names = [name.toLowerCase(), ...(ALIASES[name] ?? [])];
    bones[name] = names.map((each) => named[each]).find(Boolean);
  }
  return bones;
}

function plain(name) { return name.replace(/^.*[:|]/, "").replace(/^mixamorig\d*/i, "").toLowerCase().replace(/[^a-z0-9]/g, ""); }
