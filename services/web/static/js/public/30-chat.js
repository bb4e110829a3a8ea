// The chat page: sends what was not acknowledged again after each new connection; the server knows repeats by their id.
function start() {
const box = document.getElementById("chat");
const list = document.getElementById("chat-log");
const state = document.getElementById("chat-state");
const typing = document.getElementById("chat-typing");
const form = document.getElementById("chat-form");
const field = document.getElementById("chat-text");
const KEY = "cauce-chat";
let token = location.hash.slice(1) || sessionStorage.getItem(KEY) || undefined;
if (location.hash) history.replaceState(null, "", location.pathname);
const waiting = new Map();
const shown = new Map();
let socket = null;
let pause = 500;
let typingTimer = 0;
let toldTyping = 0;

function line(kind, id, text, at) {
  if (shown.has(id)) return shown.get(id);
  const item = document.createElement("li");
  item.className = `said ${kind === "agent" ? "ours" : "theirs"}`;
  const by = document.createElement("p");
  by.className = "by";
  const who = document.createElement("strong");
  who.textContent = kind === "agent" ? box.dataset.us : box.dataset.you;
  const time = document.createElement("time");
  time.dateTime = at || new Date().toISOString();
  by.append(who, time);
  const words = document.createElement("div");
  words.className = "text";
  words.textContent = text;
  item.append(by, words);
  list.append(item);
  window.cauce.local(item);
  shown.set(id, item);
  item.scrollIntoView({ block: "end" });
  return item;
}

function send(frame) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

const take = {
  welcome(frame) {
    token = frame.token;
    sessionStorage.setItem(KEY, token);
    pause = 500;
    state.textContent = box.dataset.there;
    for (const [id, text] of waiting) send({ type: "message", id, text });
  },
  ack(frame) {
    waiting.delete(frame.id);
    const item = shown.get(frame.id);
    if (!item) return;
    item.classList.remove("waiting");
    shown.set(frame.interaction_id, item);
  },
  message(frame) {
    typing.hidden = true;
    line(frame.from, frame.id, frame.text, frame.at);
  },
  typing() {
    typing.textContent = box.dataset.typing;
    typing.hidden = false;
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => { typing.hidden = true; }, 4000);
  },
  error(frame) {
    state.textContent = frame.code === "too_large" ? box.dataset.long : box.dataset.later;
    const again = ["log_unavailable", "rate_limited"].includes(frame.code);
    if (frame.id && again) setTimeout(() => { if (waiting.has(frame.id)) send({ type: "message", id: frame.id, text: waiting.get(frame.id) }); }, 1000 * (frame.retry_after || 2));
    else if (frame.id) waiting.delete(frame.id);
  },
};

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/chat`);
  socket.addEventListener("open", () => send({ type: "hello", token, locale: box.dataset.locale }));
  socket.addEventListener("message", (event) => { const frame = JSON.parse(event.data); if (take[frame.type]) take[frame.type](frame); });
  socket.addEventListener("close", () => {
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
  waiting.set(id, text);
  line("customer", id, text).classList.add("waiting");
  send({ type: "message", id, text });
  field.value = "";
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  else if (Date.now() - toldTyping > 1500) { toldTyping = Date.now(); send({ type: "typing" }); }
});
connect();
}
if (document.getElementById("chat")) start();
