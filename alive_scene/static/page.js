// A living scene without Python. Three ONNX graphs do what the course teaches: `start` stands on a frame of the video,
// `step` moves on from a state, by noise, and cures, `draw` makes the picture. The notebook 68_graphs says what goes in and out.
// The map, the nearest frame, the keys and how it is asked are those of the player: scene_map.js and wishes.js, whose text stands in front
// of this; page_wishes.js solves what is asked, page_words.js reads sentences, page_game.js is the game; wall.js is the window it plays in, steer.js how
// it is steered from outside, save.js what it gives away.
const $ = id => document.getElementById(id);
const about = JSON.parse($("about").textContent);

// What is inlined was gzipped and written as base64.
async function unpack(name) {
  const text = atob($(`packed-${name}`).textContent), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return inflate(bytes, "gzip");
}

async function inflate(bytes, format) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function loadRuntime() {
  const inside = !about.beside;
  const ort = await import(inside ? URL.createObjectURL(new Blob([await unpack("glue")], { type: "text/javascript" })) : about.beside);
  ort.env.wasm.numThreads = 1;  // more need headers that only a web server can send, and lose strokes: they add to one patch at the same moment
  if (inside) ort.env.wasm.wasmBinary = await unpack("wasm");
  return ort;
}

// Even numbers in 0..1 from a seed: the generator mulberry32 (Tommy Ettinger, public domain). Bell-shaped ones from two even ones: Box and Muller, 1958.
function luckOf(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

const hearing = about.wishes ? openWishes(about, unpack, { run: readWords, observed: () => observed.data, live: liveFrom, across: () => Math.sqrt(lives.length || 1) }) : null;  // where the scene was exported with wishes
const page = document.querySelector("main"), say = text => { $("note").textContent = text; };
const asked = readAddress(location.search);
const present = openScreen($("picture")), film = openFilm($("picture"), $("film"), say, () => play(true));
let ort, nets, frames, observed, lives = [], wish = null, index = 0, playing = false, seen = true, busy = Promise.resolve();
const tensor = (kind, values, dims) => new ort.Tensor(kind, values, dims);
const inTurn = work => busy = busy.then(work, work);  // one thing at a time
const orSay = work => inTurn(work).catch(fail);

async function load() {
  ort = await loadRuntime();
  await hearing?.load();
  nets = {};
  const options = { executionProviders: ["wasm"], logSeverityLevel: 3 };  // errors only
  for (const name of ["start", "step", "draw", ...(about.packed ? ["find"] : []), ...(about.wishes?.words ? ["read"] : [])]) nets[name] = await ort.InferenceSession.create(await unpack(name), options);
  if (about.packed) frames = packedFrames(about.packed, await inflate(await unpack("code"), "deflate"), new Float32Array((await unpack("scores")).buffer));
}

// A state as a network gave it, as the next step takes it.
const aged = born => Object.fromEntries(Object.entries(born).map(([name, value]) => [name.replace("new_", "old_"), value]));

// Where a generator moves frames, the graph `find` names two, and `draw` takes them.
async function foundFrames(embedding) {
  if (!about.packed) return {};
  const { frame, share, away } = await nets.find.run({ embedding });
  const { height, width } = about.packed, two = new Uint8Array(6 * height * width);
  [...frame.data].forEach((number, i) => two.set(frames(Number(number)), 3 * i * height * width));
  return { pictures: tensor("uint8", two, [1, 2, height, width, 3]), share, away };
}

// Where the encoder places a sentence: the rows of its tokens, and where it ends.
async function readWords(row, end) {
  const feeds = { row: tensor("int64", row.map(BigInt), [1, row.length]), end: tensor("int64", [BigInt(end)], [1]) };
  return (await inTurn(() => nets.read.run(feeds))).said.data;
}

// A new life from a frame, that plays.
async function liveFrom(frame) {
  [$("start").value, $("view").value] = [frame, "one"];
  $("start").nextElementSibling.textContent = frame;
  await inTurn(restart);
  play(true);
}

async function look(now = lives) {
  const seen = [];
  for (const life of now) {
    const embedding = life.state.old_embedding;
    const { picture, at, nearest } = await nets.draw.run({ embedding, observed, ...await foundFrames(embedding) });
    seen.push({ ...life, picture, near: Number(nearest.data[0]), trail: [...life.trail, [...at.data]].slice(-TRAIL) });
  }
  lives = seen;
  show();
  return lives[0].picture.data;
}

async function restart() {
  const view = $("view").value;
  index = 0;
  hearing?.letGo();
  const { observed: seen, ...born } = await nets.start.run({ frame: tensor("int64", [BigInt($("start").value)], [1]) });
  observed = seen;
  return look(about.views[view].map(([more, warmth]) => {  // what its seed is more by, what multiplies its temperature
    const seed = +$("seed").value + more, name = view === "four temperatures" ? `× ${warmth}` : `seed ${seed}`;
    return { name, warmth, luck: luckOf(seed), state: aged(born), trail: [] };
  }));
}

function draws(luck) { return Object.fromEntries(about.noise.map(({ name, kind, size }) => [name, Array.from({ length: size }, luck[kind])])); }

async function step(noise) {
  const temperature = +$("temperature").value, now = [];
  for (const life of lives) now.push({ ...life, state: await moved(life, temperature * life.warmth, noise ?? draws(life.luck)) });
  index += 1;
  return look(now);
}

async function moved({ state }, temperature, noise) {
  const feeds = { ...state, observed, temperature: tensor("float64", [temperature], [1]), curing: tensor("float32", [+$("curing").value], [1]) };
  const odds = wish ?? hearing?.odds(index, temperature);
  if (about.places) feeds.wish = tensor("float32", odds ? Float32Array.from(odds) : new Float32Array(about.places).fill(1), [1, about.places]);
  for (const name in noise) feeds[name] = tensor("float32", Float32Array.from(noise[name]), [1, noise[name].length]);
  return aged(await nets.step.run(feeds));
}

function show() {
  const [height, width] = lives[0].picture.dims, canvas = $("picture"), across = Math.sqrt(lives.length);
  if (canvas.width !== across * width) [canvas.width, canvas.height] = [across * width, across * height];
  lives.forEach(({ picture }, i) => {
    const image = new ImageData(new Uint8ClampedArray(picture.data), width, height);
    canvas.getContext("2d").putImageData(image, i % across * width, Math.floor(i / across) * height);
  });
  if (across > 1) drawNames(canvas, lives.map(life => life.name), LIFE_COLORS);
  canvas.dataset.index = index;
  present();
  film.draw();
  $("says").textContent = `step ${index}, nearest to frame ${lives[0].near} of the video`;
  showPlace();
  hearing?.show(index, lives.map(life => life.near));
  outside.tell();
}

// On the map and beside it; who has closed the panel sees neither.
function showPlace() {
  if ($("panel").hidden || !lives.length) return;
  drawNearest($("near"), $("sheet"), lives[0].near, about.points.length, 48);
  drawMap($("map"), about.points, lives.map(life => life.trail), LIFE_COLORS);
}

function play(on) {
  playing = on;
  $("play").dataset.on = on;
  $("play").querySelector("span").textContent = on ? "pause" : "play";
  wake();
}

// Another life, from anywhere in the scene.
function surprise() { turn({ seed: Math.floor(1e6 * Math.random()), start: Math.floor(about.points.length * Math.random()) }); }

function open(on) {
  $("panel").hidden = !on;
  $("more").setAttribute("aria-expanded", on);
  page.toggleAttribute("data-panel", on);
  showPlace();
}

// What is told outside, and what may be asked there.
const told = () => ({
  index, nearest: lives[0]?.near ?? 0, playing, ...Object.fromEntries(SETTINGS.map(name => [name, name === "view" ? $(name).value : +$(name).value])),
  wishes: about.wishes?.wishes.map(one => one.name) ?? [], pull: +($("picture").dataset.pull ?? 0),
});
const acts = {
  set({ type, ...settings }) {
    const right = Object.entries(settings).map(([name, value]) => {
      if (!SETTINGS.includes(name)) throw new Error(`set knows ${SETTINGS.join(", ")}, got ${JSON.stringify(name)}`);
      return [name, settingOf(name, value)];
    });
    turn(Object.fromEntries(right));
    return busy;
  },
  play() { play(true); },
  pause() { play(false); },
  step() { play(false); return inTurn(() => step()); },
  restart() { return inTurn(restart); },
  surprise() { surprise(); return busy; },
  wish({ name }) {
    const known = wishOf(name);
    hearing.press(known);
  },
  say({ text }) {
    if (!about.wishes?.words || typeof text !== "string") throw new Error("this page was exported without sentences, or text is none");
    return hearing.say(text);
  },
  release() { hearing?.letGo(); },
};
const heard = work => message => ready.then(() => work(message));  // what comes while it loads waits
const outside = listenToPages(about.origin, Object.fromEntries(Object.entries(acts).map(([type, work]) => [type, heard(work)])), told);

function connect() {
  for (const input of document.querySelectorAll("input[type=range]")) {
    const tell = () => input.nextElementSibling.textContent = (+input.value).toFixed(input.step === "1" ? 0 : 2);
    input.addEventListener("input", tell); tell();
  }
  for (const setting of document.querySelectorAll(".setting")) setting.querySelector("input, select").setAttribute("aria-description", setting.title);
  for (const name of ["start", "seed", "view"]) $(name).addEventListener("input", () => orSay(restart));
  $("controls").addEventListener("submit", event => event.preventDefault());
  $("play").addEventListener("click", () => play(!playing));
  $("one").addEventListener("click", () => { play(false); orSay(() => step()); });
  $("again").addEventListener("click", () => orSay(restart));
  $("surprise").addEventListener("click", surprise);
  $("more").addEventListener("click", () => open($("panel").hidden));
  $("panel").addEventListener("keydown", event => { if (event.key === "Escape") { open(false); $("more").focus(); } });
  $("still").addEventListener("click", () => saveStill($("picture"), say));
  $("link").addEventListener("click", () => copyText(shareLink(), say));
  $("embed").addEventListener("click", () => copyText(embedCode($("picture")), say));
  const turnedOver = () => play(!playing), oneStep = () => $("one").click();
  listenToKeys($("picture"), turnedOver, oneStep);
  listenEverywhere(turnedOver, oneStep, offerFullScreen($("full"), say));
  const controls = fadeControls(page, () => playing);
  listenToClicks($("stage"), () => page.dataset.controls !== "none" && turnedOver(), controls.toggle);
  listenToMap($("map"), about.points, frame => turn({ start: frame }));
  for (const button of document.querySelectorAll("#bar button, #panel button[id]")) button.disabled = false;
}

// Where nobody looks, nothing is computed; nor is the screen asked when it is free while nothing plays.
let last = 0, waiting = false, ticking = false;
function wake() {
  if (ticking || !playing || !seen) return;
  ticking = true;
  requestAnimationFrame(tick);
}

function tick(now) {
  ticking = false;
  wake();
  const beat = 1000 / (about.fps * $("speed").value);
  if (!playing || !seen || waiting || now - last < beat) return;
  last = now - last > 2 * beat ? now : last + beat;  // late by more than a frame: start counting anew
  waiting = true;
  orSay(() => step()).finally(() => waiting = false);
}

function fail(error) {
  play(false);
  say(`It can't play: ${error.message ?? error}. ${about.beside ? `It needs ${about.beside} beside it, and a web server.` : ""}`);
  beginAgain();
  throw error;
}

// As the address asks: before anything is loaded, so that nothing is shown that wasn't asked for.
for (const name in asked.settings) $(name).value = asked.settings[name];
if (asked.ui === false) page.dataset.controls = "none";
if (asked.panel) open(true);
const beginAgain = asked.wall ? hangOnWall(page, () => playing && seen ? index : NaN) : () => {};
watchSight($("stage"), on => {
  seen = on;
  if (!on) film.stop();
  wake();
});
for (const canvas of ["picture", "screen"]) $(canvas).addEventListener("contextrestored", () => lives.length && orSay(() => look()));

// For tests and for tinkering: await alive.ready; alive.play(false); await alive.restart(); await alive.step({chances: […], latent: […]}).
// restart and step answer with the picture's bytes, red, green, blue and 255 for each pixel; without noise, step draws its own.
const ready = load().then(restart).then(() => {
  connect();
  if (asked.wish) hearing.press(asked.wish);
  const on = asked.play ?? (asked.wall || !asksForCalm());
  say(on || asked.play === false ? "" : CALM);
  play(on);
  outside.ready();
}).catch(fail);
// wish multiplies the odds of each place of the plan (about.places numbers above 0; null is neutral).
window.alive = { ready, play, restart: () => inTurn(restart), step: noise => inTurn(() => step(noise)), wish: odds => { wish = odds; }, hearing };
