// One pane: a radiograph at some place and scale, and how points move between image and screen.

import { Renderer } from "./render.js";

const HIP_REACH = 2.4;
const LARGEST_SCALE = 24;

export class Viewer {
  constructor(section) {
    this.section = section;
    this.canvas = section.querySelector("canvas");
    this.svg = section.querySelector("svg");
    this.words = section.querySelector(".words");
    this.renderer = new Renderer(this.canvas);
    this.image = null;
    this.view = { x: 0, y: 0, scale: 1, flip: false };
    this.sampled = false;
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  // Size in CSS pixels; the canvas follows the screen's own pixels.
  resize() {
    const { width, height } = this.section.getBoundingClientRect();
    this.width = width;
    this.height = height;
    const across = Math.max(1, Math.round(width * this.ratio));
    const down = Math.max(1, Math.round(height * this.ratio));
    if (this.canvas.width !== across || this.canvas.height !== down) {
      this.canvas.width = across;
      this.canvas.height = down;
      this.sampled = false;
    }
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  show(image) {
    this.image = image;
    this.sampled = false;
  }

  move(view) {
    this.view = { ...this.view, ...view };
    this.view.scale = Math.min(LARGEST_SCALE, Math.max(this.smallest(), this.view.scale));
    this.sampled = false;
  }

  smallest() {
    if (!this.image) return 0.01;
    return 0.5 * Math.min(this.width / this.image.columns, this.height / this.image.rows);
  }

  fitHip(frame) {
    const span = 2 * HIP_REACH * frame.radius;
    this.move({ x: frame.x, y: frame.y, scale: Math.min(this.width, this.height) / span });
  }

  fitWhole({ rows, columns }) {
    const scale = Math.min(this.width / columns, this.height / rows);
    this.move({ x: (columns - 1) / 2, y: (rows - 1) / 2, scale });
  }

  // Screen points are in CSS pixels from the pane's top left corner.
  toScreen(x, y) {
    const { scale, flip } = this.view;
    return {
      x: this.width / 2 + (flip ? -1 : 1) * scale * (x - this.view.x),
      y: this.height / 2 + scale * (y - this.view.y),
    };
  }

  toImage(x, y) {
    const { scale, flip } = this.view;
    return {
      x: this.view.x + ((flip ? -1 : 1) * (x - this.width / 2)) / scale,
      y: this.view.y + (y - this.height / 2) / scale,
    };
  }

  zoomAt(x, y, factor) {
    const before = this.toImage(x, y);
    this.move({ scale: this.view.scale * factor });
    const after = this.toImage(x, y);
    this.move({ x: this.view.x + before.x - after.x, y: this.view.y + before.y - after.y });
  }

  pan(right, down) {
    const { scale, flip } = this.view;
    this.move({ x: this.view.x - ((flip ? -1 : 1) * right) / scale, y: this.view.y - down / scale });
  }

  paint(table) {
    if (!this.image) {
      this.renderer.part = null;
    } else if (!this.sampled) {
      this.renderer.sample(this.image, { ...this.view, scale: this.view.scale * this.ratio });
      this.sampled = true;
    }
    this.renderer.paint(table);
  }
}
