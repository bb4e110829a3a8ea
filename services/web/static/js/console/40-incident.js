// An incident's page: the composer keeps drafts, takes files, says who else is here; j and k walk, [ and ] go to the next.
document.addEventListener("click", (event) => {
  const list = event.target.closest?.(".list, .cards, .rows")?.querySelectorAll('a[href*="/agent/incidents/"]');
  if (list?.length && event.target.closest('a[href*="/agent/incidents/"]')) {
    sessionStorage.setItem("list", JSON.stringify({ back: location.pathname + location.search, links: [...new Set([...list].map((each) => each.pathname))] }));
  }
});
const composer = document.getElementById("composer");
const mine = (form) => form.querySelector("textarea");
const forms = () => [...(composer?.querySelectorAll("form[data-draft]") ?? [])];
const active = () => forms().find((form) => mine(form).getClientRects().length);

function neighbours() {
  const shown = document.querySelector(".neighbours");
  const { back, links = [] } = JSON.parse(sessionStorage.getItem("list") ?? "{}");
  const at = links.indexOf(location.pathname);
  if (!shown || at < 0) return;
  if (back?.startsWith("/") && !back.includes("/incidents/")) document.querySelector("[data-back]").href = back;
  shown.hidden = links.length < 2;
  for (const link of shown.querySelectorAll("[data-neighbour]")) {
    const to = links[at + Number(link.dataset.neighbour)];
    if (to) link.href = to; else link.ariaDisabled = "true";
  }
}
neighbours();

function insert(text) {
  const field = mine(active() ?? forms()[0]);
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-insert]");
  if (!chosen || !composer) return;
  for (const menu of composer.querySelectorAll("details.menu[open]")) menu.open = false;
  insert(chosen.dataset.insert);
});
// r and n press the labels: then one writes
composer?.addEventListener("click", (event) => {
  const label = event.target.closest("label[for^=mode-]");
  if (!label) return;
  event.preventDefault(); // at once: whoever pressed the key is typing already
  label.control.checked = true;
  mine(active()).focus();
});
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.matches("[data-focus], details.menu")) event.target.querySelector("textarea, input[type=search]")?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  if (!["j", "k"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === "off") return;
  if (event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  const entries = [...document.querySelectorAll("[data-entry]")];
  if (!entries.length) return;
  const at = entries.indexOf(document.activeElement.closest("[data-entry]"));
  const to = at < 0 ? (event.key === "j" ? 0 : entries.length - 1) : at + (event.key === "j" ? 1 : -1);
  entries[to]?.focus();
  entries[to]?.scrollIntoView({ block: "nearest" });
  event.preventDefault();
});

if (composer) {
  const last = [...document.querySelectorAll(".timeline > li")].pop();
  if (last && !location.hash && last.getBoundingClientRect().bottom > innerHeight - composer.offsetHeight) last.scrollIntoView({ block: "center" });
  const address = `/api/v1/incidents/${composer.dataset.incident}`;
  const headers = { "Content-Type": "application/json" };
  const sent = new WeakSet();
  const ids = (form) => form.elements.uploads.value.split(",").filter(Boolean);

  // the draft: kept as one types, by the server, for this user only
  const timers = new WeakMap();
  async function save(form) {
    clearTimeout(timers.get(form));
    timers.delete(form);
    if (sent.has(form)) return;
    const version = Number(form.elements.version?.value) || undefined;
    const [, to] = (form.elements.way?.value ?? "|").split("|");
    const draft = { text: mine(form).value, to, version, attachments: ids(form) };
    const answer = await fetch(`${address}/drafts/${form.dataset.draft}`, { method: "PUT", headers, body: JSON.stringify(draft), keepalive: true }).catch(() => null);
    form.querySelector(".kept").textContent = answer?.ok && draft.text.trim() ? composer.dataset.saved : "";
  }
  const later = (form) => { clearTimeout(timers.get(form)); timers.set(form, setTimeout(save, 700, form)); };
  composer.addEventListener("input", (event) => { if (event.target.matches("textarea")) { later(event.target.form); tell("typing"); } });
  composer.addEventListener("submit", (event) => { sent.add(event.target); clearTimeout(timers.get(event.target)); });
  addEventListener("pagehide", () => forms().forEach((form) => timers.has(form) && save(form)));

  const naming = () => {
    const way = composer.querySelector("[name=way]");
    const word = composer.querySelector(".send-by");
    if (way && word && !composer.querySelector(".warn-line")) word.textContent = way.selectedOptions[0].dataset.send;
  };
  composer.addEventListener("change", (event) => {
    if (event.target.name === "way") { naming(); later(event.target.form); }
    if (event.target.matches("[data-uploads]")) upload(event.target);
  });
  naming();

  // files: uploaded as they are chosen, so that they survive a reload too
  function chip(form, name) {
    const item = document.createElement("li");
    item.className = "chip busy";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = "×";
    remove.ariaLabel = `× ${name}`;
    item.append(name, remove);
    form.querySelector(".chips").append(item);
    return item;
  }
  function keep(form, wanted) { form.elements.uploads.value = wanted.join(","); later(form); }
  async function upload(field) {
    const form = field.form;
    const files = [...field.files];
    field.value = "";
    for (const file of files) {
      const item = chip(form, file.name);
      const body = new FormData();
      body.append("file", file);
      const answer = await fetch(`/api/v1/uploads?incident=${composer.dataset.incident}`, { method: "POST", body }).catch(() => null);
      if (!answer?.ok) { item.remove(); window.cauce.toast(composer.dataset.tooLarge); continue; }
      const [made] = (await answer.json()).items;
      item.dataset.upload = made.id;
      item.classList.remove("busy");
      keep(form, [...ids(form), made.id]);
    }
  }
  composer.addEventListener("click", (event) => {
    const item = event.target.closest("[data-upload]");
    if (!item || !event.target.closest("button")) return;
    const form = item.closest("form");
    keep(form, ids(form).filter((each) => each !== item.dataset.upload));
    fetch(`/api/v1/uploads/${item.dataset.upload}`, { method: "DELETE" });
    item.remove();
  });

  // who else is here: told by signals, forgotten after a while
  const others = document.getElementById("others");
  const seen = new Map();
  let told = 0;
  function tell(kind) {
    const now = Date.now();
    if (kind === "typing") { if (now - told < 3000) return; told = now; }
    if (!document.hidden) fetch("/api/v1/signals", { method: "POST", headers, body: JSON.stringify({ topic: composer.dataset.topic, kind }) }).catch(() => {});
  }
  function show() {
    const now = Date.now();
    const lines = [];
    for (const [by, { kind, until }] of seen) {
      if (until < now) seen.delete(by);
      else lines.push(`${by} ${kind === "typing" ? composer.dataset.typing : composer.dataset.looking}`);
    }
    if (others.textContent !== lines.join(" · ")) others.textContent = lines.join(" · ");
  }
  document.addEventListener("cauce:signal", ({ detail }) => {
    if (detail.topic !== composer.dataset.topic || !detail.by || detail.by === composer.dataset.me) return;
    if (detail.kind !== "typing" && detail.kind !== "looking") return;
    const was = seen.get(detail.by);
    if (detail.kind === "looking" && was?.kind === "typing" && was.until > Date.now()) return;
    if (detail.kind === "looking" && !was) setTimeout(tell, 300 + Math.random() * 700, "looking");
    seen.set(detail.by, { kind: detail.kind, until: Date.now() + (detail.kind === "typing" ? 6000 : 40000) });
    show();
  });
  setTimeout(tell, 600, "looking");
  setInterval(() => tell("looking"), 25000);
  setInterval(show, 1000);
}
