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

// acts: open, star, compare, rename, discard.
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
  const away = button("✕", acts.discard, { className: "plain", label: `put ${title} away` });
  return listItem([beside, name, star, away], isCurrent);
}

// A job that is shown; `update` takes its newest state, so that a button is not replaced under a click.
export function jobItem(cancel) {
  const bar = Object.assign(document.createElement("progress"), { max: 1 });
  const label = document.createElement("span");
  const end = button("✕", cancel, { className: "plain" });
  const item = listItem([label, bar, end]);
  const update = (job) => {
    const words = { waiting: "waits", running: `${Math.round(job.done * 100)} %`, failed: job.say }[job.state];
    label.textContent = `${job.kind} ${job.about.title ?? ""}: ${words}`;
    bar.hidden = job.state === "failed";
    if (job.state === "running") bar.value = job.done;
    bar.setAttribute("aria-label", label.textContent);
    end.setAttribute("aria-label", `${job.state === "failed" ? "forget" : "cancel"} ${job.kind} ${job.about.title ?? ""}`);
  };
  return { item, update };
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
