// The inbox: j and k walk, x selects (Shift and a click: a range), o opens, e resolves. Fresh rows leave what is selected,
// and where one is, as they were.
const rows = () => [...document.querySelectorAll(".inbox tbody tr")];
const boxOf = (row) => row.querySelector(".pick");
const linkOf = (row) => row.querySelector(".c-subject a");
const boxes = () => [...document.querySelectorAll(".inbox .pick")];
const here = () => document.activeElement?.closest?.(".inbox tbody tr");
let place = 0; // of the row one is or was at
let last = ""; // the box ticked last, by name
let kept = null;

function go(row) {
  if (!row) return;
  place = rows().indexOf(row);
  linkOf(row).focus();
  row.scrollIntoView({ block: "nearest" });
}
function count() {
  const all = boxes();
  const picked = all.filter((each) => each.checked).length;
  const output = document.getElementById("picked");
  if (output) output.textContent = picked;
  const whole = document.getElementById("pick-all");
  if (whole) { whole.checked = picked > 0 && picked === all.length; whole.indeterminate = picked > 0 && picked < all.length; }
}
function act(what) {
  const all = rows();
  const row = here();
  if (what === "next") go(row ? all[all.indexOf(row) + 1] ?? row : all[Math.min(place, all.length - 1)] ?? all[0]);
  else if (what === "previous") go(row ? all[Math.max(all.indexOf(row) - 1, 0)] : all[Math.min(place, all.length - 1)]);
  else if (what === "open" && row) linkOf(row).click();
  else if (what === "select" && row) boxOf(row).click();
  else if (what === "resolve") {
    if (row && !boxes().some((each) => each.checked)) boxOf(row).click();
    if (boxes().some((each) => each.checked)) document.querySelector('#bulk [data-action="resolve"]').click();
  }
}
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-row]");
  if (key) { act(key.dataset.row); return; }
  if (event.target.id === "pick-all") for (const each of boxes()) each.checked = event.target.checked;
  else if (!event.target.matches(".pick")) return;
  else {
    const all = boxes();
    const from = all.findIndex((each) => each.name === last);
    const to = all.indexOf(event.target);
    if (event.shiftKey && from >= 0) for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = event.target.checked;
    last = event.target.name;
  }
  count();
});
document.addEventListener("focusin", () => { const row = here(); if (row) place = rows().indexOf(row); });
document.addEventListener("htmx:before:swap", (event) => {
  // what an action was done to is no longer selected
  const acted = event.detail?.ctx?.sourceElement?.id === "bulk";
  kept = { picked: new Set(acted ? [] : boxes().filter((each) => each.checked).map((each) => each.name)), row: here()?.id, at: document.activeElement?.id };
});
document.addEventListener("htmx:after:swap", () => {
  ready();
  if (!kept || !document.querySelector(".inbox")) return;
  for (const each of boxes()) each.checked = kept.picked.has(each.name);
  // given back only where it was lost: somebody may have gone to the search field meanwhile
  if (kept.row && document.activeElement === document.body) { const row = document.getElementById(kept.row) ?? rows()[Math.min(place, rows().length - 1)]; if (row) (row.id === kept.row && kept.at ? document.getElementById(kept.at) : linkOf(row))?.focus(); }
  kept = null;
  count();
});
// how long until a target is missed, counted on while the page is open
function tick() {
  for (const clock of document.querySelectorAll("[data-until]")) {
    const left = (new Date(clock.dataset.until) - Date.now()) / 60000;
    const all = Math.floor(Math.abs(left));
    const parts = [[Math.floor(all / 1440), "d"], [Math.floor(all / 60) % 24, "h"], [all % 60, "min"]].filter(([number]) => number).slice(0, 2);
    clock.textContent = `${left < 0 ? "\u2212" : ""}${parts.map((part) => part.join(" ")).join(" ") || "0 min"}`;
    clock.classList.toggle("late", left < 0);
    clock.classList.toggle("soon", left >= 0 && left < 60);
  }
}
function ready() {
  const shown = new URL(location.href);
  for (const name of ["changed", "left"]) shown.searchParams.delete(name);
  if (shown.href !== location.href) history.replaceState(history.state, "", shown);
  for (const zone of document.querySelectorAll("input[name=zone]")) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  count();
  tick();
}
ready();
setInterval(tick, 20000);
