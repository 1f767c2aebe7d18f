// A worker: fetches the grey levels of one radiograph and halves it again and again, so that the page never waits for it.

const SMALLEST = 400;

function halved({ data, columns, rows }) {
  const width = columns >> 1;
  const height = rows >> 1;
  const half = new Uint16Array(width * height);
  for (let row = 0, at = 0; row < height; row++) {
    let upper = 2 * row * columns;
    let lower = upper + columns;
    for (let column = 0; column < width; column++, at++, upper += 2, lower += 2) {
      half[at] = (data[upper] + data[upper + 1] + data[lower] + data[lower + 1] + 2) >> 2;
    }
  }
  return { data: half, columns: width, rows: height };
}

onmessage = async ({ data: { id, path, headers, columns, rows } }) => {
  try {
    const response = await fetch(path, { headers });
    if (!response.ok) {
      const answer = await response.json().catch(() => ({}));
      postMessage({ id, sentence: answer.error || `The image was refused (${response.status}).` });
      return;
    }
    const data = new Uint16Array(await response.arrayBuffer());
    if (data.length !== columns * rows) {
      postMessage({ id, sentence: "The image is not as large as the results say; screen it again." });
      return;
    }
    const levels = [{ data, columns, rows }];
    while (Math.min(levels.at(-1).columns, levels.at(-1).rows) > SMALLEST) levels.push(halved(levels.at(-1)));
    postMessage({ id, levels }, levels.map((level) => level.data.buffer));
  } catch {
    postMessage({ id, sentence: "The image could not be loaded: the reading room does not answer." });
  }
};
