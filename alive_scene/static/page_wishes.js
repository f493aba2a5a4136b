// How a page hears: the Wish of wish.py and the Motions of flow.py, in JavaScript; the tests hold both to Python's numbers.
// Its text stands between wishes.js and page.js. about.wishes: {places, frames, ways, unit, most, least, drag, wishes: [{name, scores, strengths, half_lives, onsets}],
// buttons}; words, where sentences are read (page_words.js); game, where there is one (page_game.js).

// To the nearest whole number, as Python rounds: a half to the even one.
function evenly(value) {
  const low = Math.floor(value), past = value - low;
  return past < .5 || (past === .5 && low % 2 === 0) ? low : low + 1;
}

// The value below which a share of some lies, as torch says it.
function quantile(values, share) {
  const sorted = Float64Array.from(values).sort(), place = share * (sorted.length - 1);
  const low = Math.floor(place), high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}

// What is wished: 0 for the lowest twentieth, 1 for the highest, squared between.
function scaled(scores) {
  let low = quantile(scores, .05), high = quantile(scores, .95);
  if (high - low < 1e-9) [low, high] = [Math.min(...scores), Math.max(...scores)];
  return Array.from(scores, score => Math.min(1, Math.max(0, (score - low) / Math.max(high - low, 1e-9))) ** 2);
}

// The strength of each part of a wish at a step, in eighths of a halving; 0 if it is over.
function levelsOf(wish, index, least) {
  return wish.strengths.map((strength, i) => {
    const faded = wish.half_lives[i] === null ? 0 : (index - wish.onsets[i]) / wish.half_lives[i];
    if (index < wish.onsets[i] || Math.abs(strength) * 2 ** -faded < least) return 0;
    return Math.sign(strength) * 2 ** (evenly(8 * (Math.log2(Math.abs(strength)) - faded)) / 8);
  });
}

// What each frame is worth, in nats a step.
function rewardOf(wish, levels, { unit, most }) {
  const total = wish.scores[0].map((_, frame) => unit * levels.reduce((sum, level, i) => sum + level * wish.scores[i][frame], 0));
  const least = Math.min(...total), best = Math.max(...total) - least;
  return total.map(one => (one - least) * (most / Math.max(best, most)));
}

// The multiplier of the odds of each place: of the chains nearest to the scene's own, the one that gathers the reward (Todorov 2009).
function desirability({ places, ways, onward, going, leaping, frame }, heat, reward) {
  const chance = going.map((one, i) => one + heat * leaping[i]), best = Math.max(...reward);
  const gain = Array.from(frame, one => Math.exp(reward[one] - best));
  for (let place = 0; place < places; place++) {
    let sum = 0;
    for (let way = place * ways; way < (place + 1) * ways; way++) sum += chance[way];
    for (let way = place * ways; way < (place + 1) * ways; way++) chance[way] /= Math.max(sum, 1e-300);
  }
  let z = new Float64Array(places).fill(1);
  for (let round = 0; round < 2000; round++) {
    const better = new Float64Array(places);
    let largest = 1e-300, change = 0;
    for (let place = 0; place < places; place++) {
      let sum = 0;
      for (let way = place * ways; way < (place + 1) * ways; way++) sum += chance[way] * z[onward[way]];
      better[place] = gain[place] * sum;
      largest = Math.max(largest, better[place]);
    }
    for (let place = 0; place < places; place++) {
      better[place] = Math.max(better[place] / largest, 1e-30);
      change = Math.max(change, Math.abs(Math.log(better[place] / z[place])));
    }
    z = better;
    if (change < 1e-3) break;
  }
  return z;
}

// How far a point of one frame has moved along a pull, in each frame; and whether it does in any.
function dragScores({ frames, rows, columns, key, shift, trust, step, sure }, at, by, seen) {
  const cells = rows * columns, of = (frame, cell) => (key[seen] * frames + frame) * cells + cell;
  let nearest = 0, least = Infinity;
  for (let cell = 0; cell < cells; cell++) {
    const middle = [(2 * Math.floor(cell / columns) + 1) / rows - 1, (2 * (cell % columns) + 1) / columns - 1];
    const far = Math.hypot(...middle.map((value, axis) => value + step * shift[2 * of(seen, cell) + axis] - at[axis]));
    if (far < least) [nearest, least] = [cell, far];
  }
  const length = Math.hypot(...by), toward = by.map(value => value / length);
  const scores = Array.from({ length: frames }, (_, frame) => {
    const went = [0, 1].map(axis => step * (shift[2 * of(frame, nearest) + axis] - shift[2 * of(seen, nearest) + axis]));
    const along = went[0] * toward[0] + went[1] * toward[1];
    const beside = Math.hypot(...went.map((value, axis) => value - along * toward[axis]));
    return trust[of(frame, nearest)] / sure * trust[of(seen, nearest)] / sure * (Math.min(along, length) - beside / 2);
  });
  return { scores, heard: length >= .01 && Math.max(...scores) > 3 / (4 * Math.min(rows, columns)) };
}

// The controls of a page that was exported with wishes, and what they do. The page tells it what it shows, and asks it for odds.
// `page` reads a sentence (run, observed), begins a life at a frame (live), and says how many lives stand side by side (across).
function openWishes(about, unpack, page) {
  const told = about.wishes, picture = $("picture"), stage = document.createElement("div");
  stage.className = "alive-stage";
  picture.replaceWith(stage);
  stage.append(picture);
  stage.insertAdjacentHTML("beforeend", ARROW);
  picture.ariaLabel += "; drag a point of it, or press Shift and an arrow";
  document.querySelector(".row").insertAdjacentHTML("afterend", `<div id="asks"></div>`);
  let wish = null, name = "", index = 0, seen = [0], plan = null, solved = new Map(), words = null;
  const half = wish => wish.half_lives.includes(null) ? null : Math.max(...wish.half_lives);
  const pull = () => wish && { name, strength: Math.max(...wish.strengths.map(Math.abs)), half_life: half(wish), onset: Math.min(...wish.onsets) };
  const tell = () => picture.dataset.pull = drawPull(parts, pull(), index, about.fps).toFixed(4);
  const begin = (title, one) => {
    [wish, name, solved] = [{ ...one, onsets: one.onsets.map(onset => onset + index) }, title, new Map()];
    sayHeard(parts, `asked: ${title}`);
    tell();
  };
  const press = title => begin(title, told.wishes.find(one => one.name === title));
  const letGo = () => { [wish, name] = [null, ""]; game?.stop(); sayHeard(parts, ""); tell(); };
  const say = async text => {
    try { begin(text, await words.wish(text)); } catch (error) { sayHeard(parts, error.message ?? String(error)); }
  };
  const drag = (at, by, life = 0) => {
    const { scores, heard } = dragScores({ ...told.drag, ...plan }, at, by, seen[life]);
    if (!heard) return sayHeard(parts, "In no frame has this point moved that way; nothing is wished. Drag another point, or another way.");
    begin("your pull", { scores: [scaled(scores)], strengths: [told.drag.strength], half_lives: [told.drag.half_life], onsets: [0] });
  };
  const parts = buildWishes($("asks"), told.buttons, Boolean(told.words), { say, press, letGo });
  const game = told.game ? openGame(told, about.fps, { picture, stage, asks: $("asks"), live: page.live }) : null;
  listenToDrags(picture, stage.querySelector("svg"), page.across, (at, by, life) => plan && !game?.on() && drag(at, by, life));
  const load = async () => {
    const read = async (part, kind) => new kind((await unpack(part)).buffer);
    plan = { places: told.places, ways: told.ways, frames: told.frames };
    for (const [part, kind] of [["onward", Uint16Array], ["going", Float32Array], ["leaping", Float32Array], ["frame", Uint16Array], ["key", Uint8Array], ["shift", Int8Array], ["trust", Uint8Array]]) plan[part] = await read(part, kind);
    for (const part of ["going", "leaping"]) plan[part] = Float64Array.from(plan[part]);
    if (told.words) words = await openWords(told.words, unpack, page);
  };
  const odds = (index, temperature) => {
    if (game?.on()) return solve(game.wish(index), game.solved, index, temperature);
    return wish && solve(wish, solved, index, temperature);
  };
  const solve = (wish, solved, index, temperature) => {
    const heat = Math.min(4, Math.max(.25, evenly(4 * temperature) / 4)), levels = levelsOf(wish, index, told.least);
    if (levels.every(level => level === 0)) return null;
    const key = [heat, ...levels].join();
    if (!solved.has(key)) {
      const reward = rewardOf(wish, levels, told);
      solved.set(key, reward.some(one => one > 0) ? desirability(plan, heat, reward) : null);
    }
    return solved.get(key);
  };
  const show = (at, nearest) => { [index, seen] = [at, nearest]; tell(); game?.pass(nearest[0]); };
  return { load, odds, show, letGo, press, drag, say, game, tokens: text => words.tokens(text) };
}
