"use strict";
/* Keeps a page fresh: asks for its live regions again and again, swaps those that changed, says when the
   centre cannot be reached, and draws the page's chart. Every page works without this file. */
(function () {
  var PERIOD_MS = 3500; /* a new alarm is to be on screen within 5 s */
  var CHART_PERIOD_MS = 60000;
  var TIMEOUT_MS = 15000;

  var zone = document.body.dataset.zone;
  var bar = document.getElementById("lost");
  var renewed = document.getElementById("renewed");
  var pageTag = null;
  var failingSince = null;
  var busy = false;
  var chartDue = 0;
  var chartTag = null;
  var drawn = null;

  function clock(date, withSeconds) {
    var wanted = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone };
    if (withSeconds) wanted.second = "2-digit";
    try {
      return date.toLocaleTimeString("en-GB", wanted);
    } catch (error) { // an old browser that does not know the zone
      return date.toTimeString().slice(0, withSeconds ? 8 : 5);
    }
  }

  /* A conditional request: null when nothing changed, else the answer; throws when there is none. */
  function ask(address, tag) {
    var control = new AbortController();
    var timer = setTimeout(function () { control.abort(); }, TIMEOUT_MS);
    var headers = tag ? { "If-None-Match": tag } : {};
    return fetch(address, { headers: headers, cache: "no-store", credentials: "same-origin", signal: control.signal })
      .then(function (answer) {
        if (answer.status === 304) return null;
        if (!answer.ok) throw new Error("answer " + answer.status);
        return answer.text().then(function (text) {
          return { text: text, tag: answer.headers.get("ETag") };
        });
      })
      .finally(function () { clearTimeout(timer); });
  }

  function showWell() {
    failingSince = null;
    bar.hidden = true;
    renewed.textContent = document.body.dataset.renewed + " " + clock(new Date(), true);
  }

  /* Who logs in again comes back to this page. */
  function showExpired() {
    var text = bar.dataset.expired.replace("{time}", clock(failingSince, false));
    if (bar.firstChild && bar.firstChild.data === text + " ") return;
    var link = document.createElement("a");
    link.href = "/login?next=" + encodeURIComponent(location.pathname + location.search);
    link.textContent = bar.dataset.login;
    bar.textContent = text + " ";
    bar.appendChild(link);
    bar.hidden = false;
  }

  function showFailure(error) {
    if (failingSince === null) failingSince = new Date();
    if (error.message === "answer 401") { showExpired(); return; }
    var answered = /^answer /.test(error.message);
    var text = (answered ? bar.dataset.failing : bar.dataset.lost).replace("{time}", clock(failingSince, false));
    if (bar.textContent !== text) bar.textContent = text;
    bar.hidden = false;
  }

  /* What was unfolded stays unfolded. */
  function keepOpen(old, fresh) {
    old.querySelectorAll("details[id]").forEach(function (was) {
      var is = fresh.querySelector("#" + was.id);
      if (is) is.open = was.open;
    });
  }

  /* Swap one region; what was ticked stays so, and whoever was on a link, a box or what unfolds stays there. */
  function swap(old, fresh) {
    var active = old.contains(document.activeElement) ? document.activeElement : null;
    var focused = active ? active.getAttribute("href") : null;
    var unfolding = active && active.tagName === "SUMMARY" ? active.parentNode.id : "";
    var boxed = active && active.tagName === "INPUT" ? active.id : "";
    var parent = document.importNode(fresh, true);
    var ticked = old.querySelectorAll("input[type=checkbox][id]:checked");
    old.replaceWith(parent);
    ticked.forEach(function (was) {
      var is = parent.querySelector("#" + was.id);
      if (is) is.checked = true;
    });
    if (boxed && parent.querySelector("#" + boxed)) {
      parent.querySelector("#" + boxed).focus({ preventScroll: true });
      return;
    }
    if (unfolding && parent.querySelector("#" + unfolding)) {
      parent.querySelector("#" + unfolding + " > summary").focus({ preventScroll: true });
      return;
    }
    if (focused === null) return;
    var links = parent.querySelectorAll("a[href]");
    for (var i = 0; i < links.length; i += 1) {
      if (links[i].getAttribute("href") === focused) { links[i].focus({ preventScroll: true }); return; }
    }
  }

  /* A live region's own element stays where a screen reader listens to it; others are replaced whole. */
  function renew(html) {
    var holder = document.createElement("template");
    holder.innerHTML = html;
    holder.content.querySelectorAll("[data-live][id]").forEach(function (fresh) {
      var old = document.getElementById(fresh.id);
      if (!old) return;
      keepOpen(old, fresh);
      if (old.outerHTML === fresh.outerHTML) return;
      if (old.hasAttribute("aria-live")) old.textContent = fresh.textContent;
      else swap(old, fresh);
    });
    document.dispatchEvent(new Event("qingliu:renewed"));
  }

  function liveAddress() {
    var parameters = new URLSearchParams(location.search);
    parameters.set("fragment", "1");
    return location.pathname + "?" + parameters.toString();
  }

  function renewPage() {
    if (document.querySelector("[data-retry]")) {
      return ask(location.href, null).then(function () { location.reload(); }).catch(function () {});
    }
    if (!document.querySelector("main [data-live]")) return Promise.resolve();
    return ask(liveAddress(), pageTag).then(function (answer) {
      if (answer) { renew(answer.text); pageTag = answer.tag; }
      showWell();
    }).catch(showFailure);
  }

  /* The table beside a chart, where there is one. */
  function unfoldFigures(isOpen) {
    var figures = document.getElementById("means");
    if (figures) figures.open = isOpen;
  }

  function chartFails(place) {
    place.textContent = place.dataset.failed;
    place.className = "note";
    unfoldFigures(true);
  }

  function renewChart(now) {
    var place = document.getElementById("chart");
    if (!place || !place.dataset.src || now < chartDue) return Promise.resolve();
    if (!window.vegaEmbed) {
      chartDue = Infinity;
      chartFails(place);
      return Promise.resolve();
    }
    var theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    var glue = place.dataset.src.indexOf("?") < 0 ? "?" : "&";
    return ask(place.dataset.src + glue + "theme=" + theme, chartTag).then(function (answer) {
      chartDue = now + CHART_PERIOD_MS;
      if (!answer) return null;
      chartTag = answer.tag;
      return window.vegaEmbed(place, JSON.parse(answer.text), { ast: true, actions: false, mode: "vega-lite", renderer: "svg" });
    }).then(function (embedded) {
      if (!embedded) return;
      if (drawn) drawn.finalize();
      else unfoldFigures(false);
      drawn = embedded;
    }).catch(function () {
      chartDue = now + CHART_PERIOD_MS;
      if (!drawn) chartFails(place);
    });
  }

  function round() {
    if (busy || document.hidden) return;
    busy = true;
    var done = function () { busy = false; };
    renewPage().then(function () { return renewChart(Date.now()); }).then(done, done);
  }

  setInterval(round, PERIOD_MS);
  document.addEventListener("visibilitychange", round);
  document.addEventListener("qingliu:rang", round);
  matchMedia("(prefers-color-scheme: dark)").addListener(function () { chartDue = 0; chartTag = null; round(); });
  if (document.getElementById("chart")) renewChart(Date.now());
})();
