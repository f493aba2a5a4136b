// What a page gives away: a picture, ten seconds of film, an address that lives this life again, and HTML that shows the page inside another.
// Its text stands in front of page.js.
const SAVED = 720;  // pixels along the shorter side of what is saved, at least
const SECONDS = 10;
const FILMS = ["video/mp4;codecs=avc1.640028", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];
const BITS = 8e6;  // a second of film

// A canvas for what is saved: so many times larger, of even sides, as films must be.
function enlarged(picture) {
  const times = Math.ceil(SAVED / Math.min(picture.width, picture.height)), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height].map(side => 2 * Math.ceil(side * times / 2));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  const draw = () => pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  draw();
  return { canvas, draw };
}

// The name is made of the page's title, without what a file's name can't hold.
function download(blob, ending) {
  const name = $("head").querySelector("h1").textContent.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 60);
  const link = Object.assign(document.createElement("a"), { download: `${name || "scene"}.${ending}`, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function saveStill(picture, say) {
  enlarged(picture).canvas.toBlob(blob => blob ? download(blob, "png") : say("This browser made no PNG of so large a picture."), "image/png");
}

// Records what is shown from now on; `begin` is called as it starts. `draw` must be called at each new picture, `stop` ends it early.
function openFilm(picture, button, say, begin) {
  const idle = button.textContent;
  let film = null;
  const stop = () => { if (film?.recorder.state === "recording") film.recorder.stop(); };
  const record = () => {
    if (film) return stop();
    const kind = FILMS.find(one => globalThis.MediaRecorder?.isTypeSupported(one)), { canvas, draw } = enlarged(picture);
    if (!kind || !canvas.captureStream) return say("This browser can't record a film. Save a picture, or make a film by the command alive-scene play.");
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: kind, videoBitsPerSecond: BITS }), chunks = [];
    const timer = setTimeout(stop, 1000 * SECONDS);
    recorder.addEventListener("dataavailable", event => { if (event.data.size) chunks.push(event.data); });
    recorder.addEventListener("stop", () => {
      clearTimeout(timer);
      film = null;
      button.textContent = idle;
      if (chunks.length) download(new Blob(chunks, { type: kind }), kind.slice(6).split(";")[0]);
      say(chunks.length ? "" : "The recording held nothing.");
    });
    film = { recorder, draw };
    recorder.start();
    begin();
    button.textContent = "stop recording";
    say(`Recording ${SECONDS} seconds …`);
  };
  button.addEventListener("click", record);
  return { draw: () => film?.draw(), stop };
}

// The address of this life, from its start.
function shareLink() {
  const address = new URL(location.href);
  address.hash = "";
  const said = ["temperature", "curing", "seed", "start", ...($("view").value === "one" ? [] : ["view"])];
  address.search = new URLSearchParams(said.map(name => [name, $(name).value]));
  return address.href;
}

function embedCode(picture) {
  const safe = text => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt()};`);
  const shape = `border: 0; width: 100%; aspect-ratio: ${picture.width} / ${picture.height}`;
  return `<iframe src="${safe(shareLink())}" title="${safe(document.title)}" style="${shape}" loading="lazy" allow="fullscreen; screen-wake-lock"></iframe>`;
}

// It is shown, too: where a page may not write to the clipboard, it is chosen, to be copied by key.
async function copyText(text, say) {
  const field = Object.assign($("copied"), { value: text, hidden: false });
  const away = location.protocol === "file:" ? " It leads to a file on this computer: for others, put the page on a web server." : "";
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied.${away}`);
  } catch {
    field.focus();
    field.select();
    say(`Copy it from the field by key (Ctrl or Cmd, and C).${away}`);
  }
}
