// The song as a picture: waveform, beats, bars, sections; below it the phrases, to be moved by hand.

const LEAST_PHRASE_PX = 40;
const DRAG_PX = 6;
const KINDS = { unknown: "", intro: "intro", verse: "verse", build: "build", drop: "chorus", break: "break", outro: "outro" };
const TINTS = { intro: "#26313f", verse: "#22364a", build: "#3f3524", drop: "#4a2f27", break: "#253c38", outro: "#2a2c3a", unknown: "#1b1f26" };

export class Sheet extends EventTarget {
  // Events: "seek" (detail: seconds), "select" (detail: a phrase's number), "put" ([from, to]).
  constructor({ frame, sheet, wave, phrases, head }) {
    super();
    Object.assign(this, { frame, sheet, wave, lane: phrases, head });
    this.outline = null; // of the song: { seconds, per_s, peaks }
    this.summary = null; // of the take
    this.edit = null;
    this.loop = null;
    this.selected = -1;
    this.seconds = 1;
    this._watchWave();
    new ResizeObserver(() => this.draw()).observe(frame);
  }

  show({ outline = this.outline, summary = this.summary, edit = this.edit }) {
    this.outline = outline;
    this.summary = summary;
    this.edit = edit;
    this.seconds = Math.max(outline?.seconds ?? 0, summary?.seconds ?? 0, 0.1);
    this.selected = Math.min(this.selected, (summary?.phrases.length ?? 0) - 1);
    const shortest = Math.max(this.frame.clientWidth, (summary?.phrases.length ?? 0) * LEAST_PHRASE_PX);
    this.sheet.style.width = `${shortest}px`;
    this.draw();
  }

  draw() {
    this._drawWave();
    this._drawPhrases();
  }

  // The line of now. follows: keep it in sight.
  place(time_s, follows) {
    const x = this._x(time_s);
    this.head.style.transform = `translateX(${x}px)`;
    this.wave.setAttribute("aria-valuemax", this.seconds.toFixed(1));
    this.wave.setAttribute("aria-valuenow", time_s.toFixed(1));
    this.wave.setAttribute("aria-valuetext", `${time_s.toFixed(1)} seconds`);
    const { scrollLeft, clientWidth } = this.frame;
    if (follows && (x < scrollLeft || x > scrollLeft + clientWidth * 0.9)) this.frame.scrollLeft = x - clientWidth * 0.2;
  }

  select(k) {
    this.selected = k;
    for (const [i, block] of [...this.lane.children].entries()) {
      block.setAttribute("aria-selected", String(i === k));
      block.tabIndex = i === Math.max(k, 0) ? 0 : -1;
    }
  }

  _x(time_s) { return (time_s / this.seconds) * this.wave.clientWidth; }

  // Waveform -----------------------------------------------------------------------------------

  _drawWave() {
    const { clientWidth: width, clientHeight: height } = this.wave;
    const pixels = Math.min(devicePixelRatio, 2);
    this.wave.width = Math.min(width * pixels, 16000);
    this.wave.height = height * pixels;
    const pen = this.wave.getContext("2d");
    pen.scale(this.wave.width / width, pixels);
    this._drawSections(pen, height);
    this._drawPeaks(pen, width, height);
    this._drawBeats(pen, height);
    if (this.loop) {
      pen.fillStyle = "#ffb86b38";
      pen.fillRect(this._x(this.loop[0]), 0, this._x(this.loop[1]) - this._x(this.loop[0]), height);
    }
  }

  _drawSections(pen, height) {
    const sections = this.summary?.sections ?? [];
    pen.font = "12px system-ui, sans-serif";
    for (const [k, { at, kind, returns_to }] of sections.entries()) {
      const x = this._x(at), end = this._x(sections[k + 1]?.at ?? this.seconds);
      pen.fillStyle = TINTS[kind];
      pen.fillRect(x, 0, end - x - 1, height);
      pen.fillStyle = "#d5dbe4";
      const name = KINDS[kind] || `part ${k + 1}`;
      if (end - x > 34) pen.fillText(returns_to >= 0 ? `${name} again` : name, x + 5, 14, end - x - 8);
    }
  }

  _drawPeaks(pen, width, height) {
    if (!this.outline) return;
    const { peaks, per_s } = this.outline, middle = height * 0.58, most = height * 0.38;
    pen.fillStyle = "#8fa3bd";
    for (let x = 0; x < width; x++) {
      const from = Math.floor((x / width) * this.seconds * per_s);
      const to = Math.max(Math.floor(((x + 1) / width) * this.seconds * per_s), from + 1);
      let peak = 0;
      for (let k = from; k < to && k < peaks.length; k++) peak = Math.max(peak, peaks[k]);
      const size = Math.max((peak / 255) * most, 0.5);
      pen.fillRect(x, middle - size, 1, 2 * size);
    }
  }

  _drawBeats(pen, height) {
    if (!this.summary) return;
    const bars = new Set(this.summary.downbeats);
    const spacing = this._x(60 / Math.max(this.summary.tempo_bpm, 30));
    for (const [k, beat] of this.summary.beats.entries()) {
      const isBar = bars.has(k);
      if (!isBar && spacing < 5) continue;
      pen.fillStyle = isBar ? "#ffffff90" : "#ffffff38";
      const tall = isBar ? 14 : 7;
      pen.fillRect(this._x(beat), height - tall, 1, tall);
    }
  }

  _watchWave() {
    const seek = (event) => {
      const box = this.wave.getBoundingClientRect();
      this._tell("seek", ((event.clientX - box.left) / box.width) * this.seconds);
    };
    this.wave.addEventListener("pointerdown", (event) => {
      this.wave.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.wave.addEventListener("pointermove", (event) => { if (event.buttons & 1) seek(event); });
  }

  // Phrases ------------------------------------------------------------------------------------

  _drawPhrases() {
    const phrases = this.summary?.phrases ?? [];
    const hadFocus = this.lane.contains(document.activeElement);
    this.lane.replaceChildren(...phrases.map((phrase, k) => this._block(phrase, k)));
    this.select(this.selected);
    if (hadFocus) this.lane.children[Math.max(this.selected, 0)]?.focus();
  }

  _block(phrase, k) {
    const block = document.createElement("button");
    block.className = "phrase";
    block.setAttribute("role", "option");
    block.style.left = `${(phrase.at / this.seconds) * 100}%`;
    block.style.width = `${(Math.max(phrase.until - phrase.at, 0.2) / this.seconds) * 100}%`;
    const { letter, marks, says } = this._named(k);
    block.style.setProperty("--hue", `${(letter.codePointAt(0) * 67) % 360}`);
    block.append(letter, Object.assign(document.createElement("small"), { textContent: marks }));
    block.classList.toggle("edited", this.edit?.isEdited(k) ?? false);
    block.setAttribute("aria-label", `phrase ${k + 1}, ${says}, ${phrase.beats} beats`);
    block.addEventListener("click", () => { this.select(k); this._tell("select", k); });
    block.addEventListener("keydown", (event) => this._walk(event, k));
    block.addEventListener("pointerdown", (event) => this._drag(event, block, k));
    return block;
  }

  // What stands on a block: the letter of what is danced there, and what was done to it.
  _named(k) {
    const phrases = this.summary.phrases, slot = this.edit?.slots[k] ?? { take: null, phrase: k };
    const isOwn = !slot.kept && (!this.edit || slot.take === this.edit.take);
    const source = isOwn ? phrases[slot.phrase] : null;
    const letter = source?.letter ?? (slot.kept ? slot.name?.[0]?.toUpperCase() ?? "K" : "⇄");
    const isMirrored = (source?.mirrored ?? false) !== (slot.mirror ?? false);
    const marks = `${source?.varied || slot.vary ? "′" : ""}${isMirrored ? " ~" : ""}`;
    const says = [
      slot.kept ? `kept: ${slot.name}` : isOwn ? letter : "of another take",
      isMirrored ? "mirrored" : "", slot.vary ? "varied" : "",
    ].filter(Boolean).join(", ");
    return { letter, marks, says };
  }

  _walk(event, k) {
    const to = { ArrowLeft: k - 1, ArrowRight: k + 1, Home: 0, End: this.lane.children.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const block = this.lane.children[to];
    if (block) { block.focus(); block.click(); }
  }

  // Dragging begins after some pixels, so that a click stays one. A finger that moves scrolls the song
  // instead; there, and by keyboard, the buttons "earlier" and "later" move a phrase.
  _drag(event, block, k) {
    if (event.button !== 0) return;
    const startX = event.clientX;
    let target = -1, isDragged = false;
    const move = (now) => {
      if (!isDragged && Math.abs(now.clientX - startX) < DRAG_PX) return;
      isDragged = true;
      block.classList.add("dragged");
      const box = this.lane.getBoundingClientRect();
      const time_s = ((now.clientX - box.left) / box.width) * this.seconds;
      target = this.summary.phrases.findIndex(({ at, until }) => at <= time_s && time_s < until);
      for (const [i, other] of [...this.lane.children].entries()) other.classList.toggle("target", i === target && i !== k);
    };
    const end = (up) => {
      removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) removeEventListener(name, end);
      for (const other of this.lane.children) other.classList.remove("target", "dragged");
      if (up.type === "pointerup" && isDragged && target >= 0 && target !== k) this._tell("put", [k, target]);
    };
    addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end);
  }

  _tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
