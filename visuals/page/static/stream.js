// The stream on this page's clock: what to draw at any moment, from frames that come when they come.
//
// Enters: the relay's binary frames (visuals/page/relay.py) and when they arrived. Leaves: a view.
// The same clock and the same rules as the window's (visuals/feed/stream_clock.py, timeline.py), so
// that both show the same pose at the same time.

import { JOINTS, PARENTS, SAMPLE_WRAP, SECTION_KINDS, STATES } from "../words.js";

const RATE = 24000;
const JITTER_S = 0.03; // a window has 0.02: a browser hears of a frame a little less evenly
const JUMP_S = 0.5, STALL_S = 0.2, STALLED_S = 0.5, CLOCK_FRAMES = 120;
const EXTRAPOLATE_S = 0.05, MAX_GAP_S = 0.25, HISTORY = 24, GONE_AFTER_S = 0.5;
const HEAD_BYTES = 40, BODY_BYTES = 4 + 4 * 57;
const BEATS_A_BAR = 4;

// Where the feed's sample count lies on our clock, though frames come early and late.
export class StreamClock {
  constructor() { this._count = 0; this._sample = 0; this._offset_s = 0; this._period_s = 1 / 60; this._on_time_s = 0; }

  // [the stream's time of this sample in s, whether the stream began anew with it].
  receive(sample, now_s) {
    const half = SAMPLE_WRAP / 2;
    const step = mod(sample - this._sample + half, SAMPLE_WRAP) - half;
    if (this._count === 0 || Math.abs(step) > JUMP_S * RATE) {
      this._count = 1;
      this._sample = sample;
      this._offset_s = now_s - sample / RATE;
      this._on_time_s = now_s;
      return [sample / RATE, true];
    }
    const time_s = (this._sample + step) / RATE;
    if (step > 0) this._advance(step, now_s - time_s, now_s);
    return [time_s, false];
  }

  _advance(step, offset_s, now_s) {
    this._sample += step;
    this._count += 1;
    const gain = 1 / Math.min(this._count, CLOCK_FRAMES);
    this._period_s += (Math.min(step / RATE, 0.05) - this._period_s) * gain;
    const error_s = offset_s - this._offset_s;
    if (error_s > STALL_S && now_s - this._on_time_s < STALLED_S + error_s) return; // held back
    this._on_time_s = now_s;
    this._offset_s += Math.abs(error_s) > STALL_S ? error_s : gain * error_s;
  }

  playing(now_s) { return now_s - this._offset_s - this._period_s - JITTER_S; }
}

// Frames in, views out. Times in s of any steady clock.
export class Timeline {
  constructor() { this._clock = new StreamClock(); this._bodies = new Map(); this._music = new History(); this._newest_s = 0; this.last_s = -Infinity; this.state = ""; }

  // buffer: ArrayBuffer of a frame. False for one that is damaged, which changes nothing.
  receive(buffer, now_s) {
    const view = new DataView(buffer);
    if (buffer.byteLength < HEAD_BYTES || view.getUint8(0) !== 1) return false;
    const count = view.getUint8(1);
    if (buffer.byteLength !== HEAD_BYTES + count * BODY_BYTES) return false;
    this.last_s = now_s;
    this.state = STATES[view.getUint8(2)] ?? "";
    const [time_s, is_anew] = this._clock.receive(view.getUint32(4, true), now_s);
    if (is_anew) { this._bodies.clear(); this._music.clear(); this._newest_s = time_s; }
    this._newest_s = Math.max(this._newest_s, time_s);
    this._music.add(time_s, { section: SECTION_KINDS[view.getUint8(3)] ?? "", ...sound(view) });
    for (let k = 0, at = HEAD_BYTES; k < count; k++, at += BODY_BYTES) {
      const dancer = view.getUint32(at, true);
      if (!this._bodies.has(dancer)) this._bodies.set(dancer, new History());
      this._bodies.get(dancer).add(time_s, new Float32Array(buffer.slice(at + 4, at + BODY_BYTES)));
    }
    for (const [dancer, track] of this._bodies) {
      if (track.newest_s < this._newest_s - GONE_AFTER_S) this._bodies.delete(dancer);
    }
    return true;
  }

  // {time_s, age_s, dancers: [{number, joints}], beat_phase, bar_phase, bpm, confidence, level, ...}
  view(now_s) {
    const time_s = this._clock.playing(now_s);
    const dancers = [...this._bodies].sort(([a], [b]) => a - b).map(([number, track]) => ({ number, joints: blend(...track.around(time_s)) }));
    return { time_s, age_s: now_s - this.last_s, dancers, ...this._music_at(time_s) };
  }

  _music_at(time_s) {
    if (!this._music.length) return { beat_phase: 0, bar_phase: 0, bpm: 0, confidence: 0, level: 0, onset: [0, 0, 0], section: "" };
    const { time_s: sent_s, value } = this._music.latest(time_s);
    const beats = ((time_s - sent_s) * value.bpm) / 60;
    return { ...value, beat_phase: mod(value.beat_phase + beats, 1), bar_phase: mod(value.bar_phase + beats / BEATS_A_BAR, 1) };
  }
}

// The last few values of one thing, in the order of their times.
class History {
  constructor() { this._past = []; }
  get length() { return this._past.length; }
  get newest_s() { return this._past.at(-1).time_s; }
  clear() { this._past.length = 0; }

  add(time_s, value) {
    let at = this._past.length;
    while (at > 0 && this._past[at - 1].time_s >= time_s) at--;
    if (this._past[at]?.time_s === time_s) return; // twice
    this._past.splice(at, 0, { time_s, value });
    if (this._past.length > HISTORY) this._past.shift();
  }

  // [earlier, later, u]: the moment lies at earlier + u (later - earlier).
  around(time_s) {
    const last = this._past.length - 1;
    let later = 0;
    while (later < last && this._past[later].time_s < time_s) later++;
    later = last ? Math.max(later, 1) : 0;
    const a = this._past[Math.max(later - 1, 0)], b = this._past[later];
    if (a === b || b.time_s - a.time_s > MAX_GAP_S) {
      const near = time_s > (a.time_s + b.time_s) / 2 ? b : a;
      return [near.value, near.value, 0];
    }
    const u = (Math.min(time_s, b.time_s + EXTRAPOLATE_S) - a.time_s) / (b.time_s - a.time_s);
    return [a.value, b.value, Math.max(u, 0)];
  }

  latest(time_s) { return this._past.findLast((past) => past.time_s <= time_s) ?? this._past[0]; }
}

// The pose at a + u (b - a), every bone as long as in the two poses.
export function blend(a, b, u) {
  if (u === 0 || a === b) return a;
  const made = new Float32Array(a.length), share = Math.min(u, 1);
  for (let k = 0; k < 3; k++) made[k] = a[k] + u * (b[k] - a[k]);
  for (let joint = 1; joint < JOINTS.length; joint++) {
    const parent = PARENTS[joint];
    const before = bone(a, joint, parent), after = bone(b, joint, parent);
    const way = before.map((x, k) => x + u * (after[k] - x));
    const length = (1 - share) * Math.hypot(...before) + share * Math.hypot(...after);
    const scale = length / Math.max(Math.hypot(...way), 1e-6);
    for (let k = 0; k < 3; k++) made[3 * joint + k] = made[3 * parent + k] + scale * way[k];
  }
  return made;
}

// Photosensitivity (WCAG 2.3.1): never more than three pulses a second, as in the window.
const MAX_PULSE_BPM = 180;
export function pulseOf({ bpm, beat_phase, bar_phase, confidence, age_s }) {
  if (bpm <= 0 || age_s > 1) return 0;
  return (1 - (bpm <= MAX_PULSE_BPM ? beat_phase : bar_phase)) ** 3 * (0.25 + 0.75 * confidence);
}

export function mod(x, n) { return ((x % n) + n) % n; }
function bone(pose, joint, parent) { return [0, 1, 2].map((k) => pose[3 * joint + k] - pose[3 * parent + k]); }
function sound(view) {
  const [beat_phase, bar_phase, bpm, confidence, low, mid, high, level] = Array.from({ length: 8 }, (_, k) => view.getFloat32(8 + 4 * k, true));
  return { beat_phase, bar_phase, bpm, confidence, onset: [low, mid, high], level };
}
