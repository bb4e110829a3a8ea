// Agents' chats: sends without leaving, keeps half-written words, tells each other who types, counts in the tab's title.
const draft = (id) => `cauce-say-${id}`;
const told = new Map();
const timers = new Map();

function bottom() {
  for (const log of document.querySelectorAll(".log")) {
    const last = log.lastElementChild?.id;
    if (log.dataset.last !== last) { log.dataset.last = last; log.scrollTop = log.scrollHeight; }
  }
}
function restore() {
  for (const form of document.querySelectorAll("form.say[data-chat]")) {
    const kept = sessionStorage.getItem(draft(form.dataset.chat));
    if (kept && !form.text.value) form.text.value = kept;
  }
  const count = Number(document.getElementById("count-chats")?.dataset.count || 0);
  document.title = (count ? `(${count}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  bottom();
}
async function say(form) {
  const text = form.text.value.trim();
  if (!text) return;
  const id = form.dataset.chat;
  const bubble = document.createElement("div");
  bubble.className = "bubble ours sending";
  bubble.append(Object.assign(document.createElement("div"), { className: "text", textContent: text }));
  const log = document.getElementById(`log-${id}`);
  log.append(bubble);
  log.scrollTop = log.scrollHeight;
  const body = new URLSearchParams(new FormData(form));
  body.set("text", text);
  form.text.value = "";
  sessionStorage.removeItem(draft(id));
  try {
    const came = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
    if (!came.ok) throw new Error(String(came.status));
    form.idempotency_key.value = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
  } catch {
    bubble.remove();
    form.text.value = form.text.value ? `${text}\n${form.text.value}` : text;
    window.cauce.toast(form.dataset.failed);
  }
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.say[data-chat]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say(event.target);
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("form.say[data-chat] textarea")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
document.addEventListener("input", (event) => {
  const id = event.target.closest("form.say[data-chat]")?.dataset.chat;
  if (!id) return;
  sessionStorage.setItem(draft(id), event.target.value);
  if (Date.now() - (told.get(id) || 0) < 2000) return;
  told.set(id, Date.now());
  fetch("/api/v1/signals", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ topic: `chat/${id}`, kind: "typing" }) }).catch(() => {});
});
document.addEventListener("cauce:signal", ({ detail }) => {
  const mark = detail.kind === "typing" && !detail.by && document.getElementById(detail.topic.replace("chat/", "typing-"));
  if (!mark) return;
  mark.hidden = false;
  clearTimeout(timers.get(mark.id));
  timers.set(mark.id, setTimeout(() => { mark.hidden = true; }, 4000));
});
document.addEventListener("click", (event) => {
  const column = document.getElementById(event.target.closest("[data-goes]")?.dataset.goes);
  if (!column) return;
  event.preventDefault();
  column.scrollIntoView({ inline: "center", block: "nearest" });
  column.querySelector("textarea[name=text]")?.focus();
});
document.addEventListener("htmx:after:swap", restore);
restore();
