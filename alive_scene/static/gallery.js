// A wall of living portraits. Each is its own exported page in a frame, with ?ui=0; all share one runtime beside them. A portrait lives while it is
// in view: its frame comes when it is seen and goes when it isn't, and until then, and elsewhere, there is its still. page_words.js, whose text stands
// in front of this, reads a sentence; what each scene shows is in places.json. With ?wall, or ?wall=SECONDS, one scene after the other fills the window.
const $ = id => document.getElementById(id);
const about = JSON.parse($("about").textContent);
const MOST = 6;  // portraits that live at once; a wide window may show more, as stills
const SETTLE = 150;  // milliseconds without a scroll until stills come alive
const TURN = 60;  // seconds of a scene on a wall, unless the address says otherwise
const SLOW = 30_000;  // milliseconds until a page that isn't ready is given up
const tiles = [...document.querySelectorAll(".tile")], calm = matchMedia("(prefers-reduced-motion: reduce)");
const served = location.protocol !== "file:", say = text => { $("note").textContent = text; };
const wait = time => new Promise(done => setTimeout(done, time));

// A scene's page in a frame, ready to be seen; null if it isn't there, or is too slow.
async function frameOf(name, search, parent) {
  const frame = document.createElement("iframe");
  frame.tabIndex = -1;
  frame.title = `${name}, alive`;
  frame.src = `${encodeURIComponent(name)}.html${search}`;
  const loaded = new Promise(done => frame.addEventListener("load", done, { once: true }));
  parent.append(frame);
  const ready = loaded.then(() => frame.contentWindow?.alive?.ready.then(() => true, () => false) ?? false);
  const there = await Promise.race([ready, wait(SLOW).then(() => false)]);
  if (there) frame.classList.add("there");
  else frame.remove();
  return there ? frame : null;
}

// Which portraits live: those in view, nearest to the middle; who lives goes on while it is seen.
const seen = new Set(), living = new Map();
let timer = 0, busy = false;
function sleep(tile) {
  living.get(tile)?.remove();
  tile.querySelector("iframe")?.remove();
  living.delete(tile);
}

async function settle() {
  for (const tile of [...living.keys()]) if (!seen.has(tile) || tile.hidden || document.hidden) sleep(tile);
  if (busy || document.hidden || calm.matches || !served) return;
  busy = true;
  try {
    for (let next; (next = nextToLive());) {
      living.set(next, null);
      const frame = await frameOf(next.dataset.name, "?ui=0", next.querySelector(".frame"));
      if (!living.has(next)) frame?.remove();  // it went out of view while it loaded
      else if (frame) living.set(next, frame);
      else next.dataset.still = "";  // its page didn't come: its still stays
    }
  } finally { busy = false; }
}

function nextToLive() {
  if (document.hidden || living.size >= MOST) return null;
  const off = tile => { const box = tile.getBoundingClientRect(); return Math.abs(box.top + box.height / 2 - innerHeight / 2); };
  const open = [...seen].filter(tile => !living.has(tile) && !tile.hidden && !("still" in tile.dataset));
  return open.sort((one, other) => off(one) - off(other))[0] ?? null;
}

const soon = () => { clearTimeout(timer); timer = setTimeout(settle, SETTLE); };
function hang() {
  const watcher = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) {
      const tile = target.closest(".tile");
      if (isIntersecting) seen.add(tile);
      else { seen.delete(tile); sleep(tile); }
    }
    soon();
  }, { threshold: 0 });
  for (const tile of tiles) watcher.observe(tile.querySelector(".frame"));
  document.addEventListener("visibilitychange", settle);
  calm.addEventListener("change", () => { [...living.keys()].forEach(sleep); soon(); });
  if (!served) say("To play, it needs a web server: python3 -m http.server, in this folder.");
  else if (calm.matches) say("Stills only, as your system asks for less motion: open one to play it.");
}

// The search. Names are looked at with every letter; a sentence, once it is whole, by CLIP.
const bytesOf = text => Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
let reader = null;
async function openReader() {
  const [told, lying] = await Promise.all([about.words, about.places].map(async file => {
    const answer = await fetch(file);
    if (!answer.ok) throw new Error(`${file} is missing`);
    return answer.json();
  }));
  const ort = await import(about.runtime);
  ort.env.wasm.numThreads = 1;
  const net = await ort.InferenceSession.create(bytesOf(told.read), { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const tokens = tokenizer(new TextDecoder().decode(bytesOf(told.merges)).split("\n"), told.words);
  const rows = new Map(told.words.known.map((token, row) => [token, row]));
  const neutral = new Float32Array(bytesOf(told.neutral).buffer), places = new Int8Array(bytesOf(lying.places).buffer);
  const read = async text => {
    const found = tokens(text), end = BigInt(found.indexOf(Math.max(...found))), row = found.map(token => BigInt(rows.get(token) ?? rows.size));
    const feeds = { row: new ort.Tensor("int64", row, [1, row.length]), end: new ort.Tensor("int64", [end], [1]) };
    return (await net.run(feeds)).said.data;
  };
  return { ...lying, read, neutral, places };
}

// Of each scene, how well the frame that fits best fits a sentence, in contrast with random ones; and which scenes stand out: more like it than to
// all but one of twenty random sentences.
function scoresOf(said, { neutral, places, names, count, near }) {
  const size = said.length, best = {}, heard = [];
  names.forEach((name, scene) => {
    let most = -Infinity, likest = -Infinity;
    for (let row = scene * count; row < (scene + 1) * count; row++) {
      let norm = 0, like = 0, score = 0;
      for (let i = 0; i < size; i++) {
        const at = places[row * size + i];
        norm += at * at; like += at * said[i]; score += at * (said[i] - neutral[i]);
      }
      likest = Math.max(likest, like / Math.sqrt(norm));
      most = Math.max(most, score / Math.sqrt(norm));
    }
    best[name] = most;
    if (likest > near[scene]) heard.push(name);
  });
  return { best, heard };
}

const plain = text => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
const named = tiles.map(tile => plain(tile.dataset.found));
let asked = 0;
function show(order, hidden) {
  order.forEach(tile => { tile.hidden = hidden(tile); });
  if (order.some((tile, i) => $("wall").children[i] !== tile)) {
    for (const tile of order) if (living.has(tile)) sleep(tile);  // a frame that is moved loads anew
    $("wall").append(...order);
  }
  $("none").hidden = order.some(tile => !tile.hidden);
  soon();
}

async function search() {
  const turn = ++asked, text = $("words").value.trim(), only = tile => $("looks").checked && !("look" in tile.dataset);
  const wanted = plain(text).split(/\s+/).filter(Boolean), hit = new Set(tiles.filter((tile, i) => wanted.every(word => named[i].includes(word))));
  say("");
  show(tiles, tile => only(tile) || !hit.has(tile));
  if (!text || !about.words || !about.runtime || !served || text.length < 3) return;
  await wait(400);  // until the sentence is whole
  if (turn !== asked) return;
  try {
    reader ??= openReader();
    const known = await reader, { best, heard } = scoresOf(await known.read(text), known);
    if (turn !== asked) return;
    if (!heard.length) return say(hit.size ? "By name: no picture here stands out for CLIP by that." : "No name has it, and no picture stands out for CLIP by that.");
    const rank = tile => (hit.has(tile) ? 1e3 : 0) + (best[tile.dataset.name] ?? -1e3);
    say(`By how well CLIP finds a picture to fit “${text.slice(0, 60)}”${hit.size ? ", names first" : ""}: ${heard.length} stand${heard.length === 1 ? "s" : ""} out.`);
    show([...tiles].sort((one, other) => rank(other) - rank(one)), only);
  } catch (error) { if (turn === asked) say(`By name only: ${error.message ?? error}`); reader = null; }
}

// On a wall: one scene after the other; the next one is made ready behind the one that is seen.
async function turnWall(seconds) {
  document.body.classList.add("one");
  $("one").hidden = false;
  const sound = tiles.filter(tile => !("look" in tile.dataset)), turns = sound.length ? sound : tiles;
  let now = null;
  for (let i = 0; ; i = (i + 1) % turns.length) {
    const next = await frameOf(turns[i].dataset.name, "?wall", $("one"));
    if (!next) { await wait(1000); continue; }
    $("one").dataset.name = turns[i].dataset.name;
    const before = now;
    now = next;
    if (before) await wait(2000).then(() => before.remove());
    await wait(1000 * seconds);
    while (document.hidden || turns.length < 2) await wait(1000);
  }
}

const address = new URLSearchParams(location.search), length = address.get("wall");
if (length !== null && served) turnWall(Number(length) > 0 ? Number(length) : TURN);
else {
  hang();
  $("words").addEventListener("input", search);
  $("looks").addEventListener("change", search);
  $("search").addEventListener("submit", event => { event.preventDefault(); search(); });
  if (address.get("q")) { $("words").value = address.get("q"); search(); }
}
window.gallery = { living: () => [...living.keys()].map(tile => tile.dataset.name), search, scoresOf, reader: () => reader ??= openReader() };
