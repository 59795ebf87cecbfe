"use strict";
// What the page can do beyond being read: filter and sort the table of guests. It has no ampersand and no less-than sign,
// so that the page is well-formed XML, too.
(function () {
  const table = document.querySelector("table.guests");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const make = function (name, fields) { return Object.assign(document.createElement(name), fields); };

  // Long command lines are there without JavaScript, and one click away with it.
  const folded = document.querySelectorAll("details.argv");
  folded.forEach(function (d) { d.open = false; });
  addEventListener("beforeprint", function () { folded.forEach(function (d) { d.open = true; }); });

  const controls = make("div", { className: "controls" });
  const words = make("input", { type: "search", placeholder: "filter by path, name or rule" });
  words.setAttribute("aria-label", "Filter guests");
  const verdict = make("select", {});
  verdict.setAttribute("aria-label", "Verdict");
  verdict.append(make("option", { value: "", textContent: "all verdicts" }));
  Array.from(new Set(rows.map(function (r) { return r.dataset.verdict; }))).sort().forEach(function (v) {
    verdict.append(make("option", { value: v, textContent: v }));
  });
  const count = make("span", { className: "dim" });
  count.setAttribute("role", "status");
  controls.append(words, verdict, count);
  table.before(controls);

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach(function (row) {
      const text = row.textContent.toLowerCase();
      const fits = wanted.every(function (w) { return text.includes(w); });
      row.hidden = !(fits ? !verdict.value || row.dataset.verdict === verdict.value : false);
      const link = row.cells[0].querySelector("a");
      if (link) document.querySelector(link.getAttribute("href")).hidden = row.hidden;
      if (!row.hidden) shown += 1;
    });
    count.textContent = shown + " of " + rows.length;
  }
  words.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  filter();

  Array.from(table.tHead.rows[0].cells).forEach(function (cell, column) {
    const button = make("button", { type: "button", textContent: cell.textContent });
    cell.replaceChildren(button);
    button.addEventListener("click", function () {
      const down = cell.getAttribute("aria-sort") === "ascending";
      Array.from(cell.parentNode.cells).forEach(function (c) { c.removeAttribute("aria-sort"); });
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numbers = cell.classList.contains("n");
      const key = function (row) { return row.cells[column].textContent; };
      const order = function (a, b) { return numbers ? key(a) - key(b) : key(a).localeCompare(key(b)); };
      rows.sort(function (a, b) { return down ? order(b, a) : order(a, b); });
      rows.forEach(function (row) { body.append(row); });
    });
  });
})();
