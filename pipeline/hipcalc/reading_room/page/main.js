// The page's beginning: access, the reader's name, and everything set going.

import { Refusal, post, useSession } from "./api.js";
import { button, byId, element } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { listen } from "./pointer.js";
import { Reader } from "./reader.js";
import { Stage } from "./stage.js";
import { HELP } from "./words.js";

const KEPT = "hipcalc-view";

// How one likes to look is kept in this browser; nothing of a hip or a person is.
function settings() {
  const usual = { overlays: true, zones: false, invert: false, magnifier: false, whole: false, beside: "", advance: true };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(KEPT)) };
  } catch {
    return usual;
  }
}

function toolsOf(stage) {
  const toggle = (name, then = () => stage.redraw()) => () => {
    stage.settings[name] = !stage.settings[name];
    then();
  };
  const { settings: view } = stage;
  return [
    { key: "F", words: "Hip", run: () => stage.fit(false), on: () => !view.whole },
    { key: "P", words: "Whole", run: () => stage.fit(true), on: () => view.whole },
    { key: "O", words: "Other hip", run: () => stage.setBeside("other"), on: () => view.beside === "other", may: () => stage.hip?.others.length },
    { key: "E", words: "Earlier", run: () => stage.setBeside("prior"), on: () => view.beside === "prior", may: () => stage.hip?.priors.length },
    { key: "H", words: "Drawings", run: toggle("overlays"), on: () => view.overlays },
    { key: "D", words: "Zones", run: toggle("zones"), on: () => view.zones },
    { key: "I", words: "Invert", run: toggle("invert", () => stage.relevel()), on: () => view.invert },
    { key: "M", words: "Magnifier", run: toggle("magnifier"), on: () => view.magnifier },
    { key: "W", words: "Reset window", run: () => stage.resetWindow() },
  ];
}

function drawTools(stage, tools) {
  const made = tools.map((tool) => button(tool.words, tool.key, () => tool.run()));
  const update = () => {
    tools.forEach(({ on, may = () => true }, index) => {
      if (on) made[index].setAttribute("aria-pressed", String(on()));
      made[index].disabled = !may();
    });
    localStorage.setItem(KEPT, JSON.stringify(stage.settings));
  };
  for (const tool of tools) {
    const { run } = tool;
    tool.run = () => {
      run();
      update();
    };
  }
  document.querySelector(".tools").replaceChildren(...made);
  const advance = byId("advance");
  advance.checked = stage.settings.advance;
  advance.addEventListener("change", () => {
    stage.settings.advance = advance.checked;
    update();
  });
  stage.arranged = update;
  update();
}

function drawHelp() {
  byId("help-body").replaceChildren(...HELP.map(([key, words]) => element("div", {}, element("kbd", {}, key), element("span", {}, words))));
}

async function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  await post("api/token", { token });
  history.replaceState(null, "", location.pathname);
}

function start(answer) {
  useSession(answer.session);
  sessionStorage.setItem("reader", answer.reader);
  sessionStorage.setItem("role", answer.role);
  const stage = new Stage(settings());
  const reader = new Reader(stage, answer);
  const tools = toolsOf(stage);
  drawTools(stage, tools);
  drawHelp();
  listen(stage, reader);
  listenToKeys(stage, reader, tools.filter(({ key }) => key));
  return reader.begin();
}

function ask(name) {
  const dialog = byId("entry");
  const field = byId("reader");
  field.value = name;
  field.readOnly = Boolean(name);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const role = dialog.querySelector("input[name=role]:checked").value;
    try {
      const answer = await post("api/enter", { reader: field.value, role });
      dialog.close();
      await start(answer);
    } catch (error) {
      byId("entry-trouble").textContent = error.message;
    }
  });
  dialog.showModal();
  field.focus();
}

async function begin() {
  try {
    await takeToken();
    const { reader } = await post("api/enter", {});
    const name = sessionStorage.getItem("reader");
    if (name) {
      try {
        await start(await post("api/enter", { reader: name, role: sessionStorage.getItem("role") }));
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
    ask(reader);
  } catch (error) {
    const trouble = byId("trouble");
    trouble.textContent = error.message;
    trouble.hidden = false;
  }
}

begin();
