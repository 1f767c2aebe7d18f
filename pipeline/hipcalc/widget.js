// The review of a few hips in a notebook: one canvas, the marks of one hip, and what was decided about each.

import { autoWindow, lookup } from "./levels.js";
import { Viewer } from "./viewer.js";
import { REASONS } from "./words.js";

const SVG_SPACE = "http://www.w3.org/2000/svg";
const WORDS = { confirmed: "confirmed", rejected: "rejected", indeterminate: "indeterminate" };
const CHOICES = [
  ["confirmed", "Confirm", "c"],
  ["rejected", "Reject", "x"],
  ["indeterminate", "Unsure", "u"],
];
const ZOOM_STEP = 1.0015;
const KEY_ZOOM = 1.25;

function element(parent, name, attributes = {}, words = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = words;
  parent.append(made);
  return made;
}

function shape(svg, name, attributes) {
  const made = document.createElementNS(SVG_SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  svg.append(made);
}

// Buffers arrive as views of a larger message, at any offset.
function greyOf({ data, rows, columns }) {
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  return { levels: [{ data: new Uint16Array(bytes.slice().buffer), rows, columns }], rows, columns };
}

class Review {
  constructor(model, root) {
    this.model = model;
    this.hips = model.get("hips");
    this.stops = this.hips.flatMap((hip, at) => (hip.marks.length ? hip.marks.map((_, mark) => ({ at, mark })) : [{ at, mark: -1 }]));
    this.stop = 0;
    this.undone = [];
    this.invert = false;
    this.table = new Uint32Array(65536);
    this.build(root);
  }

  build(root) {
    this.root = element(root, "div", { class: "hipcalc-review", tabindex: "0", role: "group", "aria-label": "Review of hips" });
    const head = element(this.root, "div", { class: "hipcalc-head" });
    this.title = element(head, "strong");
    this.state = element(head, "span", { class: "hipcalc-state", role: "status" });
    const pane = element(this.root, "div", { class: "hipcalc-pane" });
    element(pane, "canvas", { "aria-label": "Radiograph of the hip", role: "img" });
    pane.append(document.createElementNS(SVG_SPACE, "svg"));
    element(pane, "span", { class: "words" });
    this.viewer = new Viewer(pane);
    const bar = element(this.root, "div", { class: "hipcalc-bar" });
    for (const [status, words, key] of CHOICES) this.button(bar, words, key, () => this.decide(status), status);
    const why = element(this.root, "div", { class: "hipcalc-bar", role: "group", "aria-label": "Reject it as" });
    REASONS.forEach(([reason, words], at) => this.button(why, words, at + 1, () => this.decide("rejected", reason), "rejected", reason));
    this.button(bar, "Undo", "z", () => this.undo());
    this.button(bar, "Previous", "\u2190", () => this.go(-1));
    this.button(bar, "Next", "\u2192", () => this.go(1));
    this.listen(pane);
  }

  button(parent, words, key, act, status = "", reason = "") {
    const named = { type: "button", "data-status": status, "data-reason": reason, title: `Key ${key}` };
    const made = element(parent, "button", named, words);
    made.addEventListener("click", () => {
      act();
      this.root.focus({ preventScroll: true });
    });
  }

  listen(pane) {
    this.root.addEventListener("keydown", (event) => this.press(event));
    pane.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    pane.addEventListener("contextmenu", (event) => event.preventDefault());
    pane.addEventListener("pointerdown", (event) => {
      this.root.focus({ preventScroll: true });
      pane.setPointerCapture(event.pointerId);
      this.drag = { x: event.clientX, y: event.clientY, levels: event.button === 2 || event.shiftKey };
    });
    pane.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) pane.addEventListener(name, () => (this.drag = null));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(pane);
  }

  get hip() {
    return this.hips[this.stops[this.stop].at];
  }

  get mark() {
    return this.hip.marks[this.stops[this.stop].mark];
  }

  resized() {
    this.viewer.resize();
    if (this.shown !== this.hip) this.open();
    this.draw();
  }

  open() {
    this.shown = this.hip;
    this.image = greyOf(this.hip);
    this.viewer.show(this.image);
    this.viewer.fitHip(this.hip.frame);
    this.levels = autoWindow(this.image, this.hip.frame);
  }

  draw() {
    lookup({ ...this.levels, invert: this.invert }, this.table);
    this.viewer.paint(this.table);
    this.overlay();
    this.tell();
  }

  overlay() {
    const { viewer } = this;
    const { svg } = viewer;
    const { frame, marks } = this.hip;
    svg.replaceChildren();
    const middle = viewer.toScreen(frame.x, frame.y);
    shape(svg, "circle", { class: "head", cx: middle.x, cy: middle.y, r: frame.radius * viewer.view.scale });
    for (const mark of marks) {
      const at = viewer.toScreen(mark.x, mark.y);
      const status = this.model.get("said")[mark.id]?.status ?? "open";
      const radius = Math.max(12, 0.85 * mark.diameter * viewer.view.scale);
      shape(svg, "circle", { class: `mark ${status}${mark === this.mark ? " here" : ""}`, cx: at.x, cy: at.y, r: radius });
    }
  }

  tell() {
    const said = this.model.get("said");
    const total = this.hips.reduce((sum, hip) => sum + hip.marks.length, 0);
    this.title.textContent = this.hip.title;
    const about = this.mark ? `${this.mark.words}: ${WORDS[said[this.mark.id]?.status] ?? "open"}` : "no mark";
    this.state.textContent = `${about} \u00b7 ${Object.keys(said).length} of ${total} decided`;
    for (const button of this.root.querySelectorAll("[data-status]:not([data-status=''])")) {
      button.disabled = !this.mark;
      const held = said[this.mark?.id];
      const same = held?.status === button.dataset.status && (held.reason ?? "") === button.dataset.reason;
      button.setAttribute("aria-pressed", String(same));
    }
  }

  say(said) {
    this.model.set("said", said);
    this.model.save_changes();
  }

  decide(status, reason = "") {
    if (!this.mark) return;
    const before = this.model.get("said");
    this.undone.push({ before, stop: this.stop });
    this.say({ ...before, [this.mark.id]: { status, reason, time: new Date().toISOString() } });
    this.go(1);
  }

  undo() {
    const last = this.undone.pop();
    if (!last) return;
    this.stop = last.stop;
    this.say(last.before);
    this.go(0);
  }

  go(by) {
    this.stop = Math.min(this.stops.length - 1, Math.max(0, this.stop + by));
    if (this.shown !== this.hip) this.open();
    this.draw();
  }

  // The notebook's own shortcuts would act on cells: none of these keys reaches it.
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      c: () => this.decide("confirmed"),
      x: () => this.decide("rejected"),
      u: () => this.decide("indeterminate"),
      z: () => this.undo(),
      ArrowRight: () => this.go(1),
      ArrowLeft: () => this.go(-1),
      i: () => this.relevel({ invert: true }),
      f: () => this.zoom(0),
      "+": () => this.zoom(KEY_ZOOM),
      "-": () => this.zoom(1 / KEY_ZOOM),
    }[event.key] ?? this.reasonOf(event.key);
    event.stopPropagation();
    if (!act) return;
    event.preventDefault();
    act();
  }

  reasonOf(key) {
    const [reason] = REASONS[Number(key) - 1] ?? [];
    return reason && (() => this.decide("rejected", reason));
  }

  zoom(factor, x = this.viewer.width / 2, y = this.viewer.height / 2) {
    if (factor) this.viewer.zoomAt(x, y, factor);
    else this.viewer.fitHip(this.hip.frame);
    this.draw();
  }

  relevel({ invert = false, width = 0, level = 0 }) {
    this.invert = this.invert !== invert;
    const middle = (this.levels.low + this.levels.high) / 2 + level;
    const half = Math.max(1, (this.levels.high - this.levels.low) / 2 + width);
    this.levels = { low: middle - half, high: middle + half };
    this.draw();
  }

  wheel(event) {
    event.preventDefault();
    const box = this.viewer.section.getBoundingClientRect();
    this.zoom(ZOOM_STEP ** -event.deltaY, event.clientX - box.left, event.clientY - box.top);
  }

  move(event) {
    if (!this.drag) return;
    const right = event.clientX - this.drag.x;
    const down = event.clientY - this.drag.y;
    Object.assign(this.drag, { x: event.clientX, y: event.clientY });
    if (this.drag.levels) {
      const step = (this.levels.high - this.levels.low) / 400;
      this.relevel({ width: right * step, level: down * step });
    } else {
      this.viewer.pan(right, down);
      this.draw();
    }
  }
}

function render({ model, el }) {
  const review = new Review(model, el);
  const changed = () => review.shown && review.draw();
  model.on("change:said", changed);
  return () => {
    model.off("change:said", changed);
    review.observer.disconnect();
  };
}

export default { render };
