// Small helpers to build the page.

export function byId(id) {
  return document.getElementById(id);
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(key, value);
    else if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function button(words, key, onclick, attributes = {}) {
  const shown = key ? [words, element("kbd", { "aria-hidden": "true" }, key)] : [words];
  return element("button", { type: "button", onclick, "aria-keyshortcuts": key || undefined, ...attributes }, ...shown);
}

export function clockText(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
