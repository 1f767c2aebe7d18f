// Pages, sorting and filtering of marks, images and hips. Rows come from data files, loaded when they are needed: without
// this script the page shows the first rows, in their order.
"use strict";

function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") made.className = value; else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
  return made;
}

function loadFile(name, number) {
  if (hipcalcStore[name]?.[number]) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = element("script", { src: `data/${name}-${String(number).padStart(5, "0")}.js` });
    script.onload = () => { script.remove(); resolve(); };
    script.onerror = () => reject(new Error(`${script.src} is missing`));
    document.body.append(script);
  });
}

class List {
  constructor(facts, body, pager, output, noun, draw) {
    Object.assign(this, facts, { body, pager, output, noun, draw, view: null, page: 0, turn: 0 });
    this.perFile = hipcalcStore[this.name]?.[0]?.length ?? 1;
    this.drawPager();
  }
  get number() { return this.view === null ? this.count : this.view.length; }
  get pages() { return Math.max(1, Math.ceil(this.number / this.shown)); }
  get complete() { return Array.from({ length: this.files }, (_, n) => hipcalcStore[this.name]?.[n]).every(Boolean); }
  all() { return hipcalcStore[this.name].flat(); }

  async loadAll(turn) {
    for (let number = 0; number < this.files; number += 8) {
      if (turn !== this.turn) return false;
      const some = Array.from({ length: Math.min(8, this.files - number) }, (_, n) => loadFile(this.name, number + n));
      await Promise.all(some);
      this.output.textContent = `reading ${Math.min(number + 8, this.files)} of ${this.files} files …`;
    }
    return turn === this.turn;
  }
  // `keep` tells which rows, `order` compares two of them; null where there is no wish.
  choose(keep, order) {
    const turn = ++this.turn;
    const finish = () => {
      let rows = this.all();
      if (keep) rows = rows.filter(keep);
      if (order) rows.sort(order);
      this.view = keep || order ? rows : null;
      this.output.textContent = keep ? `${rows.length} of ${this.count} ${this.noun}` : "";
      this.show(0);
    };
    if (this.complete) finish(); else this.loadAll(turn).then((still) => still && finish());
  }
  show(page) {
    this.page = page;
    const [from, to] = [page * this.shown, Math.min((page + 1) * this.shown, this.number)];
    const drawRows = (rows) => { this.body.replaceChildren(...rows.map(this.draw)); this.drawPager(); };
    if (this.view !== null) { drawRows(this.view.slice(from, to)); return; }
    const file = Math.floor(from / this.perFile);
    loadFile(this.name, file).then(() => {
      if (this.page === page) drawRows(hipcalcStore[this.name][file].slice(from - file * this.perFile, to - file * this.perFile));
    });
  }
  drawPager() {
    if (this.pages < 2) { this.pager.replaceChildren(); return; }
    const button = (text, page) => {
      const made = element("button", { type: "button" }, text);
      made.disabled = page < 0 || page >= this.pages || page === this.page;
      made.addEventListener("click", () => { this.show(page); this.body.parentElement.scrollIntoView({ block: "nearest" }); });
      return made;
    };
    const first = this.page * this.shown + 1;
    this.pager.replaceChildren(
      button("first", 0), button("previous", this.page - 1), button("next", this.page + 1), button("last", this.pages - 1),
      element("span", {}, `${first} to ${Math.min(first + this.shown - 1, this.number)} of ${this.number} ${this.noun}`),
    );
  }
}

function compare(first, second) {
  if (first === null || second === null) return (first === null) - (second === null);
  return typeof first === typeof second ? (first > second) - (first < second) : String(first).localeCompare(String(second));
}

function imageRow([page, thumbnail, name, folder, status, marks, confirmed, , strongest, hips, view, why]) {
  const picture = thumbnail && element("img", { src: thumbnail, alt: `Thumbnail of ${name}`, loading: "lazy" });
  return element("tr", {},
    element("td", { class: "thumb" }, picture && page ? element("a", { href: page, tabindex: "-1" }, picture) : picture),
    element("td", { class: "file" }, page ? element("a", { href: page }, name) : name, element("small", {}, folder)),
    element("td", {}, element("span", { class: `chip ${status}` }, status)),
    element("td", { class: "n" }, status === "ok" ? String(marks) : "", confirmed ? element("span", { class: "chip located" }, `${confirmed} confirmed`) : ""),
    element("td", {}, strongest),
    element("td", {}, ...hips.map(([side, found]) => element("span", { class: "hip" }, `${side} `, element("span", { class: `chip ${found}` }, found)))),
    element("td", {}, view),
    element("td", { class: "why" }, why),
  );
}

function stateRow([page, name, side, state, stateName, confirmed, waiting, held, missing]) {
  return element("tr", {},
    element("td", { class: "file" }, page ? element("a", { href: `${page}#workflow` }, name) : name),
    element("td", {}, side),
    element("td", {}, element("span", { class: `chip ${state}` }, state), ` ${stateName}`),
    element("td", { class: "n" }, String(confirmed)),
    element("td", { class: "n" }, String(waiting)),
    element("td", {}, held),
    element("td", { class: "why" }, missing),
  );
}

const empty = document.createElement("template");
empty.innerHTML = "<svg><image/></svg>";
function closeUp([source, box, x, y, width, height], alt) {
  const drawing = empty.content.firstChild.cloneNode(true);
  const image = drawing.firstChild;
  for (const [name, value] of Object.entries({ class: "close-up", viewBox: box, role: "img", "aria-label": alt })) drawing.setAttribute(name, value);
  for (const [name, value] of Object.entries({ href: source, x: x - 0.5, y: y - 0.5, width, height, preserveAspectRatio: "none" })) image.setAttribute(name, value);
  return drawing;
}

function markItem([page, name, number, side, zone, size, , clock, expected, review, part]) {
  return element("li", {}, element("a", { href: page },
    part.length ? closeUp(part, `Mark ${number} of ${name}`) : "",
    element("span", {}, element("strong", {}, `${side}, ${zone}`), ` ${size} · ${clock}`,
      element("small", {}, `${expected} expected false · ${review}`), element("small", { class: "file" }, `${name}, no. ${number}`)),
  ));
}

const factsOf = (name) => hipcalcLists.find((one) => one.name === name);
const byId = (id) => document.getElementById(id);

// A table that can be filtered by words and sorted by its columns; `keys` are what each is sorted by, in the rows of
// the data files. Returns the function that applies the filter.
function setUpTable(table, list, filter, keys) {
  let order = null;
  const choose = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const keep = words.length ? (row) => { const text = row.flat(2).join(" ").toLowerCase(); return words.every((word) => text.includes(word)); } : null;
    list.choose(keep, order);
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (head.classList.contains("plain")) return;
    const button = element("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      order = (a, b) => {
        const [first, second] = [keys[column](a), keys[column](b)];
        // Unknown values stay at the end whatever the direction.
        return first === null || second === null ? compare(first, second) : direction * compare(first, second);
      };
      choose();
    });
  });
  filter.addEventListener("input", choose);
  return choose;
}

function setUpImages() {
  const [table, filter] = [byId("images"), byId("filter")];
  if (!table) return;
  const list = new List(factsOf("images"), table.tBodies[0], byId("images-pager"), byId("shown"), "images", imageRow);
  const choose = setUpTable(table, list, filter, [null, (row) => `${row[3]}/${row[2]}`.toLowerCase(), (row) => row[4], (row) => row[5],
    (row) => row[7], (row) => row[9].map((hip) => hip.join(" ")).join(" "), (row) => row[10], (row) => row[11].toLowerCase()]);
  // All files that were lost for one reason: the table of the images, filtered by it.
  for (const row of document.querySelectorAll("#losses tbody tr")) {
    const button = element("button", { type: "button", "aria-label": `Show the images: ${row.cells[2].textContent}` }, "show");
    button.addEventListener("click", () => {
      filter.value = `${row.cells[0].textContent} ${row.cells[2].textContent}`;
      choose();
      byId("images-part").scrollIntoView();
    });
    row.cells[3].append(" ", button);
  }
}

function setUpStates() {
  const [table, filter] = [byId("states"), byId("states-filter")];
  // A table that the page holds in full has no filter.
  if (!filter) return;
  const list = new List(factsOf("states"), table.tBodies[0], byId("states-pager"), byId("states-shown"), "hips", stateRow);
  const told = (value) => value.toLowerCase() || null;
  setUpTable(table, list, filter, [(row) => row[1].toLowerCase(), (row) => row[2], (row) => Number(row[3].slice(1)), (row) => row[5],
    (row) => row[6], (row) => told(row[7]), (row) => told(row[8])]);
}

function setUpMarks() {
  if (!byId("marks-list")) return;
  const list = new List(factsOf("marks"), byId("marks-list"), byId("marks-pager"), byId("marks-shown"), "marks", markItem);
  const controls = ["zone", "side", "review", "least"].map(byId);
  const zones = new Set((hipcalcStore.marks[0] ?? []).map((row) => row[4]));
  byId("zone").append(...[...zones].sort().map((zone) => element("option", {}, zone)));
  const choose = () => {
    const [zone, side, review, least] = controls.map((control) => control.value);
    const wished = zone || side || review || least;
    list.choose(wished ? (row) => (!zone || row[4] === zone) && (!side || row[3] === side) && (!review || row[9] === review)
      && (!least || (row[6] !== null && row[6] >= Number(least))) : null, null);
  };
  for (const control of controls) control.addEventListener("input", choose);
}

setUpImages();
setUpStates();
setUpMarks();
