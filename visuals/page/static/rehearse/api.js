// Asking the studio. A refusal is an Error whose message is the studio's own sentence.

async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error((await answer.text()).trim() || `${answer.status} ${answer.statusText}`);
  return answer;
}

export async function get(path) {
  return (await ask(path)).json();
}

export async function bytes(path) {
  return (await ask(path)).arrayBuffer();
}

export async function send(method, path, value) {
  const body = value === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
  return (await ask(path, { method, ...body })).json();
}

export async function upload(path, file) {
  return (await ask(`${path}?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file })).json();
}

// Calls `hear` with every message, also after the studio was started anew.
export function listen(hear) {
  const source = new EventSource("/api/events");
  source.onmessage = (event) => hear(JSON.parse(event.data));
  return source;
}
