// The chat page and the widget's frame: sends what was not acknowledged again after each new connection; the server knows
// repeats by their id. In the frame the session is a cookie that no script reads; on the page it is kept for the tab.
function start() {
const box = document.getElementById("chat");
const part = (name) => document.getElementById(`chat-${name}`);
const list = part("log");
const state = part("state");
const typing = part("typing");
const form = part("form");
const field = part("text");
const KEY = "cauce-chat";
const keep = Boolean(box.dataset.keep);
const kept = () => { try { return sessionStorage.getItem(KEY); } catch { return null; } };
let token = (keep && (location.hash.slice(1) || kept())) || undefined;
if (keep && location.hash) history.replaceState(null, "", location.pathname);
const waiting = new Map();
const shown = new Map();
let who = {};
let socket = null;
let pause = 500;
let failures = 0;
let typingTimer = 0;
let toldTyping = 0;
let told = Boolean(token);

function line(kind, id, text, at) {
  if (shown.has(id)) return shown.get(id);
  const item = document.createElement("li");
  item.className = `said ${kind === "agent" ? "ours" : "theirs"}`;
  const by = document.createElement("p");
  by.className = "by";
  const name = document.createElement("strong");
  name.textContent = kind === "agent" ? box.dataset.us : box.dataset.you;
  const time = document.createElement("time");
  time.dateTime = at || new Date().toISOString();
  by.append(name, time);
  const words = document.createElement("div");
  words.className = "text";
  words.textContent = text;
  item.append(by, words);
  list.append(item);
  window.cauce.local(item);
  shown.set(id, item);
  item.scrollIntoView({ block: "end" });
  part("who").hidden = true;
  part("links").hidden = false;
  return item;
}

function send(frame) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function stands(name) {
  for (const each of box.querySelectorAll("[data-when]")) each.hidden = each.dataset.when !== name;
  box.dataset.state = name;
  part("bye").hidden = !["waiting", "active"].includes(name);
}

const take = {
  welcome(frame) {
    token = frame.token;
    if (keep) try { sessionStorage.setItem(KEY, token); } catch { /* the tab forgets it */ }
    pause = 500;
    failures = 0;
    state.textContent = box.dataset.there;
    for (const [id, text] of waiting) send({ type: "message", id, text });
  },
  ack(frame) {
    waiting.delete(frame.id);
    if (!told) navigator.sendBeacon("/visit", new URLSearchParams({ surface: keep ? "help_centre" : "widget", interaction: frame.interaction_id }));
    told = true;
    const item = shown.get(frame.id);
    if (!item) return;
    item.classList.remove("waiting");
    shown.set(frame.interaction_id, item);
  },
  message(frame) {
    typing.hidden = true;
    const fresh = !shown.has(frame.id);
    told = told || !waiting.size; // it began before: what was said is shown again
    line(frame.from, frame.id, frame.text, frame.at);
    if (fresh && frame.from === "agent" && window.parent !== window) window.parent.postMessage("said", "*");
  },
  typing() {
    typing.textContent = box.dataset.typing;
    typing.hidden = false;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { typing.hidden = true; }, 4000);
  },
  state(frame) {
    if (frame.link) for (const each of box.querySelectorAll("[data-link]")) each.href = frame.link + each.dataset.link;
    part("agent").textContent = frame.agent || "";
    stands(frame.by_mail ? "by_mail" : frame.state);
    if (frame.state === "missed" && !frame.by_mail && who.email) send({ type: "email", email: who.email });
  },
  error(frame) {
    if (frame.code === "malformed") state.textContent = box.dataset.wrong;
    else state.textContent = frame.code === "too_large" ? box.dataset.long : box.dataset.later;
    if (!frame.id && frame.code === "rate_limited") pause = Math.max(pause, 1000 * frame.retry_after * (1 + Math.random() / 2));
    const again = ["log_unavailable", "rate_limited"].includes(frame.code);
    if (frame.id && again) setTimeout(() => { if (waiting.has(frame.id)) send({ type: "message", id: frame.id, text: waiting.get(frame.id) }); }, 1000 * (frame.retry_after || 2));
    else if (frame.id) waiting.delete(frame.id);
  },
};

function connect() {
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${box.dataset.socket}`);
  socket = mine;
  mine.addEventListener("open", () => send({ type: "hello", token, locale: box.dataset.locale, states: true, ...who }));
  mine.addEventListener("message", (event) => { const frame = JSON.parse(event.data); if (take[frame.type]) take[frame.type](frame); });
  mine.addEventListener("close", () => {
    if (socket !== mine) return;
    failures += 1;
    if (failures === 3 && !shown.size) stands("unavailable"); // no socket gets through: there are other ways
    state.textContent = box.dataset.lost;
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 15000);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const said = { name: part("name").value.trim(), email: part("mail").validity.valid ? part("mail").value.trim() : "" };
  waiting.set(id, text);
  const introduce = !shown.size && (said.name || said.email);
  line("customer", id, text).classList.add("waiting");
  if (introduce) {
    // who they are is said with hello: the same session, met again
    who = Object.fromEntries(Object.entries(said).filter(([, value]) => value));
    socket.close();
    connect();
  } else send({ type: "message", id, text });
  field.value = "";
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  else if (Date.now() - toldTyping > 1500) { toldTyping = Date.now(); send({ type: "typing" }); }
});
part("email").addEventListener("submit", (event) => {
  event.preventDefault();
  send({ type: "email", email: event.target.email.value });
});
part("bye").addEventListener("click", () => send({ type: "bye" }));
connect();
}
if (document.getElementById("chat")) start();
// the frame asks the page around it to be closed
document.getElementById("widget-close")?.addEventListener("click", () => window.parent.postMessage("close", "*"));
if (document.body.classList.contains("widget")) document.addEventListener("keydown", (event) => { if (event.key === "Escape") window.parent.postMessage("close", "*"); });
