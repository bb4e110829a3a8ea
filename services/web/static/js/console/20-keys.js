// Shortcuts: an element with data-key="r" (or "g i") is pressed, or focused if one types in it. `?` lists them all.
const off = document.body.dataset.keys === "off";
let first = "";
let timer = 0;
const typing = (element) => element.matches?.("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");
const shown = (element) => element.getClientRects().length > 0 || element.matches("[data-key-hidden]");
const find = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((element) => shown(element) && !element.disabled);

function press(element) {
  if (typing(element)) element.focus();
  else if (element.matches("details")) { element.open = !element.open; element.querySelector(element.open && "focus" in element.dataset ? "textarea, input" : "summary").focus(); }
  else {
    if (element.matches("summary")) element.focus(); // Tab goes on into what it opens
    element.click();
  }
}
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "k") { event.preventDefault(); press(document.querySelector("[data-palette]")); return; }
  if (command && event.key === "Enter" && event.target.form) { event.preventDefault(); event.target.form.requestSubmit(event.target.form.querySelector("button.main") ?? undefined); return; }
  if (command && event.key.toLowerCase() === "z" && !typing(event.target)) {
    const undo = document.querySelector(".toast form[data-undo]");
    if (undo) { event.preventDefault(); undo.requestSubmit(); }
    return;
  }
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
  if (off || command || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const key = first ? `${first} ${event.key}` : event.key;
  const element = find(key);
  if (element) { event.preventDefault(); press(element); }
  first = !first && document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`) ? event.key : "";
  clearTimeout(timer);
  timer = setTimeout(() => { first = ""; }, 1200);
});
// the list behind `?`: what can be pressed on this page, by the names its parts have
document.addEventListener("cauce:keys", () => {
  const list = document.getElementById("keys-list");
  list.replaceChildren(...[...document.querySelectorAll("[data-key]")].filter(shown).map((element) => {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = element.dataset.keyName || element.ariaLabel || element.title || element.labels?.[0]?.textContent || element.textContent.trim();
    const keys = document.createElement("kbd");
    keys.textContent = element.dataset.key;
    item.append(name, keys);
    return item;
  }));
});
