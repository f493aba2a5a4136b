// How a page is steered from outside: by its address, and by messages of the page around it, where the export accepts that page's origin.
// Its text stands in front of page.js. What both may set are the page's own controls, within the controls' own bounds.
const SETTINGS = ["temperature", "curing", "speed", "start", "seed", "view"];
const FLAGS = ["ui", "wall", "panel", "play"];

// What a control would be set to. It throws an Error that names what is wrong.
function settingOf(name, value) {
  const known = [...$(name).options ?? []].map(option => option.value);
  if (known.includes(value)) return value;
  if (known.length) throw new Error(`${name} must be one of ${JSON.stringify(known)}, got ${JSON.stringify(value)}`);
  const { min, max, step } = $(name), whole = step === "1", number = value === "" ? NaN : Number(value);
  if (typeof value === "object" || typeof value === "boolean" || !(number >= +min && number <= +max) || (whole && !Number.isInteger(number)))
    throw new Error(`${name} must be a ${whole ? "whole " : ""}number from ${min} to ${max}, got ${JSON.stringify(value)}`);
  return number;
}

function wishOf(name) {
  const known = about.wishes?.wishes.map(one => one.name) ?? [];
  if (!known.includes(name)) throw new Error(known.length ? `wish must be one of ${JSON.stringify(known)}, got ${JSON.stringify(name)}` : "this page was exported without wishes");
  return name;
}

// As if a hand had turned it: a new start or seed begins a new life.
function turn(settings) {
  for (const name in settings) $(name).value = settings[name];
  for (const name in settings) $(name).dispatchEvent(new Event("input"));
}

// What an address asks for: settings, flags and a wish. What is none is left out, with a note in the console.
function readAddress(search) {
  const asked = { settings: {} };
  for (const [name, text] of new URLSearchParams(search)) {
    try {
      if (SETTINGS.includes(name)) asked.settings[name] = settingOf(name, text);
      else if (name === "wish") asked.wish = wishOf(text);
      else if (!FLAGS.includes(name)) throw new Error(`known are ${[...SETTINGS, "wish", ...FLAGS].join(", ")}, got ${JSON.stringify(name)}`);
      else if (!["", "0", "1"].includes(text)) throw new Error(`${name} must be 0 or 1, got ${JSON.stringify(text)}`);
      else asked[name] = text !== "0";
    } catch (error) { console.info(`ignored in the address: ${error.message}`); }
  }
  return asked;
}

// Answers messages {type, …} of pages with the accepted origin; those of others are not heard. acts: {type: message => …}, state: () => what is told.
// `watch` asks to be told after each step. It answers with {ready, tell}.
function listenToPages(origin, acts, state) {
  if (!origin) return { ready() {}, tell() {} };
  let watcher = null;
  const post = ([page, where], message) => page.postMessage(message, where);
  const watch = ({ on = true }, from) => { watcher = on ? from : null; };
  const known = { ...acts, watch, state() {} };
  addEventListener("message", async ({ data, source, origin: sender }) => {
    if (!source || source === window || (origin !== "*" && sender !== origin) || typeof data?.type !== "string") return;
    const from = [source, origin === "*" ? "*" : sender];
    try {
      if (!Object.hasOwn(known, data.type)) throw new Error(`type must be one of ${Object.keys(known).join(", ")}, got ${JSON.stringify(data.type)}`);
      await known[data.type](data, from);
      post(from, { type: "state", ...state() });
    } catch (error) { post(from, { type: "error", text: error.message ?? String(error) }); }
  });
  const around = [parent, opener].filter(page => page && page !== window);
  return {
    ready: () => around.forEach(page => post([page, origin], { type: "ready", ...state() })),
    tell: () => { if (watcher) post(watcher, { type: "state", ...state() }); },
  };
}
