// Search beside a chat: asks once the keys rest; an answer that was overtaken by another key is thrown away.
function startFinding(box) {
  const REST = 220;
  const field = box.querySelector("input");
  const found = box.querySelector("[aria-live]");
  let list = "";
  let timer = 0;
  let asking = null;
  async function fetched(address) {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(address, { signal: asking.signal });
      return answer.ok ? await answer.text() : null;
    } catch { return null; }
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const html = await fetched(`${box.dataset.find}?${new URLSearchParams({ q: field.value.trim(), product: box.dataset.product })}`);
      if (html !== null) found.innerHTML = list = html;
    }, REST);
  });
  found.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-article]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const html = await fetched(box.dataset.read + link.dataset.article);
      if (html === null) window.open(link.href, "_blank", "noopener");
      else {
        found.innerHTML = html;
        found.querySelector("[data-back]").focus();
      }
    } else if (event.target.closest("[data-back]")) {
      found.innerHTML = list;
      field.focus();
    } else if (event.target.closest("a")) event.target.closest("a").target = "_blank"; // the chat stays
  });
}
const finding = document.getElementById("chat-find");
if (finding) startFinding(finding);
