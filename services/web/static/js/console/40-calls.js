// Notes kept as one types: <textarea data-save="address">. What the server hasn't got yet waits in this tab, and is tried again.
const PAUSE = 500;
const AGAIN = 3000;
function keep(field) {
  const at = `cauce-notes:${field.dataset.save}`;
  const state = field.form.querySelector("[data-save-state]");
  let timer = 0;
  let kept = field.value;
  const waiting = sessionStorage.getItem(at);
  const say = (text) => { if (state) state.textContent = text; };
  async function save() {
    clearTimeout(timer);
    const text = field.value;
    if (text === kept) { sessionStorage.removeItem(at); return; }
    try {
      const answer = await fetch(field.dataset.save, { method: "PATCH", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ notes: text }) });
      if (!answer.ok) throw new Error(answer.status);
      kept = text;
      if (field.value === text) { sessionStorage.removeItem(at); say(field.dataset.saved); } else later(PAUSE);
    } catch (error) {
      say(field.dataset.unsaved);
      later(AGAIN);
    }
  }
  function later(pause) { clearTimeout(timer); timer = setTimeout(save, pause); }
  field.addEventListener("input", () => { sessionStorage.setItem(at, field.value); say(""); later(PAUSE); });
  // sent with the form itself
  field.form.addEventListener("submit", () => { clearTimeout(timer); sessionStorage.removeItem(at); });
  window.addEventListener("online", save);
  window.addEventListener("pagehide", () => { if (timer && field.value !== kept && sessionStorage.getItem(at) !== null) save(); });
  if (waiting !== null && waiting !== field.value) { field.value = waiting; save(); }
}
document.querySelectorAll("[data-save]").forEach(keep);
