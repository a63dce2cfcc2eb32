/* Renews what changes by itself: the page is fetched again, and its parts marked data-live are put in place. */
"use strict";
(() => {
  const seconds = Number(document.body.dataset.renew || 0);
  const here = document.body.dataset.page;
  const lost = document.getElementById("lost");
  let waiting = 0;

  function put(fresh) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (!other) { location.replace(here); return; }
      if (part.innerHTML === other.innerHTML) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.name : "";
      part.innerHTML = other.innerHTML;
      const again = focused && part.querySelector(`[name="${CSS.escape(focused)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    if (!fresh.body.dataset.renew) location.replace(here);
  }

  async function renew() {
    clearTimeout(waiting);
    if (!document.hidden) {
      try {
        const answer = await fetch(here, { credentials: "same-origin", signal: AbortSignal.timeout(20000) });
        if (answer.redirected || !answer.ok) { location.replace(here); return; }
        put(new DOMParser().parseFromString(await answer.text(), "text/html"));
        lost.hidden = true;
      } catch {
        lost.hidden = false;
      }
    }
    waiting = setTimeout(renew, 1000 * seconds);
  }

  if (seconds) {
    waiting = setTimeout(renew, 1000 * seconds);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
  }

  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", () => { setTimeout(() => form.querySelectorAll("button").forEach((b) => { b.disabled = true; })); });
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  for (const each of document.querySelectorAll("[data-print]")) {
    each.hidden = false;
    each.addEventListener("click", () => print());
  }
})();
