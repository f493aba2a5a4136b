"The exported page: what is refused, what is in it, and in a real browser, offline: the pictures of Python on the same noise, and its controls."
import base64
import json
import re
import shutil
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch

from alive_scene.alive import AliveScene, _round
from alive_scene.behavior import Behavior, VideoTexture
from alive_scene.browser import _graphs, _runtime, export_html
from alive_scene.generator import SirenGenerator
from alive_scene.rollout import cure
from alive_scene.vae import VaeBehavior

names = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
flags = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync".split()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright
    found = next(filter(None, map(shutil.which, names)), mac if Path(mac).exists() else None)
    assert found, "no Chromium or Chrome was found: apt-get install chromium, or install Google Chrome"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scene(alive):
    "The small scene with the behavior that stays alive, and a name that would do harm."
    behavior = _round(Behavior.fit(alive.embeddings, rounds=100, progress=False))
    named = replace(alive.scene, name="<script>document.title = 'harm'</script><img src=x onerror=\"document.title='harm'\">")
    return replace(alive, scene=named, behavior=behavior)


@pytest.fixture(scope="module")
def vae(alive): return replace(alive, behavior=_round(VaeBehavior.fit(alive.embeddings, epochs=5, progress=False)))


@pytest.fixture(scope="module")
def siren(scene):
    return replace(scene, generator=_round(SirenGenerator.fit(scene.scene.frames, scene.embeddings, steps=40, progress=False)))


@pytest.fixture(scope="module")
def page(scene, tmp_path_factory): return export_html(scene, tmp_path_factory.mktemp("page") / "cat.html")


def course(alive, steps, temperature, curing, seed=0):
    "What Python does on recorded noise: the noise of each step, and the pictures."
    rng, path, noise = torch.Generator().manual_seed(seed), [], []
    state = alive.behavior.start(alive.embeddings[:1])
    for _ in range(steps):
        before = rng.get_state()
        if isinstance(alive.behavior, VaeBehavior): drawn = dict(latent=torch.randn(1, 256, generator=rng))
        else:
            few = torch.rand(1, 1 + int(temperature), generator=rng)
            drawn = dict(chances=torch.nn.functional.pad(few, (0, 4 - few.shape[1])), latent=torch.randn(1, alive.behavior.motion.latent, generator=rng))
        rng.set_state(before)
        moved = alive.behavior.step(state, temperature, rng)
        state = replace(moved, embedding=cure(moved.embedding, alive.embeddings, curing))
        path.append(state.embedding)
        noise.append({name: value[0].tolist() for name, value in drawn.items()})
    return noise, alive.render(torch.cat(path))


live = """async ([noise, temperature, curing]) => {
  await alive.ready; alive.play(false);
  for (const [name, value] of Object.entries({temperature, curing})) document.getElementById(name).value = value;
  await alive.restart();
  const pictures = [];
  for (const one of noise) pictures.push(new Uint8Array(await alive.step(one)));
  const all = new Uint8Array(await new Blob(pictures).arrayBuffer());
  let text = ""; for (let i = 0; i < all.length; i += 8192) text += String.fromCharCode(...all.subarray(i, i + 8192));
  return btoa(text);
}"""


def compare(browser, address, alive, steps, temperature, curing):
    "The greatest difference between Python's pictures and the page's, in 255ths."
    noise, wanted = course(alive, steps, temperature, curing)
    tab = browser.new_page()
    tab.goto(address)
    got = np.frombuffer(base64.b64decode(tab.evaluate(live, [noise, temperature, curing])), np.uint8).reshape(*wanted.shape[:3], 4)
    tab.close()
    assert (got[..., 3] == 255).all()
    return np.abs(got[..., :3].astype(int) - wanted).max()


@pytest.mark.parametrize("temperature, curing", [(1, .1), (.7, .1), (2, .3), (3, 0), (0, .5)])
def test_the_page_draws_what_python_draws(browser, scene, page, temperature, curing):
    difference = compare(browser, page.as_uri(), scene, 100, temperature, curing)
    print(dict(temperature=temperature, curing=curing, difference=difference))
    assert difference <= 2
