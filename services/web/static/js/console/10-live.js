// Keeps what is shown fresh: one connection a browser, not one a tab. Whatever says data-live="incident/…" gets the event
// `live` when such a stream changed, and htmx fetches it anew (hx-get, hx-trigger="live"). Signals come as `cauce:signal`.
const start = document.querySelector("[data-position]");
let newest = Number(document.body.dataset.position || start?.dataset.position || 0);
const channel = "BroadcastChannel" in window ? new BroadcastChannel("cauce-live") : null;
// what waits to be asked for, and when it was last: by id, since a part that was fetched is another element
const due = new Map();
const asked = new Map();
const took = new Map(); // milliseconds: who is answered slowly asks less often
const wanted = new Map(); // the newest position that concerned it
const WAITED = 1900; // the server waits two seconds for what was asked for, then answers with what there is
const MAY_WAIT = 20000; // what a hidden tab shows; at once when it is looked at again

function shows(element, stream) {
  const line = `[data-interaction="${CSS.escape(stream)}"]`;
  return [element, document.getElementById(element.dataset.beside || "")].some((part) => part?.querySelector(line));
}
// In how many milliseconds to ask; null: it is none of this part's concern. data-of: only such types, data-mine: only what
// concerns me, data-lazy: later where none of its lines shows it, data-rest: no sooner after the last time.
function patience(element, { stream, type, users }) {
  const { live, of, mine, pace = 120, lazy, rest = 0 } = element.dataset;
  if (mine !== undefined && users && !users.includes(mine)) return null;
  if (of && type && !type.startsWith(of)) return null;
  const near = shows(element, stream);
  if (!near && !live.split(" ").some((wanted) => stream.startsWith(wanted))) return null;
  const late = lazy && !near && !(type || "").includes(".opened.");
  // spread: a thousand screens must not ask in the same millisecond
  const spread = late ? lazy * (0.5 + Math.random() / 2) : 40 + Math.random() * pace;
  const pause = Math.max(rest, 10 * (took.get(element.id) || 0)) * (0.8 + Math.random() * 0.4);
  const rested = asked.has(element.id) ? asked.get(element.id) + pause - performance.now() : 0;
  return Math.max(document.hidden ? (rest ? MAY_WAIT : 2000) * (1 + Math.random()) : spread, rested);
}
function ask(element, wait) {
  const key = element.id || element;
  const at = performance.now() + wait;
  const waiting = due.get(key);
  if (waiting && waiting.at <= at) return;
  clearTimeout(waiting?.timer);
  const run = () => {
    due.delete(key);
    const now = element.isConnected ? element : document.getElementById(element.id);
    if (!now) return;
    asked.set(now.id, performance.now());
    now.dispatchEvent(new CustomEvent("live"));
  };
  due.set(key, { at, element, timer: setTimeout(run, wait) });
}
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const key = ctx?.sourceElement?.id;
  const now = document.getElementById(key);
  if (!now || !asked.has(key)) return;
  const time = performance.now() - asked.get(key);
  took.set(key, time);
  // an answer older than what came meanwhile would stay: nothing more may ever come
  const shown = Number(new URL(ctx.request.action, location.href).searchParams.get("min_position"));
  if (wanted.get(key) > shown || time > WAITED) ask(now, 3 * Math.min(time, WAITED));
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const { element } of [...due.values()]) ask(element, Math.random() * 300);
});
function changed(message) {
  newest = Math.max(newest, message.position);
  document.dispatchEvent(new CustomEvent("cauce:changed", { detail: message }));
  for (const element of document.querySelectorAll("[data-live]")) {
    const wait = patience(element, message);
    if (wait === null) continue;
    wanted.set(element.id, message.position);
    ask(element, wait);
  }
}
function take(message) {
  if (message.stream) changed(message);
  else document.dispatchEvent(new CustomEvent("cauce:signal", { detail: message }));
}
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!ctx.sourceElement?.dataset.live) return;
  const address = new URL(ctx.request.action, location.href);
  address.searchParams.set("min_position", String(newest));
  ctx.request.action = address.pathname + address.search;
});
// a line that wasn't there before is shown to be new
let before = new Set();
const lines = (root) => [...root.querySelectorAll("[data-position]")].map((line) => line.dataset.position);
document.addEventListener("htmx:before:swap", () => { before = new Set(lines(document)); });
document.addEventListener("htmx:after:swap", () => {
  for (const line of document.querySelectorAll(".timeline [data-position]")) {
    if (before.size && !before.has(line.dataset.position)) line.classList.add("fresh");
  }
});
if (window.EventSource && document.body.dataset.live !== "off") {
  channel?.addEventListener("message", (message) => take(message.data));
  const follow = () => {
    const source = new EventSource(`/api/v1/live?after=${newest}`);
    const pass = (event) => {
      const message = JSON.parse(event.data);
      take(message);
      channel?.postMessage(message);
    };
    source.addEventListener("changed", pass);
    source.addEventListener("signal", pass);
    return new Promise(() => {}); // until this tab is gone
  };
  if (channel && navigator.locks) navigator.locks.request("cauce-live", follow);
  else follow();
}
