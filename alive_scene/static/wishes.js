// How a scene is asked, in the screen of AlivePlayer (player.js) and in a page (page.js): its text stands in front of theirs.
// A pull is what was asked last: {name, strength, half_life: steps until it is half as strong, or null, onset: the index it began at}.
// A point of the picture is [y, x] in -1..1, as in Python; life is which of four pictures in one, 0 where there is one.
const SHORTEST = .03;  // a shorter drag is a click
const NUDGE = .2;  // what a key pulls
const ARROWS = { ArrowUp: [-NUDGE, 0], ArrowDown: [NUDGE, 0], ArrowLeft: [0, -NUDGE], ArrowRight: [0, NUDGE] };

// How much of its strength is left, 0..1, and the strength itself; what is below a hundredth is over.
function pullAt(pull, index) {
  if (!pull || index < pull.onset) return { left: 0, strength: 0 };
  const left = pull.half_life === null ? 1 : 2 ** -((index - pull.onset) / pull.half_life);
  const strength = pull.strength * left;
  return Math.abs(strength) < .01 ? { left: 0, strength: 0 } : { left, strength };
}

// The controls, in an element: a field for a sentence where `words` says so; buttons [{group, text, name}]; the bar; a line for words.
// act has say(text), press(name), letGo().
function buildWishes(el, buttons, words, act) {
  el.classList.add("alive-asks");
  el.innerHTML = `${words ? `<label>ask <input type="text" autocomplete="off" placeholder="what shall it do?"
      aria-description="a sentence; Enter sends it; after a | its opposite"></label>` : ""}
    <div class="alive-buttons" role="group" aria-label="wishes"></div>
    <div class="alive-pull"><span class="alive-pulls">nothing pulls</span><meter min="0" max="1" value="0" aria-label="how strong the pull still is"></meter>
      <span class="alive-left"></span><button type="button" disabled>let go</button></div>
    <p class="alive-says" role="status"></p>`;
  const row = el.querySelector(".alive-buttons"), all = new Map();
  let group = row, last = "";
  for (const { group: title, text, name } of buttons) {
    if (title !== last || !title) {
      group = document.createElement("span");
      if (title) { group.role = "group"; group.ariaLabel = title; group.append(`${title} `); }
      row.append(group);
      last = title;
    }
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    if (title) button.setAttribute("aria-label", name);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => act.press(name));
    group.append(button);
    all.set(name, button);
  }
  row.hidden = !buttons.length;
  const letGo = el.querySelector(".alive-pull button");
  el.querySelector("input")?.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.isComposing) return;  // composing: Enter chooses a sign of another script
    event.preventDefault(); event.stopPropagation();
    act.say(event.target.value);
  });
  letGo.addEventListener("click", act.letGo);
  const [name, left, meter, says] = [".alive-pulls", ".alive-left", "meter", ".alive-says"].map(one => el.querySelector(one));
  return { all, name, left, meter, says, letGo };
}

// The bar: what pulls, how much of it is left at a step, and how fast it goes. It answers with the strength.
function drawPull(parts, pull, index, fps) {
  const { left, strength } = pullAt(pull, index), on = left > 0;
  const half = on && pull.half_life !== null ? `${Math.round(100 * left)} %, half in ${+(pull.half_life / fps).toFixed(1)} s` : on ? "until you let go" : "";
  parts.meter.value = left;
  if (parts.left.textContent !== half) parts.left.textContent = half;
  const name = on ? pull.name : "nothing pulls";
  if (parts.name.textContent !== name) parts.name.textContent = parts.name.title = name;
  parts.letGo.disabled = !on;
  for (const [known, button] of parts.all) button.setAttribute("aria-pressed", String(on && known === pull.name));
  return strength;
}

// Words about what was asked; longer ones than the line holds can be scrolled, by key too.
function sayHeard(parts, text) {
  parts.says.textContent = text;
  if (parts.says.scrollHeight > parts.says.clientHeight + 1) parts.says.tabIndex = 0;
  else parts.says.removeAttribute("tabindex");
}

// Dragging on the picture, by mouse, pen or finger: an arrow grows, and pull(at, by, life) hears of it at the end; Escape drops it.
// By key: Shift and an arrow pull the point in the middle. `across` says how many pictures lie side by side in it, 1 or 2.
function listenToDrags(picture, arrow, across, pull) {
  let from = null;
  const seen = () => {  // where in its box the picture itself is: object-fit may leave a margin
    const { clientWidth, clientHeight, width, height } = picture, scale = Math.min(clientWidth / width, clientHeight / height);
    const size = [height * scale, width * scale];
    return { size, edge: [(clientHeight - size[0]) / 2, (clientWidth - size[1]) / 2] };
  };
  const point = event => {
    const box = picture.getBoundingClientRect(), { size, edge } = seen();
    return [(event.clientY - box.top - edge[0]) / size[0], (event.clientX - box.left - edge[1]) / size[1]];  // [y, x] in 0..1
  };
  const draw = to => {
    arrow.style.display = to ? "" : "none";
    if (!to) return;
    const { size, edge } = seen();
    const [[y, x], [down, right]] = [from, to].map(place => place.map((value, axis) => edge[axis] + value * size[axis]));
    const turn = Math.atan2(down - y, right - x), long = Math.hypot(down - y, right - x), head = Math.min(14, long / 2);
    const barb = side => `L${right - head * Math.cos(turn + side)} ${down - head * Math.sin(turn + side)}`;
    arrow.setAttribute("viewBox", `0 0 ${picture.clientWidth} ${picture.clientHeight}`);
    for (const line of arrow.children) line.setAttribute("d", `M${x} ${y}L${right} ${down}${barb(.5)}M${right} ${down}${barb(-.5)}`);
  };
  const drop = () => { from = null; draw(null); };
  const round = value => +value.toFixed(4);
  picture.addEventListener("pointerdown", event => {
    if (event.button || from) return;
    from = point(event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", event => { if (from) draw(point(event)); });
  picture.addEventListener("pointerup", event => {
    if (!from) return;
    const count = across(), by = point(event).map((value, axis) => 2 * count * (value - from[axis]));
    const cell = from.map(value => Math.max(0, Math.min(Math.floor(value * count), count - 1)));
    const at = from.map((value, axis) => Math.max(-1, Math.min(1, 2 * (value * count - cell[axis]) - 1)));
    drop();
    if (Math.hypot(...by) >= SHORTEST) pull(at.map(round), by.map(value => round(Math.max(-2, Math.min(2, value)))), cell[0] * count + cell[1]);
  });
  picture.addEventListener("pointercancel", drop);
  picture.addEventListener("keydown", event => {
    if (event.key === "Escape" && from) drop();
    else if (event.shiftKey && event.key in ARROWS) pull([0, 0], ARROWS[event.key], 0);
    else return;
    event.preventDefault(); event.stopPropagation();
  });
  drop();
}

// What lies over the picture while it is dragged: dark below, light above, so that it is seen on anything.
const ARROW = `<svg class="alive-arrow" aria-hidden="true"><path class="alive-under"/><path class="alive-over"/></svg>`;
