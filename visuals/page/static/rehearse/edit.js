// A take's phrases as the choreographer has put them: what is danced in the place of each, with undo.
//
// A slot: { take, phrase } or { kept, name }, and mirror, vary. An arrangement is kept in the browser,
// so that neither a reload nor a closed lid loses it.

const VARY = 0.35;
const MOST_STEPS = 60;

export class Edit extends EventTarget {
  // take: its id. count: of its phrases.
  constructor(take, count) {
    super();
    this.take = take;
    this._own = Array.from({ length: count }, (_, phrase) => ({ take, phrase, mirror: false, vary: 0 }));
    const { slots, past, future } = this._remembered();
    this._past = past;
    this._future = future;
    this.slots = slots;
  }

  get isChanged() { return this.slots.some((_, k) => this.isEdited(k)); }
  get canUndo() { return this._past.length > 0; }
  get canRedo() { return this._future.length > 0; }
  isEdited(k) { return !same(this.slots[k], this._own[k]); }

  repeat(k) { if (k + 1 < this.slots.length) this._set(k + 1, this.slots[k]); }
  mirror(k) { this._set(k, { ...this.slots[k], mirror: !this.slots[k].mirror }); }
  vary(k) { this._set(k, { ...this.slots[k], vary: this.slots[k].vary ? 0 : VARY }); }
  restore(k) { this._set(k, this._own[k]); }
  replace(k, by) { this._set(k, { mirror: false, vary: 0, ...by }); }

  // What is danced at k is danced at `to` as well, and what was there is not.
  put(k, to) { this._set(to, this.slots[k]); }

  exchange(k, with_) {
    if (with_ < 0 || with_ >= this.slots.length) return false;
    const slots = [...this.slots];
    [slots[k], slots[with_]] = [slots[with_], slots[k]];
    this._change(slots);
    return true;
  }

  undo() { this._step(this._past, this._future); }
  redo() { this._step(this._future, this._past); }

  // For the studio: without what only the page needs.
  get request() {
    return this.slots.map(({ kept, take, phrase, mirror, vary }) => (kept ? { kept, mirror, vary } : { take, phrase, mirror, vary }));
  }

  _set(k, slot) {
    if (same(slot, this.slots[k])) return;
    this._change(this.slots.map((old, i) => (i === k ? { ...slot } : old)));
  }

  _change(slots) {
    this._past = [...this._past, this.slots].slice(-MOST_STEPS);
    this._future = [];
    this._become(slots);
  }

  _step(from, to) {
    if (!from.length) return;
    to.push(this.slots);
    this._become(from.pop());
  }

  _become(slots) {
    this.slots = slots;
    try {
      localStorage.setItem(this._key, JSON.stringify({ slots, past: this._past, future: this._future }));
    } catch { /* full, or forbidden: then it lasts as long as the page */ }
    this.dispatchEvent(new Event("change"));
  }

  get _key() { return `posejockey-edit-${this.take}`; }

  _remembered() {
    const fits = (slots) => Array.isArray(slots) && slots.length === this._own.length;
    try {
      const { slots, past, future } = JSON.parse(localStorage.getItem(this._key));
      if (fits(slots)) return { slots, past: past.filter(fits), future: future.filter(fits) };
    } catch { /* nothing was changed yet, or it is damaged */ }
    return { slots: this._own, past: [], future: [] };
  }
}

function same(a, b) {
  return a.take === b.take && a.phrase === b.phrase && a.kept === b.kept && a.mirror === b.mirror && a.vary === b.vary;
}
