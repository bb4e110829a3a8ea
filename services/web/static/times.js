// Shows times in the reader's own zone; without it they stand in UTC.
"use strict";
document.documentElement.classList.add("js");
function localTimes(root) {
  const language = document.documentElement.lang;
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const options = at.toDateString() === now.toDateString()
      ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) };
    element.textContent = new Intl.DateTimeFormat(language, options).format(at);
    element.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(at);
  }
}
localTimes(document);
for (const control of document.querySelectorAll("[data-submit]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
for (const mark of document.querySelectorAll("[data-refresh]")) {
  setTimeout(() => { if (!document.querySelector("textarea:focus")) location.reload(); }, Number(mark.dataset.refresh));
}
for (const form of document.querySelectorAll("form[method=post]")) {
  // a second press is the same request; the key in the form says so to the server as well
  form.addEventListener("submit", () => setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; }));
}
