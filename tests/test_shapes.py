"""Frames that are not square, from the fit to the page: nothing is stretched, nothing is cut.

A wide scene, a tall one, and one whose sides no patch divides; each was cut from one picture of the cat, so
that what they draw can be compared with her.
"""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from browsers import until
from PIL import Image
from test_export import difference, plays_on, watched

from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene, rounded, thumbnail_sheet, thumbnails_of
from alive_scene.browser import export_html
from alive_scene.command import main
from alive_scene.explorer import MapExplorer
from alive_scene.generator import SirenGenerator
from alive_scene.maps import animate_map, embedding_map, plot_map
from alive_scene.player import AlivePlayer, jpeg
from alive_scene.reader import read_scene
from alive_scene.scene import Scene, write_video

SHAPES = {"wide": (128, 227), "tall": (227, 128), "odd": (97, 131)}
TITLE = "Chelsea & <b>co.</b>"


@pytest.fixture(scope="module")
def cat():
    "Larger than each of them."
    return napping_cat(frames=16, size=227).frames


@pytest.fixture(scope="module", params=SHAPES)
def scene(request, cat):
    height, width = SHAPES[request.param]
    time = np.arange(len(cat))
    return Scene(
        np.ascontiguousarray(cat[:, -height:, -width:]),
        12.5,
        request.param,
        seconds=20 + time / 12.5,
        indices=240 + 2 * time,
        notes=["Every second frame was left out.", "Turned by 90°."],
        title=TITLE,
        caption='asleep, "mostly"',
    )


@pytest.fixture(scope="module")
def shaped(scene):
    return AliveScene.fit(scene, progress=False)


@pytest.fixture(scope="module")
def saved(shaped, tmp_path_factory):
    return shaped.save(tmp_path_factory.mktemp("shapes") / "cat.alive")


def decibel(a, b):
    return -10 * np.log10(np.mean((a / 255 - b / 255) ** 2))


def aspect(picture):
    return picture.shape[-2] / picture.shape[-3]


def test_it_is_drawn_whole(shaped, scene):
    "And the outermost rows and columns as well as the rest."
    drawn = shaped.render(shaped.embeddings)
    assert drawn.shape == scene.frames.shape
    for part in np.s_[:], np.s_[:, :3], np.s_[:, -3:], np.s_[:, :, :3], np.s_[:, :, -3:]:
        assert decibel(drawn[part], scene.frames[part]) > 30


def test_a_siren_draws_it_too(scene):
    embeddings = torch.eye(len(scene.frames), 512)
    siren = SirenGenerator.fit(scene.frames, embeddings, steps=2, progress=False)
    assert siren.render(embeddings[:2]).shape == (2, *scene.frames.shape[1:])
    flat = np.zeros_like(scene.frames[:4])
    flat[:, :, scene.frames.shape[2] // 2 :] = 255  # which half is which, is learned at once
    siren = SirenGenerator.fit(flat, embeddings[:4], steps=25, progress=False)
    drawn = siren.render(embeddings[:1])[0] / 255
    half = scene.frames.shape[2] // 2
    assert drawn[:, half:].mean() > drawn[:, :half].mean() + 0.3


def test_the_file_keeps_all_of_it(shaped, saved, scene, tmp_path):
    loaded = AliveScene.load(saved)
    path = shaped.rollout(6, seed=3)
    assert (loaded.render(path) == shaped.render(path)).all()
    small = loaded.scene.frames
    assert len(small) == len(scene.frames)
    assert min(small.shape[1:3]) == 32
    assert abs(aspect(small) / aspect(scene.frames) - 1) < 0.02
    kept = loaded.scene
    assert (kept.seconds == scene.seconds).all() and kept.seconds.dtype == np.float64
    assert (kept.indices == scene.indices).all() and kept.indices.dtype == np.int64
    for name in ("name", "fps", "notes", "title", "caption"):
        assert getattr(kept, name) == getattr(scene, name)
    # nothing more is lost by going round again
    again = AliveScene.load(loaded.save(tmp_path / "again.alive")).scene
    assert again.frames.shape == small.shape
    assert (again.seconds == scene.seconds).all() and again.notes == scene.notes


def test_small_pictures_show_the_whole_frame(scene):
    "Up to each of its four corners, which are painted."
    height, width = scene.frames.shape[1:3]
    frames = np.full_like(scene.frames, 128)
    colors = {(0, 0): 255, (0, -1): 0, (-1, 0): 60, (-1, -1): 200}
    for (y, x), gray in colors.items():
        rows = slice(0, 9) if y == 0 else slice(height - 9, height)
        columns = slice(0, 9) if x == 0 else slice(width - 9, width)
        frames[:, rows, columns] = gray
    small = thumbnails_of(thumbnail_sheet(frames), len(frames)).astype(int)
    for (y, x), gray in colors.items():
        assert np.abs(small[:, y, x] - gray).max() < 30


@pytest.mark.parametrize("time", [1, 5, 300, 700])
def test_any_number_of_small_pictures_fits(time):
    for height, width in [*SHAPES.values(), (1, 90), (90, 1), (16, 256)]:
        frames = np.zeros((1, height, width, 3), np.uint8).repeat(time, 0)
        small = thumbnails_of(thumbnail_sheet(frames), time)
        assert len(small) == time and max(small.shape[1:3]) <= 64
        if max(height, width) < 2 * min(height, width) and time < 700:
            assert abs(aspect(small) / aspect(frames) - 1) < 0.05


def test_as_many_as_a_file_takes():
    frames = np.zeros((16383, 9, 16, 3), np.uint8)
    assert thumbnails_of(thumbnail_sheet(frames), 16383).shape == (16383, 1, 2, 3)


class Screen:
    "Keeps the pictures that a player sends."

    def __init__(self, player):
        self.pictures = []
        player.screen.send = lambda message, buffers=(): self.pictures.extend(buffers or ())
        player.answer(player.screen, {"kind": "hello"})
        want = {"kind": "want", "epoch": player.epoch, "after": 0, "shown": 0, "frames": 3}
        player.answer(player.screen, want)


@pytest.mark.parametrize("view", ["one", "four versions"])
def test_the_player_sends_whole_pictures(shaped, scene, view, tmp_path):
    player = AlivePlayer(shaped, view=view)
    times = 1 if view == "one" else 2
    shape = tuple(times * side for side in scene.frames.shape[1:3])
    frames = player.advance(2)
    assert frames.shape == (2, *shape, 3)
    sizes = {
        Image.open(BytesIO(one)).size for one in Screen(AlivePlayer(shaped, view=view)).pictures
    }
    assert sizes == {shape[::-1]}
    player.name.value = str(tmp_path / "life.gif")
    player.record.click()
    assert Image.open(tmp_path / "life.gif").size == shape[::-1]
    still = Image.open(BytesIO(base64.b64decode(player._repr_mimebundle_()["image/png"])))
    assert abs(still.width / (still.height - 14) / aspect(scene.frames) - 1) < 0.1


def test_the_explorer_shows_whole_pictures(shaped, scene):
    explorer = MapExplorer(shaped)
    explorer.frame.value = 3
    assert explorer.picture.value == jpeg(shaped.render(shaped.embeddings[[3]])[0])
    height, width = scene.frames.shape[1:3]
    shown = int(explorer.picture.width) / int(explorer.picture.height)
    assert abs(shown / (width / height) - 1) < 0.01
    explorer.compare([0, 1])
    explorer.compare([2, 3])
    both = (width, 2 * height) if width > height else (2 * width, height)
    assert Image.open(BytesIO(explorer.picture.value)).size == both
    shown = int(explorer.picture.width) / int(explorer.picture.height)
    assert abs(shown / (both[0] / both[1]) - 1) < 0.01


def test_pictures_on_the_maps_keep_their_shape(shaped, scene):
    points = embedding_map(shaped.embeddings, "pca")
    figure = plot_map(points, scene)
    for image in figure.layout.images:
        data = base64.b64decode(image.source.partition(",")[2])
        width, height = Image.open(BytesIO(data)).size
        assert abs(width / height / aspect(scene.frames) - 1) < 0.05
        assert image.sizing in (None, "contain")  # plotly's own: fitted in, undistorted
    assert "frame 3<br>20.2 s" in figure.data[0].text[3]
    # a scene of one color, so that its picture can be found on the white map
    green = Scene(np.full_like(scene.frames, (0, 200, 0)), scene.fps)
    last = animate_map(points, green, size=256).frames[-1]
    rows, columns = np.nonzero((last == (0, 200, 0)).all(2))
    inside = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert abs(inside[0] / inside[1] / aspect(scene.frames) - 1) < 0.05
    assert 0.7 < inside[0] * inside[1] / 64**2 < 1.1


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".webp"])
def test_a_film_of_it_is_whole(shaped, scene, suffix, tmp_path):
    "H.264 takes even sides: an odd one gets a row or column more, none is lost."
    path = write_video(Scene(shaped.render(shaped.rollout(4)), scene.fps), tmp_path / f"a{suffix}")
    height, width = scene.frames.shape[1:3]
    film = read_scene(path, size=min(height, width), crop="none")
    more = 1 if suffix == ".mp4" else 0
    assert film.frames.shape[1] - height in (0, more)
    assert film.frames.shape[2] - width in (0, more)


@pytest.fixture(scope="module")
def page(saved):
    return export_html(AliveScene.load(saved), saved.with_suffix(".html"))


# Of each picture in the page: how much wider than high it is, and how much it is shown; and how wide it is.
shown_as = """() => ['picture', 'near'].map(name => document.getElementById(name)).map(one =>
  [one.width / one.height, one.clientWidth / one.clientHeight, one.clientWidth]
)"""


def test_the_page_draws_what_python_draws(browser, page, saved):
    alive = AliveScene.load(saved)
    tab, outside, errors = watched(browser)
    tab.goto(page.as_uri() + "?panel")
    assert difference(tab, alive, 40, 1, 0.1) <= 2
    height, width = alive.render(alive.embeddings[:1]).shape[1:3]
    small = alive.scene.frames
    until(tab, "document.getElementById('near').dataset.frame !== undefined")
    (there, seen, wide), (sheet, near, _) = tab.evaluate(shown_as)
    assert there == pytest.approx(width / height) and abs(seen / there - 1) < 0.01
    assert sheet == pytest.approx(aspect(small)) and abs(near / sheet - 1) < 0.03
    left, high = tab.evaluate(
        "[document.getElementById('stage').clientWidth, document.getElementById('stage').clientHeight]"
    )
    assert wide == pytest.approx(min(left, high * width / height), abs=1)  # it fills what it has
    assert tab.locator("h1").inner_text() == TITLE
    assert tab.locator(".caption").inner_text() == 'asleep, "mostly"'
    assert not outside and not errors
    tab.close()


def test_the_nearest_frame_in_the_page_is_that_of_the_sheet(browser, page, saved):
    "Not its neighbors' rows: the sheet's pictures are as high as they are."
    small = AliveScene.load(saved).scene.frames
    tab, _, errors = watched(browser)
    tab.goto(page.as_uri() + "?panel")
    tab.evaluate("alive.ready")
    tab.evaluate("alive.play(false)")
    for frame in (0, 7, len(small) - 1):
        tab.get_by_role("slider", name="start").fill(str(frame))
        until(tab, f"document.getElementById('near').dataset.frame === '{frame}'")
        data = tab.evaluate("document.getElementById('near').toDataURL('image/png')")
        got = Image.open(BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")
        got = np.asarray(got.resize(small.shape[2:0:-1], Image.Resampling.BOX)).astype(int)
        assert np.abs(got - small[frame]).mean() < 4
    assert not errors
    tab.close()


def test_it_fits_a_narrow_page_and_a_low_one(browser, page):
    "A phone, upright and lying: no picture is wider or higher than it, and none is stretched."
    for viewport in (dict(width=320, height=640), dict(width=640, height=320)):
        tab, *_ = watched(browser)
        tab.set_viewport_size(viewport)
        tab.goto(page.as_uri())
        plays_on(tab, 3)
        box = tab.evaluate("""() => {
          const one = document.getElementById('picture');
          const fit = getComputedStyle(one).objectFit;
          return [one.clientWidth, one.clientHeight, one.width / one.height, fit,
            document.documentElement.scrollWidth];
        }""")
        assert box[0] <= viewport["width"] and box[1] <= viewport["height"]
        assert abs(box[0] / box[1] / box[2] - 1) < 0.02 or box[3] == "contain"
        assert box[4] <= viewport["width"]
        tab.close()


def test_the_command_fits_what_crop_says(cat, tmp_path, capsys):
    clip = write_video(Scene(cat[:6, :120]), tmp_path / "wide.gif")
    out = tmp_path / "wide.alive"
    words = ["fit", str(clip), "-o", str(out), "--size", "32", "--title", TITLE]
    words += ["--behavior", "texture"]
    assert main([*words, "--crop", "none", "--caption", "asleep"]) == 0
    assert "6 frames of 61x32 learned" in capsys.readouterr().out
    alive = AliveScene.load(out)
    assert (alive.scene.title, alive.scene.caption) == (TITLE, "asleep")
    assert alive.render(alive.rollout(2)).shape == (2, 32, 61, 3)
    assert main(["play", str(out), "-o", str(tmp_path / "on.gif"), "--steps", "3"]) == 0
    assert Image.open(tmp_path / "on.gif").size == (61, 32)
    assert main([*words, "--crop", "center"]) == 0
    assert "6 frames of 32x32 learned" in capsys.readouterr().out
    assert main([*words, "--crop", "sideways"]) == 2
    assert "crop" in capsys.readouterr().err


def test_fit_passes_on_what_to_read(cat, tmp_path):
    clip = write_video(Scene(cat[:12, :120], 6), tmp_path / "wide.gif")
    alive = AliveScene.fit(
        str(clip),
        size=16,
        crop="none",
        start=0.5,
        stop=1.5,
        fps=3,
        behavior="texture",
        progress=False,
    )
    assert alive.scene.frames.shape == (3, 16, 30, 3) and alive.scene.fps == 3


@pytest.mark.parametrize(
    "parts",
    [dict(generator=kind, behavior="texture") for kind in ("siren", "film", "patch", "morph")],
)
def test_every_kind_of_part_is_saved(cat, parts, tmp_path):
    wide = Scene(np.ascontiguousarray(cat[:8, 30:57, 20:71]))
    alive = AliveScene.fit(wide, steps=3, progress=False, **parts)
    loaded = AliveScene.load(alive.save(tmp_path / "a.alive"))
    path = alive.rollout(3)
    assert (loaded.render(path) == alive.render(path)).all()
    assert alive.render(path).shape == (3, 27, 51, 3)
    assert loaded.scene.seconds is None and loaded.scene.indices is None
    assert rounded(loaded.generator) is loaded.generator
    assert replace(loaded, scene=wide).save(tmp_path / "b.alive").exists()
