"Films: what returns to its start, and what files hold."

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image

from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene
from alive_scene.path import step_length
from alive_scene.reader import read_scene
from alive_scene.reel import backward_messages, bridge_way, held, loop, resized, seam, write_film
from alive_scene.scene import Scene


@pytest.fixture(scope="module")
def cat():
    return AliveScene.fit(napping_cat(frames=80, size=48), seed=0, progress=False)


def test_a_seam_is_measured_as_it_is():
    walk = np.arange(40.0)[:, None]  # one way: it must jump back over all of it
    assert seam(walk)["place"] == pytest.approx(39)
    ring = np.stack([np.cos(np.arange(40) * np.pi / 20), np.sin(np.arange(40) * np.pi / 20)], 1)
    assert all(value <= 1.02 for value in seam(ring).values())
    back = np.concatenate([ring[:20], ring[18:0:-1]])  # it turns where it begins again
    assert seam(back)["place"] <= 1.02
    frames = np.zeros((10, 4, 4, 3), np.uint8)
    frames[:, 0] = np.arange(0, 250, 25)[:, None, None]
    assert seam(frames)["place"] == pytest.approx(9), "unsigned numbers must not wrap round"


def test_messages_are_powers_of_the_chain():
    rng = np.random.default_rng(0)
    odds = torch.tensor(rng.dirichlet(np.ones(6), 6))
    ways = torch.arange(6).repeat(6, 1)
    ends = torch.tensor([2, 5])
    kept = backward_messages(ways, odds, 7, ends)
    for steps in (0, 1, 7):
        power = torch.linalg.matrix_power(odds, steps)
        assert torch.allclose(kept[steps], power[:, ends])
    assert torch.equal(backward_messages(ways, odds, 7, ends, keep=False), kept[7])


def test_a_bridge_comes_as_often_as_among_walks_that_close():
    "A small ring, four steps: bridges against the odds of every free walk that closes."
    ways = torch.tensor([[0, 1], [1, 2], [0, 2]])
    odds = torch.tensor([[0.7, 0.3], [0.6, 0.4], [0.5, 0.5]])
    messages = backward_messages(ways, odds, 4, torch.tensor([0]))[:, :, 0]
    rng = np.random.default_rng(0)
    met = Counter()
    for _ in range(2000):
        walk = []
        place = 0
        for left in (3, 2, 1, 0):
            way = bridge_way(odds[place], ways[place], messages[left], rng)
            place = int(ways[place, way])
            walk.append(way)
        assert place == 0
        met[tuple(walk)] += 1
    close = {}
    for walk in product((0, 1), repeat=4):
        place = 0
        chance = 1.0
        for way in walk:
            chance *= float(odds[place, way])
            place = int(ways[place, way])
        if place == 0:
            close[walk] = chance
    whole = sum(close.values())
    assert whole == pytest.approx(float(messages[4, 0]), abs=1e-6) and set(met) <= set(close)
    for walk, chance in close.items():
        wanted = 2000 * chance / whole
        assert abs(met[walk] - wanted) < 5 * wanted**0.5 + 5


@pytest.mark.parametrize("temperature", [0.5, 1, 1.7, 2.5])
def test_seams_are_no_larger_than_other_steps(cat, temperature):
    for seed in range(3):
        path = loop(cat, 6, temperature=temperature, seed=seed)
        assert path.shape == (72, 512) and torch.allclose(path.norm(dim=1), torch.ones(72))
        assert max(seam(path).values()) <= 1, (temperature, seed)
        assert max(seam(cat.render(path)).values()) <= 1, (temperature, seed)


def test_a_loop_moves_as_a_life_does(cat):
    usual = step_length(cat.rollout(600, seed=3))
    for seed in range(3):
        assert 0.6 < step_length(loop(cat, 8, seed=seed)) / usual < 1.6


def test_a_loop_is_repeatable_and_begins_where_it_is_asked(cat):
    one = loop(cat, 4, start=30, seed=5)
    assert torch.equal(one, loop(cat, 4, start=30, seed=5))
    assert not torch.equal(one, loop(cat, 4, start=30, seed=6))
    near = torch.cdist(one, cat.embeddings[30:31]).min()
    assert near < 2 * step_length(cat.embeddings)
    state = torch.get_rng_state()
    loop(cat, 2)
    assert torch.equal(state, torch.get_rng_state()), "the global luck was touched"


def test_a_scene_without_a_plan_has_no_loop(cat):
    from dataclasses import replace

    from alive_scene.vae import VaeBehavior

    with pytest.raises(ValueError, match="'vae' has not"):
        loop(replace(cat, behavior=VaeBehavior(512).eval()), 4)


@pytest.fixture(scope="module")
def film(cat):
    return Scene(cat.render(loop(cat, 2)), cat.scene.fps)


@pytest.mark.parametrize("ending", ["mp4", "webm", "webp", "avif", "gif", "mov", "MP4"])
def test_each_ending_holds_the_film(film, ending, tmp_path):
    file = write_film(film, tmp_path / f"film.{ending}")
    again = read_scene(file, size=48)
    assert again.frames.shape == film.frames.shape
    assert abs(again.fps / film.fps - 1) < 0.02
    assert np.abs(again.frames.astype(int) - film.frames).mean() < 5
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("ending", ["webp", "avif", "webm", "mov"])
def test_alpha_is_kept(ending, tmp_path):
    frames = np.full((6, 64, 64, 4), (200, 30, 30, 255), np.uint8)
    frames[:, 16:48, 16:48, 3] = 0
    file = write_film(frames, tmp_path / f"cut.{ending}")
    laid = read_scene(file, size=64).frames.astype(int)  # on white
    assert np.abs(laid[:, 24:40, 24:40] - 255).max() <= 3
    assert np.abs(laid[:, :8, :8] - (200, 30, 30)).max() <= 12


def test_a_sequence_is_a_picture_a_frame(film, tmp_path):
    folder = write_film(film, tmp_path / "shots")
    names = sorted(one.name for one in folder.iterdir())
    assert names[0] == "0001.png" and len(names) == len(film)
    assert (np.asarray(Image.open(folder / names[0])) == film.frames[0]).all()
    write_film(film, tmp_path / "shot_%03d.png", size=128)
    assert Image.open(tmp_path / "shot_001.png").size == (128, 128)
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_a_gif_keeps_to_its_budget(tmp_path):
    y, x = np.mgrid[:96, :96]
    moments = np.arange(12)[:, None, None]
    waves = [np.sin((x + 7 * moments) / 5), np.sin((y - 5 * moments) / 7), np.sin((x + y) / 3)]
    film = np.stack([np.broadcast_to(127 + 120 * one, (12, 96, 96)) for one in waves], 3)
    film = film.astype(np.uint8)
    rich = write_film(film, tmp_path / "rich.gif")
    assert Image.open(rich).size == (96, 96)
    budget = 0.6 * rich.stat().st_size
    small = write_film(film, tmp_path / "small.gif", megabytes=budget / 1e6)
    assert small.stat().st_size <= budget
    assert 64 <= Image.open(small).size[0] <= 96


def test_held_pixels_never_stray_further_than_asked(film):
    for levels in (0, 3, 8):
        assert np.abs(held(film.frames, levels).astype(int) - film.frames).max() <= levels
    assert (held(film.frames, 0) == film.frames).all()
    assert resized(film.frames, 48) is film.frames


@pytest.mark.parametrize("ending, lacks", [("mp4", "libx264"), ("webm", "libvpx-vp9")])
def test_an_encoder_that_is_not_there_is_told(film, ending, lacks, tmp_path, monkeypatch):
    import av

    def none(name, mode):
        raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av.codec, "Codec", none)
    with pytest.raises(ValueError, match=f"{lacks}.*pip install"):
        write_film(film, tmp_path / f"film.{ending}")
    assert not list(tmp_path.iterdir())
