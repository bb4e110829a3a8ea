// The windows of a call-me-back in the visitor's own time zone: the page is asked again for it, unless one was chosen.
const wish = document.querySelector("form[data-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (wish && own && own !== wish.dataset.zone && !new URLSearchParams(location.search).has("tz") && !wish.querySelector("[name=phone]").value) {
  location.replace(`${location.pathname}?tz=${encodeURIComponent(own)}`);
}
