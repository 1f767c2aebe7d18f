// Mouse, pen and wheel over the first pane.

import { handlesOf, ringOf } from "./overlay.js";

const GRAB_PX = 14;
const CLICK_PX = 4;
const WHEEL = 0.0016;

export function listen(stage, reader) {
  const { section } = stage.first;
  let drag = null;

  function at(event) {
    const box = section.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function nearHandle(point) {
    const near = Object.entries(handlesOf(reader.geometry))
      .map(([name, { x, y }]) => {
        const shown = stage.first.toScreen(x, y);
        return { name, distance: Math.hypot(shown.x - point.x, shown.y - point.y) };
      })
      .sort((one, other) => one.distance - other.distance)[0];
    if (near.distance <= GRAB_PX) return near.name;
    // Anywhere on the circle is its edge.
    const centre = stage.first.toScreen(reader.geometry.x, reader.geometry.y);
    const off = Math.hypot(point.x - centre.x, point.y - centre.y) - reader.geometry.radius * stage.first.view.scale;
    return Math.abs(off) <= GRAB_PX / 2 ? "edge" : null;
  }

  function begin(event) {
    const point = at(event);
    if (event.button === 2 || event.shiftKey) return { what: "window" };
    if (reader.mode === "focus") {
      Object.assign(reader.draft, stage.first.toImage(point.x, point.y));
      return { what: "focus" };
    }
    if (reader.mode === "geometry") {
      const handle = nearHandle(point);
      if (handle) {
        reader.chosen = handle;
        return { what: "handle", handle };
      }
    }
    return { what: "pan" };
  }

  section.addEventListener("pointerdown", (event) => {
    if (!stage.hip) return;
    section.focus({ preventScroll: true });
    section.setPointerCapture(event.pointerId);
    drag = { ...begin(event), start: at(event), last: at(event) };
    stage.redraw();
  });

  section.addEventListener("pointermove", (event) => {
    const point = at(event);
    stage.pointer = point;
    if (drag === null) {
      if (stage.settings.magnifier) stage.redraw();
      return;
    }
    const right = point.x - drag.last.x;
    const down = point.y - drag.last.y;
    drag.last = point;
    if (drag.what === "window") {
      stage.window(right, down);
    } else if (drag.what === "pan") {
      stage.first.pan(right, down);
    } else if (drag.what === "handle") {
      reader.moveHandle(drag.handle, stage.first.toImage(point.x, point.y));
    } else if (reader.draft) {
      const radius = Math.hypot(point.x - drag.start.x, point.y - drag.start.y) / stage.first.view.scale;
      if (radius * stage.first.view.scale > CLICK_PX) reader.draft.diameter = 2 * radius;
    }
    stage.redraw();
  });

  section.addEventListener("pointerup", (event) => {
    if (drag === null) return;
    const point = at(event);
    const still = Math.hypot(point.x - drag.start.x, point.y - drag.start.y) < CLICK_PX;
    const { what } = drag;
    drag = null;
    if (what === "focus" && reader.draft) reader.keepFocus();
    else if (what === "pan" && still && reader.mode === "read") chooseAt(point);
  });

  section.addEventListener("pointercancel", () => (drag = null));
  section.addEventListener("pointerleave", () => {
    stage.pointer = null;
    stage.redraw();
  });
  section.addEventListener("contextmenu", (event) => event.preventDefault());
  section.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      const lines = event.deltaMode === 1 ? 33 : 1;
      stage.first.zoomAt(x, y, Math.exp(-event.deltaY * lines * WHEEL));
      stage.redraw();
    },
    { passive: false },
  );

  function chooseAt(point) {
    const hit = (stage.hip?.marks ?? [])
      .map((mark) => ({ mark, ring: ringOf(stage.first, mark) }))
      .find(({ ring }) => Math.hypot(ring.x - point.x, ring.y - point.y) <= ring.r + 4);
    if (hit) reader.choose(hit.mark.key);
  }
}
