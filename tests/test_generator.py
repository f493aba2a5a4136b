import json
import warnings

import numpy as np
import pytest
import torch

from alive_scene.film import FilmGenerator
from alive_scene.generator import SirenGenerator
from alive_scene.strokes import StrokeGenerator

EACH = pytest.mark.parametrize("kind", [StrokeGenerator, SirenGenerator, FilmGenerator])


def wandering_disc(frames=24, height=32, width=32, seed=0):
    "A disc that wanders over a gradient, and embeddings that know where it is."
    t = np.linspace(0, 2 * np.pi, frames, endpoint=False)
    y, x = np.mgrid[:height, :width] / max(height, width)
    disc = np.stack(
        [
            120
            / (
                1
                + np.exp(
                    30 * (np.hypot(y - 0.5 - 0.2 * np.sin(s), x - 0.5 - 0.2 * np.cos(2 * s)) - 0.2)
                )
            )
            for s in t
        ]
    )
    clip = (disc[..., None] + (100 * np.stack([y, x, y * x], -1))[None]).astype(np.uint8)
    basis = torch.randn(4, 512, generator=torch.Generator().manual_seed(seed))
    state = torch.tensor(
        np.stack([np.sin(t), np.cos(t), np.sin(2 * t), np.cos(2 * t)], 1), dtype=torch.float32
    )
    return clip, torch.nn.functional.normalize(
        5 * torch.ones(512) / 512**0.5 + 0.1 * state @ basis, dim=1
    )


def decibels(drawn, true):
    return 10 * np.log10(255**2 / np.mean((drawn.astype(float) - true) ** 2))


def fitted(kind, frames, embeddings, **kwargs):
    return kind.fit(
        frames,
        embeddings,
        progress=False,
        **{"steps": 5 if kind is StrokeGenerator else 1, **kwargs},
    )


@EACH
def test_protocol_and_restoring_from_config_and_state(kind):
    frames, embeddings = wandering_disc()
    made = fitted(kind, frames, embeddings)
    drawn = made.render(embeddings[:5])
    assert drawn.dtype == np.uint8 and drawn.shape == (5, 32, 32, 3)
    again = kind(**json.loads(json.dumps(made.config)))
    again.load_state_dict(made.state_dict())
    assert np.array_equal(again.render(embeddings[:5]), drawn)
    assert made.render(embeddings[:0]).shape == (0, 32, 32, 3)
    assert np.array_equal(made.render(embeddings[:5].numpy()), drawn)
    with torch.no_grad():
        colors = made.colors(embeddings[:5])
    assert np.abs((colors.clamp(0, 1) * 255).numpy() - drawn).max() <= 0.51


@EACH
def test_steps_are_repeatable_and_leave_global_randomness_alone(kind):
    frames, embeddings = wandering_disc()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    one, two = (fitted(kind, frames, embeddings, seed=3) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


def test_generator_draws_what_it_saw_and_the_published_one_starts_blind():
    frames, embeddings = wandering_disc()
    mean = decibels(np.broadcast_to(frames.mean(0), frames.shape), frames)
    assert (
        decibels(fitted(StrokeGenerator, frames, embeddings).render(embeddings), frames) > mean + 12
    )
    assert (
        decibels(
            fitted(SirenGenerator, frames, embeddings, steps=10).render(embeddings[:2]), frames[:2]
        )
        < mean + 3
    )


@EACH
@pytest.mark.parametrize(
    "change,says",
    [
        (lambda f, e: (f[:-1], e), "24 embeddings"),
        (
            lambda f, e: (f, torch.where(torch.arange(24)[:, None] == 3, torch.nan, e)),
            r"\[3\] hold NaN",
        ),
        (lambda f, e: (f / 255, e), "uint8"),
        (lambda f, e: (f[..., 0], e), "uint8"),
        (lambda f, e: (f[:1], e[:1]), "at least two frames"),
        (lambda f, e: (f, e[:, 0]), "must be"),
    ],
)
def test_bad_input_is_named(kind, change, says):
    with pytest.raises(ValueError, match=says):
        fitted(kind, *change(*wandering_disc()))


@EACH
def test_rendering_bad_embeddings_is_refused(kind):
    frames, embeddings = wandering_disc()
    made = fitted(kind, frames, embeddings, steps=1)
    for bad, says in (
        (embeddings[:2, :100], "512 numbers"),
        (embeddings[:1] * torch.nan, "NaN"),
        (embeddings[0], "single one"),
    ):
        with pytest.raises(ValueError, match=says):
            made.render(bad)


@EACH
def test_constant_clip_two_frames_and_odd_sizes_work(kind):
    frames, embeddings = wandering_disc()
    still = np.repeat(frames[:1], 6, 0)
    for clip, codes in (
        (still, embeddings[:6]),
        (still, embeddings[:1].expand(6, -1)),
        (frames[:2], embeddings[:2]),
        (frames[:, :19, :30], embeddings),
    ):
        drawn = fitted(kind, clip, codes).render(codes)
        assert drawn.shape == clip.shape
        if kind is StrokeGenerator:
            assert decibels(drawn, clip) > 28


@EACH
def test_interrupting_keeps_what_was_learned(kind):
    frames, embeddings = wandering_disc()

    def stop(generator, share):
        raise KeyboardInterrupt

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        made = fitted(kind, frames, embeddings, steps=4, on_step=stop)
    assert any("stopped after" in str(one.message) for one in said)
    assert made.render(embeddings[:1]).shape == (1, 32, 32, 3)
    error = lambda: ((made.render(embeddings[:4]) - frames[:4].astype(float)) ** 2).mean()
    before = error()
    made = fitted(
        kind, frames, embeddings, steps=14, **({} if kind is StrokeGenerator else {"resume": made})
    )
    assert error() < before


def test_shares_rise_to_one():
    frames, embeddings = wandering_disc()
    for kind in (StrokeGenerator, SirenGenerator, FilmGenerator):
        shares = []
        fitted(
            kind,
            frames,
            embeddings,
            steps=3,
            on_step=lambda generator, share, shares=shares: shares.append(share),
        )
        assert len(shares) == 3 and shares == sorted(shares) and shares[-1] == 1


@pytest.mark.parametrize("kind", [SirenGenerator, FilmGenerator])
def test_seconds_stop_a_training(kind):
    frames, embeddings = wandering_disc()
    shares = []
    kind.fit(
        frames,
        embeddings,
        seconds=0.3,
        progress=False,
        on_step=lambda generator, share: shares.append(share),
    )
    assert shares[-1] == 1
