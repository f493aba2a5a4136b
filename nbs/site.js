// What the site's pages do beyond their theme: living scenes where they are seen, a search for several words, boxes that scroll
// by the keyboard, maps that follow the theme.
"use strict";

// ---- Living scenes. Each is a page of its own in a frame, put over its still when it comes into view; out of view such a page rests
// by itself. Of those in view only so many live at once as there are cores for; who is pointed at or turned lives first.
// A slider speaks to its scene by messages (71_browser says which).
const MANY = Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));
const scenes = [...document.querySelectorAll("[data-live]")].map((pane, i) => ({ pane, seen: false, asked: -i, frame: null, ready: false, rests: false }));
const send = (scene, message) => { if (scene.ready) scene.frame.contentWindow.postMessage(message, "*"); };

function open(scene) {
  const { pane } = scene, { live: src, title } = pane.dataset;
  scene.frame = Object.assign(document.createElement("iframe"), { src, title });
  pane.append(scene.frame);
}

// Let the first of those in view live, and the others rest. What a page rests from by itself (a reader who wants no motion) is left so.
function share() {
  const first = scenes.filter(scene => scene.seen).sort((a, b) => b.asked - a.asked).slice(0, MANY);
  for (const scene of scenes.filter(({ seen }) => seen)) {
    const lives = first.includes(scene);
    if (lives && !scene.frame) open(scene);
    if (scene.ready && lives === scene.rests) {
      scene.rests = !lives;
      send(scene, { type: lives ? "play" : "pause" });
    }
  }
}

for (const scene of scenes) {
  const around = scene.pane.parentElement, turn = around.querySelector(".turn");
  const slider = turn.querySelector("input"), says = turn.querySelector("output");
  const ask = () => { scene.asked = performance.now(); share(); };
  const tell = () => { says.value = (+slider.value).toFixed(2); send(scene, { type: "set", temperature: +slider.value }); };
  addEventListener("message", ({ source, data }) => {
    if (!scene.frame || source !== scene.frame.contentWindow || data?.type !== "ready") return;
    scene.ready = true;
    scene.pane.dataset.ready = "";
    if (slider.value !== slider.defaultValue) tell();
    share();
  });
  slider.addEventListener("input", tell);
  turn.querySelector("button").addEventListener("click", () => send(scene, { type: "set", seed: Math.floor(Math.random() * 2 ** 32) }));
  for (const event of ["pointerenter", "focusin"]) around.addEventListener(event, ask);
  turn.hidden = false;
}
const coming = new IntersectionObserver(changes => {
  for (const { target, isIntersecting } of changes) scenes.find(({ pane }) => pane === target).seen = isIntersecting;
  share();
});
addEventListener("load", () => scenes.forEach(({ pane }) => coming.observe(pane)));  // the page itself comes first

// ---- Search. The theme's own looks for the whole text as one phrase; this for each word, and puts first what has most of them, and the rare ones.
const COMMON = new Set("a an and are as at be by can do does for from how i if in is it its me my of on or so that the this to we what when where which why with you your".split(" "));
const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

// How well a word's beginning is met: whole words before longer ones, and once for each further tenfold.
function meets(words, text) {
  let score = 0;
  for (let at = text.indexOf(words); at >= 0 && score < 3; at = text.indexOf(words, at + words.length)) {
    if (at && /[\p{L}\p{N}]/u.test(text[at - 1])) continue;
    const after = text[at + words.length] ?? " ";
    score += /[\p{L}\p{N}]/u.test(after) ? 0.5 : 1;
  }
  return Math.log2(1 + score);
}

class WordSearch {
  constructor(pages) {
    this.pages = pages.map(page => ({ page, title: page.title.toLowerCase(), section: (page.section ?? "").toLowerCase(), text: page.text.toLowerCase() }));
  }
  search(query, { limit = 20 } = {}) {
    const all = wordsOf(query), some = all.filter(word => !COMMON.has(word));
    const stems = (some.length ? some : all).map(word => (word.length > 4 ? word.replace(/(ing|ed|es|s)$/, "") : word));
    const hits = this.pages.map(({ page, title, section, text }) => {
      const each = stems.map(word => 4 * meets(word, title) + 3 * meets(word, section) + meets(word, text));
      return { page, each, many: each.filter(Boolean).length, long: 1 + text.length / 8000 };
    });
    const rare = stems.map((_, i) => Math.log((hits.length + 1) / (1 + hits.filter(hit => hit.each[i]).length)));
    const score = hit => hit.each.reduce((sum, value, i) => sum + value * rare[i], 0) * hit.many ** 2 / hit.long;  // a long page has every word
    const found = hits.filter(hit => hit.many).map(hit => ({ ...hit, score: score(hit) }));
    found.sort((a, b) => b.score - a.score);
    return found.slice(0, limit).map(({ page }) => ({ item: { ...page, text: this.excerpt(page.text, stems) } }));
  }
  // From a little before the stretch in which most of the words stand.
  excerpt(text, stems) {
    const low = text.toLowerCase(), places = stems.flatMap(word => [low.indexOf(word), low.lastIndexOf(word)]).filter(at => at >= 0);
    const near = at => stems.filter(word => low.slice(at, at + 160).includes(word)).length;
    const best = places.sort((a, b) => near(b) - near(a) || a - b)[0] ?? 0;
    const from = best < 60 ? 0 : text.indexOf(" ", best - 50) + 1;
    return (from ? "… " : "") + text.slice(from, from + 200);
  }
}
if (document.querySelector('meta[name=generator][content^=smalldocs]')) window.Fuse = WordSearch;

// ---- What scrolls sideways can be scrolled by the keyboard.
function reach() {
  for (const box of document.querySelectorAll("main pre, .scrolls, .cell-output, .cell-output-display, math[display=block]")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    if (scrolls) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", box.matches(".scrolls") ? "table, scrolls sideways" : "scrolls sideways");
    } else if (box.tabIndex === 0 && box.getAttribute("role") === "region") {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}
addEventListener("load", reach);
addEventListener("resize", reach);
for (const details of document.querySelectorAll("main details")) details.addEventListener("toggle", reach);

// ---- A name for each of several navigations.
const called = { "quarto-sidebar": "Pages", TOC: "On this page" };
for (const [id, name] of Object.entries(called)) document.getElementById(id)?.setAttribute("aria-label", name);

// ---- Maps of plotly: the page's own colors, light or dark, and the column's width.
function paint() {
  const dark = !!document.querySelector(".quarto-dark"), ink = dark ? "#e3e3e3" : "#2a3f5f", lines = dark ? "#444" : "#dfe5ee";
  for (const map of document.querySelectorAll(".js-plotly-plot")) {
    const colors = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": ink };
    const layout = map._fullLayout ?? {};
    for (const key of Object.keys(layout)) {
      const axes = /^[xy]axis\d*$/.test(key) ? [key] : /^scene\d*$/.test(key) ? ["xaxis", "yaxis", "zaxis"].map(axis => `${key}.${axis}`) : [];
      for (const axis of axes) Object.assign(colors, { [`${axis}.gridcolor`]: lines, [`${axis}.zerolinecolor`]: lines, [`${axis}.linecolor`]: lines });
      if (axes.length === 3) for (const axis of axes) colors[`${axis}.backgroundcolor`] = dark ? "#2c2c2c" : "#f2f5fa";
    }
    const wide = Math.min(860, map.parentElement.clientWidth);
    if (layout.width && wide) Object.assign(colors, { width: wide, height: Math.min(1.4, wide / layout.width) * layout.height });
    window.Plotly?.relayout(map, colors);
  }
}
addEventListener("load", () => {
  setTimeout(paint);
  let dark = !!document.querySelector(".quarto-dark");
  const follow = () => { if (dark !== !!document.querySelector(".quarto-dark")) { dark = !dark; paint(); } };
  for (const one of [document.documentElement, document.body]) new MutationObserver(follow).observe(one, { attributeFilter: ["class"] });
});
