"""A folder of scenes: is each whole, is it found; and its wall, in a real browser."""

import json
import threading
from base64 import b64decode, b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from browsers import launch, ticks, until
from playwright.sync_api import sync_playwright
from test_export import watched

from alive_scene.actors import napping_cat, portrait
from alive_scene.alive import AliveScene
from alive_scene.catalogue import (
    add_scene,
    farthest_points,
    gallery_page,
    records,
    vetted,
    whole_record,
)
from alive_scene.clip import ClipEncoder

HARM = "<img src=x onerror=\"document.title='harm'\">"


def test_farthest_points_cover(tmp_path):
    "Within twice the radius of the best choice, here known: three far groups."
    torch.manual_seed(0)
    centers = torch.eye(3).repeat_interleave(20, 0)
    points = centers + 0.01 * torch.randn(60, 3)
    chosen = farthest_points(points, 3)
    assert sorted((chosen // 20).tolist()) == [0, 1, 2]
    assert farthest_points(points[:2], 9).sort().values.tolist() == [0, 1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    "A folder of two scenes, laid there one by one."
    out = tmp_path_factory.mktemp("made")
    for name, clip in dict(cat=napping_cat(24, size=40), face=portrait(24, size=40)).items():
        alive = AliveScene.fit(clip, generator="patch", behavior="texture", progress=False)
        add_scene(alive, out, name, video=f"/home/somebody/{name}.mp4", signs=vetted(alive, 200))
    return out


@pytest.fixture(scope="module")
def wall(made, tmp_path_factory):
    "A gallery of twenty, of the two scenes under other names, served: its folder and address."
    out = made
    folder = tmp_path_factory.mktemp("wall")
    found = list(records(out).items())
    for path in out.rglob("onnxruntime-web-*/*"):
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_bytes(path.read_bytes())
    for i in range(20):
        name, record = found[i % len(found)]
        for end in (".html", ".webp", ".alive"):
            (folder / f"s{i:02}{end}").write_bytes((out / f"{name}{end}").read_bytes())
        fails = ["drift"] if i % 5 == 4 else []
        record = dict(record, title=f"Scene {i} {HARM}", missing=fails)
        (folder / f"s{i:02}.json").write_text(json.dumps(record))
    gallery_page(
        folder, f"A museum {HARM}", {"/home/me/bad.mp4": f"/home/me/bad.mp4 is cut {HARM}"}
    )
    asked = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as play:
        found = launch(play)
        yield found
        found.close()


def at(browser, address, width=800, height=740, **options):
    "A tab of that size with the page, and a list that fills with its errors."
    tab, _, errors = watched(browser, **options)
    tab.set_viewport_size(dict(width=width, height=height))
    tab.goto(address)
    return tab, errors


def lives(tab):
    return set(tab.evaluate("gallery.living()"))


def in_view(tab):
    return set(
        tab.evaluate("""() => [...document.querySelectorAll('.tile')].filter(tile => {
      const box = tile.querySelector('.frame').getBoundingClientRect();
      return !tile.hidden && box.bottom > 0 && box.top < innerHeight;
    }).map(tile => tile.dataset.name)""")
    )


@pytest.mark.parametrize("width, height", [(1280, 800), (390, 844)])
def test_what_is_in_view_lives_and_nothing_else(browser, wall, width, height):
    _, address, asked = wall
    asked.clear()
    tab, errors = at(browser, address, width, height)
    shown = min(6, len(in_view(tab)))
    until(tab, f"document.querySelectorAll('iframe.there').length === {shown}")
    assert lives(tab) <= in_view(tab) and len(lives(tab)) == shown
    first = "document.querySelector('iframe.there').contentDocument.getElementById('picture').dataset.index"
    was = int(tab.evaluate(first))
    until(tab, f"+{first} > {was + 3}")
    assert not [path for path in asked if path.startswith("/s19.html")], (
        "what is far below was loaded"
    )
    before = lives(tab)
    tab.evaluate("scrollTo(0, document.querySelector('[data-name=s19]').offsetTop)")
    until(tab, "gallery.living().includes('s19')")
    until(tab, "document.querySelector('[data-name=s19] iframe.there') !== null")
    assert lives(tab) <= in_view(tab) and before - lives(tab)
    assert not errors
    tab.close()


def test_nothing_is_computed_when_nothing_is_in_view(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, address)
    until(tab, "document.querySelectorAll('iframe.there').length > 0")
    tab.evaluate("document.body.style.paddingBottom = '3000px'; scrollTo(0, 1e6)")
    until(tab, "!document.querySelector('iframe')")
    tab.evaluate(ticks, 30)
    assert not lives(tab) and not in_view(tab)
    tab.evaluate("scrollTo(0, 0)")
    until(tab, "document.querySelectorAll('iframe.there').length > 0")
    tab.route("**/words.json", lambda route: None)  # which never comes: by name alone
    tab.fill("#words", "no such name")
    until(tab, "!document.querySelector('iframe')")
    assert tab.is_visible("#none") and not errors
    tab.fill("#words", "scene 7")
    until(tab, "gallery.living().length === 1")
    assert lives(tab) == {"s07"}
    tab.close()


def test_those_that_need_a_look(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, address)
    assert "20 scenes, 4 need a look" in tab.inner_text("#many")
    tab.check("#looks")
    shown = [tile.get_attribute("data-name") for tile in tab.query_selector_all(".tile:visible")]
    assert shown == ["s04", "s09", "s14", "s19"]
    tab.click("[data-name=s04] summary")
    assert "drift" in tab.inner_text("[data-name=s04] tr.out")
    assert not errors
    tab.close()


def test_names_that_hold_html_are_shown_harmless(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, address)
    assert tab.title() == f"A museum {HARM}" and tab.inner_text("h1") == f"A museum {HARM}"
    assert tab.locator("[data-name=s03] h2").inner_text() == f"Scene 3 {HARM}"
    assert HARM in tab.inner_text("#failed") and not errors
    tab.close()


def test_a_sentence_is_read_as_python_reads_it(browser, wall):
    folder, address, _ = wall
    tab, errors = at(browser, address)
    text = "the cat is asleep"
    said = tab.evaluate("async text => [...await (await gallery.reader()).read(text)]", text)
    encoder = ClipEncoder("alive-tiny")
    ours = encoder.encode_text([text])[0].numpy()
    assert np.dot(said, ours) / np.linalg.norm(said) > 0.9999
    found = tab.evaluate(
        "async said => gallery.scoresOf(said, await gallery.reader())", ours.tolist()
    )
    told = json.loads((folder / "places.json").read_text())
    places = np.frombuffer(b64decode(told["places"]), np.int8).astype(float).reshape(20, 8, -1)
    places /= np.linalg.norm(places, axis=2, keepdims=True)
    neutral = np.frombuffer(
        b64decode(json.loads((folder / "words.json").read_text())["neutral"]), np.float32
    )
    best = (places @ (ours - neutral)).max(1)
    assert np.abs(best - [found["best"][name] for name in told["names"]]).max() < 1e-4
    assert not errors
    tab.close()


def test_a_sentence_sorts_what_clip_knows(browser, wall, tmp_path):
    "Scenes that lie where the sentence does come first; a name that has the word, before them."
    folder, address, _ = wall
    tab, _, errors = watched(browser)
    encoder = ClipEncoder("alive-tiny")
    said = encoder.encode_text(["a woman looks to the left"])[0]
    told = json.loads((folder / "places.json").read_text())
    places = np.frombuffer(b64decode(told["places"]), np.int8).reshape(20, 8, -1).copy()
    places[13, 2] = (127 * said / said.abs().max()).round().to(torch.int8).numpy()
    told["places"] = b64encode(places.tobytes()).decode()
    tab.route("**/places.json", lambda route: route.fulfill(json=told))
    tab.goto(address)
    tab.fill("#words", "a woman looks to the left")
    until(tab, "document.getElementById('note').textContent.includes('CLIP')")
    assert tab.locator(".tile:visible").first.get_attribute("data-name") == "s13"
    assert "10 stand out" in tab.inner_text("#note"), "the faces, and no cat"
    told["near"] = [2] * 20  # nothing is so near
    tab.reload()
    tab.fill("#words", "a woman looks to the left")
    until(tab, "document.getElementById('note').textContent.includes('No name has it')")
    assert not errors
    tab.close()


def test_on_a_wall_comes_the_next_scene(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, f"{address}?wall=0.5")
    until(tab, "document.querySelector('#one iframe.there') !== null")
    assert not tab.is_visible("h1")
    for name in ("s01", "s02", "s03", "s05"):  # s04 needs a look
        until(tab, f"document.getElementById('one').dataset.name === '{name}'")
    assert tab.evaluate("document.querySelectorAll('#one iframe').length") <= 2
    assert not errors
    tab.close()


def test_who_asks_for_less_motion_sees_stills(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, address, reduced_motion="reduce")
    tab.evaluate(ticks, 60)
    assert not tab.evaluate("document.querySelectorAll('iframe').length")
    assert "less motion" in tab.inner_text("#note") and not errors
    tab.close()


def test_as_a_file_it_says_what_it_needs(browser, wall):
    folder, _, _ = wall
    tab, _, errors = watched(browser)
    tab.goto((folder / "index.html").as_uri())
    until(tab, "document.getElementById('note').textContent.includes('web server')")
    assert not errors
    tab.close()


def test_a_page_of_the_wall_opens_alone(browser, wall):
    _, address, _ = wall
    tab, errors = at(browser, address)
    tab.click("[data-name=s00] a")
    until(tab, "location.pathname === '/s00.html' && Boolean(window.alive)")
    tab.evaluate("alive.ready")
    assert not errors
    tab.close()


def test_a_folder_without_scenes_has_no_wall(tmp_path):
    with pytest.raises(ValueError, match="holds no scene"):
        gallery_page(tmp_path)


def test_what_is_published_names_no_folder(wall, made):
    "Paths name people: neither a record nor the page has more of them than the file's name."
    folder, _, _ = wall
    for file in [*made.glob("*.json"), folder / "index.html"]:
        text = file.read_text()
        assert "somebody" not in text and "/home/" not in text, file.name
    assert records(made)["cat"]["video"] == "cat.mp4"
    assert "bad.mp4: it is cut" in (folder / "index.html").read_text()


def test_a_scene_laid_again_is_whole_again(made, tmp_path):
    alive = AliveScene.load(made / "cat.alive")
    signs = dict(signs=records(made)["cat"]["signs"], missing=[])
    add_scene(alive, tmp_path, "cat", signs=signs)
    with (tmp_path / "cat.webp").open("ab") as still:
        still.write(b"damaged")
    assert whole_record(tmp_path / "cat.json") is None
    again = add_scene(alive, tmp_path, "cat", signs=signs)
    assert whole_record(tmp_path / "cat.json") == again
    (tmp_path / "cat.json").write_text("{}")  # of another program
    assert records(tmp_path) == {} and whole_record(tmp_path / "cat.json") is None
