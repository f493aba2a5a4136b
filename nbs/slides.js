// Turns the slides of nbs/slides.py, and shows figures as large as the window.
const sections = [...document.querySelectorAll("section")];
const dialog = document.querySelector("dialog");
const buttons = [...document.querySelectorAll(".grid button")];
let shown = 0;

function current() {
  const tops = sections.map((one) => Math.abs(one.getBoundingClientRect().top));
  return tops.indexOf(Math.min(...tops));
}

function turn(to) {
  const next = sections[Math.max(0, Math.min(sections.length - 1, to))];
  next.scrollIntoView({ behavior: "instant" });
  history.replaceState(null, "", `#${next.id}`);
}

function show(which) {
  shown = (which + buttons.length) % buttons.length;
  const from = buttons[shown].querySelector("img");
  const picture = dialog.querySelector("img");
  picture.src = from.src;
  picture.alt = from.alt;
  dialog.querySelector("p").textContent = from.alt;
  if (!dialog.open) dialog.showModal();
}

// Whatever is too much for the screen is set smaller, until it fits.
function fit() {
  for (const one of sections) {
    const inside = one.querySelector(".inside");
    inside.style.fontSize = "";
    const full = parseFloat(getComputedStyle(inside).fontSize);
    const over = () =>
      inside.scrollHeight > inside.clientHeight + 1 || inside.scrollWidth > inside.clientWidth + 1;
    for (let share = 1; share > 0.45 && over(); share -= 0.05)
      inside.style.fontSize = `${full * share}px`;
  }
}

const forward = ["ArrowRight", "ArrowDown", "PageDown", " "];
const back = ["ArrowLeft", "ArrowUp", "PageUp"];
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const by = forward.includes(event.key) - back.includes(event.key);
  if (event.key === "f" && !document.fullscreenElement) document.documentElement.requestFullscreen();
  else if (event.key === "f") document.exitFullscreen();
  else if (event.key === "n") document.body.classList.toggle("noted");
  else if (by && dialog?.open) show(shown + by);
  else if (by && sections.length) turn(current() + by);
  else return;
  event.preventDefault();
  if (event.key === "n") fit();
});
buttons.forEach((one, i) => one.addEventListener("click", () => show(i)));
dialog?.addEventListener("click", () => dialog.close());
addEventListener("resize", fit);
fit();
