// Requests to the room. A refusal carries the room's one sentence; a silence may mean that the request arrived.

export class Refusal extends Error {
  constructor(sentence, status, stale) {
    super(sentence);
    this.status = status;
    this.stale = stale;
  }
}

export class Silence extends Error {
  constructor() {
    super("The reading room does not answer; is hipcalc review still running?");
  }
}

let session = "-";

export function useSession(name) {
  session = name;
}

export function headers() {
  return { "X-Hipcalc": session };
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Silence();
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(answer.error || `The reading room refused this (${response.status}).`, response.status, answer.stale === true);
  }
  return answer;
}

export function get(path) {
  return ask(path, { headers: headers() });
}

export function post(path, body) {
  return ask(path, {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
