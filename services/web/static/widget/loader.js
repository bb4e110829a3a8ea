// One tag on a page of yours: <script src="https://HUB/widget.js" data-site="KEY" async></script>. A button, then our frame.
(() => {
  const tag = document.currentScript, { site, lang, colour } = tag.dataset, hub = new URL(tag.src).origin;
  const tongue = (lang || document.documentElement.lang || navigator.language).slice(0, 2);
  const names = tongue === "es" ? ["Abrir el chat", "Cerrar el chat"] : ["Open the chat", "Close the chat"];
  const make = (name) => document.createElement(name), host = make("cauce-chat"), root = host.attachShadow({ mode: "open" }), button = make("button");
  const base = "all:initial;position:fixed;right:16px;z-index:2147483000;font:600 15px/1.2 system-ui;";
  let frame, open = false, unread = 0;
  button.style.cssText = `${base}bottom:16px;padding:14px 20px;border-radius:28px;cursor:pointer;color:#fff;background:${/^#[\da-f]{6}$/i.test(colour) ? colour : "#0b637c"};box-shadow:0 2px 10px #0006`;
  const show = (to) => {
    open = to;
    if (open) unread = 0;
    const more = unread ? ` (${unread})` : "";
    button.textContent = open ? "×" : `Chat${more}`;
    button.ariaLabel = names[+open] + more;
    button.ariaExpanded = open;
    if (frame) frame.style.display = open ? "block" : "none";
  };
  const turn = (to) => {
    if (to && !frame) {
      frame = make("iframe");
      frame.src = `${hub}/widget/${site}?${new URLSearchParams({ ...tag.dataset, lang: tongue })}`;
      frame.title = "Chat";
      frame.style.cssText = `${base}bottom:76px;width:min(380px,calc(100vw - 32px));height:min(600px,calc(100vh - 100px));border-radius:14px;box-shadow:0 8px 30px #0006`;
      root.append(frame);
    }
    show(to);
    (to ? frame : button).focus();
  };
  button.onclick = () => turn(!open);
  button.onkeydown = (event) => { if (event.key === "Escape") turn(false); };
  button.onfocus = () => { button.style.outline = "3px solid #fff"; button.style.outlineOffset = "-5px"; };
  button.onblur = () => { button.style.outline = ""; };
  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== hub) return;
    if (data === "close") turn(false);
    if (data === "said" && !open) { unread++; show(false); }
  });
  show(false);
  root.append(button);
  (document.body||document.documentElement).append(host);
})();
