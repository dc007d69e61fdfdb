/* Kloter: comfort only. Every page works without this file; the server decides everything.

   data-copy="880812…"            button (sent hidden): copies these digits; data-done = its text afterwards
   data-busy="Sending…"           submit button: waits instead of sending twice
   data-step="-1|1"               button (sent hidden) in .quantity: changes the number beside it
   data-unit-price="185000"       number input: price × its value; chosen radio: price × [data-units] of its form
   form[data-total-of=IDR]        sums the above into every [data-total] of the page
   time[data-clock]               adds the reader's own clock where it differs; body[data-here] = its words
   time[data-countdown]           under 24 h counts on the server's clock; at zero the page is fetched again
   form[data-draft=name]          keeps typed text in this tab; [data-draft-done=name] on a later page forgets it
   select[name=province|city]     the cities of the chosen province (optgroup label = province)
   data-poll="url" data-status    every 15 s, 10 minutes long: reload when the data-status in the answer differs
   data-bar-for="id"              the sticky bar steps aside while the element with this id is in sight */
(function () {
  "use strict";
  var doc = document;
  function each(selector, act, root) { Array.prototype.forEach.call((root || doc).querySelectorAll(selector), act); }
  function on(name, act, target) { (target || doc).addEventListener(name, act); }
  function two(n) { return (n < 10 ? "0" : "") + n; }

  // Error summary: the browser starts reading where the mistakes are.
  var summary = doc.querySelector(".error-summary");
  if (summary) summary.focus();

  // Copy
  each("[data-copy]", function (button) {
    if (!navigator.clipboard) return;
    var label = button.querySelector("[role=status]") || button, text = label.textContent;
    button.hidden = false;
    on("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        label.textContent = button.dataset.done || text;
        setTimeout(function () { label.textContent = text; }, 2500);
      });
    }, button);
  });

  // Submit guard
  var waiting = [];
  function release() {
    waiting.forEach(function (entry) {
      entry.button.innerHTML = entry.html;
      entry.button.removeAttribute("aria-disabled");
    });
    waiting = [];
  }
  on("submit", function (event) {
    var form = event.target;
    var button = event.submitter || form.querySelector("[data-busy]");
    if (waiting.some(function (entry) { return entry.form === form; })) return event.preventDefault();
    if (!button || !button.dataset.busy || event.defaultPrevented) return;
    waiting.push({ form: form, button: button, html: button.innerHTML });
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
    setTimeout(release, 20000);
  });

  // Quantity and running total
  var SYMBOLS = { IDR: "Rp", USD: "US$", MYR: "RM", EUR: "€" };
  function money(amount, currency) {
    var rupiah = currency === "IDR";
    var parts = amount.toFixed(rupiah ? 0 : 2).split(".");
    var whole = parts[0].replace(/\B(?=(\d{3})+$)/g, rupiah ? "." : ",");
    return (SYMBOLS[currency] || currency) + "\u00a0" + whole + (parts[1] ? "." + parts[1] : "");
  }
  function total(form) {
    if (!form.querySelector("[data-unit-price]")) return;
    var sum = 0, units = form.querySelector("[data-units]");
    each("[data-unit-price]", function (field) {
      var many = field.type === "number" ? field.value : field.checked ? (units ? units.value : 1) : 0;
      sum += field.dataset.unitPrice * many;
    }, form);
    each("[data-total]", function (place) {
      var untouched = place.dataset.untouched || (place.dataset.untouched = place.textContent);
      place.textContent = sum ? money(sum, form.dataset.totalOf) : untouched;
    });
  }
  function totals() { each("form[data-total-of]", total); }
  each("[data-step]", function (button) {
    var field = button.parentNode.querySelector("input");
    function limits() {
      var end = button.dataset.step < 0 ? +field.min : +(field.max || 1e9);
      button.setAttribute("aria-disabled", String(+field.value === end));
    }
    button.hidden = false;
    limits();
    on("change", limits, field);
    on("click", function () {
      var next = (+field.value || 0) + +button.dataset.step;
      field.value = Math.max(+field.min || 0, Math.min(+(field.max || 1e9), next));
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }, button);
  });
  on("input", totals);
  on("change", totals);

  // City by province
  var city = doc.querySelector("select[name=city]"), province = doc.querySelector("select[name=province]");
  var groups = city ? Array.prototype.slice.call(city.querySelectorAll("optgroup")) : [];
  function cities() {
    if (!province || !groups.length) return;
    var chosen = city.value;
    groups.forEach(function (group) {
      if (!province.value || group.label === province.value) city.appendChild(group); else group.remove();
    });
    city.value = chosen;
    if (city.value !== chosen) city.selectedIndex = 0;
  }
  if (province) on("change", cities, province);

  // Back and send again: the form of this history entry keeps its key, so it is the same order
  each("input[name=submit_key]", function (field) {
    if (history.state && history.state.key) field.value = history.state.key;
    else history.replaceState({ key: field.value }, "");
  });

  // Draft of a form, in this tab only
  function remember(form, key) {
    var kept = {};
    each("input,select,textarea", function (field) {
      var skip = /^(hidden|password|file|radio|checkbox|submit)$/.test(field.type);
      if (field.name && !skip && field.value) kept[field.name] = field.value;
    }, form);
    try { sessionStorage.setItem(key, JSON.stringify(kept)); } catch (full) { /* the draft is a comfort */ }
  }
  function recall(form, key) {
    var kept;
    try { kept = JSON.parse(sessionStorage.getItem(key)); } catch (broken) { /* as if there were none */ }
    Object.keys(kept || {}).forEach(function (name) {
      var field = form.elements[name];
      if (field && field.tagName && !field.value) field.value = kept[name];
    });
  }
  each("form[data-draft]", function (form) {
    var key = "draft:" + form.dataset.draft;
    recall(form, key);
    on("input", function () { remember(form, key); }, form);
    on("change", function () { remember(form, key); }, form);
  });
  each("[data-draft-done]", function (mark) {
    try { sessionStorage.removeItem("draft:" + mark.dataset.draftDone); } catch (closed) { /* nothing kept */ }
  });

  // The reader's own clock
  var NAMES = { "Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Ujung_Pandang": "WITA", "Asia/Jayapura": "WIT" };
  function zone(date) {
    var offset = -date.getTimezoneOffset(), rest = Math.abs(offset) % 60;
    return NAMES[Intl.DateTimeFormat().resolvedOptions().timeZone] ||
      "UTC" + (offset < 0 ? "-" : "+") + Math.floor(Math.abs(offset) / 60) + (rest ? ":" + two(rest) : "");
  }
  each("time[data-clock]", function (time) {
    var parts = /T(\d\d):(\d\d).*?([+-])(\d\d):(\d\d)$/.exec(time.dateTime), date = new Date(time.dateTime);
    if (!parts || -date.getTimezoneOffset() === +(parts[3] + 1) * (parts[4] * 60 + +parts[5])) return;
    var language = time.dataset.clock;
    var here = two(date.getHours()) + (language === "id" ? "." : ":") + two(date.getMinutes()) + " " + zone(date);
    if (date.getDate() !== +time.dateTime.slice(8, 10)) {
      here = date.toLocaleDateString(language, { weekday: "long" }) + " " + here;
    }
    time.insertAdjacentText("afterend", " (" + here + " " + (doc.body.dataset.here || "") + ")");
  });

  // Countdown by the server's clock; the phone's only measures what passes
  each("time[data-countdown]", function (time) {
    var data = time.dataset, ahead = data.serverNow * 1000 - Date.now();
    var started = data.countdown - data.serverNow;
    (function tick() {
      var left = Math.floor(data.countdown - (Date.now() + ahead) / 1000);
      if (left <= 0) { if (started > 0) location.reload(); return; }
      if (left < 86400) {
        var hours = Math.floor(left / 3600), minutes = Math.floor(left % 3600 / 60);
        if (left >= 60) time.textContent = (hours ? data.hours : data.minutes).replace("{h}", hours).replace("{m}", minutes);
      }
      setTimeout(tick, Math.min(60000, (left < 90 ? left + 1 : left % 60 + 1) * 1000));
    })();
  });

  // Has the money arrived?
  each("[data-poll]", function (place) {
    var rounds = 40;
    setInterval(function () {
      if (doc.hidden || rounds-- <= 0) return;
      fetch(place.dataset.poll, { credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.text() : "";
      }).then(function (text) {
        var found = /data-status="([^"]*)"/.exec(text), status = found ? found[1] : text.length < 40 && text.trim();
        if (status && status !== place.dataset.status) location.reload();
      }).catch(function () { /* offline: the next round asks again */ });
    }, 15000);
  });

  // Sticky bar
  each("[data-bar-for]", function (bar) {
    var target = doc.getElementById(bar.dataset.barFor);
    if (!target || !window.IntersectionObserver) return;
    new IntersectionObserver(function (seen) {
      bar.classList.toggle("away", seen[0].isIntersecting && !bar.contains(doc.activeElement));
    }).observe(target);
  });

  cities();
  totals();
  // A page that comes back (Back button) is ready to be sent again.
  on("pageshow", function () { release(); cities(); totals(); }, window);
})();
