// This page's end of the show: one WebSocket, opened again whenever it is gone.
//
// Enters: frames and answers of the relay. Leaves: events, controls. What is in force is what the show
// has answered, never what was touched here, so that two phones and a desk agree.

const PAUSE_MS = [200, 500, 1000, 2000]; // before it is tried again, and again
const PONG_MS = 2000; // a phone that slept has sockets that only look open

export class Show extends EventTarget {
  // Events: "frame" (detail: ArrayBuffer), "change" (something is in force, or was refused; detail:
  // the control's name, or "" for all), "line" (connected or not).
  constructor() {
    super();
    this.is_connected = false;
    this.is_alive = false; // a show is running
    this.values = {};
    this.names = {};
    this.styles = [];
    this.refused = {}; // by control: when it was refused last, ms
    this._tries = 0;
    this._open();
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this._check());
    addEventListener("pageshow", () => this._check());
    addEventListener("online", () => this._check());
  }

  // value: number, text or boolean; none for a button, or to change a switch over.
  play(name, value = null) {
    if (this._socket?.readyState !== WebSocket.OPEN) return false;
    this._socket.send(JSON.stringify({ name, value }));
    return true;
  }

  _open() {
    clearTimeout(this._again);
    const socket = (this._socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/show`));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this._tries = 0; this._line(true); };
    socket.onmessage = ({ data }) => this._socket === socket && this._receive(data);
    socket.onclose = () => this._socket === socket && this._lose();
  }

  _lose() {
    this._line(false);
    const pause = PAUSE_MS[Math.min(this._tries++, PAUSE_MS.length - 1)];
    this._again = setTimeout(() => this._open(), pause);
  }

  // Are we still there? Asked when the page is looked at again.
  _check() {
    if (this._socket.readyState > WebSocket.OPEN) { this._open(); return; }
    if (this._socket.readyState === WebSocket.CONNECTING) return;
    const socket = this._socket;
    socket.send('{"ping": 1}');
    clearTimeout(this._pong);
    this._pong = setTimeout(() => {
      if (this._socket !== socket) return;
      socket.onclose = null;
      socket.close();
      this._line(false);
      this._open();
    }, PONG_MS);
  }

  _receive(data) {
    clearTimeout(this._pong);
    if (data instanceof ArrayBuffer) { this._emit("frame", data); return; }
    const said = JSON.parse(data);
    if (said.type === "show") {
      const { is_alive, values, names, styles } = said;
      Object.assign(this, { is_alive, values, names, styles });
      this._emit("change", "");
    } else if (said.type === "ack") {
      if (said.obeyed) this.values[said.name] = said.value;
      else this.refused[said.name] = performance.now();
      this._emit("change", said.name);
    }
  }

  _line(is_connected) {
    this.is_connected = is_connected;
    if (!is_connected) this.is_alive = false;
    this._emit("line", is_connected);
    this._emit("change", "");
  }

  _emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

// The screen stays on while the page is looked at; where the browser cannot, nothing happens.
export function keepAwake() {
  const ask = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", ask);
  document.addEventListener("click", ask, { once: true }); // some browsers want a touch first
  ask();
}
