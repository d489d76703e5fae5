// A dance as rows of whole numbers, 30 a second (live/session/rows.py), and the pose at any time.

const ROWS_A_SECOND = 30;
const HEAD = 2; // beat phase, bar phase
const POSE = 57; // 19 joints, x y z
const GONE = -32768;

export class Dance {
  // dancers: how many a row has.
  constructor(dancers) {
    this.dancers = dancers;
    this._width = HEAD + POSE * dancers;
    this._rows = new Int16Array(0);
    this._count = 0;
    this._half = new Uint8Array(0); // of a row that has not come whole
  }

  // Bytes, little-endian as every machine with a browser today is, that follow the ones before.
  append(buffer) {
    const piece = new Uint8Array(this._half.length + buffer.byteLength);
    piece.set(this._half);
    piece.set(new Uint8Array(buffer), this._half.length);
    const whole = Math.floor(piece.length / (2 * this._width)) * this._width;
    this._half = piece.slice(2 * whole);
    this._grow(this._count * this._width + whole);
    this._rows.set(new Int16Array(piece.buffer.slice(0, 2 * whole)), this._count * this._width);
    this._count += whole / this._width;
  }

  get seconds() { return Math.max(this._count - 1, 0) / ROWS_A_SECOND; }

  // Fill `into`, a Float32Array(57) in metres, with a dancer (from 0) at a time. False if nobody is
  // there. mirrored: as in a mirror, so that who learns from the front follows the same side.
  pose(time_s, dancer, into, mirrored = false) {
    if (!this._count) return false;
    const at = Math.min(Math.max(time_s * ROWS_A_SECOND, 0), this._count - 1);
    const row = Math.floor(at), share = at - row;
    const a = row * this._width + HEAD + POSE * dancer;
    const b = Math.min(row + 1, this._count - 1) * this._width + HEAD + POSE * dancer;
    if (this._rows[a] === GONE || this._rows[b] === GONE) return false;
    for (let k = 0; k < POSE; k++) into[k] = (this._rows[a + k] * (1 - share) + this._rows[b + k] * share) / 1000;
    if (mirrored) for (let k = 0; k < POSE; k += 3) into[k] = -into[k];
    return true;
  }

  // 0..1 since the last beat, at a time.
  beatPhase(time_s) {
    const row = Math.min(Math.max(Math.round(time_s * ROWS_A_SECOND), 0), this._count - 1);
    return row < 0 ? 0 : this._rows[row * this._width] / 32767;
  }

  _grow(size) {
    if (size <= this._rows.length) return;
    const larger = new Int16Array(Math.max(size, 2 * this._rows.length));
    larger.set(this._rows);
    this._rows = larger;
  }
}

// The index of the last of the sorted times that is not after `time_s`; -1 before the first.
export function lastBefore(times, time_s) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
