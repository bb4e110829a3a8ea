// Looks for answers now and then while the page is open and nobody is writing.
const talk = document.getElementById("talk");
async function look() {
  if (document.visibilityState === "visible") {
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      const next = response.ok && new DOMParser().parseFromString(await response.text(), "text/html").getElementById("talk");
      if (next && next.childElementCount !== talk.childElementCount) {
        talk.replaceChildren(...[...next.children].map((each) => document.adoptNode(each)));
        window.cauce.local(talk);
      }
    } catch (error) {
      // the next look tries again
    }
  }
  setTimeout(look, 10000);
}
if (talk) setTimeout(look, 10000);
