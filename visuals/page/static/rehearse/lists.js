// Songs, takes, files, kept phrases and jobs as lists.

export function listItem(parts, isCurrent = false) {
  const item = document.createElement("li");
  if (isCurrent) item.setAttribute("aria-current", "true");
  item.append(...parts);
  return item;
}

export function button(text, act, { label = text, pressed, className = "" } = {}) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, className });
  made.setAttribute("aria-label", label);
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", act);
  return made;
}

// Replace a list's content without losing the place of who walks through it by keyboard.
export function fill(list, items) {
  const at = [...list.querySelectorAll("button, a, input")].indexOf(document.activeElement);
  list.replaceChildren(...items);
  if (at >= 0) list.querySelectorAll("button, a, input")[at]?.focus();
}

export function songItem(song, isCurrent, act) {
  const name = button(shown(song.name), act, { className: "name" });
  return listItem([name], isCurrent);
}

// acts: open, star, compare, rename.
export function takeItem(take, { isCurrent, isCompared, acts }) {
  const title = take.title ?? shown(take.name);
  const name = button(title, acts.open, { className: "name", label: `open ${title}` });
  name.append(Object.assign(document.createElement("small"), { textContent: described(take) }));
  name.title = "double click: another name";
  name.addEventListener("dblclick", acts.rename);
  name.addEventListener("keydown", (event) => { if (event.key === "F2") acts.rename(); });
  const beside = Object.assign(document.createElement("input"), { type: "checkbox", checked: isCompared, title: "beside the others" });
  beside.setAttribute("aria-label", `show ${title} beside the others`);
  beside.addEventListener("change", () => acts.compare(beside.checked));
  const star = button(take.star ? "★" : "☆", acts.star, { className: "star plain", label: `star ${title}`, pressed: Boolean(take.star) });
  return listItem([beside, name, star], isCurrent);
}

export function jobItem(job, cancel) {
  const bar = Object.assign(document.createElement("progress"), { max: 1 });
  if (job.state === "running") bar.value = job.done;
  const words = { waiting: "waits", running: `${Math.round(job.done * 100)} %`, failed: job.say, cancelled: "cancelled" }[job.state];
  const label = Object.assign(document.createElement("span"), { textContent: `${job.kind} ${job.about.title ?? ""}: ${words}` });
  bar.setAttribute("aria-label", label.textContent);
  const end = button("✕", cancel, { className: "plain", label: job.state === "failed" ? "forget it" : `cancel ${job.kind}` });
  return listItem(job.state === "failed" ? [label, end] : [label, bar, end]);
}

export function fileItem(item, discard) {
  const link = Object.assign(document.createElement("a"), { href: `/api/files/${item.id}`, textContent: item.name, download: "" });
  return listItem([link, button("✕", discard, { className: "plain", label: `put ${item.name} away` })]);
}

function shown(name) { return name.replace(/\.[^.]+$/, ""); }

function described({ options = {}, from, model }) {
  const parts = [options.style?.replaceAll("=", " ") ?? "by the music"];
  if (options.dancers > 1) parts.push(`${options.dancers} dancers`);
  for (const name of ["energy", "unison"]) if (options[name]) parts.push(`${name} ${options[name]}`);
  if (model) parts.push(model);
  if (from) parts.push("put together");
  return parts.join(" · ");
}
