import numpy as np
import pytest
import torch
from torch.nn import functional as F

from alive_scene.generator import Generator, SirenGenerator


def scene(time=6, height=16, width=16):
    rng = np.random.default_rng(0)
    embeddings = F.normalize(torch.randn(time, 512, generator=torch.Generator().manual_seed(0)), dim=1)
    return rng.integers(0, 255, (time, height, width, 3), dtype=np.uint8), embeddings


@pytest.mark.parametrize("kind", [Generator, SirenGenerator])
def test_protocol_and_restoring(kind):
    frames, embeddings = scene(height=18, width=20)
    one = kind.fit(frames, embeddings, steps=5, seed=3, progress=False)
    two = kind.fit(frames, embeddings, steps=5, seed=3, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))
    drawn = one.render(embeddings)
    assert drawn.shape == frames.shape and drawn.dtype == np.uint8
    again = kind(**one.config)
    again.load_state_dict(one.state_dict())
    assert (again.render(embeddings) == drawn).all()
    assert one.render(embeddings[:0]).shape == (0, 18, 20, 3)


@pytest.mark.parametrize("kind", [Generator, SirenGenerator])
@pytest.mark.parametrize(("change", "says"), [
    (lambda f, e: (f, e * float("nan")), "NaN"), (lambda f, e: (f[:3], e), "each frame"), (lambda f, e: (f / 255, e), "uint8"),
    (lambda f, e: (f[:1], e[:1]), "two frames"), (lambda f, e: (f, e[0]), "shape")])
def test_bad_input_is_named(kind, change, says):
    frames, embeddings = change(*scene())
    with pytest.raises(ValueError, match=says): kind.fit(frames, embeddings, steps=1, progress=False)


@pytest.mark.parametrize("kind", [Generator, SirenGenerator])
def test_constant_clip_and_two_frames_work(kind):
    frames, embeddings = scene(2)
    frames[:] = 90
    drawn = kind.fit(frames, embeddings[[0, 0]], steps=3, progress=False).render(embeddings)
    assert drawn.shape == frames.shape
    if kind is Generator: assert abs(drawn[0].astype(int) - 90).max() < 40


def test_ours_learns_more_than_the_mean_frame():
    frames, embeddings = scene()
    error = lambda drawn: ((drawn / 255 - frames / 255) ** 2).mean()
    assert error(Generator.fit(frames, embeddings, steps=200, progress=False).render(embeddings)) < error(frames.mean(0)[None])


def test_far_embeddings_are_drawn_as_the_edge_of_what_was_seen():
    frames, embeddings = scene()
    model = Generator.fit(frames, embeddings, steps=5, progress=False)
    away = embeddings[:1] - embeddings.mean(0)
    assert (model.render(embeddings[:1] + 1000 * away) == model.render(embeddings[:1] + 2000 * away)).all()
