// Boxes over the page. <a data-dialog href="…"> shows that page's main part in one; without scripts it is just a link.
const box = document.getElementById("box");
const inside = document.getElementById("box-inside");
async function open(link) {
  const response = await fetch(link.href, { headers: { Accept: "text/html" } });
  const main = response.ok && !response.redirected && new DOMParser().parseFromString(await response.text(), "text/html").getElementById("main");
  if (!main) { location.assign(link.href); return; }
  inside.replaceChildren(...main.childNodes);
  window.cauce.local(inside);
  window.htmx?.process(inside);
  box.showModal();
  inside.querySelector("[autofocus], input:not([type=hidden]), textarea, select")?.focus();
}
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-dialog]");
  if (link) { event.preventDefault(); open(link); return; }
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("cauce:opened"));
    if (opener.dataset.opens === "keys") document.dispatchEvent(new CustomEvent("cauce:keys"));
    return;
  }
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});
// the palette: what is typed is looked up as one types; arrows walk, Enter goes
const palette = document.getElementById("palette");
palette?.addEventListener("cauce:opened", () => { const field = palette.querySelector("input"); field.select(); field.dispatchEvent(new Event("input", { bubbles: true })); });
palette?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); palette.close(); return; } // a search field would only be emptied
  const found = [...palette.querySelectorAll("#palette-found :is(a, button)")];
  const at = found.indexOf(document.activeElement);
  if (event.key === "Enter" && at < 0 && found[0]) { event.preventDefault(); found[0].click(); }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !found.length) return;
  event.preventDefault();
  if (at + step < 0) palette.querySelector("input").focus(); else found[Math.min(at + step, found.length - 1)].focus();
});
