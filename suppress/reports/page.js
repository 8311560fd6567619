"use strict";
// Sort tables by their heads, and narrow the rows to look through. Without this script every row is simply there.
(() => {
  const valueOf = (row, place) => {
    const cell = row.cells[place];
    const value = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(value);
    return value !== "" && !Number.isNaN(number) ? number : value;
  };
  const compare = (one, other) =>
    typeof one === "number" && typeof other === "number" ? one - other
      : String(one).localeCompare(String(other), "en", { numeric: true });

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const body = table.tBodies[0];
        const sign = order === "ascending" ? 1 : -1;
        const rows = [...body.rows].map((row) => [valueOf(row, place), row]);
        rows.sort((one, another) => sign * compare(one[0], another[0]));
        body.append(...rows.map((entry) => entry[1]));
        if (table.id === "rows") narrow();
      });
    });
  }

  const FIRST = 25;
  const table = document.getElementById("rows");
  const search = document.getElementById("search");
  const rule = document.getElementById("rule");
  const verdict = document.getElementById("verdict");
  const found = document.getElementById("found");
  const more = document.getElementById("more");
  let all = false;

  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matching = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word))
        && (!rule.value || row.querySelector("[data-rule]").dataset.rule === rule.value)
        && (!verdict.value || row.cells[3].textContent === verdict.value);
      matching += fits ? 1 : 0;
      row.hidden = !fits || (!all && matching > FIRST);
    }
    const shown = all ? matching : Math.min(matching, FIRST);
    const total = table.tBodies[0].rows.length;
    found.textContent = matching === 0 ? `No row of ${total} fits.`
      : shown < matching ? `The first ${shown} of ${matching} rows.`
      : matching < total ? `${matching} of ${total} rows.` : `All ${total} rows.`;
    more.hidden = shown === matching;
  };

  if (table) {
    document.querySelector("form.tools").hidden = false;
    document.querySelector("form.tools").addEventListener("submit", (event) => event.preventDefault());
    for (const tool of [search, rule, verdict]) tool.addEventListener("input", narrow);
    more.addEventListener("click", () => { all = true; narrow(); search.focus(); });
    narrow();
  }
})();
