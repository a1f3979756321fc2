// The queue by keyboard: j/k move, x tick, t take, Enter open.
"use strict";

const rows = [...document.querySelectorAll("#queue tbody tr")];
let at = -1;

function moveTo(index) {
  if (!rows.length) return;
  rows[at]?.classList.remove("at");
  at = Math.max(0, Math.min(rows.length - 1, index));
  rows[at].classList.add("at");
  rows[at].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (desk.typing(event)) return;
  const box = rows[at]?.querySelector("input[type=checkbox]");
  if (event.key === "j") moveTo(at + 1);
  else if (event.key === "k") moveTo(at - 1);
  else if (event.key === "x" && box) box.checked = !box.checked;
  else if (event.key === "t" && box) {
    if (!document.querySelector("#queue tbody input:checked")) box.checked = true;
    document.querySelector("#bulk button[value=take]")?.click();
  } else if (event.key === "Enter" && rows[at] && event.target.tagName !== "BUTTON" && event.target.tagName !== "A") {
    location.href = rows[at].dataset.href;
  } else return;
  event.preventDefault();
});

rows.forEach((row, index) => row.addEventListener("click", (event) => {
  moveTo(index);
  if (!event.target.closest("a, input, button")) location.href = row.dataset.href;
}));

document.getElementById("all")?.addEventListener("change", (event) => {
  rows.forEach((row) => { row.querySelector("input[type=checkbox]").checked = event.target.checked; });
});

const told = new URLSearchParams(location.search).get("told");
if (told) {
  const [, done, missed] = told.split(":");
  desk.toast(missed > 0 ? `✓ ${done}   ✗ ${missed}` : `✓ ${done}`, missed > 0);
}
