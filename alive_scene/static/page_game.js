// A game in the page: wake it without startling it. A stroke over the picture, or the button, warms a wish that fades; too much at once startles.
// about.wishes.game: {goal, values: of each frame, 0..1 how far it is one, title, until, done, gauge: words}. From a half on it is reached. Lengths are sides of the picture, the clock is the
// scene's own steps: so it is the same on a slow machine.
const PRESS = .4;  // what the button strokes
const [WARM, ALARM, FRIGHT] = [2, .5, 1];  // seconds until each is half
const REST = 2, WARMEST = 4, LIVES = 3, HOLD = 2;  // REST: how strongly it rests by itself; HOLD: seconds

// What has happened so far. Its rules are in these three functions; the rest shows them.
function newGame(fps) { return { fps, warmth: 0, alarm: 0, fright: 0, frights: 0, awake: 0, steps: 0, over: "" }; }

function strokeGame(game, length) {
  if (game.over) return;
  game.warmth = Math.min(WARMEST, game.warmth + length);
  game.alarm += length;
  if (game.alarm <= 1) return;
  Object.assign(game, { warmth: 0, alarm: 0, awake: 0, fright: 1, frights: game.frights + 1 });
  if (game.frights === LIVES) game.over = "lost";
}

function passGame(game, value) {
  if (game.over) return;
  game.steps += 1;
  for (const [name, half] of [["warmth", WARM], ["alarm", ALARM], ["fright", FRIGHT]]) game[name] *= 2 ** (-1 / (half * game.fps));
  game.awake = value >= .5 ? game.awake + 1 : Math.max(0, game.awake - 2);
  if (game.awake >= HOLD * game.fps) game.over = "won";
}

function openGame(told, fps, { picture, stage, asks, live }) {
  const { values, title, until, done, gauge } = told.game, box = document.createElement("section");
  asks.after(box);  // what is asked rests while it is played
  box.id = "game";
  box.ariaLabel = "game";
  box.innerHTML = `<p><b></b> <span></span></p>
    <div class="alive-play"><button type="button">play the game</button> <button type="button" disabled>stroke</button>
      <label>alarm <meter min="0" max="1" high=".7" optimum="0" value="0"></meter></label> <label><span></span> <meter min="0" max="1" value="0"></meter></label>
      <span class="alive-clock"></span></div><p class="alive-verdict" role="status"></p>`;
  box.querySelector("b").textContent = `${title}.`;
  box.querySelector("label span").textContent = gauge;
  box.querySelector("p span").textContent = `Stroke the picture slowly, or press “stroke” again and again, until ${until} for ${HOLD} seconds; ` +
    `more than the picture’s width at once startles it, and the third fright ends the game.`;
  const [begin, stroke] = box.querySelectorAll("button"), [alarm, awake] = box.querySelectorAll("meter");
  const clock = box.querySelector(".alive-clock"), verdict = box.querySelector(".alive-verdict");
  const calm = values.map(value => 1 - value);
  const deep = values.map((_, frame) => Math.min(...values.map((value, other) => value < .5 ? Infinity : Math.abs(frame - other))));
  let game = null;
  const on = () => Boolean(game && !game.over);
  const seconds = () => `${(game.steps / fps).toFixed(1)} s`, frights = () => `${game.frights} ${game.frights === 1 ? "fright" : "frights"}`;
  const draw = () => {
    [alarm.value, awake.value] = game ? [game.alarm, game.awake / (HOLD * fps)] : [0, 0];
    clock.textContent = game ? `${seconds()}, ${frights()}` : "";
    const look = game?.over || (game?.fright > .25 ? "startled" : on() ? "on" : "");
    stage.dataset.game = look;
    asks.inert = on();
    if (document.activeElement === stroke && !on()) begin.focus();
    stroke.disabled = !on();
    begin.textContent = on() ? "stop the game" : "play the game";
  };
  const tell = () => {
    if (game.over === "won") verdict.textContent = `${done}, after ${seconds()} and ${frights()}. ${"★".repeat(LIVES - game.frights)}`;
    else if (game.over === "lost") verdict.textContent = "Startled for the third time: it has had enough.";
  };
  const touch = length => {
    if (!on()) return;
    const before = game.frights;
    strokeGame(game, length);
    if (game.frights > before) verdict.textContent = `Startled! ${LIVES - game.frights} more and it has had enough.`;
    tell(); draw();
  };
  const stop = () => { game = null; verdict.textContent = ""; draw(); };
  const start = async () => {
    await live(deep.indexOf(Math.max(...deep)));  // in the film farthest from the goal; this stops a game, too
    game = newGame(fps);
    verdict.textContent = "";
    draw();
  };
  const pass = nearest => {
    if (!on()) return;
    passGame(game, values[nearest]);
    tell(); draw();
  };
  // It rests by itself; what warms it pulls the other way. In quarters, so that few are solved.
  const wish = index => ({ scores: [values, calm], strengths: [Math.round(4 * game.warmth) / 4, REST + Math.round(8 * game.fright) / 4], half_lives: [null, null], onsets: [index, index] });
  begin.addEventListener("click", () => on() ? stop() : start().then(() => stroke.focus()));
  stroke.addEventListener("click", () => touch(PRESS));
  let last = null;
  picture.addEventListener("pointerdown", event => { last = [event.clientX, event.clientY]; });
  picture.addEventListener("pointermove", event => {
    if (!last) return;
    const here = [event.clientX, event.clientY];
    touch(Math.hypot(here[0] - last[0], here[1] - last[1]) / picture.clientWidth);
    last = here;
  });
  for (const kind of ["pointerup", "pointercancel"]) picture.addEventListener(kind, () => { last = null; });
  draw();
  return { on, wish, pass, stop, start, touch, solved: new Map(), told: () => game };
}
