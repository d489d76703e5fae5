// Where three.js has every node of a glTF file, frame by frame: for tests, under node.
//
//   node play_gltf.mjs FOLDER_OF_THREE FILE FPS FRAME...
//
// Prints one JSON object: node name -> a list of [x, y, z], metres; and, for a VRM animation, as
// "humanoid" what three-vrm-animation makes of it: bone -> number of its keys.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file, fps, ...frames] = process.argv.slice(2);
const at = (name) => import(pathToFileURL(`${folder}/${name}`).href);
globalThis.self = globalThis;
const THREE = await at("three.module.js");
const { GLTFLoader } = await at("GLTFLoader.js");
const { VRMAnimationLoaderPlugin } = await at("three-vrm-animation.js");

const bytes = readFileSync(file);
const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const loader = new GLTFLoader();
loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
const gltf = await loader.parseAsync(buffer, "");
const mixer = new THREE.AnimationMixer(gltf.scene);
mixer.clipAction(gltf.animations[0]).play();

const places = {};
const point = new THREE.Vector3();
for (const frame of frames) {
  mixer.setTime(Number(frame) / Number(fps));
  gltf.scene.updateMatrixWorld(true);
  gltf.scene.traverse((node) => {
    const name = node.userData.name ?? node.name;
    (places[name] ??= []).push(node.getWorldPosition(point).toArray());
  });
}
const animations = gltf.userData.vrmAnimations ?? [];
const humanoid = {};
for (const { humanoidTracks } of animations) {
  for (const [bone, track] of humanoidTracks.rotation) humanoid[bone] = track.times.length;
  for (const [bone, track] of humanoidTracks.translation) humanoid[`${bone} moves`] = track.times.length;
}
console.log(JSON.stringify({ places, humanoid, rest: animations[0]?.restHipsPosition.toArray() }));
