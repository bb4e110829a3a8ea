// The editor of articles: files are put into the text, dropped or pasted; Ctrl S saves, Ctrl Enter publishes.
const writing = document.getElementById("text");
const field = document.getElementById("body");
function put(text) {
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
async function upload(files) {
  const form = document.getElementById("article-upload");
  if (!form) return; // nobody but an admin adds to this one
  const known = new Set([...document.querySelectorAll("[data-put]")].map((each) => each.dataset.put));
  const data = new FormData(form);
  data.delete("file");
  for (const file of files) data.append("file", file);
  const response = await fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } });
  const shown = new DOMParser().parseFromString(await response.text(), "text/html");
  const list = response.ok && shown.getElementById("article-files");
  if (!list) { window.cauce.toast(shown.querySelector(".problem")?.innerText ?? response.statusText); return; }
  document.getElementById("article-files").replaceWith(list);
  put([...list.querySelectorAll("[data-put]")].map((each) => each.dataset.put).filter((each) => !known.has(each)).join("\n"));
}
if (writing && field) {
  // what was typed a moment ago is kept before anything leaves this page; saving takes it along itself
  const keeps = `${location.pathname}/keep`;
  let typed = false;
  const words = () => new URLSearchParams(new FormData(writing));
  writing.addEventListener("input", () => { typed = true; });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form === writing) { typed = false; return; }
    if (form.id === "article-upload") { event.preventDefault(); upload(form.elements.file.files); return; }
    if (!typed || form.method !== "post") return;
    event.preventDefault();
    typed = false;
    await fetch(keeps, { method: "POST", body: words(), headers: { "HX-Request": "true" } }).catch(() => {});
    form.requestSubmit(event.submitter?.disabled ? null : event.submitter);
  });
  addEventListener("pagehide", () => { if (typed) navigator.sendBeacon(keeps, words()); });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-put]");
    if (chosen) put(chosen.dataset.put);
  });
  writing.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); field.classList.add("over"); } });
  for (const kind of ["dragleave", "drop"]) writing.addEventListener(kind, () => field.classList.remove("over"));
  writing.addEventListener("drop", (event) => { if (event.dataTransfer.files.length) { event.preventDefault(); upload(event.dataTransfer.files); } });
  field.addEventListener("paste", (event) => { if (event.clipboardData.files.length) { event.preventDefault(); upload(event.clipboardData.files); } });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const button = { s: 'button[data-saves]', Enter: 'button[formaction$="/publish"]:not(:disabled)' }[event.key];
    if (!button || (event.key === "Enter" && !writing.contains(event.target))) return;
    event.preventDefault();
    writing.requestSubmit(writing.querySelector(button));
  });
}
