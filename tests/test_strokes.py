import numpy as np
import pytest
import torch
from test_generator import decibels, fitted, wandering_disc

from alive_scene.reader import read_scene
from alive_scene.strokes import StrokeGenerator, matern, whitened_axes


def test_frames_never_seen_are_drawn_better_than_the_blend_of_neighbors():
    frames, embeddings = wandering_disc(48)
    made = fitted(StrokeGenerator, frames[::2], embeddings[::2], numbers=10**6)
    blend = (frames[0:-2:2].astype(float) + frames[2::2]) / 2
    assert (
        decibels(made.render(embeddings[1:-1:2]), frames[1:-1:2])
        > decibels(blend, frames[1:-1:2]) + 1
    )


def test_between_two_frames_it_is_the_formula():
    frames, embeddings = wandering_disc(10)
    made = fitted(StrokeGenerator, frames, embeddings, numbers=10**7)
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
    frames, embeddings = wandering_disc()
    made = fitted(StrokeGenerator, frames, embeddings)
    made.render(embeddings[:1])
    made.stroke.zero_()
    assert np.abs(made.render(embeddings[:1])[0].astype(int) - frames.mean(0)).max() <= 1


def test_budget_is_kept():
    frames, embeddings = wandering_disc(24, 64, 64)
    stored = sum(
        value.numel()
        for value in fitted(StrokeGenerator, frames, embeddings, numbers=90_000)
        .state_dict()
        .values()
    )
    assert 60_000 < stored <= 90_000


def test_far_embeddings_are_drawn_as_what_was_seen_and_change_continuously():
    frames, embeddings = wandering_disc()
    made = fitted(StrokeGenerator, frames, embeddings)
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
    frames, embeddings = wandering_disc()
    made = fitted(StrokeGenerator, frames, embeddings)
    before = made.render(embeddings).astype(int)
    made.load_state_dict(
        {
            name: value.half() if value.is_floating_point() else value
            for name, value in made.state_dict().items()
        }
    )
    assert all(value.isfinite().all() for value in made.state_dict().values())
    assert np.abs(made.render(embeddings) - before).max() <= 2


@pytest.mark.parametrize("name", ["napping_cat", "portrait"])
def test_a_whole_bundled_scene_is_drawn_within_its_file(root, name):
    frames = read_scene(root / "data" / f"{name}.mp4").frames
    codes = torch.from_numpy(
        frames[:, ::8, ::8].reshape(len(frames), -1)[:, :512] / 255
    ).float()  # a poor encoder, but no weights needed
    made = fitted(StrokeGenerator, frames, torch.nn.functional.normalize(codes, dim=1))
    assert (
        decibels(made.render(torch.nn.functional.normalize(codes[::10], dim=1)), frames[::10]) > 38
    )
    assert (
        sum(
            v.numel() * (2 if v.is_floating_point() else v.element_size())
            for v in made.state_dict().values()
        )
        < 1_000_000
    )


def test_hard_cut_keeps_both_sides():
    frames, embeddings = wandering_disc()
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
    assert decibels(fitted(StrokeGenerator, clip, codes).render(codes), clip) > 25


def test_interrupted_before_the_first_stroke(monkeypatch):
    """The bar is interrupted before it hands out a round.

    Nothing is painted yet but the mean, and that can be drawn.
    """

    class Bar(list):
        def __iter__(self):
            raise KeyboardInterrupt

    monkeypatch.setattr("alive_scene.strokes.tqdm", lambda *_, **__: Bar())
    frames, embeddings = wandering_disc()
    with pytest.warns(UserWarning, match="stopped after 0 of"):
        made = StrokeGenerator.fit(frames, embeddings, progress=False)
    assert made.render(embeddings[:1]).shape == (1, 32, 32, 3)


def test_only_what_is_trained_can_be_resumed():
    frames, embeddings = wandering_disc()
    with pytest.raises(TypeError, match="resume"):
        StrokeGenerator.fit(frames, embeddings, progress=False, resume=None)


def test_the_closed_form_is_never_left_half_painted():
    frames, embeddings = wandering_disc()
    assert (
        decibels(
            fitted(StrokeGenerator, frames, embeddings, steps=None, seconds=1e-9).render(
                embeddings
            ),
            frames,
        )
        > 30
    )


def test_the_kernel_is_that_of_its_formula():
    "Matérn 5/2 of length 4 (Rasmussen and Williams 2006, equation 4.17)."
    r = torch.tensor([0.0, 1.0, 4.0, 40.0], dtype=torch.float64)
    a = 5**0.5 * r / 4
    assert torch.allclose(matern(r), (1 + a + 5 * r**2 / (3 * 4**2)) * torch.exp(-a))
