// The song, its time for the picture, the loop from A to B, and the counts as clicks.

import { lastBefore } from "./dance.js";

const AHEAD_S = 0.12; // clicks are handed to the sound card so long before
const SNAP_S = 0.08;
const PITCH = { 1: 1760, 5: 1320 }; // Hz, of counts; the others are lower
const OTHERS = 880;

export class Player extends EventTarget {
  constructor() {
    super();
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.loop = null; // [a, b] in seconds
    this.clicks = false;
    this.beats = []; // seconds
    this.counts = [];
    this._at = 0;
    this._read_ms = performance.now();
    this._clicked = -1; // index of the last beat that was clicked
    for (const name of ["play", "pause", "ended"]) {
      this.audio.addEventListener(name, () => this.dispatchEvent(new Event("change")));
    }
  }

  load(address) {
    this.audio.src = address;
    this.loop = null;
    this._at = 0;
  }

  get isPlaying() { return !this.audio.paused && !this.audio.ended; }
  get seconds() { return Number.isFinite(this.audio.duration) ? this.audio.duration : 0; }

  async toggle() {
    if (this.isPlaying) { this.audio.pause(); return; }
    if (this.audio.ended) this.seek(this.loop ? this.loop[0] : 0);
    await this.audio.play();
  }

  setRate(rate) { this.audio.playbackRate = rate; } // browsers keep the pitch

  seek(time_s) {
    const most = this.seconds || time_s;
    this._at = Math.min(Math.max(time_s, 0), most);
    this.audio.currentTime = this._at;
    this._read_ms = performance.now();
    this._clicked = lastBefore(this.beats, this._at - 1e-3);
    this.dispatchEvent(new Event("change"));
  }

  // The time of the sound, without the steps in which browsers tell it. Once a picture.
  tick() {
    const now_ms = performance.now();
    const passed_s = (now_ms - this._read_ms) / 1000 * (this.isPlaying ? this.audio.playbackRate : 0);
    this._read_ms = now_ms;
    const guess = this._at + passed_s, told = this.audio.currentTime;
    this._at = !this.isPlaying || Math.abs(told - guess) > SNAP_S ? told : guess + 0.1 * (told - guess);
    if (this.loop && this.isPlaying && (this._at >= this.loop[1] || this._at < this.loop[0] - 0.05)) this.seek(this.loop[0]);
    if (this.clicks && this.isPlaying) this._click();
    return this._at;
  }

  _click() {
    const rate = this.audio.playbackRate;
    const next = lastBefore(this.beats, this._at + AHEAD_S * rate);
    if (next <= this._clicked && this._clicked - next < 2) return;
    this._clicked = next;
    const beat = this.beats[next];
    if (beat === undefined || beat < this._at - 0.05) return;
    this._sound ??= new AudioContext();
    const at = this._sound.currentTime + Math.max(beat - this._at, 0) / rate;
    const tone = this._sound.createOscillator(), gain = this._sound.createGain();
    tone.frequency.value = PITCH[this.counts[next]] ?? OTHERS;
    gain.gain.setValueAtTime(0.25, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.05);
    tone.connect(gain).connect(this._sound.destination);
    tone.start(at);
    tone.stop(at + 0.06);
  }
}
