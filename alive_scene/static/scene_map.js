// What the screen of AlivePlayer (player.js) and a page (page.js) have in common: its text stands in front of theirs.
// A path is a list of [x, y], one path for each life; points are the observed frames, [x, y] each.
const TRAIL = 150;  // steps of the path that stay visible
const LIFE_COLORS = ["#e4572e", "#2e86ab", "#3a9d5d", "#a05195"];  // of each life
const CALM = "Paused, because your system asks for less motion; the play button starts it.";
const asksForCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// From a point to its pixel on a canvas: the observed frames fill it but for a margin.
function placeOnMap(canvas, points) {
  const ends = [0, 1].map(axis => points.map(point => point[axis])).map(all => [Math.min(...all), Math.max(...all)]);
  return point => ends.map(([low, high], axis) => {
    const part = .12 + .76 * (point[axis] - low) / (high - low || 1);
    return axis ? canvas.height * (1 - part) : canvas.width * part;
  });
}

function drawMap(canvas, points, paths, colors) {
  const pen = canvas.getContext("2d"), at = placeOnMap(canvas, points);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = pen.fillStyle = "rgba(128,128,128,.6)";
  pen.lineWidth = 1;
  pen.beginPath();
  points.forEach((point, i) => { const [x, y] = at(point); pen[i ? "lineTo" : "moveTo"](x, y); pen.fillRect(x - 1.5, y - 1.5, 3, 3); });
  pen.stroke();
  pen.lineWidth = 2;
  paths.forEach((path, life) => {
    pen.strokeStyle = pen.fillStyle = colors[life];
    for (let i = 1; i < path.length; i++) {
      pen.globalAlpha = i / path.length;  // the older, the fainter
      pen.beginPath(); pen.moveTo(...at(path[i - 1])); pen.lineTo(...at(path[i])); pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.beginPath(); pen.arc(...at(path.at(-1)), 6, 0, 7); pen.fill();
  });
}

// A click on a map names the nearest of the observed frames.
function listenToMap(canvas, points, pick) {
  canvas.addEventListener("click", event => {
    const at = placeOnMap(canvas, points), here = [event.offsetX / canvas.clientWidth * canvas.width, event.offsetY / canvas.clientHeight * canvas.height];
    const far = points.map(point => Math.hypot(...at(point).map((value, axis) => value - here[axis])));
    pick(far.indexOf(Math.min(...far)));
  });
}

// Of several lives in one picture: what sets each apart, and the color of its lines.
function drawNames(canvas, names, colors) {
  const c = canvas.getContext("2d"), size = Math.round(Math.min(canvas.width, canvas.height) / 20);
  c.font = `${size}px sans-serif`;
  names.forEach((name, cell) => {
    const wide = c.measureText(name).width + 2 * size;
    const left = (cell % 2 + 1) * canvas.width / 2 - wide, top = Math.floor(cell / 2) * canvas.height / 2;
    c.fillStyle = "rgba(0,0,0,.65)"; c.fillRect(left, top, wide, 1.5 * size);
    c.fillStyle = colors[cell]; c.fillRect(left + .3 * size, top + .35 * size, .8 * size, .8 * size);
    c.fillStyle = "#fff"; c.fillText(name, left + 1.5 * size, top + 1.1 * size);
  });
}

// A canvas for a picture of any shape: so many pixels, undistorted, and on the screen as large as a square of
// so many CSS pixels, but no wider than `widest`. The style sheets keep it within a narrow page. `box` is what has that
// width: what a hand made of it since stays.
function shapeCanvas(canvas, width, height, side, widest = 2 * side, box = canvas) {
  const same = canvas.width === width && canvas.height === height;
  if (!same) Object.assign(canvas, { width, height });
  if (!same || !box.style.width) box.style.width = `${Math.min(side * Math.sqrt(width / height), widest).toFixed(2)}px`;
}

// The nearest frame, from the sheet of all frames in one column; `count` says how many these are.
function drawNearest(canvas, sheet, frame, count, side) {
  const width = sheet.naturalWidth, height = sheet.naturalHeight / count;
  if (!width) return;  // not there yet, or broken
  shapeCanvas(canvas, 2 * width, 2 * height, side);
  canvas.getContext("2d").drawImage(sheet, 0, frame * height, width, height, 0, 0, canvas.width, canvas.height);
  canvas.dataset.frame = frame;
}

// The keyboard: on the picture, the space bar plays and pauses, the right arrow takes a step.
function listenToKeys(picture, playOrPause, oneStep) {
  picture.addEventListener("keydown", event => {
    if (event.key === " ") playOrPause();
    else if (event.key === "ArrowRight" && !event.shiftKey) oneStep();  // with Shift it pulls: wishes.js
    else return;
    event.preventDefault(); event.stopPropagation();
  });
}
