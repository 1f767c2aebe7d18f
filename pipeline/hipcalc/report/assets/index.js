// Sorting and filtering of the table of images. Without this script the page is complete, only fixed in its order.
"use strict";
const table = document.getElementById("images");
const body = table.tBodies[0];
const rows = [...body.rows];
const filter = document.getElementById("filter");
const shown = document.getElementById("shown");

function cellValue(row, column) {
  const cell = row.cells[column];
  const text = (cell.dataset.sort ?? cell.textContent).trim();
  const number = Number(text);
  return text === "" ? null : Number.isNaN(number) ? text.toLowerCase() : number;
}

function compare(first, second) {
  if (first === null || second === null) return (first === null) - (second === null);
  return typeof first === typeof second ? (first > second) - (first < second) : String(first).localeCompare(String(second));
}

[...table.tHead.rows[0].cells].forEach((head, column) => {
  if (head.classList.contains("plain")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    rows.sort((a, b) => {
      const [first, second] = [cellValue(a, column), cellValue(b, column)];
      // Blank cells stay at the end whatever the direction.
      return first === null || second === null ? compare(first, second) : direction * compare(first, second);
    });
    body.append(...rows);
  });
});

filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    count += row.hidden ? 0 : 1;
  }
  shown.textContent = words.length ? `${count} of ${rows.length} images` : "";
});
