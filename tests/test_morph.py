"""What is drawn between the frames: on odd clips never worse than the blend of both neighbors."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from alive_scene.flow import agreement, between, flow, warp
from alive_scene.morph import MorphGenerator, common_shape, frame_weights, trusted_flow

SIDE = 48


def texture(height=SIDE, width=SIDE, seed=0):
    "A smooth picture of chance, float (height, width, 3)."
    rng = torch.Generator().manual_seed(seed)
    small = torch.rand(1, 3, height // 6, width // 6, generator=rng)
    big = F.interpolate(small, size=(height, width), mode="bicubic").clamp(0, 1)
    return (40 + 170 * big[0]).movedim(0, 2).numpy()


def sampled(picture, rows, columns):
    field = torch.from_numpy(np.stack([rows, columns], -1)).float()[None]
    return warp(torch.from_numpy(picture)[None].float(), field)[0].numpy()


def moving(t):
    return sampled(texture(), np.full((SIDE, SIDE), 0.4 * t), np.full((SIDE, SIDE), 1.1 * t))


def rotating(t):
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    turn = 0.04 * t
    rows = np.cos(turn) * y - np.sin(turn) * x - y
    return sampled(texture(), rows, np.sin(turn) * y + np.cos(turn) * x - x)


def flashing(t):
    return moving(t) + (90 if t in (5, 6, 11) else 0)


def grainy(t):
    return moving(0.3 * t) + np.random.default_rng(t).normal(0, 25, (SIDE, SIDE, 3))


def half_new(t):
    picture = moving(t)
    picture[:, SIDE // 2 :] = texture(seed=100 + t)[:, SIDE // 2 :]
    return picture


CLIPS = {
    "constant": lambda t: texture(),
    "moving": moving,
    "rotating": rotating,
    "a flash": flashing,
    "heavy grain": grainy,
    "half of it new": half_new,
    "a hard cut": lambda t: moving(t) if t < 8 else texture(seed=9),
    "grey": lambda t: np.repeat(moving(t).mean(2, keepdims=True), 3, 2),
    "31 × 45": lambda t: moving(t)[:31, :45],
}


def filmed(name, frames=17):
    "A clip, and embeddings that tell the moment: an arc, a step of it a frame."
    drawn = np.stack([CLIPS[name](t) for t in range(frames)])
    angle = torch.arange(frames) * 0.05
    embeddings = F.pad(torch.stack([angle.cos(), angle.sin()], 1), (0, 6))
    return drawn.clip(0, 255).round().astype(np.uint8), embeddings


def db(drawn, true):
    wrong = np.square(np.asarray(drawn, float) - true).mean()
    return 10 * np.log10(255**2 / max(wrong, 1e-2))


def unseen(name):
    "dB at every second frame: of the blend of both neighbors, and of the morph that isn't told when."
    frames, embeddings = filmed(name)
    model = MorphGenerator.fit(frames[::2], embeddings[::2], progress=False, numbers=10**6)
    seen = db(model.render(embeddings[::2]), frames[::2])
    blend = (frames[:-2:2].astype(float) + frames[2::2]) / 2
    return db(blend, frames[1::2]), db(model.render(embeddings[1::2]), frames[1::2]), seen


@pytest.mark.parametrize("name", CLIPS)
def test_never_worse_than_the_blend(name):
    blend, morph, seen = unseen(name)
    # above 60 dB nobody sees which is better
    assert morph > min(blend, 60) - 0.3, (
        f"{name}: the blend has {blend:.1f} dB, the morph {morph:.1f}"
    )
    assert seen > 38, f"{name}: frames it saw are kept to {seen:.1f} dB"


@pytest.mark.parametrize("name", ["moving", "rotating", "31 × 45"])
def test_what_moves_is_moved(name):
    blend, morph, _ = unseen(name)
    assert morph > blend + 4, f"{name}: the blend has {blend:.1f} dB, the morph {morph:.1f}"


def test_no_motion_is_found_across_a_cut():
    frames, _ = filmed("a hard cut")
    fields, trust = trusted_flow(frames[:-1], frames[1:], (6, 6))
    length = fields.norm(dim=3).amax((1, 2)) * SIDE  # pixels
    assert length[7] < 0.1 < length[6] and trust[7] < 0.1 < trust[6]


def test_a_picture_moves_as_it_was_told():
    frames, _ = filmed("moving")
    found = flow(frames[:1], frames[4:5])[0, 12:-12, 12:-12].mean((0, 1))
    assert (found - torch.tensor([-1.6, -4.4])).abs().max() < 0.3  # what it looks at comes nearer
    assert agreement(flow(frames[:1], frames[4:5]), flow(frames[4:5], frames[:1])).mean() > 0.6
    middle = between(frames[:1], frames[4:5], 0.5)
    assert db(middle, frames[2:3]) > db((frames[:1] / 2 + frames[4:5] / 2), frames[2:3]) + 6


def test_the_shares_have_no_jump():
    known = torch.tensor([[0.0, 0], [1, 0], [2, 0.3], [2.2, 1], [1, 0.2], [0, 0.3]])
    line = torch.lerp(
        torch.tensor([-0.5, 0.4]), torch.tensor([2.5, 0.1]), torch.linspace(0, 1, 4001)[:, None]
    )
    weights = frame_weights(line, known)
    assert torch.allclose(weights.sum(1), torch.ones(len(line)), atol=1e-5)
    assert weights.diff(dim=0).abs().max() < 0.05
    at = frame_weights(known, known)
    assert torch.allclose(at, torch.eye(6), atol=2e-2)


def test_shapes_solve_their_equations():
    rng = torch.Generator().manual_seed(0)
    truth = torch.randn(9, 5, generator=rng)
    pairs = torch.combinations(torch.arange(9))
    fields = truth[pairs[:, 1]] - truth[pairs[:, 0]]
    solved = common_shape(fields, pairs, torch.ones(len(pairs)), 9)
    assert torch.allclose(solved, truth - truth.mean(0), atol=1e-4)


def test_a_saved_morph_draws_the_same(tmp_path):
    from alive_scene.alive import AliveScene
    from alive_scene.scene import Scene

    frames, _ = filmed("moving")
    scene = AliveScene.fit(Scene(frames, 12.0, "moving"), generator="morph", progress=False)
    assert scene.parts[0] == "morph"
    loaded = AliveScene.load(scene.save(tmp_path / "m.alive"))
    path = scene.rollout(12)
    assert np.array_equal(loaded.render(path), scene.render(path))


@pytest.mark.parametrize("time", [2, 3, 4])
def test_a_few_frames_are_drawn_though_others_count_for_nothing(time):
    "All weight on one frame, as far apart as they can be: the second is none that isn't there."
    frames, _ = filmed("moving", time)
    embeddings = torch.eye(8)[:time]
    model = MorphGenerator.fit(frames, embeddings, progress=False)
    model.known.copy_(1000 * torch.eye(time, model.known.shape[1]))
    model.axes.zero_()
    drawn = model.render(torch.cat([embeddings, -embeddings]))
    assert drawn.shape == (2 * time, *frames.shape[1:])
    assert np.isfinite(drawn).all()
