// The pages' own arithmetic, run by node beside the window's: JSON in on standard input, JSON out.
// The first argument is a folder that holds words.js and static/.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { StreamClock, Timeline, blend } = await load("stream.js");
const { BONES, globalRotations, hipsPosition } = await load("humanoid.js");
const asked = JSON.parse(readFileSync(0, "utf8"));

function load(name) { return import(pathToFileURL(`${process.argv[2]}/static/${name}`)); }

const clock = new StreamClock();
const placed = asked.arrivals.map(([sample, now_s]) => {
  const [time_s, is_anew] = clock.receive(sample, now_s);
  return [time_s, is_anew, clock.playing(now_s)];
});

const turned = asked.poses.map((pose) => {
  const rotations = globalRotations(Float32Array.from(pose));
  return { hips: hipsPosition(pose).toArray(), bones: Object.fromEntries(BONES.map(([name]) => [name, rotations[name].toArray()])) };
});

const [a, b] = asked.poses.map((pose) => Float32Array.from(pose));
const blended = asked.shares.map((u) => [...blend(a, b, u)]);

const timeline = new Timeline();
const accepted = asked.frames.map((hex) => timeline.receive(Uint8Array.from(Buffer.from(hex, "hex")).buffer, 0));
const seen = timeline.view(0.05).dancers.map(({ number, joints }) => [number, ...joints]);

console.log(JSON.stringify({ placed, turned, blended, accepted, seen }));
