// The call page: items by keyboard, verdicts to sound, the transcript in step, decisions without a reload.
"use strict";

const lines = [...document.querySelectorAll("#lines .line")];
let current = -1;
let follow = true;

const items = () => [...document.querySelectorAll("#items .item")];

function select(index, { scroll = true } = {}) {
  const all = items();
  if (!all.length) return;
  all.forEach((item) => item.classList.remove("at"));
  current = Math.max(0, Math.min(all.length - 1, index));
  all[current].classList.add("at");
  if (scroll) all[current].scrollIntoView({ block: "nearest" });
}

function refill(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const id of ["score", "items"]) {
    const old = document.getElementById(id);
    const made = fresh.getElementById(id);
    const query = old.querySelector("input[name=query]")?.value;
    if (made) old.replaceWith(document.adoptNode(made));
    const field = document.querySelector(`#${id} input[name=query]`);
    if (field && query) field.value = query;
  }
  select(current, { scroll: false });
}

async function send(form, extra = {}) {
  const data = { ...Object.fromEntries(new FormData(form)), ...extra };
  if (data.chosen) data.answer = data.chosen;
  delete data.chosen;
  const html = await desk.post(form.action, data);
  if (html !== null) refill(html);
}

function reveal(button) {
  const form = button.closest("form");
  form.querySelector("input[name=chosen]").value = button.dataset.answer;
  form.querySelector(".why-not").hidden = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-panel]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  send(form, button?.name ? { [button.name]: button.value } : {});
});

document.addEventListener("click", (event) => {
  const revealing = event.target.closest("[data-reveal]");
  if (revealing) reveal(revealing);
  const item = event.target.closest("#items .item");
  if (item) select(items().indexOf(item), { scroll: false });
  const playing = event.target.closest("[data-play]");
  if (playing && !event.target.closest("form, details") && (playing !== item || event.target.closest(".play"))) {
    const number = playing.dataset.item;
    if (number) select(items().findIndex((i) => i.dataset.item === number));
    player.start(Number(playing.dataset.play));
  }
  const mark = event.target.closest("mark[data-item]");
  if (mark) select(items().findIndex((i) => i.dataset.item === mark.dataset.item));
  const fix = event.target.closest(".fix");
  if (fix) openFixer(fix.closest(".line"));
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});

function openFixer(line) {
  const dialog = document.getElementById("fixer");
  dialog.querySelector("[name=index]").value = line.dataset.index;
  dialog.querySelector("[name=role]").value = line.dataset.role;
  dialog.querySelector("[name=text]").value = line.querySelector("p").childNodes.length
    ? [...line.querySelector("p").childNodes].filter((n) => n.nodeName !== "SMALL").map((n) => n.textContent).join("").trim() : "";
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (desk.typing(event) || document.querySelector("dialog[open]")) return;
  const item = items()[current];
  const open = item?.querySelector(".why-not:not([hidden])");
  if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.tagName !== "SUMMARY") player.toggle();
  else if (event.key === "j" || event.key === "k") {
    select(current + (event.key === "j" ? 1 : -1));
    const from = items()[current]?.dataset.play;
    if (from !== undefined && !player.audio.paused) player.start(Number(from));
  } else if (event.key === "p" && item?.dataset.play !== undefined) player.start(Number(item.dataset.play));
  else if (open && /^[1-9]$/.test(event.key)) open.querySelector(`[data-number="${event.key}"]`)?.click();
  else if (open && event.key === "Escape") open.hidden = true;
  else if ("ynu".includes(event.key) && item) item.querySelector(`.decide [data-key=${event.key}]`)?.click();
  else if (event.key === "[") document.getElementById("prev")?.click();
  else if (event.key === "]") document.getElementById("next")?.click();
  else if (event.key === "d") document.getElementById("finish")?.click();
  else return;
  event.preventDefault();
});

player.onTime((now) => {
  const line = lines.findLast((l) => Number(l.dataset.start) <= now + 0.05);
  if (line?.classList.contains("now")) return;
  lines.forEach((l) => l.classList.toggle("now", l === line));
  if (follow && line && !player.audio.paused) line.scrollIntoView({ block: "nearest" });
});
document.getElementById("lines").addEventListener("wheel", () => {
  follow = false; // somebody is reading: leave the list alone for a while
  clearTimeout(select.timer);
  select.timer = setTimeout(() => { follow = true; }, 4000);
}, { passive: true });

document.getElementById("search").addEventListener("input", (event) => {
  const wanted = event.target.value.trim();
  let hits = 0;
  lines.forEach((line) => {
    const hit = wanted && line.querySelector("p").textContent.includes(wanted);
    line.classList.toggle("hit", Boolean(hit));
    line.hidden = Boolean(wanted) && !hit;
    hits += hit ? 1 : 0;
  });
  document.getElementById("found").textContent = wanted ? String(hits) : "";
});

document.getElementById("copy-link").addEventListener("click", async () => {
  const link = `${location.origin}${location.pathname}#t=${player.audio.currentTime.toFixed(1)}`;
  history.replaceState(null, "", link);
  try { await navigator.clipboard.writeText(link); } catch { /* the address bar has it */ }
  desk.toast(link);
});

const linked = /^#t=([\d.]+)$/.exec(location.hash);
if (linked) player.audio.addEventListener("loadedmetadata", () => { player.audio.currentTime = Number(linked[1]); }, { once: true });
select(0, { scroll: false });
