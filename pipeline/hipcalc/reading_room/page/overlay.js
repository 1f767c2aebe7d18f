// What is drawn over a radiograph, in screen pixels, so that lines and letters keep their size.

import { rimPhi, toImage } from "./frames.js";

const SVG = "http://www.w3.org/2000/svg";
const RING_FACTOR = 1.7;
const SMALLEST_RING = 13;
const LETTER_OFF = 16;
const LETTER_TURNS = [0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4, Math.PI];
const BARS_MM = [5, 10, 20, 50, 100];

function add(parent, name, attributes, words) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (words !== undefined) element.textContent = words;
  parent.append(element);
  return element;
}

function path(points) {
  return points.map(({ x, y }, index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

export function drawHead(viewer, frame) {
  const { svg } = viewer;
  const centre = viewer.toScreen(frame.x, frame.y);
  add(svg, "circle", { class: "head", cx: centre.x, cy: centre.y, r: frame.radius * viewer.view.scale });
  if (frame.rim_x === null) return;
  const rim = viewer.toScreen(frame.rim_x, frame.rim_y);
  add(svg, "path", { class: "rim", d: `M${rim.x - 7} ${rim.y}h14M${rim.x} ${rim.y - 7}v14` });
}

export function drawRoof(viewer, roof) {
  if (roof.length < 2) return;
  add(viewer.svg, "path", { class: "roof", d: path(roof.map(([x, y]) => viewer.toScreen(x, y))) });
}

export function drawSectors(viewer, frame, sectors) {
  if (frame.rim_x === null) return;
  const from = rimPhi(frame);
  for (const { words, from_rim, phi_deg, r } of sectors) {
    const [start, end] = phi_deg.map((phi) => phi + (from_rim ? from : 0));
    const arc = (radius, first, last) =>
      Array.from({ length: 25 }, (_, index) => toImage(frame, radius, first + ((last - first) * index) / 24));
    const points = [...arc(r[0], start, end), ...arc(r[1], end, start)].map(({ x, y }) => viewer.toScreen(x, y));
    add(viewer.svg, "path", { class: "sector", d: `${path(points)}Z` });
    const middle = toImage(frame, (r[0] + r[1]) / 2, (start + end) / 2);
    const at = viewer.toScreen(middle.x, middle.y);
    add(viewer.svg, "text", { class: "sector-words", x: at.x, y: at.y }, words);
  }
}

// A ring stands off its focus, so that it does not cover what it points at.
export function ringOf(viewer, mark) {
  const at = viewer.toScreen(mark.x, mark.y);
  return { ...at, r: Math.max(SMALLEST_RING, (RING_FACTOR * mark.diameter * viewer.view.scale) / 2) };
}

// Letters stand outwards from the head where there is room, else wherever they hide no other mark.
function placeLetters(viewer, head, rings) {
  const taken = rings.map(({ x, y, r }) => ({ x, y, r: r + 6 }));
  return rings.map((ring) => {
    const outwards = Math.atan2(ring.y - head.y, ring.x - head.x);
    const places = LETTER_TURNS.map((turn) => ({
      x: ring.x + Math.cos(outwards + turn) * (ring.r + LETTER_OFF),
      y: ring.y + Math.sin(outwards + turn) * (ring.r + LETTER_OFF),
    }));
    const isFree = ({ x, y }) =>
      x > 10 && y > 10 && x < viewer.width - 10 && y < viewer.height - 10 && taken.every((other) => Math.hypot(x - other.x, y - other.y) > other.r);
    const place = places.find(isFree) ?? places[0];
    taken.push({ ...place, r: 14 });
    return place;
  });
}

export function drawMarks(viewer, frame, marks, { letters, decisions, active }) {
  const rings = marks.map((mark) => ringOf(viewer, mark));
  const places = placeLetters(viewer, viewer.toScreen(frame.x, frame.y), rings);
  marks.forEach((mark, index) => {
    const ring = rings[index];
    const status = decisions[mark.key]?.status ?? "open";
    const group = add(viewer.svg, "g", { class: `${status}${mark.key === active ? " active" : ""}` });
    add(group, "circle", { class: "ring", cx: ring.x, cy: ring.y, r: ring.r });
    if (mark.key === active) {
      const ticks = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(
        ([x, y]) => `M${ring.x + x * (ring.r + 2)} ${ring.y + y * (ring.r + 2)}l${x * 7} ${y * 7}`,
      );
      add(group, "path", { class: "ticks", d: ticks.join("") });
    }
    add(group, "text", { class: "letter", x: places[index].x, y: places[index].y }, letters[index]);
  });
}

// A true length where the pixels' size is known, the head's radius otherwise.
export function drawBar(viewer, frame, spacing) {
  const { scale } = viewer.view;
  let length = frame.radius * scale;
  let words = "1 head radius (no true scale)";
  if (spacing) {
    const fitting = BARS_MM.filter((mm) => (mm / spacing) * scale < viewer.width / 3);
    const mm = fitting.at(-1) ?? BARS_MM[0];
    length = (mm / spacing) * scale;
    words = `${mm} mm`;
  }
  const left = 14;
  const top = viewer.height - 16;
  add(viewer.svg, "path", { class: "bar", d: `M${left} ${top - 5}v5h${length}v-5` });
  add(viewer.svg, "text", { class: "bar-words", x: left, y: top - 10 }, words);
}

export function handlesOf(frame) {
  return {
    centre: { x: frame.x, y: frame.y },
    edge: toImage(frame, 1, 90),
    rim: { x: frame.rim_x, y: frame.rim_y },
  };
}

export function drawHandles(viewer, frame, chosen) {
  const centre = viewer.toScreen(frame.x, frame.y);
  add(viewer.svg, "circle", { class: "draft", cx: centre.x, cy: centre.y, r: frame.radius * viewer.view.scale });
  for (const [name, point] of Object.entries(handlesOf(frame))) {
    const at = viewer.toScreen(point.x, point.y);
    add(viewer.svg, "circle", { class: `handle${name === chosen ? " chosen" : ""}`, cx: at.x, cy: at.y, r: 7 });
  }
}

export function drawDraft(viewer, focus) {
  const at = viewer.toScreen(focus.x, focus.y);
  add(viewer.svg, "circle", { class: "draft", cx: at.x, cy: at.y, r: Math.max(2, (focus.diameter * viewer.view.scale) / 2) });
  add(viewer.svg, "path", { class: "draft", d: `M${at.x - 4} ${at.y}h8M${at.x} ${at.y - 4}v8` });
}

// In training: what was drawn into the phantom, found or missed, and what was taken for it.
export function drawTruth(viewer, feedback) {
  for (const { x, y, diameter, words, found } of feedback) {
    const at = viewer.toScreen(x, y);
    const r = Math.max(8, (0.75 * diameter * viewer.view.scale));
    add(viewer.svg, "circle", { class: `truth${found ? "" : " missed"}`, cx: at.x, cy: at.y, r });
    add(viewer.svg, "text", { class: "truth-words", x: at.x, y: at.y + r + 30 }, words);
  }
}
