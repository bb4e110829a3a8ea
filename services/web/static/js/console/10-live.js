// Keeps what is shown fresh: one connection a browser, not one a tab. Whatever says data-live="incident/…" gets the event
// `live` when such a stream changed, and htmx fetches it anew (hx-get, hx-trigger="live"). Signals come as `cauce:signal`.
const start = document.querySelector("[data-position]");
let newest = Number(document.body.dataset.position || start?.dataset.position || 0);
const channel = "BroadcastChannel" in window ? new BroadcastChannel("cauce-live") : null;
const due = new Map();

function concerns(element, stream) {
  return element.dataset.live.split(" ").some((wanted) => stream.startsWith(wanted))
    || element.querySelector(`[data-interaction="${CSS.escape(stream)}"]`) !== null;
}
function changed({ position, stream }) {
  newest = Math.max(newest, position);
  document.dispatchEvent(new CustomEvent("cauce:changed", { detail: { position, stream } }));
  for (const element of document.querySelectorAll("[data-live]")) {
    if (due.has(element) || !concerns(element, stream)) continue;
    // spread: a thousand screens must not ask in the same millisecond; a hidden tab may take its time
    const spread = document.hidden ? 2000 : 40 + Math.random() * Number(element.dataset.pace || 120);
    due.set(element, setTimeout(() => { due.delete(element); if (element.isConnected) element.dispatchEvent(new CustomEvent("live")); }, spread));
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
