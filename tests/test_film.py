"The mended network: what it learns, what it is asked for between the frames, and where it must work."

import numpy as np
import pytest
import torch
from test_generator import decibels, wandering_disc
from test_morph import CLIPS, filmed

from alive_scene.alive import AliveScene
from alive_scene.film import FilmGenerator, whitening, with_moved
from alive_scene.scene import Scene


def fitted(frames, embeddings, steps=150, **how):
    return FilmGenerator.fit(frames, embeddings, steps=steps, progress=False, **how)


def test_its_first_picture_is_the_mean_frame():
    frames, embeddings = wandering_disc()
    begun = FilmGenerator(32, 32, 512)
    begun.mean.copy_(torch.from_numpy(frames.mean(0) / 255))
    assert np.abs(begun.render(embeddings) - frames.mean(0)).max() <= 0.51


def test_it_learns_what_it_saw():
    frames, embeddings = wandering_disc()
    mean = decibels(np.broadcast_to(frames.mean(0), frames.shape), frames)
    made = fitted(frames, embeddings, patch=4)
    assert decibels(made.render(embeddings), frames) > mean + 12


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_the_frame_turns_every_layer(layer):
    "The formula by hand; and each layer's own scale and shift change the picture."
    frames, embeddings = wandering_disc()
    made = fitted(frames, embeddings, 20)
    codes = (embeddings[:2] - made.centre) @ made.axes
    with torch.no_grad():
        drawn = made(codes)
        hidden = made.place.expand(2, -1, -1)
        turn = 0.1 * made.frame(codes)
        for n in range(4):
            scale = turn[:, 256 * n : 256 * (n + 1), None].mT
            shift = turn[:, 1024 + 256 * n : 1024 + 256 * (n + 1), None].mT
            before = hidden if n == 0 else made.layers[n - 1](hidden)
            hidden = torch.sin(20 * ((1 + scale) * before + shift))
        assert torch.allclose(drawn, made.head(hidden), atol=1e-5)
        for half in (0, 1024):
            kept = made.frame.bias[half + 256 * layer].clone()
            made.frame.bias[half + 256 * layer] += 1
            assert (made(codes) - drawn).abs().max() > 1e-5
            made.frame.bias[half + 256 * layer] = kept


def test_coordinates_are_white_and_no_noise_is_stretched():
    rng = torch.Generator().manual_seed(0)
    path = torch.randn(40, 3, generator=rng) * torch.tensor([0.2, 0.05, 0.01])
    embeddings = torch.cat([path, 1e-7 * torch.randn(40, 9, generator=rng)], 1) + 0.3
    axes = whitening(embeddings, 8)
    z = (embeddings - embeddings.mean(0)) @ axes
    assert axes.shape == (12, 3)
    assert torch.allclose(z.T @ z / 40, 0.09 * torch.eye(3), atol=1e-3)
    still = whitening(embeddings[:1].expand(5, -1), 8)
    assert still.shape == (12, 1) and still.half().isfinite().all()


def test_frames_between_are_moved():
    frames, embeddings = filmed("moving")
    more, places = with_moved(frames[::2], embeddings[::2], 1)
    assert len(more) == len(places) == 17 and (more[:9] == frames[::2]).all()
    blend = (frames[:-2:2].astype(float) + frames[2::2]) / 2
    assert decibels(more[9:], frames[1::2]) > decibels(blend, frames[1::2]) + 4
    assert torch.allclose(places[9:], (embeddings[:-2:2] + embeddings[2::2]) / 2)
    thirds, at = with_moved(frames[:2], embeddings[:2], 2)
    assert len(thirds) == 4 and torch.allclose(at[2], (2 * embeddings[0] + embeddings[1]) / 3)
    assert len(with_moved(frames, embeddings, 0)[0]) == len(frames)


def test_what_moved_frames_are_for():
    "Of every second frame, asked for the others: better with them than without."
    frames, embeddings = filmed("moving")
    levels = [
        decibels(
            fitted(frames[::2], embeddings[::2], 200, moved=moved).render(embeddings[1::2]),
            frames[1::2],
        )
        for moved in (0, 1)
    ]
    assert levels[1] > levels[0] + 1, levels


@pytest.mark.parametrize("name", CLIPS)
def test_odd_clips_are_learned(name):
    frames, embeddings = filmed(name)
    drawn = fitted(frames, embeddings, 60).render(embeddings)
    mean = np.broadcast_to(frames.mean(0).round(), frames.shape)
    assert drawn.shape == frames.shape
    assert decibels(drawn, frames) > min(45, decibels(mean, frames) + 1)


def test_a_saved_network_draws_the_same_and_nearly_as_it_was_trained(tmp_path):
    frames, embeddings = filmed("moving")
    made = fitted(frames, embeddings)
    exact = made.render(embeddings).astype(int)
    scene = AliveScene.fit(
        Scene(frames, 12.0, "moving"), generator="film", steps=20, progress=False
    )
    assert scene.parts[0] == "film" and isinstance(scene.generator, FilmGenerator)
    loaded = AliveScene.load(scene.save(tmp_path / "f.alive"))
    path = scene.rollout(12)
    assert np.array_equal(loaded.render(path), scene.render(path))
    half = {name: t.half() for name, t in made.state_dict().items()}
    made.load_state_dict(half)
    assert np.abs(made.render(embeddings) - exact).mean() < 1


def test_the_page_can_draw_it():
    "Its graph, run by ONNX, gives Python's picture."
    runtime = pytest.importorskip("onnxruntime")
    from alive_scene.graphs import scene_graphs

    frames, _ = filmed("moving")
    alive = AliveScene.fit(
        Scene(frames, 12.0, "moving"), generator="film", steps=20, progress=False
    )
    graphs, _ = scene_graphs(alive)
    session = runtime.InferenceSession(graphs["draw"], providers=["CPUExecutionProvider"])
    for embedding in alive.embeddings[[0, 9]]:
        asked = dict(embedding=embedding[None].numpy(), observed=alive.embeddings.numpy())
        picture = session.run(["picture"], asked)[0]
        off = np.abs(picture[..., :3].astype(int) - alive.render(embedding[None])[0])
        assert off.max() <= 2
