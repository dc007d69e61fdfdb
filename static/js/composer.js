/* Kloter's admin: the placeholders listed below a text become buttons that write them at
   its cursor. Without this file the list says what to type. */
(function () {
  "use strict";
  function insert(field, text) {
    var at = field.selectionStart;
    field.setRangeText(text, at, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
  function button(code, field) {
    var made = document.createElement("button"), word = code.nextElementSibling;
    made.type = "button";
    made.className = "placeholder";
    made.textContent = code.textContent;
    made.setAttribute("aria-describedby", word.id);
    made.addEventListener("click", function () { insert(field, code.textContent); });
    code.replaceWith(made);
  }
  document.querySelectorAll(".placeholders").forEach(function (list) {
    var row = list.closest(".form-row"), field = row && row.querySelector("textarea");
    if (!field) return;
    list.querySelectorAll("code").forEach(function (code, n) {
      code.nextElementSibling.id = field.id + "_placeholder_" + n;
      button(code, field);
    });
  });
})();
