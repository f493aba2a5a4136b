// The screen of AlivePlayer: plays a short queue of frames and asks the kernel for more before it runs dry.
// It asks {after: index of the newest frame it has, shown: of the one on the screen, epoch}; the kernel answers {first, epoch, steps: [facts of a frame]}
// with a JPEG each. All views of a player hear each answer, and take what is newer than what they have.
// A turned slider raises the epoch: what is queued is thrown away, and the kernel goes on from the frame that is on the screen.
// The picture says which step it shows, and at which temperature and curing that was rolled out: data-index, … (the tests read them).
// What is asked (a sentence, a button, a drag) is told to the kernel, which answers with words and what pulls now, and makes the frames anew.
// The map, the nearest frame, the keys and how it is asked are those of a page: scene_map.js and wishes.js, whose text stands in front of this.
const AHEAD = 0.35;  // seconds of frames to ask for at a time

function build(el) {
  el.classList.add("alive-screen");
  el.dataset.lmSuppressShortcuts = "true";  // JupyterLab's own keys stay out of it
  el.innerHTML = `<div class="alive-stage"><canvas class="alive-picture" role="img" tabindex="0"
      aria-label="the living scene; the space bar plays and pauses, the right arrow takes one step; drag a point of it, or press Shift and an arrow"></canvas>${ARROW}</div>
    <div class="alive-side">
      <canvas class="alive-map" role="img" title="Click: start from the nearest frame" aria-label="the path of the scene on its map; a click starts from the nearest frame, as the slider start does" width="480" height="360"></canvas>
      <div class="alive-near"><canvas role="img" aria-label="the nearest frame of the video" width="64" height="64"></canvas><span></span></div>
      <canvas class="alive-monitor" role="img" aria-label="step length, above, and distance to the video's path, below" width="480" height="220"></canvas>
    </div><div class="alive-wishes"></div><p class="alive-note" role="status"></p>`;
  const [picture, map, near, monitor] = el.querySelectorAll("canvas");
  return { stage: picture.parentElement, picture, map, near, monitor, number: el.querySelector(".alive-near span"), note: el.querySelector(".alive-note"), arrow: el.querySelector("svg"), wishes: el.querySelector(".alive-wishes") };
}

function drawMonitor(canvas, trail, colors) {
  const c = canvas.getContext("2d"), { width: w, height: h } = canvas;
  c.clearRect(0, 0, w, h);
  [["pace", 0], ["far", h / 2]].forEach(([name, top]) => {
    const y = value => top + h / 2 - 3 - Math.min(value, 5) / 5 * (h / 2 - 34);  // 1 is the video's usual step; below its name
    c.strokeStyle = "rgba(128,128,128,.5)"; c.setLineDash([4, 4]);
    c.beginPath(); c.moveTo(0, y(1)); c.lineTo(w, y(1)); c.stroke(); c.setLineDash([]);
    for (let cell = 0; cell < (trail.at(-1)?.length ?? 0); cell++) {
      c.strokeStyle = colors[cell]; c.beginPath();
      trail.forEach((step, i) => c[i ? "lineTo" : "moveTo"](w * i / TRAIL, y(step[cell][name]))); c.stroke();
    }
    c.fillStyle = "rgb(128,128,128)"; c.font = "24px sans-serif"; c.fillText(name === "pace" ? "step length" : "distance to the video", 4, top + 24);
  });
}

// Of a scene in 3D: the right button pulls the picture around, told ten times a second at the most.
function listenToTurns(picture, turns, tell) {
  let from = null, told = 0;
  const move = (event, now) => {
    if (!from || now - told < 100) return;
    tell([(event.clientX - from[0]) / picture.clientWidth, (event.clientY - from[1]) / picture.clientHeight]);
    [from, told] = [[event.clientX, event.clientY], now];
  };
  const quiet = event => { event.preventDefault(); event.stopPropagation(); };  // JupyterLab listens behind us for its own menu
  const end = () => { from = null; setTimeout(() => removeEventListener("contextmenu", quiet, true)); };  // some ask for it when the button goes up
  picture.addEventListener("contextmenu", event => { if (turns()) quiet(event); });
  picture.addEventListener("pointerdown", event => {
    if (event.button !== 2 || !turns()) return;
    [from, told] = [[event.clientX, event.clientY], 0];
    picture.setPointerCapture(event.pointerId);
    addEventListener("contextmenu", quiet, true);  // wherever the button goes up
  });
  picture.addEventListener("pointermove", event => move(event, performance.now()));
  picture.addEventListener("pointerup", event => { move(event, Infinity); end(); });
  picture.addEventListener("pointercancel", end);
}

// One for each player, with all its views.
export default () => {
  let views = 0;
  return { render: ({ model, el }) => {
    const close = open(model, el);
    views += 1;
    return () => { close(); if (!--views) model.send({ kind: "bye" }); };
  } };
};

function open(model, el) {
  const parts = build(el), colors = LIFE_COLORS;
  const sheet = new Image(); sheet.src = "data:image/webp;base64," + model.get("sheet");
  let queue = [], trail = [], newest = -1, epoch = -1, last = 0, late = false, gone = false;
  let shown = null;  // the index of the frame on the screen, or of the place where a new life began
  let owed = 1;      // steps to show although it is paused
  let asked = 0, wait = 0;  // when, and how many seconds an answer takes lately
  let pull = null, cells = 1;  // what was asked last; pictures in one
  const send = message => model.send(message);
  const beat = () => 1000 / model.get("fps");
  const tell = () => send({ kind: "shown", epoch, shown });  // what is saved ends there
  const drop = frames => frames.forEach(frame => frame.bitmap.close());

  const show = frame => {
    shown = frame.index;
    const { width, height } = frame.bitmap;
    shapeCanvas(parts.picture, width, height, 480, 640, parts.stage);
    parts.picture.getContext("2d").drawImage(frame.bitmap, 0, 0);
    drop([frame]);
    cells = frame.names.length;
    if (cells > 1) drawNames(parts.picture, frame.names, colors);
    trail = [...trail, frame.step].slice(-TRAIL);
    drawNearest(parts.near, sheet, frame.step[0].near, model.get("points").length, 40);
    drawMap(parts.map, model.get("points"), frame.step.map((_, life) => trail.map(step => step[life].at)), colors);
    drawMonitor(parts.monitor, trail, colors);
    const { index, temperature, curing } = frame;
    parts.picture.dataset.pull = drawPull(hearing, pull, index, model.get("fps")).toFixed(4);
    Object.assign(parts.picture.dataset, { index, temperature, curing });
  };
  const hear = message => send({ ...message, shown });
  const hearing = buildWishes(parts.wishes, model.get("buttons"), true, {
    say: text => hear({ kind: "ask", text }), press: name => hear({ kind: "wish", name }), letGo: () => hear({ kind: "let go" }),
  });
  listenToTurns(parts.picture, () => model.get("turns"), by => send({ kind: "turn", by }));
  listenToDrags(parts.picture, parts.arrow, () => Math.sqrt(cells), (at, by, life) => hear({ kind: "drag", at, by, life }));
  const ask = (now, frames = Math.max(2, owed, Math.ceil(AHEAD * model.get("fps")))) => {
    if (asked && now - asked < 3000) return;  // an answer is on its way
    if (asked) [late, parts.note.textContent] = [true, "The kernel doesn't answer: it is busy, or stopped. Run the cell again."];
    asked = now;
    send({ kind: "want", after: newest, shown, epoch, frames });
  };
  const tick = now => {
    if (gone) return;
    requestAnimationFrame(tick);
    const playing = model.get("playing"), few = playing ? (AHEAD / 2 + wait) * model.get("fps") + 1 : owed;
    if (queue.length < few) ask(now);
    if (!queue.length || (playing ? now - last < beat() : !owed)) return;
    last = now - last > 4 * beat() ? now : last + beat();
    owed = playing ? 0 : owed - 1;
    show(queue.shift());
    if (!playing) tell();
  };
  const receive = async (message, buffers) => {
    if (message.kind === "flush") {
      if (!message.keep) trail = [];
      if (!message.keep || message.show) owed = 1;
      if (!message.keep || shown === null) shown = message.index;
      drop(queue);
      [queue, asked, epoch, newest] = [[], 0, message.epoch, shown];
      last = 0;  // what comes is shown at once
      ask(performance.now(), 2);  // few, so that they come soon
    } else if (message.kind === "frames" && message.epoch === epoch) {
      const known = Math.max(0, newest + 1 - message.first);  // another view asked, which is behind
      newest = Math.max(newest, message.first + message.steps.length - 1);
      if (asked) wait = Math.min(1, Math.max((performance.now() - asked) / 1000, .9 * wait));
      const bitmaps = await Promise.all(buffers.slice(known).map(data => createImageBitmap(new Blob([data], { type: "image/jpeg" }))));
      const { names, temperature, curing } = message;
      const frames = bitmaps.map((bitmap, i) => ({ bitmap, names, temperature, curing, index: message.first + known + i, step: message.steps[known + i] }));
      if (gone || message.epoch !== epoch) return drop(frames);
      queue = [...queue, ...frames].sort((one, other) => one.index - other.index);
      drop(queue.splice(0, queue.length - 120));  // a view that is hidden hears on
      asked = 0; parts.number.textContent = message.says;
      if (late) [late, parts.note.textContent] = [false, ""];
      name();
    } else if (message.kind === "heard") {
      pull = message.pull;
      sayHeard(hearing, message.text);
      drawPull(hearing, pull, shown, model.get("fps"));
    } else if (message.kind === "step") owed += 1;
    else if (message.kind === "note") [asked, owed, parts.note.textContent] = [0, 0, message.text];
  };
  const name = () => {  // ipywidgets' sliders have a label beside them, but none that a screen reader finds
    for (const slider of el.closest(".widget-vbox")?.querySelectorAll(".widget-slider") ?? []) {
      slider.querySelector("[role=slider]")?.setAttribute("aria-label", slider.querySelector("label").textContent);
    }
  };
  const play = on => { model.set("playing", on); model.save_changes(); };
  const turned = () => {
    if (model.get("playing")) parts.note.textContent = "";
    else tell();
  };
  listenToKeys(parts.picture, () => play(!model.get("playing")), () => { play(false); owed += 1; });
  listenToMap(parts.map, model.get("points"), frame => send({ kind: "start", frame }));
  model.on("msg:custom", receive);
  model.on("change:playing", turned);
  if (asksForCalm() && model.get("playing")) {
    play(false);
    parts.note.textContent = CALM;
  }
  send({ kind: "hello" });
  requestAnimationFrame(tick);
  return () => { gone = true; model.off("msg:custom", receive); model.off("change:playing", turned); drop(queue); };
}
