// Forms: a choice that sends itself, a button that can't be pressed twice, a page that looks again, a toast that goes away.
const form = (element) => element.closest("form");
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) form(event.target).requestSubmit();
});
document.addEventListener("submit", (event) => {
  // a second press is the same request; the key in the form says so to the server as well
  if (event.target.method !== "post") return;
  const buttons = event.target.querySelectorAll("button");
  setTimeout(() => { for (const button of buttons) button.disabled = true; });
  setTimeout(() => { for (const button of buttons) button.disabled = false; }, 3000);
});
function settle() {
  for (const mark of document.querySelectorAll("[data-refresh]:not(.set)")) {
    mark.classList.add("set");
    setTimeout(() => { if (mark.isConnected && !document.querySelector("textarea:focus")) location.reload(); }, Number(mark.dataset.refresh));
  }
  const shown = new URL(location.href);
  for (const name of ["done", "undo", "min_position"]) shown.searchParams.delete(name);
  if (shown.href !== location.href) history.replaceState(history.state, "", shown);
  for (const toast of document.querySelectorAll(".toast:not(.set)")) {
    toast.classList.add("set");
    const away = () => { if (!toast.matches(":hover, :focus-within")) toast.remove(); else setTimeout(away, 2000); };
    setTimeout(away, Number(toast.dataset.seconds || 5) * 1000);
    toast.querySelector("[data-close]")?.addEventListener("click", () => toast.remove());
  }
}
// <details class="menu">: a click elsewhere or Escape closes it
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); event.stopPropagation(); }
});
// words for a toast made by a script: cauce.toast(text)
window.cauce.toast = (text) => {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  document.getElementById("toasts").append(toast);
  settle();
};
settle();
document.addEventListener("htmx:after:swap", settle);
