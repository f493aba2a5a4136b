// The window of a page: the picture fills it, what steers it comes with a movement and fades, a wall shows nothing else, and what nobody sees
// isn't computed. Its text stands in front of page.js, which says when there is a new picture and whether it plays.
const FADE = 3000;  // milliseconds without a movement until the controls fade
const STUCK = 60_000;  // milliseconds without a new picture until a wall loads the page again
const AGAIN = 10_000;  // and after an error
const COARSE = 6;  // pixels along each side of what is blurred behind the picture; that of its canvas is in page.html
const STILL = 6;  // CSS pixels: a longer way of the mouse is no click

// Draws the picture as large as it is shown, in the screen's own pixels; and behind it its colors. It answers with the function that does so.
function openScreen(picture) {
  const screen = $("screen"), behind = $("behind"), coarse = document.createElement("canvas");
  [coarse.width, coarse.height] = [COARSE, COARSE];
  let there = false;
  const paint = (canvas, source, share) => {
    const pen = canvas.getContext("2d");
    [pen.imageSmoothingQuality, pen.globalAlpha] = ["high", share];
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  };
  const present = () => {
    if (screen.width) paint(screen, picture, 1);
    paint(coarse, picture, there ? .1 : 1);  // slowly: it follows the picture, and doesn't flicker with it
    paint(behind, coarse, 1);
    $("poster").hidden = there = true;
  };
  const whole = entry => {
    const box = entry.devicePixelContentBoxSize?.[0], { width, height } = entry.contentRect;
    const size = [width, height].map(value => value * devicePixelRatio), told = box && [box.inlineSize, box.blockSize];
    return told && told.every((value, axis) => Math.abs(value - size[axis]) <= 1) ? told : size.map(Math.round);  // an emulated screen tells other pixels
  };
  const follow = new ResizeObserver(entries => {
    const [width, height] = whole(entries.at(-1));
    if (screen.width === width && screen.height === height) return;
    Object.assign(screen, { width, height });
    if (there) present();
  });
  try { follow.observe($("frame"), { box: "device-pixel-content-box" }); } catch { follow.observe($("frame")); }  // which WebKit lacks
  [screen.width, screen.height] = [0, 0];
  return present;
}

// Shows the controls on a movement, a key, a touch or a focus; fades them when none came for a while, it plays, and nobody is at them.
function fadeControls(page, plays) {
  const parts = [$("head"), $("bar")];
  let timer = 0, kind = "mouse", swallow = false;
  const set = how => { if (page.dataset.controls !== "none") page.dataset.controls = how; };
  const held = () => !plays() || parts.some(part => part.querySelector(":focus-visible") || (kind === "mouse" && part.matches(":hover")));
  const rest = () => { clearTimeout(timer); timer = setTimeout(() => held() ? rest() : set("faded"), FADE); };
  const wake = () => { set("shown"); rest(); };
  const faded = () => page.dataset.controls === "faded";
  addEventListener("pointermove", event => { kind = event.pointerType; if (event.movementX || event.movementY) wake(); });
  addEventListener("pointerdown", event => {
    kind = event.pointerType;
    swallow = kind !== "mouse" && faded() && parts.some(part => part.contains(event.target));  // a finger can't see what it presses
    if (!$("stage").contains(event.target) || swallow) wake();
  }, true);
  addEventListener("click", event => { if (swallow) { event.preventDefault(); event.stopPropagation(); } swallow = false; }, true);
  addEventListener("keydown", wake, true);
  addEventListener("focusin", wake);
  rest();
  return { wake, toggle: () => faded() ? wake() : set("faded") };
}

// A click on the picture plays and pauses, a tap shows and hides the controls; a drag is none, and during a game neither is meant.
function listenToClicks(stage, clicked, tapped) {
  let from = null;
  stage.addEventListener("pointerdown", event => { from = [event.clientX, event.clientY]; }, true);
  stage.addEventListener("pointerup", event => {
    const far = from && Math.hypot(event.clientX - from[0], event.clientY - from[1]), busy = stage.querySelector("[data-game]:not([data-game=''])");
    if (from && far < STILL && !event.button && !busy) (event.pointerType === "mouse" ? clicked : tapped)();
    from = null;
  });
}

// Tells, now and whenever it changes, whether anyone can see an element: not in a hidden tab, not scrolled out of the window.
function watchSight(el, tell) {
  let inside = true;
  const say = () => tell(!document.hidden && inside);
  document.addEventListener("visibilitychange", say);
  new IntersectionObserver(entries => { inside = entries.at(-1).isIntersecting; say(); }).observe(el);
}

// The keys of the whole page, where no control has them: as on the picture, and f for the full screen.
function listenEverywhere(playOrPause, oneStep, fullScreen) {
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input[type=text], input[type=number], textarea, select")) return;
    const free = !event.target.closest?.("button, input, a, summary");
    if (event.key.toLowerCase() === "f" && !event.shiftKey) fullScreen();
    else if (free && event.key === " ") playOrPause();
    else if (free && event.key === "ArrowRight" && !event.shiftKey) oneStep();
    else return;
    event.preventDefault();
  });
}

// What fills the screen with the page, and leaves it; its button is shown only where the browser can.
function offerFullScreen(button, say) {
  const page = document.documentElement, can = document.fullscreenEnabled && page.requestFullscreen;
  const toggle = () => can && (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen()).catch(error => say(`No full screen: ${error.message}`));
  button.hidden = !can;
  button.addEventListener("click", toggle);
  document.addEventListener("fullscreenchange", () => button.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));
  return toggle;
}

// A page on a wall: no controls, no cursor, a screen that stays on, and a page that begins again where it came to nothing. `at` is the step that is
// shown, NaN where none is due.
function hangOnWall(page, at) {
  page.dataset.wall = "";
  page.dataset.controls = "none";
  let lock = null, before = null;
  const stayOn = async () => {
    if (document.hidden || (lock && !lock.released)) return;
    try { lock = await navigator.wakeLock.request("screen"); } catch (error) { console.info(`the screen may go dark: ${error.message}`); }
  };
  if (navigator.wakeLock) {
    document.addEventListener("visibilitychange", stayOn);
    stayOn();
  } else console.info("the screen may go dark: this browser has no wake lock, set the system's own");
  setInterval(() => {
    if (at() === before) location.reload();
    before = at();
  }, STUCK);
  return () => setTimeout(() => location.reload(), AGAIN);
}
