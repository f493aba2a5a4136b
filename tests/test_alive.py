import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from alive_scene.alive import AliveScene
from alive_scene.reader import read_scene
from alive_scene.scene import Scene


def decibel(a, b):
    return -10 * np.log10(np.mean((a / 255 - b / 255) ** 2))


def test_a_recorded_portrait_through_the_whole_pipeline(recorded, tmp_path):
    scene = read_scene(recorded, size=64, max_frames=64, crop="center")
    alive = AliveScene.fit(scene, encoder="alive-tiny", steps=400, seed=0, progress=False)
    mean = np.broadcast_to(scene.frames.mean(0), scene.frames.shape)
    assert decibel(alive.render(alive.embeddings), scene.frames) > decibel(mean, scene.frames) + 2
    path = alive.rollout(50, seed=1)
    assert (
        path.shape == (50, 512)
        and path.dtype == torch.float32
        and torch.allclose(path.norm(dim=1), torch.ones(50), atol=1e-5)
    )
    clip = alive.render(path)
    assert clip.shape == (50, 64, 64, 3) and clip.dtype == np.uint8
    assert decibel(clip, np.broadcast_to(scene.frames.mean(0), clip.shape)) > 15, (
        "it no longer looks like him"
    )
    loaded = AliveScene.load(alive.save(tmp_path / "portrait.alive"))
    assert torch.equal(loaded.embeddings, alive.embeddings)
    assert torch.equal(loaded.rollout(50, seed=1), path)
    assert (loaded.render(path) == clip).all()
    assert loaded.scene.fps == scene.fps and len(loaded.scene) == len(scene)


def test_the_published_parts_are_one_word_away():
    frames = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), dtype=np.uint8)
    alive = AliveScene.fit(
        Scene(frames),
        encoder="alive-tiny",
        generator="siren",
        behavior="vae",
        steps=3,
        progress=False,
    )
    assert alive.generator.config["w0"] == 20 and alive.render(alive.rollout(4)).shape == (
        4,
        16,
        16,
        3,
    )


def test_versions_part_and_each_is_its_own_seed(alive):
    versions = alive.rollout(20, seed=[3, 4])
    for version, seed in zip(versions, (3, 4), strict=True):
        assert torch.allclose(version, alive.rollout(20, seed=seed), atol=1e-5)
    assert not torch.equal(versions[0], versions[1])


def test_temperature_zero_stands_still(alive):
    path = alive.rollout(5, temperature=0, curing=0)
    assert (path - alive.embeddings[0]).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (dict(generator="gan"), "'patch'"),
        (dict(behavior="gpt"), "'vae'"),
        (dict(encoder="no-such-model"), "no-such-model"),
    ],
)
def test_unknown_names_are_told_the_known(what, says):
    with pytest.raises(ValueError, match=says):
        AliveScene.fit(
            Scene(np.zeros((4, 16, 16, 3), np.uint8)),
            steps=1,
            progress=False,
            **{"encoder": "alive-tiny", **what},
        )


@pytest.fixture
def saved(alive, tmp_path):
    return alive.save(tmp_path / "cat.alive")


def test_save_wants_its_suffix_and_a_folder(alive, tmp_path):
    with pytest.raises(ValueError, match="NAME.alive"):
        alive.save(tmp_path / "cat.pt")
    with pytest.raises(FileNotFoundError, match="no folder"):
        alive.save(tmp_path / "nowhere" / "cat.alive")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nobody.alive"):
        AliveScene.load(tmp_path / "nobody.alive")


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 500, 20_000, -1])
def test_a_truncated_file_is_refused(saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(ValueError, match="cat.alive"):
        AliveScene.load(saved)


def rewritten(path, change):
    "The same file with another header."
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["alive_scene"])
    tensors = load_file(path)
    change(about, tensors)
    save_file(tensors, path, metadata={"alive_scene": json.dumps(about)})
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda about, tensors: about.update(version=99), "version 99"),
        (lambda about, tensors: about.update(parts=["gan", "vae"]), "'patch'"),
        (lambda about, tensors: about.pop("configs"), "configs"),
        (lambda about, tensors: tensors.pop("embeddings"), "embeddings"),
        (lambda about, tensors: tensors.update(embeddings=tensors["embeddings"][:5]), "thumbnails"),
        (
            lambda about, tensors: tensors.update(thumbnails=tensors["thumbnails"][:50]),
            "whole scene",
        ),
        (lambda about, tensors: tensors.pop("generator.motion"), "motion"),
        (lambda about, tensors: about["configs"][1].update(latent_dim=3), "whole scene"),
    ],
)
def test_a_file_that_lies_is_refused(saved, change, says):
    with pytest.raises(ValueError, match=says):
        AliveScene.load(rewritten(saved, change))


def test_a_pickle_is_refused(tmp_path, alive):
    path = tmp_path / "evil.alive"
    torch.save(alive.embeddings, path)
    with pytest.raises(ValueError, match="not a whole .alive file"):
        AliveScene.load(path)


def test_interrupting_keeps_what_was_learned(monkeypatch):
    from alive_scene import generator

    count = iter(range(100))
    real = torch.optim.Adam.step

    def step(self, *args, **kwargs):
        if next(count) == 10:
            raise KeyboardInterrupt
        return real(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    frames = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), dtype=np.uint8)
    embeddings = torch.nn.functional.normalize(
        torch.randn(6, 512, generator=torch.Generator().manual_seed(0)), dim=1
    )
    with pytest.warns(UserWarning, match="resume"):
        kept = generator.SirenGenerator.fit(frames, embeddings, steps=50, progress=False)
    assert kept.render(embeddings).shape == frames.shape
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            generator.SirenGenerator.fit(frames, embeddings, steps=5, progress=False, resume=kept)
            is not None
        )


def test_the_bundled_scene_lives_and_looks_like_its_film():
    "What the course opens with, though nothing is fitted there."
    from alive_scene.actors import napping_cat
    from alive_scene.vitals import missing, vital_signs

    path = Path(__file__).parent.parent / "data" / "napping_cat.alive"
    bundled = AliveScene.load(path)
    filmed = napping_cat(200, 256).frames[::10].astype(float)
    error = (bundled.render(bundled.embeddings[::10]) - filmed) ** 2
    assert 10 * np.log10(255**2 / error.mean()) > 35
    life = bundled.rollout(4000, seed=0)
    assert not missing(vital_signs(life, bundled.embeddings))
    assert path.stat().st_size < 1_000_000
