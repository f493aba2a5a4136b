"""The exported page: what is refused, and what is in it.

In a real browser, offline: the pictures of Python on the same noise, and its controls.
"""

import base64
import re
from dataclasses import replace
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
import torch

from alive_scene.alive import _round
from alive_scene.behavior import Behavior, VideoTexture
from alive_scene.browser import _files, _runtime, export_html
from alive_scene.generator import SirenGenerator
from alive_scene.rollout import cure
from alive_scene.vae import VaeBehavior


@pytest.fixture(scope="module")
def scene(alive):
    "The small scene with the behavior that stays alive, and a name that would do harm."
    behavior = _round(Behavior.fit(alive.embeddings, rounds=100, progress=False))
    named = replace(
        alive.scene,
        name="<script>document.title = 'harm'</script><img src=x onerror=\"document.title='harm'\">",
    )
    return replace(alive, scene=named, behavior=behavior)


@pytest.fixture(scope="module")
def vae(alive):
    return replace(
        alive, behavior=_round(VaeBehavior.fit(alive.embeddings, epochs=5, progress=False))
    )


@pytest.fixture(scope="module")
def siren(scene):
    return replace(
        scene,
        generator=_round(
            SirenGenerator.fit(scene.scene.frames, scene.embeddings, steps=40, progress=False)
        ),
    )


@pytest.fixture(scope="module")
def page(scene, tmp_path_factory):
    return export_html(scene, tmp_path_factory.mktemp("page") / "cat.html")


def course(alive, steps, temperature, curing, seed=0):
    "What Python does on recorded noise: the noise of each step, and the pictures."
    rng = torch.Generator().manual_seed(seed)
    path = []
    noise = []
    state = alive.behavior.start(alive.embeddings[:1])
    for _ in range(steps):
        before = rng.get_state()
        if isinstance(alive.behavior, VaeBehavior):
            drawn = dict(latent=torch.randn(1, 256, generator=rng))
        else:
            few = torch.rand(1, 1 + int(temperature), generator=rng)
            drawn = dict(
                chances=torch.nn.functional.pad(few, (0, 4 - few.shape[1])),
                latent=torch.randn(1, alive.behavior.motion.latent, generator=rng),
            )
        rng.set_state(before)
        moved = alive.behavior.step(state, temperature, rng)
        state = replace(moved, embedding=cure(moved.embedding, alive.embeddings, curing))
        path.append(state.embedding)
        noise.append({name: value[0].tolist() for name, value in drawn.items()})
    return noise, alive.render(torch.cat(path))


live = """async ([noise, temperature, curing]) => {
  await alive.ready;
  alive.play(false);
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


def compare(browser, address, alive, steps, temperature, curing):
    "The greatest difference between Python's pictures and the page's, in 255ths."
    noise, wanted = course(alive, steps, temperature, curing)
    tab = browser.new_page()
    tab.goto(address)
    got = np.frombuffer(
        base64.b64decode(tab.evaluate(live, [noise, temperature, curing])), np.uint8
    ).reshape(*wanted.shape[:3], 4)
    tab.close()
    assert (got[..., 3] == 255).all()
    return np.abs(got[..., :3].astype(int) - wanted).max()


@pytest.mark.parametrize("temperature, curing", [(1, 0.1), (0.7, 0.1), (2, 0.3), (3, 0), (0, 0.5)])
def test_the_page_draws_what_python_draws(browser, scene, page, temperature, curing):
    difference = compare(browser, page.as_uri(), scene, 100, temperature, curing)
    print(dict(temperature=temperature, curing=curing, difference=difference))
    assert difference <= 2


def test_the_published_behavior_too(browser, vae, tmp_path):
    assert compare(browser, export_html(vae, tmp_path / "vae.html").as_uri(), vae, 100, 1, 0.1) <= 2


def test_the_published_generator_too(browser, siren, tmp_path):
    assert (
        compare(browser, export_html(siren, tmp_path / "siren.html").as_uri(), siren, 20, 1, 0.1)
        <= 2
    )


def watched(browser, **options):
    "A tab, and lists that fill with its requests to others and its errors."
    tab = browser.new_page(viewport=dict(width=800, height=740), **options)
    outside = []
    errors = []
    tab.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1"))
            else outside.append(request.url)
        ),
    )
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    return tab, outside, errors


def until(tab, true, seconds=30):
    """Wait until an expression is true.

    Playwright's own way of waiting evaluates text, which the page's policy forbids.
    """
    for _ in range(20 * seconds):
        if tab.evaluate(true):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"never true: {true}")


# How much the picture changes in a second of playing: the mean over pixels, summed over frames;
# and how many frames there are.
watch = """async seconds => {
  const canvas = document.getElementById('picture');
  const look = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const from = performance.now();
  let change = 0, frames = 0, before = null, at = null;
  while (performance.now() - from < 1000 * seconds) {
    await new Promise(requestAnimationFrame);
    if (canvas.dataset.index === at) continue;
    const now = look();
    at = canvas.dataset.index;
    frames++;
    if (before) {
      let sum = 0;
      for (let i = 0; i < now.length; i++) sum += Math.abs(now[i] - before[i]);
      change += sum / now.length;
    }
    before = now;
  }
  return { change: change / seconds, frames: frames / seconds };
}"""


def test_it_plays_offline_and_its_controls_work(browser, page, tmp_path):
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    index = lambda: int(tab.locator("#picture").get_attribute("data-index"))  # noqa: E731
    until(tab, "document.getElementById('picture').dataset.index > 5")
    tab.get_by_label("speed").fill("4")
    lively = tab.evaluate(watch, 3)
    tab.screenshot(path=str(tmp_path / "page.png"))
    temperature = tab.get_by_label("temperature")
    temperature.focus()
    tab.keyboard.press("Home")
    assert temperature.input_value() == "0"
    tab.wait_for_timeout(2500)
    still = tab.evaluate(watch, 2)
    tab.keyboard.press("End")
    tab.wait_for_timeout(500)
    wild = tab.evaluate(watch, 3)
    print(dict(still=still, lively=lively, wild=wild))
    assert still["change"] < lively["change"] / 10 and lively["change"] < wild["change"]
    tab.get_by_role("button", name="pause").click()
    tab.wait_for_timeout(300)
    stopped = index()
    tab.wait_for_timeout(300)
    assert index() == stopped
    tab.locator("#picture").focus()
    tab.keyboard.press("ArrowRight")
    until(tab, f"document.getElementById('picture').dataset.index == {stopped + 1}")
    tab.get_by_label("seed").fill("7")
    until(tab, "document.getElementById('picture').dataset.index == 0")
    tab.locator("#map").click(position=dict(x=20, y=20))
    tab.locator("#picture").focus()
    tab.keyboard.press("Space")
    tab.get_by_role("button", name="pause").wait_for()
    assert not outside and not errors
    tab.close()


def test_a_turned_slider_is_felt_at_once(browser, page):
    tab, *_ = watched(browser)
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    waited = tab.evaluate("""async () => {
      const canvas = document.getElementById('picture'), at = canvas.dataset.index, from = performance.now();
      document.getElementById('temperature').value = 2;
      while (canvas.dataset.index === at) await new Promise(requestAnimationFrame);
      return performance.now() - from;
    }""")
    tab.close()
    assert waited < 250


def test_the_same_seed_lives_the_same_life(browser, page):
    tab, *_ = watched(browser)
    tab.goto(page.as_uri())
    life = """async seed => {
      await alive.ready;
      alive.play(false);
      document.getElementById('seed').value = seed;
      await alive.restart();
      let sum = 0;
      for (let i = 0; i < 20; i++)
        sum = (await alive.step()).reduce((a, b) => (31 * a + b) % 1e9, sum);
      return sum;
    }"""
    one, again, other = (tab.evaluate(life, seed) for seed in (3, 3, 4))
    tab.close()
    assert one == again != other


def test_a_name_that_holds_html_is_shown_harmless(browser, scene, page):
    tab, outside, errors = watched(browser)
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    assert tab.locator("h1").inner_text() == scene.scene.name
    assert tab.title() == f"{scene.scene.name}, alive" and not errors
    tab.close()


def test_less_motion_and_labels(browser, page):
    tab, *_ = watched(browser, reduced_motion="reduce", color_scheme="dark")
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    tab.wait_for_timeout(500)
    assert tab.locator("#picture").get_attribute("data-index") == "0"
    assert "less motion" in tab.locator("#note").inner_text()
    tab.get_by_role("button", name="play").click()
    until(tab, "document.getElementById('picture').dataset.index > 2")
    unnamed = """[...document.querySelectorAll('input, button, canvas')].filter(
      one => !(one.labels?.length || one.textContent.trim() || one.ariaLabel)
    ).length"""
    assert tab.evaluate(unnamed) == 0 and tab.evaluate("document.documentElement.lang") == "en"
    tab.close()


@pytest.fixture
def site(tmp_path):
    "A web server on a folder of its own."

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_beside_a_shared_runtime(browser, scene, site, tmp_path):
    page = export_html(scene, tmp_path / "cat.html", runtime="beside")
    assert page.stat().st_size <= 2_000_000
    assert compare(browser, site + "cat.html", scene, 10, 1, 0.1) <= 2
    tab, outside, errors = watched(browser)
    tab.goto(page.as_uri())
    until(tab, "document.getElementById('note').textContent.includes('web server')")
    tab.close()


def test_size_and_secrets(scene, page, root):
    text = page.read_text(encoding="utf-8").replace(escape(scene.scene.name), "")
    assert page.stat().st_size <= 16_000_000
    assert not re.search(r"""(src|href)=["']?(?!data:)\w""", text), "the page asks for another file"
    assert str(root) not in text


def test_the_runtime_is_the_pinned_one(tmp_path, alive, monkeypatch):
    with pytest.raises(FileNotFoundError, match="npm pack onnxruntime-web"):
        _runtime(tmp_path)
    for name in _files:
        (tmp_path / name).write_text("another")
    with pytest.raises(ValueError, match="SHA-256"):
        _runtime(tmp_path)
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="npm .* not installed"):
        export_html(alive, tmp_path / "cat.html")
    assert not (tmp_path / "cat.html").exists()


def test_a_cache_that_is_half_filled_is_filled(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))
    whole = _runtime(None)
    folder = next(tmp_path.iterdir())
    (folder / next(iter(whole))).unlink()
    assert _runtime(None) == whole and (folder / next(iter(whole))).is_file()


def test_npm_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexec sleep 60\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("alive_scene.browser._patience", 0.5)
    with pytest.raises(OSError, match="within 0.5 s; run `npm pack onnxruntime-web"):
        _runtime(None)


@pytest.mark.parametrize(
    "bad",
    [
        dict(path="cat.gif"),
        dict(path="no/cat.html"),
        dict(runtime="cloud"),
        dict(temperature=3.1),
        dict(curing=float("nan")),
        dict(start=-1),
        dict(start=40),
        dict(seed=-1),
    ],
)
def test_bad_input(alive, tmp_path, bad):
    with pytest.raises((ValueError, FileNotFoundError), match="html|runtime|folder|must be from 0"):
        export_html(
            alive,
            **{
                "path": tmp_path / "cat.html",
                **bad,
                **({"path": tmp_path / bad["path"]} if "path" in bad else {}),
            },
        )
    assert not list(tmp_path.iterdir())


def test_what_has_no_graph_is_named(scene, tmp_path):
    texture = replace(scene, behavior=VideoTexture.fit(scene.embeddings))
    with pytest.raises(
        ValueError, match="VideoTexture can't live in a page; these can: Behavior, VaeBehavior"
    ):
        export_html(texture, tmp_path / "cat.html")


def test_the_notice_of_the_runtime_goes_along(scene, page, tmp_path):
    wanted = "Copyright (c) Microsoft Corporation\n\nPermission is hereby granted"
    assert wanted in page.read_text(encoding="utf-8")
    export_html(scene, tmp_path / "cat.html", runtime="beside")
    assert wanted in next(tmp_path.glob("onnxruntime-web-*/LICENSE.txt")).read_text(
        encoding="utf-8"
    )
    assert wanted in (tmp_path / "cat.html").read_text(encoding="utf-8")
