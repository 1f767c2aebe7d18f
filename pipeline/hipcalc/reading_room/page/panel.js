// The panel beside the image: marks, decisions, classes, progress.

import { button, byId, clockText, element } from "./dom.js";
import { REASONS, STATUS_WORDS } from "./words.js";

// The one focus that a redrawn part had goes to its successor, so that a keyboard does not lose its place.
function replaced(parent, children) {
  const label = parent.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  parent.replaceChildren(...children);
  if (label !== undefined) parent.querySelector(`[data-focus="${CSS.escape(label)}"]`)?.focus({ preventScroll: true });
}

export class Panel {
  constructor(reader) {
    this.reader = reader;
    setInterval(() => this.drawClock(), 500);
  }

  draw() {
    this.drawHead();
    this.drawFeedback();
    this.drawMarks();
    this.drawDetail();
    this.drawHipActions();
    this.drawMoves();
    this.drawClock();
  }

  drawHead() {
    const { hip, way, role } = this.reader;
    byId("title").textContent = hip ? hip.title : "Reading room";
    const trust = hip?.trust ? `hip ${hip.trust}` : "";
    const state = { read: "read", inadequate: "image inadequate" }[hip?.reading.status] ?? "";
    const parts = [hip?.view, trust, hip?.name, state, role === "adjudicator" ? "adjudication" : "", this.reader.training ? "training" : ""];
    byId("subtitle").textContent = parts.filter(Boolean).join(" · ");
    const progress = byId("progress");
    progress.max = Math.max(1, way.total);
    progress.value = way.done;
    byId("count").textContent = `${way.done} of ${way.total} hips read`;
  }

  drawFeedback() {
    const { feedback } = this.reader.hip ?? {};
    byId("feedback").hidden = !feedback;
    byId("feedback").textContent = feedback ? feedback.words.join(" ") : "";
  }

  drawClock() {
    const { hip, way, stopwatch } = this.reader;
    const median = way?.median_s ? ` · median ${clockText(way.median_s)}` : "";
    byId("clock").textContent = hip ? `${clockText(hip.reading.duration_s + stopwatch.seconds())}${median}` : "";
  }

  drawMarks() {
    const { hip, letters, active } = this.reader;
    if (!hip) return byId("marks").replaceChildren();
    if (hip.marks.length === 0) {
      return replaced(byId("marks"), [element("p", { class: "none" }, "No mark in this hip: add what was missed, or go on.")]);
    }
    replaced(
      byId("marks"),
      hip.marks.map((mark, index) => {
        const said = this.reader.decision(mark);
        const status = said?.status ?? "open";
        const reason = REASONS.find(([name]) => name === said?.reason)?.[1].toLowerCase();
        const where = [mark.added ? "added" : "", mark.size, mark.zone];
        const score = mark.score ? `${mark.score}/hip` : "";
        return element(
          "button",
          {
            type: "button",
            class: `mark ${status}`,
            "data-focus": `mark-${mark.key}`,
            "aria-current": mark.key === active ? "true" : undefined,
            onclick: () => this.reader.choose(mark.key),
          },
          element("b", {}, letters[index]),
          element("span", { class: "what" }, where.filter(Boolean).join(" · ")),
          element("span", { class: "said", title: said ? undefined : "expected false marks per hip" }, reason ?? (STATUS_WORDS[status] || score)),
        );
      }),
    );
    return undefined;
  }

  drawDetail() {
    const mark = this.reader.activeMark();
    if (!mark) return byId("detail").replaceChildren();
    const said = this.reader.decision(mark);
    const pressed = (status, reason = "") => String(said?.status === status && (said?.reason ?? "") === reason);
    const decide = (status, reason) => () => this.reader.decide(status, reason);
    const letter = this.reader.letterOf(mark);
    const decisions = element(
      "div",
      { class: "decide", role: "group", "aria-label": `Decision about mark ${letter}` },
      button(`Confirm ${letter}`, "C", decide("confirmed"), {
        class: "confirm",
        "aria-pressed": pressed("confirmed"),
        "data-focus": "confirm",
      }),
      button("Unsure", "U", decide("indeterminate"), {
        class: "unsure",
        "aria-pressed": pressed("indeterminate"),
        "data-focus": "unsure",
      }),
      ...REASONS.map(([reason, words], index) =>
        button(words, String(index + 1), decide("rejected", reason), {
          class: "reject",
          "aria-label": `Reject ${letter}: ${words}`,
          "aria-pressed": pressed("rejected", reason),
          "data-focus": `reject-${reason}`,
        }),
      ),
    );
    const readers = (mark.readers ?? []).map((words, index) => element("li", {}, `Reader ${index + 1}: ${words}`));
    const told = readers.length ? [element("ul", { class: "readers", "aria-label": "What the readers said" }, ...readers)] : [];
    replaced(byId("detail"), [...told, decisions, this.classes(mark)]);
    return undefined;
  }

  classes(mark) {
    const chosen = this.reader.classOf(mark);
    const offered = mark.classes.slice(0, 4);
    const others = this.reader.classes.filter(({ name }) => !offered.some((entry) => entry.name === name));
    const radio = ({ name, words, percent }) =>
      element(
        "label",
        {},
        element("input", {
          type: "radio",
          name: "class",
          value: name,
          checked: chosen === name,
          "data-focus": `class-${name}`,
          onchange: () => this.reader.chooseClass(name),
        }),
        words,
        percent === undefined ? "" : element("span", { class: "share" }, `${percent}%`),
      );
    const select = element(
      "select",
      { "aria-label": "Another class", "data-focus": "class-other", onchange: (event) => this.reader.chooseClass(event.target.value) },
      element("option", { value: "" }, offered.length ? "another class…" : "class not said"),
      ...others.map(({ name, words }) => element("option", { value: name, selected: chosen === name }, words)),
    );
    return element("fieldset", { class: "classes" }, element("legend", {}, "If it is one, what is it?"), ...offered.map(radio), select);
  }

  drawHipActions() {
    const { reader } = this;
    const busy = !reader.hip;
    const inadequate = reader.hip?.reading.status === "inadequate";
    const children =
      reader.mode === "geometry"
        ? [
            button("Keep the circle and rim", "Enter", () => reader.keepGeometry(), { class: "main wide", "data-focus": "keep" }),
            button("Leave them as they were", "Esc", () => reader.leave(), { class: "wide", "data-focus": "leave" }),
          ]
        : [
            button("Add focus", "A", () => reader.beginFocus(), {
              disabled: busy || !reader.ready,
              "aria-pressed": String(reader.mode === "focus"),
              "data-focus": "add",
            }),
            button("Circle", "G", () => reader.beginGeometry(), { 
              disabled: busy || !reader.ready,
              "aria-label": "Correct circle and rim",
              "data-focus": "geometry",
            }),
            button("Inadequate", "Q", () => reader.inadequate(), {
              disabled: busy,
              "aria-label": "Image inadequate",
              "aria-pressed": String(inadequate),
              "data-focus": "inadequate",
            }),
          ];
    replaced(byId("hip-actions"), children);
  }

  drawMoves() {
    const { reader } = this;
    const { hip, way } = reader;
    const open = reader.openMarks().length;
    const words = hip?.reading.status ? "Next hip" : hip?.marks.length ? "Done, next hip" : "No focus, next hip";
    replaced(byId("moves"), [
      button(words, "N", () => reader.finish(), {
        class: "main wide",
        disabled: !hip || open > 0 || !reader.ready,
        "data-focus": "next",
      }),
      button("Back", "B", () => reader.back(), { disabled: !reader.canGoBack(), "data-focus": "back" }),
      button("Skip", "S", () => reader.skip(), { disabled: !hip || way.next.length === 0, "data-focus": "skip" }),
      button("Undo", "Z", () => reader.undo(), { disabled: !way.last_act, "data-focus": "undo" }),
      button("Keys", "?", () => byId("help").showModal(), { "data-focus": "help" }),
    ]);
  }
}
