// Times in the reader's own zone (without scripts they stand in UTC), and clocks that run: <time data-since="…">.
const language = document.documentElement.lang;
document.documentElement.classList.add("js");

function local(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const options = at.toDateString() === now.toDateString()
      ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) };
    const text = new Intl.DateTimeFormat(language, options).format(at);
    if (element.textContent !== text) element.textContent = text;
    element.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(at);
  }
}

// seconds so far: those counted before it last started (data-plus), and those since
function tick() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const since = clock.dataset.since ? (Date.now() - new Date(clock.dataset.since).getTime()) / 1000 : 0;
    const all = Math.max(0, Math.floor(since + Number(clock.dataset.plus || 0)));
    const hours = Math.floor(all / 3600);
    const rest = [Math.floor(all / 60) % 60, all % 60].map((part) => String(part).padStart(2, "0")).join(":");
    clock.textContent = hours ? `${hours}:${rest}` : rest;
  }
}

window.cauce = { local };
local(document);
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", () => { local(document); tick(); });
