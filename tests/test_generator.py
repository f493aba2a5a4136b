import json
import warnings

import numpy as np
import pytest
import torch

from alive_scene.generator import SirenGenerator
from alive_scene.reader import read_scene
from alive_scene.strokes import StrokeGenerator, whitened_axes

BOTH = pytest.mark.parametrize("kind", [StrokeGenerator, SirenGenerator])


def _scene(frames=24, height=32, width=32, seed=0):
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


def _db(drawn, true):
    return 10 * np.log10(255**2 / np.mean((drawn.astype(float) - true) ** 2))


def _fit(kind, frames, embeddings, **kwargs):
    return kind.fit(
        frames,
        embeddings,
        progress=False,
        **{"steps": 5 if kind is StrokeGenerator else 1, **kwargs},
    )


@BOTH
def test_protocol_and_restoring_from_config_and_state(kind):
    frames, embeddings = _scene()
    made = _fit(kind, frames, embeddings)
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


@BOTH
def test_steps_are_repeatable_and_leave_global_randomness_alone(kind):
    frames, embeddings = _scene()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    one, two = (_fit(kind, frames, embeddings, seed=3) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


def test_generator_draws_what_it_saw_and_the_published_one_starts_blind():
    frames, embeddings = _scene()
    mean = _db(np.broadcast_to(frames.mean(0), frames.shape), frames)
    assert _db(_fit(StrokeGenerator, frames, embeddings).render(embeddings), frames) > mean + 12
    assert (
        _db(_fit(SirenGenerator, frames, embeddings, steps=10).render(embeddings[:2]), frames[:2])
        < mean + 3
    )


def test_frames_never_seen_are_drawn_better_than_the_blend_of_neighbors():
    frames, embeddings = _scene(48)
    made = _fit(StrokeGenerator, frames[::2], embeddings[::2], numbers=10**6)
    blend = (frames[0:-2:2].astype(float) + frames[2::2]) / 2
    assert _db(made.render(embeddings[1:-1:2]), frames[1:-1:2]) > _db(blend, frames[1:-1:2]) + 1


def test_between_two_frames_it_is_the_formula():
    frames, embeddings = _scene(10)
    made = _fit(StrokeGenerator, frames, embeddings, numbers=10**7)
    assert np.abs(made.render(embeddings).astype(int) - frames).max() <= 3
    middle = (embeddings[4:5] + embeddings[5:6]) / 2
    known = made.known.double()
    length = known.diff(dim=0).norm(dim=1)
    flat = torch.from_numpy(frames).flatten(1).double()
    rate = flat.diff(dim=0) / length[:, None]
    slope = [
        (rate[i - 1] * length[i] + rate[i] * length[i - 1]) / (length[i] + length[i - 1])
        for i in (4, 5)
    ]
    path = (flat[4] + flat[5]) / 2 + length[4] * (slope[0] - slope[1]) / 8
    matern = lambda a, b: (lambda r: (1 + r + r**2 / 3) * torch.exp(-r))(
        5**0.5 * torch.cdist(a, b) / 4
    )
    weights = matern((known[4:5] + known[5:6]) / 2, known) @ torch.linalg.inv(
        matern(known, known) + 1e-4 * torch.eye(10)
    )
    kernel = (weights @ (flat - flat.mean(0)))[0] + flat.mean(0)
    assert (
        np.abs(made.render(middle).reshape(-1) - ((path + kernel) / 2).clamp(0, 255).numpy()).max()
        < 3
    )


def test_the_coordinates_even_out_the_noise():
    rng = torch.Generator().manual_seed(0)
    path = torch.stack([torch.linspace(0, 6.28, 100).sin(), torch.linspace(0, 6.28, 100).cos()], 1)
    noise = torch.cat([torch.zeros(100, 2), 0.3 * torch.randn(100, 4, generator=rng)], 1)
    _, known = whitened_axes(
        torch.cat([path, torch.zeros(100, 4)], 1)
        + noise
        + 0.001 * torch.randn(100, 6, generator=rng),
        2,
    )
    true = torch.corrcoef(torch.cat([path, known], 1).T)[:2, 2:].square().sum(1)
    assert true.min() > 0.98
    assert known.diff(dim=0).norm(dim=1).median() < 1.01


def test_rendering_follows_changed_numbers():
    frames, embeddings = _scene()
    made = _fit(StrokeGenerator, frames, embeddings)
    made.render(embeddings[:1])
    made.stroke.zero_()
    assert np.abs(made.render(embeddings[:1])[0].astype(int) - frames.mean(0)).max() <= 1


def test_budget_is_kept():
    frames, embeddings = _scene(24, 64, 64)
    stored = sum(
        value.numel()
        for value in _fit(StrokeGenerator, frames, embeddings, numbers=90_000).state_dict().values()
    )
    assert 60_000 < stored <= 90_000


def test_far_embeddings_are_drawn_as_what_was_seen_and_change_continuously():
    frames, embeddings = _scene()
    made = _fit(StrokeGenerator, frames, embeddings)
    far = torch.nn.functional.normalize(
        torch.randn(16, 512, generator=torch.Generator().manual_seed(1)), dim=1
    )
    nearest = ((made.render(far)[:, None].astype(float) - frames[None]) ** 2).mean((2, 3, 4)).min(1)
    spread = ((frames - frames.mean(0)) ** 2).mean()
    assert nearest.max() < spread
    walk = torch.lerp(far[0], far[1], torch.linspace(0, 1, 400)[:, None])
    leaps = np.abs(np.diff(made.render(walk).astype(float), axis=0)).mean((1, 2, 3))
    assert leaps.max() < 3 * np.abs(np.diff(frames.astype(float), axis=0)).mean((1, 2, 3)).max()


def test_in_half_precision_as_a_scene_is_saved_it_draws_the_same():
    frames, embeddings = _scene()
    made = _fit(StrokeGenerator, frames, embeddings)
    before = made.render(embeddings).astype(int)
    made.load_state_dict(
        {
            name: value.half() if value.is_floating_point() else value
            for name, value in made.state_dict().items()
        }
    )
    assert all(value.isfinite().all() for value in made.state_dict().values())
    assert np.abs(made.render(embeddings) - before).max() <= 2


@BOTH
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
        _fit(kind, *change(*_scene()))


@BOTH
def test_rendering_bad_embeddings_is_refused(kind):
    frames, embeddings = _scene()
    made = _fit(kind, frames, embeddings, steps=1)
    for bad, says in (
        (embeddings[:2, :100], "512 numbers"),
        (embeddings[:1] * torch.nan, "NaN"),
        (embeddings[0], "single one"),
    ):
        with pytest.raises(ValueError, match=says):
            made.render(bad)


@BOTH
def test_constant_clip_two_frames_and_odd_sizes_work(kind):
    frames, embeddings = _scene()
    still = np.repeat(frames[:1], 6, 0)
    for clip, codes in (
        (still, embeddings[:6]),
        (still, embeddings[:1].expand(6, -1)),
        (frames[:2], embeddings[:2]),
        (frames[:, :19, :30], embeddings),
    ):
        drawn = _fit(kind, clip, codes).render(codes)
        assert drawn.shape == clip.shape
        if kind is StrokeGenerator:
            assert _db(drawn, clip) > 28


@pytest.mark.parametrize("name", ["napping_cat", "portrait"])
def test_a_whole_bundled_scene_is_drawn_within_its_file(root, name):
    frames = read_scene(root / "data" / f"{name}.mp4").frames
    codes = torch.from_numpy(
        frames[:, ::8, ::8].reshape(len(frames), -1)[:, :512] / 255
    ).float()  # a poor encoder, but no weights needed
    made = _fit(StrokeGenerator, frames, torch.nn.functional.normalize(codes, dim=1))
    assert _db(made.render(torch.nn.functional.normalize(codes[::10], dim=1)), frames[::10]) > 38
    assert (
        sum(
            v.numel() * (2 if v.is_floating_point() else v.element_size())
            for v in made.state_dict().values()
        )
        < 1_000_000
    )


def test_hard_cut_keeps_both_sides():
    frames, embeddings = _scene()
    clip = np.concatenate([frames[:12], 255 - frames[12:]])
    codes = torch.cat(
        [
            embeddings[:12],
            torch.nn.functional.normalize(
                embeddings[12:]
                + torch.randn(512, generator=torch.Generator().manual_seed(2)) * 0.05,
                dim=1,
            ),
        ]
    )
    assert _db(_fit(StrokeGenerator, clip, codes).render(codes), clip) > 25


@BOTH
def test_interrupting_keeps_what_was_learned(kind):
    frames, embeddings = _scene()

    def stop(generator, share):
        raise KeyboardInterrupt

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        made = _fit(kind, frames, embeddings, steps=4, on_step=stop)
    assert any("stopped after" in str(one.message) for one in said)
    assert made.render(embeddings[:1]).shape == (1, 32, 32, 3)
    error = lambda: ((made.render(embeddings[:4]) - frames[:4].astype(float)) ** 2).mean()
    before = error()
    made = _fit(
        kind, frames, embeddings, steps=14, **({"resume": made} if kind is SirenGenerator else {})
    )
    assert error() < before


def test_interrupted_before_the_first_stroke(monkeypatch):
    """The bar is interrupted before it hands out a round.

    Nothing is painted yet but the mean, and that can be drawn.
    """

    class Bar(list):
        def __iter__(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("alive_scene.generator.tqdm", lambda *_, **__: Bar())
    frames, embeddings = _scene()
    with pytest.warns(UserWarning, match="stopped after 0 of"):
        made = StrokeGenerator.fit(frames, embeddings, progress=False)
    assert made.render(embeddings[:1]).shape == (1, 32, 32, 3)


def test_only_what_is_trained_can_be_resumed():
    frames, embeddings = _scene()
    with pytest.raises(TypeError, match="resume"):
        StrokeGenerator.fit(frames, embeddings, progress=False, resume=None)


def test_shares_rise_to_one():
    frames, embeddings = _scene()
    for kind in (StrokeGenerator, SirenGenerator):
        shares = []
        _fit(
            kind,
            frames,
            embeddings,
            steps=3,
            on_step=lambda generator, share, shares=shares: shares.append(share),
        )
        assert len(shares) == 3 and shares == sorted(shares) and shares[-1] == 1


def test_the_closed_form_is_never_left_half_painted():
    frames, embeddings = _scene()
    assert (
        _db(
            _fit(StrokeGenerator, frames, embeddings, steps=None, seconds=1e-9).render(embeddings),
            frames,
        )
        > 30
    )


def test_seconds_stop_the_published_training():
    frames, embeddings = _scene()
    shares = []
    SirenGenerator.fit(
        frames,
        embeddings,
        seconds=0.3,
        progress=False,
        on_step=lambda generator, share: shares.append(share),
    )
    assert shares[-1] == 1
