// Radiographs in use: those shown lately and those that come next.

import { headers } from "./api.js";

const MOST_BYTES = 400e6;
const worker = new Worker("page/loader.js");
const waiting = new Map();
const kept = new Map();
let count = 0;

worker.onmessage = ({ data: { id, levels, sentence } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (levels) resolve(levels);
  else reject(new Error(sentence));
};

// Returns a promise of {key, levels, rows, columns, bytes}; levels[0] is the whole, each next one half as large.
export function load({ image, rows, columns }) {
  const found = kept.get(image);
  if (found) {
    kept.delete(image);
    kept.set(image, found);
    return found;
  }
  const id = ++count;
  const promise = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    .then((levels) => ({ key: image, levels, rows, columns, bytes: levels.reduce((sum, level) => sum + level.data.byteLength, 0) }));
  kept.set(image, promise);
  promise.then(drop, () => kept.delete(image));
  worker.postMessage({ id, path: `/api/pixels/${image}`, headers: headers(), columns, rows });
  return promise;
}

async function drop() {
  let bytes = 0;
  for (const [key, promise] of [...kept].reverse()) {
    const image = await Promise.race([promise.catch(() => null), null]);
    bytes += image ? image.bytes : 0;
    if (bytes > MOST_BYTES && kept.size > 3) kept.delete(key);
  }
}
