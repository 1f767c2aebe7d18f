// The visible part of a radiograph, resampled to the screen once, and re-levelled as often as one likes.

const FRACTION = 64;

// One axis: for each screen pixel the pixel before it and the weight of the one after; `first` to `last` lie inside.
function axis(count, middle, step, size) {
  const before = new Int32Array(count);
  const weight = new Int32Array(count);
  let first = count;
  let last = 0;
  for (let index = 0; index < count; index++) {
    const at = middle + (index + 0.5 - count / 2) * step;
    if (at < -0.5 || at > size - 0.5) continue;
    first = Math.min(first, index);
    last = index + 1;
    const clamped = Math.min(Math.max(at, 0), size - 1);
    before[index] = Math.min(Math.floor(clamped), size - 2);
    weight[index] = Math.round((clamped - before[index]) * FRACTION);
  }
  return { before, weight, first, last };
}

export class Renderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.part = null;
  }

  // `view` is {x, y, scale, flip}: the image's point at the middle, screen pixels per image pixel, mirrored or not.
  sample(image, view) {
    const { width, height } = this.canvas;
    const wanted = Math.floor(Math.log2(Math.max(1, 1 / view.scale)));
    const depth = Math.min(wanted, image.levels.length - 1);
    const { data, columns, rows } = image.levels[depth];
    const shrink = 2 ** depth;
    const step = 1 / (view.scale * shrink);
    const across = axis(width, (view.x + 0.5) / shrink - 0.5, view.flip ? -step : step, columns);
    const down = axis(height, (view.y + 0.5) / shrink - 0.5, step, rows);
    const partWidth = Math.max(0, across.last - across.first);
    const partHeight = Math.max(0, down.last - down.first);
    if (partWidth === 0 || partHeight === 0) {
      this.part = null;
      return;
    }
    if (this.part === null || this.part.grey.length !== partWidth * partHeight || this.part.width !== partWidth) {
      const picture = new ImageData(partWidth, partHeight);
      this.part = {
        width: partWidth,
        grey: new Uint16Array(partWidth * partHeight),
        picture,
        pixels: new Uint32Array(picture.data.buffer),
      };
    }
    Object.assign(this.part, { left: across.first, top: down.first });
    const grey = this.part.grey;
    const { before, weight } = across;
    let at = 0;
    for (let row = down.first; row < down.last; row++) {
      const upper = down.before[row] * columns;
      const lower = upper + columns;
      const below = down.weight[row];
      for (let column = across.first; column < across.last; column++, at++) {
        const here = before[column];
        const right = weight[column];
        const a = data[upper + here] * (FRACTION - right) + data[upper + here + 1] * right;
        const b = data[lower + here] * (FRACTION - right) + data[lower + here + 1] * right;
        grey[at] = (a * (FRACTION - below) + b * below) >> 12;
      }
    }
  }

  paint(table) {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.part === null) return;
    const { grey, pixels, picture, left, top } = this.part;
    for (let index = 0; index < grey.length; index++) pixels[index] = table[grey[index]];
    this.context.putImageData(picture, left, top);
  }
}
