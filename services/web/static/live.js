// Keeps what is shown fresh: one connection a browser, not one a tab. Each tab fetches the part it shows.
"use strict";
const part = document.getElementById("live");
if (part && window.EventSource) {
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("cauce-live") : null;
  let newest = Number(part.dataset.position || 0);
  let fetching = false;
  let again = false;

  const concerns = (stream) => stream.startsWith(document.getElementById("live").dataset.live)
    || document.querySelector(`[data-interaction="${CSS.escape(stream)}"]`) !== null;

  async function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const shown = document.getElementById("live");
      const address = new URL(shown.dataset.fragment, location.href);
      address.searchParams.set("min_position", String(newest));
      const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (response.ok && !response.redirected) replace(shown, await response.text());
    } catch (error) {
      // the next change, or the next connection, tries again
    } finally {
      fetching = false;
      if (again) { again = false; refresh(); }
    }
  }

  function replace(shown, html) {
    const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
    if (!next || shown.contains(document.activeElement) && document.activeElement.matches("textarea, input")) return;
    const before = new Set([...shown.querySelectorAll("[data-position]")].map((each) => each.dataset.position));
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
    shown.replaceWith(document.adoptNode(next));
    localTimes(next);
    const fresh = [...next.querySelectorAll("[data-position]")].filter((each) => before.size && !before.has(each.dataset.position));
    for (const each of fresh) each.classList.add("fresh");
    if (fresh.length && atEnd) fresh[fresh.length - 1].scrollIntoView({ block: "end", behavior: "smooth" });
  }

  // an agent opens an incident to read what was said last
  const last = part.querySelector(".timeline > li:last-child");
  if (last && !location.hash && last.getBoundingClientRect().top > window.innerHeight) last.scrollIntoView({ block: "center" });

  let timer = 0;
  function changed(change) {
    newest = Math.max(newest, change.position);
    if (!concerns(change.stream) || timer) return;
    timer = setTimeout(() => { timer = 0; refresh(); }, 60);
  }
  if (channel) channel.addEventListener("message", (message) => changed(message.data));

  function follow() {
    const source = new EventSource(`/api/v1/live?after=${newest}`);
    source.addEventListener("changed", (event) => {
      const change = JSON.parse(event.data);
      changed(change);
      if (channel) channel.postMessage(change);
    });
    return new Promise(() => {}); // until this tab is gone
  }
  if (channel && navigator.locks) navigator.locks.request("cauce-live", follow);
  else follow();
}
