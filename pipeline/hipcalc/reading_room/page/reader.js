// What a reader does: chooses, decides, adds, corrects, goes on. Nothing counts as done before the room says that it is kept.

import { Silence, get, post } from "./api.js";
import { byId } from "./dom.js";
import { toImage } from "./frames.js";
import { load } from "./images.js";
import { Panel } from "./panel.js";
import { Stopwatch } from "./stopwatch.js";

const SMALLEST_FOCUS_PX = 3;
// Head radii and degrees: where a rim is looked for that was not found.
const USUAL_RIM = [1.1, 30];
const USUAL_FOCUS_RADII = 0.16;

// As crypto.randomUUID, which a page at another machine's plain address does not have.
function requestName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function letterAt(index) {
  return index < 26 ? String.fromCharCode(65 + index) : `${letterAt(Math.floor(index / 26) - 1)}${letterAt(index % 26)}`;
}

export class Reader {
  constructor(stage, { role, training, classes, sectors, way }) {
    Object.assign(this, { stage, role, training, classes, sectors, way });
    this.hip = null;
    this.active = null;
    this.ready = false;
    this.mode = "read";
    this.draft = null;
    this.geometry = null;
    this.chosen = "centre";
    this.chosenClasses = new Map();
    this.trail = [];
    this.spent = new Map();
    this.queue = Promise.resolve();
    this.pending = null;
    this.turns = 0;
    this.loading = 0;
    this.noteKept = "";
    this.stopwatch = new Stopwatch();
    this.panel = new Panel(this);
    stage.look = () => this.look();
    this.note = byId("note");
    this.note.addEventListener("blur", () => this.keepNote());
  }

  look() {
    return {
      marks: this.hip?.marks ?? [],
      letters: this.letters,
      decisions: this.hip?.reading.decisions ?? {},
      active: this.mode === "read" ? this.active : null,
      draft: this.draft,
      geometry: this.geometry,
      chosen: this.chosen,
      sectors: this.sectors,
      feedback: this.hip?.feedback?.marks ?? [],
    };
  }

  get letters() {
    return (this.hip?.marks ?? []).map((_, index) => letterAt(index));
  }

  letterOf(mark) {
    return letterAt(this.hip.marks.indexOf(mark));
  }

  decision(mark) {
    return this.hip.reading.decisions[mark.key];
  }

  activeMark() {
    return this.hip?.marks.find((mark) => mark.key === this.active);
  }

  openMarks() {
    return (this.hip?.marks ?? []).filter((mark) => !this.decision(mark));
  }

  classOf(mark) {
    return this.chosenClasses.get(mark.key) ?? this.decision(mark)?.confirmed_class ?? "";
  }

  // Where the reader is

  begin() {
    const next = this.way.next[0];
    if (next) return this.go(next);
    return this.end();
  }

  end() {
    this.hip = null;
    this.panel.draw();
    byId("title").textContent = "All hips are read";
    this.say("Everything is kept. You can go back, or close the page.");
    return undefined;
  }

  // Moves take their turn among the acts: nothing is left before it is kept.
  go(key, { remember = true } = {}) {
    this.keepNote();
    return this.inTurn(async () => {
      if (this.pending || this.hasLooseNote()) return;
      try {
        const hip = await get(`api/hip/${key}`);
        if (remember && this.hip && this.hip.hip !== key) this.trail.push(this.hip.hip);
        this.show(hip);
      } catch (error) {
        this.complain(error);
      }
    });
  }

  // One after the other; the page counts as busy until the last is through.
  inTurn(run) {
    this.turns += 1;
    this.tellBusy();
    this.queue = this.queue.then(run).finally(() => {
      this.turns -= 1;
      this.tellBusy();
    });
    return this.queue;
  }

  tellBusy() {
    document.querySelector("main").setAttribute("aria-busy", String(this.turns > 0 || this.loading > 0));
  }

  show(hip) {
    const left = this.hip?.hip;
    const spent = this.stopwatch.seconds();
    this.take(hip);
    if (left === hip.hip) return;
    this.leave();
    // Time that is on no row of the log yet, as of a hip that was skipped, is not lost.
    if (left) this.spent.set(left, spent);
    this.stopwatch.restart(this.spent.get(hip.hip));
    this.ready = false;
    this.note.value = hip.reading.note;
    this.noteKept = hip.reading.note;
    this.active = (this.openMarks()[0] ?? hip.marks[0])?.key ?? null;
    this.panel.draw();
    this.calm();
    this.display(hip);
  }

  async display(hip) {
    if (hip.trouble) {
      this.stage.clear();
      this.complain({ message: hip.trouble });
      return;
    }
    this.loading += 1;
    this.tellBusy();
    try {
      if (await this.stage.show(hip)) {
        this.ready = true;
        performance.mark(`shown-${hip.hip}`);
        this.panel.draw();
        this.prefetch();
      }
    } catch (error) {
      if (this.hip?.hip === hip.hip) this.complain(error);
    } finally {
      this.loading -= 1;
      this.tellBusy();
    }
  }

  take(hip) {
    this.hip = hip;
    this.way = hip.way;
    this.stage.update(hip);
    if (!hip.marks.some((mark) => mark.key === this.active)) this.active = hip.marks[0]?.key ?? null;
    this.panel.draw();
  }

  async prefetch() {
    for (const key of this.way.next.slice(0, 2)) {
      try {
        const hip = await get(`api/hip/${key}`);
        if (!hip.trouble) await load(hip);
      } catch {
        // It is said when the hip is shown.
      }
    }
  }

  canGoBack() {
    return this.trail.length > 0 || Boolean(this.way.previous);
  }

  back() {
    const key = this.trail.pop() ?? this.way.previous;
    if (key) this.go(key, { remember: false });
  }

  skip() {
    if (this.way.next[0]) this.go(this.way.next[0]);
  }

  choose(key) {
    this.active = key;
    this.panel.draw();
    this.stage.redraw();
  }

  step(by) {
    const { marks } = this.hip;
    if (marks.length === 0) return;
    const at = marks.findIndex((mark) => mark.key === this.active);
    this.choose(marks[(at + by + marks.length) % marks.length].key);
  }

  // What the reader does

  decide(status, reason = "") {
    const mark = this.activeMark();
    if (!mark || !this.mayDecide()) return;
    const before = this.decision(mark);
    const letter = this.letterOf(mark);
    const last = !this.hip.reading.status && this.openMarks().every((open) => open === mark);
    const values = {
      kind: "decide",
      mark: mark.key,
      status,
      reason,
      confirmed_class: status === "confirmed" ? this.classOf(mark) : "",
      finishes: last && this.stage.settings.advance ? "read" : "",
    };
    this.act(values, {
      // A key struck twice before the first was kept decides once.
      still: () => this.active === mark.key && this.decision(mark) === before,
      done: () => {
        this.say(`${letter} ${status === "indeterminate" ? "unsure" : status}, saved`, true);
        const open = this.openMarks()[0];
        if (values.finishes) this.finished();
        else if (open) this.choose(open.key);
      },
    });
  }

  chooseClass(name) {
    const mark = this.activeMark();
    if (!mark) return;
    this.chosenClasses.set(mark.key, name);
    if (this.decision(mark)?.status === "confirmed") this.decide("confirmed");
    else this.panel.drawDetail();
  }

  finish() {
    if (!this.hip) return;
    const open = this.openMarks();
    if (open.length > 0 && this.hip.reading.status !== "inadequate") {
      this.choose(open[0].key);
      this.say(`${this.letterOf(open[0])} is not decided yet: confirm, reject or unsure.`);
      return;
    }
    if (this.hip.reading.status) this.onwards();
    else if (this.mayDecide()) this.act({ kind: "finish", finishes: "read" }, { done: () => this.finished() });
  }

  // In training one stays to see what was right.
  finished() {
    if (this.training) this.say(this.hip.feedback.words.join(" "));
    else this.onwards();
  }

  inadequate() {
    if (!this.hip) return;
    const off = this.hip.reading.status === "inadequate";
    this.act({ kind: "finish", finishes: off ? "" : "inadequate" }, { done: () => !off && this.finished() });
  }

  onwards() {
    const [following] = this.hip?.following ?? [];
    if (following) {
      this.trail.push(this.hip.hip);
      this.show(following);
    } else if (this.way.next[0]) this.go(this.way.next[0]);
    else if (this.way.done === this.way.total) this.end();
    else this.say("This was the last hip that is open here.");
  }

  undo() {
    const last = this.way.last_act;
    if (!last) return;
    this.act({ kind: "undo", hip: last.hip, seen: last.seq }, { anywhere: true, done: () => this.say("Taken back, saved", true) });
  }

  // Adding a focus

  beginFocus() {
    if (!this.mayDecide()) return;
    this.leave();
    this.mode = "focus";
    const { x, y } = this.stage.first.view;
    this.draft = { x, y, diameter: USUAL_FOCUS_RADII * this.hip.frame.radius };
    this.stage.first.section.classList.add("aiming");
    this.hint("Press in the middle of the focus and drag to its edge. Or arrows to move, + and − for the size, Enter. Esc leaves.");
    this.panel.drawHipActions();
    this.stage.redraw();
  }

  keepFocus() {
    const { x, y, diameter } = this.draft;
    const values = { kind: "focus", row_px: y, column_px: x, diameter_px: Math.max(SMALLEST_FOCUS_PX, diameter), confirmed_class: "" };
    const known = new Set(this.hip.marks.map((mark) => mark.key));
    this.leave();
    this.act(values, {
      done: () => {
        const added = this.hip.marks.find((mark) => mark.added && !known.has(mark.key));
        if (added) this.choose(added.key);
        this.say("Focus added, saved", true);
      },
    });
  }

  // Correcting circle and rim

  beginGeometry() {
    if (!this.mayDecide()) return;
    this.leave();
    this.mode = "geometry";
    this.geometry = { ...this.hip.frame };
    if (this.geometry.rim_x === null) {
      const { x, y } = toImage(this.geometry, ...USUAL_RIM);
      Object.assign(this.geometry, { rim_x: x, rim_y: y });
    }
    this.chosen = "centre";
    this.hint("Drag the middle, the circle's edge, or the rim. Or Tab for the next handle, arrows, Enter. Esc leaves.");
    this.panel.draw();
    this.stage.redraw();
    this.stage.first.section.focus();
  }

  moveHandle(name, { x, y }) {
    const frame = this.geometry;
    if (name === "centre") {
      Object.assign(frame, { x, y });
    } else if (name === "rim") {
      Object.assign(frame, { rim_x: x, rim_y: y });
    } else {
      frame.radius = Math.max(4, Math.hypot(x - frame.x, y - frame.y));
    }
    this.stage.redraw();
  }

  keepGeometry() {
    const { x, y, radius, rim_x, rim_y } = this.geometry;
    this.leave();
    this.act(
      { kind: "geometry", head_row_px: y, head_column_px: x, head_radius_px: radius, rim_row_px: rim_y, rim_column_px: rim_x },
      { done: () => this.say("Circle and rim corrected, saved", true) },
    );
  }

  leave() {
    this.mode = "read";
    this.draft = null;
    this.geometry = null;
    this.stage.first.section.classList.remove("aiming");
    byId("hint").hidden = true;
    if (this.hip) this.panel.draw();
    this.stage.redraw();
  }

  keepNote() {
    const text = this.note.value.trim();
    if (!this.hip || !this.hasLooseNote()) return;
    const before = this.noteKept;
    this.noteKept = text;
    this.act({ kind: "note", note: text }, { done: () => this.say("Note saved", true), failed: () => (this.noteKept = before) });
  }

  hasLooseNote() {
    return Boolean(this.hip) && this.note.value.trim() !== this.noteKept.trim();
  }

  // Saving

  mayDecide() {
    if (this.ready && this.hip) return true;
    this.say("The image is not on the screen yet.");
    return false;
  }

  // An act that was meant for something that is no longer so is dropped.
  act(values, { anywhere = false, still = () => true, done = () => {}, failed = () => {} } = {}) {
    const meant = this.hip?.hip;
    return this.inTurn(async () => {
      if ((!anywhere && this.hip?.hip !== meant) || this.pending || !still()) {
        failed();
        return;
      }
      const here = !values.hip || values.hip === meant;
      const body = {
        request: requestName(),
        hip: meant,
        seen: this.hip?.reading.seen,
        duration_s: here ? Math.round(1000 * this.stopwatch.seconds()) / 1000 : 0,
        shown: this.stage.shown(),
        ...values,
      };
      await this.send(body, done, failed);
    });
  }

  async send(body, done, failed) {
    this.say("Saving…");
    try {
      const hip = await post("api/act", body);
      this.pending = null;
      if (body.hip === this.hip?.hip) this.stopwatch.restart();
      this.calm();
      this.show(hip);
      done();
    } catch (error) {
      failed();
      this.say("Not saved");
      if (error instanceof Silence) {
        // It may have arrived: the same request is sent again, and the room writes it once.
        this.pending = { body, done, failed };
        this.complain(error, "Try again", () => this.inTurn(() => this.send(body, done, failed)));
      } else {
        this.complain(error);
        if (error.stale) await this.reload();
      }
    }
  }

  async reload() {
    try {
      this.take(await get(`api/hip/${this.hip.hip}`));
    } catch {
      // The sentence on the page stands.
    }
  }

  // What the page says

  say(words, good = false) {
    const saved = byId("saved");
    saved.textContent = words;
    saved.className = good ? "ok" : "";
  }

  hint(words) {
    const hint = byId("hint");
    hint.textContent = words;
    hint.hidden = false;
  }

  complain(error, offer, onclick) {
    const trouble = byId("trouble");
    trouble.textContent = error.message;
    trouble.hidden = false;
    if (offer) {
      const again = document.createElement("button");
      again.type = "button";
      again.textContent = offer;
      again.addEventListener("click", onclick);
      trouble.append(document.createElement("br"), again);
    }
  }

  calm() {
    byId("trouble").hidden = true;
  }
}
