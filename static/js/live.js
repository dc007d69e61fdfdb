/* Kloter's admin: keeps a page of numbers up to date. Without this file its link "Refresh" does.

   #live data-live data-summary="…"   every 15 s while the page is seen, its content is fetched anew; it stops after 30 minutes
   [data-live-switch] data-resume     button (sent hidden): stops and starts it; data-resume = its text while stopped
   [data-live-said]                   says the summary aloud when it has changed */
(function () {
  "use strict";
  var EVERY = 15000, LASTS = 30 * 60000;
  var live = document.querySelector("[data-live]"), said = document.querySelector("[data-live-said]");
  if (!live || !window.fetch || !window.DOMParser) return;
  var isOn = true, isAsking = false, until = Date.now() + LASTS;

  function show() {
    var button = live.querySelector("[data-live-switch]");
    button.hidden = false;
    if (!isOn) button.textContent = button.dataset.resume;
  }
  // Who is reading or copying in there keeps the place.
  function isInUse() {
    var chosen = document.getSelection();
    return chosen && !chosen.isCollapsed && live.contains(chosen.anchorNode);
  }
  function places() {
    return Array.prototype.map.call(live.querySelectorAll(".panel-scroll"), function (box) { return box.scrollLeft; });
  }
  function focusable() { return Array.prototype.slice.call(live.querySelectorAll("a, button, [tabindex]")); }
  function replace(fresh) {
    var at = focusable().indexOf(document.activeElement), before = places();
    live.innerHTML = fresh.innerHTML;
    show();
    live.querySelectorAll(".panel-scroll").forEach(function (box, n) { box.scrollLeft = before[n] || 0; });
    if (at >= 0 && focusable()[at]) focusable()[at].focus({ preventScroll: true });
    if (fresh.dataset.summary !== live.dataset.summary) said.textContent = live.dataset.summary = fresh.dataset.summary;
  }
  function ask() {
    if (!isOn || isAsking || document.visibilityState !== "visible" || isInUse()) return;
    if (Date.now() > until) return stop();
    isAsking = true;
    fetch(location.href, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
        // Signed out, or not found any more: only a visit of the page can tell.
        if (!fresh) stop();
        else if (isOn && !isInUse()) replace(fresh);
      })
      .catch(function () { /* The next round asks again. */ })
      .then(function () { isAsking = false; });
  }
  function stop() {
    isOn = false;
    show();
  }
  live.addEventListener("click", function (event) {
    if (!event.target.closest("[data-live-switch]")) return;
    if (isOn) stop();
    else location.reload();
  });
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, EVERY);
  show();
})();
