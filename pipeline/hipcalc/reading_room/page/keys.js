// The keyboard. While somebody types, or a dialog is open, no key decides anything.

import { byId } from "./dom.js";
import { REASONS } from "./words.js";

const PAN_PX = 60;
const NUDGE_PX = 1;
const ZOOM = 1.25;
const LEVEL_STEP = 0.04;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HANDLES = ["centre", "edge", "rim"];

function typing(target) {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "radio");
}

export function listenToKeys(stage, reader, tools) {
  const { first } = stage;

  const read = {
    c: () => reader.decide("confirmed"),
    u: () => reader.decide("indeterminate"),
    n: () => reader.finish(),
    s: () => reader.skip(),
    q: () => reader.inadequate(),
    a: () => reader.beginFocus(),
    g: () => reader.beginGeometry(),
    z: () => reader.undo(),
    b: () => reader.back(),
    j: () => reader.step(1),
    k: () => reader.step(-1),
    t: () => byId("note").focus(),
    "?": () => byId("help").showModal(),
  };
  const zoom = (factor) => {
    first.zoomAt(first.width / 2, first.height / 2, factor);
    stage.redraw();
  };
  const show = {
    ...Object.fromEntries(tools.map(({ key, run }) => [key.toLowerCase(), run])),
    "+": () => zoom(ZOOM),
    "=": () => zoom(ZOOM),
    "-": () => zoom(1 / ZOOM),
    "[": () => stage.window(0, -LEVEL_STEP * first.height),
    "]": () => stage.window(0, LEVEL_STEP * first.height),
    "{": () => stage.window(-LEVEL_STEP * first.width, 0),
    "}": () => stage.window(LEVEL_STEP * first.width, 0),
  };

  function focusKey(event) {
    const { draft } = reader;
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = ((event.shiftKey ? 10 : 2) * NUDGE_PX) / first.view.scale;
      draft.x += arrow[0] * step;
      draft.y += arrow[1] * step;
    } else if (event.key === "+" || event.key === "=") {
      draft.diameter *= 1.15;
    } else if (event.key === "-") {
      draft.diameter /= 1.15;
    } else if (event.key === "Enter") {
      reader.keepFocus();
    } else {
      return false;
    }
    stage.redraw();
    return true;
  }

  function geometryKey(event) {
    const { geometry } = reader;
    const arrow = ARROWS[event.key];
    if (event.key === "Tab") {
      const by = event.shiftKey ? HANDLES.length - 1 : 1;
      reader.chosen = HANDLES[(HANDLES.indexOf(reader.chosen) + by) % HANDLES.length];
    } else if (event.key === "Enter") {
      reader.keepGeometry();
    } else if (arrow) {
      const step = ((event.shiftKey ? 5 : 1) * NUDGE_PX) / Math.min(1, first.view.scale);
      if (reader.chosen === "edge") geometry.radius = Math.max(4, geometry.radius + (arrow[0] - arrow[1]) * step);
      else if (reader.chosen === "rim") reader.moveHandle("rim", { x: geometry.rim_x + arrow[0] * step, y: geometry.rim_y + arrow[1] * step });
      else reader.moveHandle("centre", { x: geometry.x + arrow[0] * step, y: geometry.y + arrow[1] * step });
    } else {
      return false;
    }
    stage.redraw();
    return true;
  }

  function readKey(event) {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (digit && event.shiftKey) {
      const entry = reader.activeMark()?.classes[digit - 1];
      if (entry) reader.chooseClass(entry.name);
      return Boolean(entry);
    }
    const reason = /^[1-6]$/.test(event.key) ? REASONS[event.key - 1] : undefined;
    const run = reason ? () => reader.decide("rejected", reason[0]) : read[event.key.toLowerCase()];
    if (!run) return false;
    // A key that is held down decides once.
    if (!event.repeat) run();
    return true;
  }

  function showKey(event) {
    const arrow = ARROWS[event.key];
    if (arrow && !(event.target instanceof HTMLInputElement)) {
      first.pan(-arrow[0] * PAN_PX, -arrow[1] * PAN_PX);
      stage.redraw();
      return true;
    }
    const run = show[event.key.toLowerCase()];
    if (run) run();
    return Boolean(run);
  }

  addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape" || (event.key === "Enter" && event.ctrlKey)) event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key.toLowerCase() === "z" && !event.altKey && !event.shiftKey) {
        event.preventDefault();
        if (!event.repeat) reader.undo();
      }
      return;
    }
    if (!reader.hip) {
      if (["b", "z", "?"].includes(event.key.toLowerCase())) readKey(event);
      return;
    }
    if (event.key === "Escape") {
      reader.leave();
      return;
    }
    const handled =
      reader.mode === "focus" ? focusKey(event) || showKey(event)
      : reader.mode === "geometry" ? geometryKey(event) || showKey(event)
      : readKey(event) || showKey(event);
    if (handled) event.preventDefault();
  });
}
