/* Kloter: a checkout whose amounts follow what is chosen. Comfort only: without this file its button
   "Recalculate" does the same.

   form[data-quote]       a change of a quantity, the province or the courier asks the server for the page anew,
                          as that button does; nothing is computed here, so that no amount differs from the order's
   [data-quoted] with id  takes what the fresh page has at the same id
   .quoted                an amount: out of sight while the answer is on its way
   input[name=seen|schedule_version]  when the fresh page has another price, rule or window, it is shown as a whole */
(function () {
  "use strict";
  var CHOICES = "input[type=number],[name=shipping],[name=province]";
  function each(selector, act, root) { Array.prototype.forEach.call(root.querySelectorAll(selector), act); }

  function isMoved(field) {
    if (field.options) return Boolean(field.value) && !field.options[field.selectedIndex].defaultSelected;
    return field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  }
  // What is typed meanwhile stays, and so does the place of the keyboard.
  function renew(place, fresh) {
    var typed = {}, active = place.contains(document.activeElement) && document.activeElement.id;
    each("input[type=text]", function (field) { typed[field.name] = field.value; }, place);
    place.innerHTML = fresh ? fresh.innerHTML : "";
    each("input[type=text]", function (field) { if (field.name in typed) field.value = typed[field.name]; }, place);
    if (active && document.getElementById(active)) document.getElementById(active).focus();
  }

  each("form[data-quote]", function (form) {
    var button = form.querySelector("[name=quote]"), timer = 0, round = 0, pressed = null, shown = "", isCutOff = false;
    if (!button || !window.fetch || !window.DOMParser) return;
    function isAsking() { return form.hasAttribute("aria-busy"); }
    function settle() {
      var again = pressed;
      pressed = null;
      if (!again) return;
      // Ordered for the amount that was seen; the server tells of another one.
      form.elements.first_payment.value = shown;
      again.click();
    }
    function isOther(page) {
      // A refused page has no such button, and one that can be ordered has.
      if (!form.querySelector(".btn-wide") !== !page.querySelector("form[data-quote] .btn-wide")) return true;
      return ["seen", "schedule_version"].some(function (name) {
        var fresh = page.querySelector("form[data-quote] [name=" + name + "]");
        return !fresh || fresh.value !== form.elements[name].value;
      });
    }
    function show(text) {
      var page = text && new DOMParser().parseFromString(text, "text/html");
      form.removeAttribute("aria-busy");
      // Refused, or another offer by now: the whole page says so.
      if (!page || isOther(page)) return button.click();
      each("[data-quoted]", function (place) { renew(place, page.getElementById(place.id)); }, form);
      settle();
    }
    function ask() {
      var mine = ++round, sent = new FormData(form);
      sent.append("quote", "1");
      fetch(form.action, { method: "POST", body: new URLSearchParams(sent), credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.text() : "";
      }).then(function (text) {
        if (mine === round) show(text);
      }).catch(function () {
        // The amounts stay out of sight; an order may be tried, the server compares what was shown.
        if (mine === round) { isCutOff = true; settle(); }
      });
    }
    function soon(wait) {
      round++;
      isCutOff = false;
      form.setAttribute("aria-busy", "true");
      clearTimeout(timer);
      timer = setTimeout(ask, wait);
    }
    form.addEventListener("input", function (event) {
      // A number half typed is not asked about; the change that ends it is.
      if (event.target.type === "number" && +event.target.value) soon(600);
    });
    form.addEventListener("change", function (event) { if (event.target.matches(CHOICES)) soon(100); });
    form.addEventListener("submit", function (event) {
      if (!isAsking() || isCutOff || event.submitter === button) return;
      event.preventDefault();
      pressed = event.submitter || form.querySelector(".btn-wide");
      shown = form.elements.first_payment.value;
    });
    // A browser that comes back fills in what was chosen last.
    window.addEventListener("pageshow", function () {
      pressed = null;
      if (Array.prototype.some.call(form.querySelectorAll(CHOICES), isMoved)) soon(0);
    });
  }, document);
})();
