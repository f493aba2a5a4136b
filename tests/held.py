"""What stored scenes do, written once and held to: python tests/held.py writes tests/data/held.npz.

The scenes are those of tests/data: eight frames of each kind of part (make.py), and sixty frames of
each. A change of the code that should not change what a scene does is compared with these numbers;
they are written again only when a scene is meant to live differently, and then CHANGELOG says so.
"""

import base64
import gzip
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from browsers import patient

from alive_scene.alive import AliveScene
from alive_scene.browser import export_html

data = Path(__file__).parent / "data"
scenes = [f"v2{long}_{parts}" for long in ("", "_60") for parts in ("patch_alive", "siren_vae")]
lives = {  # what rollout is asked for, 300 steps each
    "default": dict(temperature=1.0, curing=0.1, seed=0),
    "cool": dict(temperature=0.3, curing=0.3, seed=7, start=5),
    "hot": dict(temperature=2.5, curing=0, seed=3),
    "beyond the page": dict(temperature=7.3, curing=0.2, seed=11),
    "raw": dict(temperature=0.2, curing=None, seed=1),
    "snapped": dict(temperature=1.0, curing=1, seed=2),
    "three seeds": dict(temperature=1.3, curing=0.1, seed=[4, 5, 6]),
    "between frames": dict(temperature=1.0, curing=0.05, seed=2**40, start="between"),
}
drawn = [0, 99, 199, 299]  # whose pictures are kept, of the first three lives
pages = {"default": (1, 0.1), "hot": (2.5, 0.3)}  # temperature and curing of the page
shown = [0, 14, 29, 59]  # the steps of the page whose pictures are kept

play = """async ([noise, temperature, curing]) => {
  await alive.ready; alive.play(false);
  for (const [name, value] of Object.entries({temperature, curing}))
    document.getElementById(name).value = value;
  await alive.restart();
  const pictures = [];
  for (const one of noise) pictures.push(new Uint8Array(await alive.step(one)));
  const all = new Uint8Array(await new Blob(pictures).arrayBuffer());
  let text = "";
  for (let i = 0; i < all.length; i += 8192)
    text += String.fromCharCode(...all.subarray(i, i + 8192));
  return btoa(text);
}"""


def load(name):
    "The stored scene of that name."
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stored.alive"
        path.write_bytes(gzip.decompress((data / f"{name}.alive.gz").read_bytes()))
        return AliveScene.load(path)


def path_of(alive, life):
    "The rollout (300, embed) that a life asks for; of several seeds, one after the other."
    asked = dict(lives[life])
    if asked.get("start") == "between":
        asked["start"] = torch.lerp(alive.embeddings[2], alive.embeddings[6], 0.4)
    return alive.rollout(300, **asked).flatten(0, -2)


def seen(path):
    "A path (steps, embed) from eight sides (steps, 8): cosines of rising frequency, each of length 1."
    frequencies = np.outer(np.arange(path.shape[1]), np.arange(1, 9))
    sides = np.cos(frequencies) / np.sqrt(path.shape[1] / 2)
    return (path.double().numpy() @ sides).astype(np.float32)


def noise_of(alive, steps):
    "The noise of each step, by name, as the page takes it; it depends on nothing but the sizes."
    rng = np.random.default_rng(0)
    sizes = (
        dict(latent=256)
        if alive.parts[1] == "vae"
        else dict(chances=4, latent=alive.behavior.motion.latent)
    )
    draw = dict(chances=rng.random, latent=rng.standard_normal)
    return [{name: draw[name](size).tolist() for name, size in sizes.items()} for _ in range(steps)]


def page_pictures(browser, alive, address, temperature, curing):
    "What the page shows at the steps `shown`, uint8 (picture, height, width, 3)."
    tab = patient(browser.new_page())
    tab.goto(address)
    text = tab.evaluate(play, [noise_of(alive, shown[-1] + 1), temperature, curing])
    tab.close()
    height, width = alive.render(alive.embeddings[:1]).shape[1:3]
    pictures = np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, height, width, 4)
    return pictures[shown, :, :, :3]


def all_held(name, browser, folder):
    "Everything that is held of a scene, by its key in held.npz."
    alive = load(name)
    held = {}
    for i, life in enumerate(lives):
        path = path_of(alive, life)
        held[f"{name}/{life}/seen"] = seen(path)
        held[f"{name}/{life}/last"] = path[-1].numpy()
        if i < 3:
            held[f"{name}/{life}/pictures"] = alive.render(path[drawn])
    if "_60_" not in name:  # the page of that day could not be made of fewer than 26 frames
        return held
    address = export_html(alive, Path(folder) / f"{name}.html").as_uri()
    for page, settings in pages.items():
        held[f"{name}/{page}/page"] = page_pictures(browser, alive, address, *settings)
    return held


def write():
    from browsers import launch
    from playwright.sync_api import sync_playwright

    held = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        for name in scenes:
            held |= all_held(name, browser, folder)
        browser.close()
    np.savez_compressed(data / "held.npz", **held)
    print(f"{(data / 'held.npz').stat().st_size:,} bytes, {len(held)} entries")


if __name__ == "__main__":
    sys.exit(write())
