// Window and level: which grey levels are shown as black and as white.

const WHITE = 0xff;

// Looks at the hip's surroundings alone, and leaves out what is blank: collimation, padding.
export function autoWindow(image, frame) {
  const { data, columns, rows } = image.levels[0];
  const reach = 2.2 * frame.radius;
  const left = Math.max(0, Math.floor(frame.x - reach));
  const right = Math.min(columns, Math.ceil(frame.x + reach));
  const top = Math.max(0, Math.floor(frame.y - reach));
  const bottom = Math.min(rows, Math.ceil(frame.y + reach));
  const step = Math.max(1, Math.floor((right - left) / 220));
  const values = [];
  for (let row = top; row < bottom; row += step) {
    for (let column = left; column < right; column += step) values.push(data[row * columns + column]);
  }
  if (values.length === 0) return { low: 0, high: 65535 };
  const sorted = Uint16Array.from(values).sort();
  const used = sorted.filter((value) => value > sorted[0] && value < sorted.at(-1));
  const seen = used.length > sorted.length / 4 ? used : sorted;
  const low = seen[Math.floor(0.01 * seen.length)];
  const high = seen[Math.min(seen.length - 1, Math.floor(0.997 * seen.length))];
  return { low, high: Math.max(high, low + 1) };
}

// One entry for every grey level: an opaque grey pixel as the canvas wants it.
export function lookup({ low, high, invert }, table = new Uint32Array(65536)) {
  const factor = WHITE / (high - low);
  for (let value = 0; value < table.length; value++) {
    const level = Math.min(WHITE, Math.max(0, Math.round((value - low) * factor)));
    table[value] = 0xff000000 | ((invert ? WHITE - level : level) * 0x010101);
  }
  return table;
}
