"use strict";
/* The bell: asks what rings, also while the page is hidden, and calls with a tone and in the title until
   somebody looks or mutes it. And the bar of the alarm lists: how many are ticked. Pages work without this. */
(function () {
  var SEEN_MS = 2000;
  var HIDDEN_MS = 30000;
  var CALL_MS = 4000;
  var BLINK_MS = 1000;
  var LATE_MS = 60000;

  var bell = document.getElementById("bell");
  var waits = document.getElementById("bell-waits");
  var fresh = document.getElementById("new-alarms");
  var title = document.title;
  var sound = null;
  var tag = null;
  var busy = false;
  var due = 0;
  var count = null;
  var calling = [];
  var blinks = false;
  var lastCall = 0;

  /* What a browser forbids to keep is forgotten with the page. */
  function keep(store, name, value) {
    try { store.setItem("qingliu." + name, value); } catch (error) { /* a private window */ }
  }
  function kept(store, name) {
    try { return store.getItem("qingliu." + name); } catch (error) { return null; }
  }

  function isOn() { return (kept(localStorage, "sound") || bell.dataset.usual) === "on"; }

  function showBell() {
    bell.hidden = false;
    bell.textContent = isOn() ? bell.dataset.on : bell.dataset.off;
    bell.setAttribute("aria-pressed", String(isOn()));
    waits.hidden = !(isOn() && !(sound && sound.state === "running"));
  }

  /* A browser makes no sound before somebody has clicked or typed, on this page or on the way to it. */
  function openSound() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context || !isOn()) return;
    if (!sound) {
      sound = new Context();
      sound.onstatechange = showBell;
    }
    if (sound.state === "suspended") sound.resume();
    showBell();
  }

  function tone(at, hertz) {
    var voice = sound.createOscillator();
    var volume = sound.createGain();
    voice.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
    voice.connect(volume);
    volume.connect(sound.destination);
    voice.start(at);
    voice.stop(at + 0.4);
  }

  /* Two tones; three and higher where one of the new ones is of severity high. */
  function call() {
    if (!calling.length || !isOn() || !sound || sound.state !== "running") return;
    var isHigh = calling.some(function (each) { return each.severity === "high"; });
    (isHigh ? [880, 1175, 880] : [660, 880]).forEach(function (hertz, place) {
      tone(sound.currentTime + place * 0.4, hertz);
    });
  }

  function showTitle() {
    var region = document.getElementById("open-alarms");
    var open = count === null ? Number(region ? region.dataset.count : 0) : count;
    var usual = open ? "(" + open + ") " + title : title;
    var said = fresh.dataset.said.replace("{count}", calling.length);
    document.title = calling.length && blinks ? "● " + said : usual;
    fresh.hidden = !calling.length;
    if (calling.length && fresh.firstChild.textContent !== said) fresh.firstChild.textContent = said;
  }

  /* Known are those that were told before, in this tab: on a page that was left, too. */
  function listen(ringing) {
    var before = JSON.parse(kept(sessionStorage, "rang") || "null");
    var keys = ringing.map(function (each) { return each.id + ":" + each.rang_ms; });
    var latest = Math.max.apply(null, [before ? before.latest : 0].concat(ringing.map(function (each) { return each.rang_ms; })));
    if (before) {
      ringing.forEach(function (each, place) {
        if (before.keys.indexOf(keys[place]) < 0 && each.rang_ms > before.latest - LATE_MS) calling.push(each);
      });
    }
    var still = ringing.map(function (each) { return each.id; });
    calling = calling.filter(function (each) { return still.indexOf(each.id) >= 0; });
    keep(sessionStorage, "rang", JSON.stringify({ keys: keys, latest: latest }));
  }

  function ask() {
    var now = Date.now();
    if (busy || now < due) return;
    busy = true;
    due = now + (document.hidden ? HIDDEN_MS : SEEN_MS) - BLINK_MS / 2;
    var headers = tag ? { "If-None-Match": tag } : {};
    fetch("/alarms/ringing.json", { headers: headers, cache: "no-store", credentials: "same-origin" })
      .then(function (answer) {
        if (answer.status !== 200) return null;
        tag = answer.headers.get("ETag");
        return answer.json();
      })
      .then(function (told) {
        if (!told) return;
        count = told.count;
        var were = calling.length;
        listen(told.ringing);
        if (calling.length > were) {
          call();
          lastCall = Date.now();
          document.dispatchEvent(new Event("qingliu:rang"));
        }
        showTitle();
      })
      .catch(function () { /* the page says that the centre is gone */ })
      .then(function () { busy = false; });
  }

  function look() {
    if (document.hidden) return;
    calling = [];
    showTitle();
  }

  function tick() {
    blinks = !blinks;
    if (calling.length) {
      showTitle();
      if (Date.now() - lastCall >= CALL_MS) { call(); lastCall = Date.now(); }
    }
    ask();
  }

  bell.addEventListener("click", function (event) {
    keep(localStorage, "sound", isOn() ? "off" : "on");
    openSound();
    showBell();
    event.stopPropagation();
  });
  ["click", "keydown"].forEach(function (name) { /* not the press: what it moves away is not clicked */
    document.addEventListener(name, function () {
      keep(sessionStorage, "touched", "1");
      openSound();
      look();
    }, true);
  });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    due = 0;
    tag = null;
    ask();
    look();
  });
  if (kept(sessionStorage, "touched") && document.referrer.indexOf(location.origin) === 0) openSound();
  showBell();
  showTitle();
  document.addEventListener("qingliu:renewed", function () { count = null; showTitle(); });
  setInterval(tick, BLINK_MS);
  ask();

  /* The bar of the lists. */
  var chosen = document.getElementById("chosen");
  function showChosen() {
    var number = document.querySelectorAll("input[name=alarm]:checked").length;
    chosen.textContent = number ? chosen.dataset.some.replace("{count}", number) : chosen.dataset.none;
    document.getElementById("acts").classList.toggle("is-used", number > 0);
  }
  if (chosen) {
    document.addEventListener("change", function (event) {
      if (event.target.name === "alarm") showChosen();
    });
    document.addEventListener("qingliu:renewed", showChosen);
    showChosen();
  }
})();
