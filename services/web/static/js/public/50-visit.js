// How long an article was in sight, told once on leaving its page; not by a browser that asks not to be followed.
const article = location.pathname.match(/\/articles\/([0-9a-f-]{36})$/);
const unfollowed = navigator.doNotTrack === "1" || navigator.globalPrivacyControl === true;
if (article && !unfollowed) {
  let seen = 0;
  let since = document.visibilityState === "visible" ? performance.now() : null;
  const pause = () => { if (since !== null) seen += performance.now() - since; since = null; };
  document.addEventListener("visibilitychange", () => {
    pause();
    if (document.visibilityState === "visible") since = performance.now();
  });
  addEventListener("pagehide", () => {
    pause();
    const seconds = Math.round(seen / 1000);
    seen = 0;
    if (seconds > 0) navigator.sendBeacon("/visit", new URLSearchParams({ article: article[1], seconds }));
  });
}
