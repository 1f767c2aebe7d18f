// The panes: which radiographs are shown, where, how bright, and what is drawn over them.

import { load } from "./images.js";
import { autoWindow, lookup } from "./levels.js";
import { drawBar, drawDraft, drawHandles, drawHead, drawMarks, drawRoof, drawSectors, drawTruth } from "./overlay.js";
import { Renderer } from "./render.js";
import { Viewer } from "./viewer.js";

const LENS_PX = 240;
const LENS_FACTOR = 3;

export class Stage {
  constructor(settings) {
    this.settings = settings;
    this.first = new Viewer(document.getElementById("first"));
    this.second = new Viewer(document.getElementById("second"));
    this.lens = document.getElementById("lens");
    this.lensRenderer = new Renderer(this.lens);
    this.hip = null;
    this.frame = null;
    this.compared = null;
    this.levels = { low: 0, high: 65535 };
    this.secondLevels = this.levels;
    this.table = lookup({ ...this.levels, invert: false });
    this.secondTable = this.table;
    this.look = () => ({});
    this.arranged = () => {};
    this.pointer = null;
    this.asked = 0;
    this.frames = 0;
    new ResizeObserver(() => this.redraw()).observe(this.first.section.parentElement);
  }

  // Shows a hip; the promise ends when its image is on the screen, or fails with the sentence that says why not.
  async show(hip) {
    const asked = ++this.asked;
    this.update(hip);
    this.first.show(null);
    this.second.show(null);
    this.arrange();
    const image = await load(hip);
    if (asked !== this.asked) return false;
    this.first.show(image);
    this.levels = autoWindow(image, hip.frame);
    this.settings.whole ? this.first.fitWhole(hip) : this.first.fitHip(hip.frame);
    this.relevel();
    this.paint();
    this.compare();
    return true;
  }

  clear() {
    this.asked += 1;
    this.first.show(null);
    this.second.show(null);
    this.arrange();
    this.redraw();
  }

  // Takes what changed about the hip that is shown.
  update(hip) {
    this.hip = hip;
    this.frame = hip.frame;
    this.redraw();
  }

  // Puts the other hip, or an earlier picture, beside the first; what is asked for and not there leaves the first alone.
  arrange() {
    const { hip } = this;
    const wanted = { other: hip.others, prior: hip.priors }[this.settings.beside] ?? [];
    this.compared = wanted[0] ?? null;
    this.second.section.hidden = this.compared === null;
    this.first.resize();
    this.second.resize();
    this.arranged();
  }

  async compare() {
    const { compared, asked } = this;
    if (compared === null) return;
    this.second.words.textContent = this.settings.beside === "other" ? "Other hip, mirrored" : compared.words;
    try {
      const image = await load(compared);
      if (asked !== this.asked || compared !== this.compared) return;
      this.second.show(image);
      const same = compared.image === this.hip.image;
      this.secondLevels = same ? null : autoWindow(image, compared.frame);
      this.relevel();
    } catch (error) {
      this.second.words.textContent = error.message;
    }
    this.redraw();
  }

  setBeside(what) {
    this.settings.beside = this.settings.beside === what ? "" : what;
    this.second.show(null);
    this.arrange();
    this.fit(this.settings.whole);
    this.compare();
  }

  relevel() {
    const { invert } = this.settings;
    lookup({ ...this.levels, invert }, this.table);
    this.secondTable = this.secondLevels ? lookup({ ...this.secondLevels, invert }) : this.table;
    this.redraw();
  }

  // Window and level by a move of the mouse: across the pane is the whole width of the window once.
  window(right, down) {
    const width = this.levels.high - this.levels.low;
    const wider = Math.max(2, width * Math.exp((2 * right) / this.first.width));
    const middle = (this.levels.low + this.levels.high) / 2 + (width * down) / this.first.height;
    this.levels = { low: middle - wider / 2, high: middle + wider / 2 };
    this.relevel();
  }

  resetWindow() {
    if (this.first.image) this.levels = autoWindow(this.first.image, this.frame);
    this.relevel();
  }

  fit(whole) {
    this.settings.whole = whole;
    whole ? this.first.fitWhole(this.hip) : this.first.fitHip(this.frame);
    this.redraw();
  }

  redraw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      this.paint();
    });
  }

  paint() {
    if (this.hip === null) return;
    this.frames++;
    this.first.resize();
    this.first.paint(this.table);
    this.follow();
    this.draw();
    this.magnify();
  }

  // The second pane shows the same place of its hip at the same size of the head; mirrored, so that both look alike.
  follow() {
    if (this.compared === null) return;
    const { second, first } = this;
    second.resize();
    const here = this.frame;
    const there = this.compared.frame;
    const factor = there.radius / here.radius;
    const flip = here.lateral !== there.lateral;
    second.move({
      x: there.x + (flip ? -1 : 1) * (first.view.x - here.x) * factor,
      y: there.y + (first.view.y - here.y) * factor,
      scale: first.view.scale / factor,
      flip,
    });
    second.paint(this.secondTable);
  }

  draw() {
    const { first, second, hip, frame, settings } = this;
    const { marks, letters, decisions, active, draft, geometry, chosen, sectors, feedback } = this.look();
    first.svg.replaceChildren();
    second.svg.replaceChildren();
    if (!first.image) return;
    drawBar(first, frame, hip.spacing_mm);
    if (settings.overlays) {
      if (!geometry) drawHead(first, frame);
      drawRoof(first, hip.roof);
      if (settings.zones) drawSectors(first, geometry ?? frame, sectors);
      drawMarks(first, frame, marks, { letters, decisions, active });
      if (this.compared && second.image) drawHead(second, this.compared.frame);
    }
    drawTruth(first, feedback);
    if (geometry) drawHandles(first, geometry, chosen);
    if (draft) drawDraft(first, draft);
  }

  magnify() {
    const { lens, pointer, first } = this;
    lens.hidden = !(this.settings.magnifier && pointer && first.image);
    if (lens.hidden) return;
    const size = Math.round(LENS_PX * first.ratio);
    if (lens.width !== size) {
      lens.width = size;
      lens.height = size;
    }
    const at = first.toImage(pointer.x, pointer.y);
    const scale = Math.max(LENS_FACTOR * first.view.scale, 1) * first.ratio;
    this.lensRenderer.sample(first.image, { ...at, scale, flip: first.view.flip });
    this.lensRenderer.paint(this.table);
    lens.style.left = `${pointer.x - LENS_PX / 2}px`;
    lens.style.top = `${pointer.y - LENS_PX / 2}px`;
  }

  // What was visible when the reader decided, for the record.
  shown() {
    const { low, high } = this.levels;
    const { overlays, invert, beside } = this.settings;
    return {
      overlays,
      invert,
      other_hip: this.compared !== null && beside === "other",
      prior: this.compared !== null && beside === "prior",
      low: Math.round(low),
      high: Math.round(high),
      zoom: Math.round(1000 * this.first.view.scale) / 1000,
    };
  }
}
