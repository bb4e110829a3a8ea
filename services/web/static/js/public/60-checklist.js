// A checklist's ticks: kept in this browser, by the step's words, so that they survive a reload and a new edition.
const list = document.querySelector("form[data-checklist]");
if (list) {
  const place = `cauce-checklist-${list.dataset.checklist}`;
  const boxes = [...list.querySelectorAll("input[data-step]")];
  const kept = () => {
    try { return JSON.parse(localStorage.getItem(place) ?? "[]"); } catch { return []; }
  };
  const show = () => {
    const done = boxes.filter((box) => box.checked).length;
    for (const bar of list.querySelectorAll("progress")) bar.value = done;
    for (const count of list.querySelectorAll("[data-done]")) count.textContent = done;
  };
  const keep = () => {
    const ticked = boxes.filter((box) => box.checked).map((box) => box.dataset.step);
    try { localStorage.setItem(place, JSON.stringify(ticked)); } catch { /* a browser that keeps nothing */ }
    show();
  };
  const before = kept();
  for (const box of boxes) box.checked = before.includes(box.dataset.step);
  list.addEventListener("change", keep);
  list.addEventListener("reset", () => setTimeout(keep));
  list.querySelector("[data-print]")?.addEventListener("click", () => print());
  show();
}
