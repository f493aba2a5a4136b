import time as clock
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from alive_scene.path import nearest
from alive_scene.rollout import Force, cure, rollout
from alive_scene.vae import VaeBehavior
from alive_scene.vitals import plot_vital_signs, response, vital_signs


def scene(time=100, embed=32, seed=0):
    rng = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(embed, embed, generator=rng))[0]
    t = torch.linspace(0, 9, time)
    waves = torch.stack([torch.sin((k + 1) ** 1.3 * t / 2 + k) / (k + 1) for k in range(8)], 1)
    return F.normalize(axes[0] + 0.3 * waves @ axes[1:9], dim=1)


observed = scene()
usual = float((observed[1:] - observed[:-1]).norm(dim=1).median())


@dataclass(frozen=True)
class Walk:
    embedding: torch.Tensor
    steps: torch.Tensor  # (batch,)


class Drunkard:
    "Random steps, with a memory that curing must leave alone."

    kind, config = "drunkard", {}
    noise = {"where": ("normal", 32)}

    def __init__(self, length=usual):
        self.length = length

    def start(self, embedding):
        return Walk(embedding, torch.zeros(len(embedding)))

    def draw(self, rng, temperature):
        return {"where": torch.stack([torch.randn(32, generator=one) for one in rng])}

    def step(self, state, temperature, noise, wish=None):
        move = self.length * F.normalize(noise["where"], dim=1)
        return Walk(state.embedding + temperature * move, state.steps + 1)


def to_and_fro(steps, jitter=0.2):
    turn = np.abs(
        (np.arange(steps) + len(observed) - 1) % (2 * len(observed) - 2) - (len(observed) - 1)
    )
    noise = F.normalize(
        torch.randn(steps, observed.shape[1], generator=torch.Generator().manual_seed(0)), dim=1
    )
    return F.normalize(observed[turn] + jitter * usual * noise, dim=1)


def held(steps):
    return observed[
        np.repeat(np.random.default_rng(0).integers(len(observed), size=steps // 8 + 1), 8)[:steps]
    ]


def test_cure_by_hand():
    predicted = F.normalize(torch.randn(6, 32, generator=torch.Generator().manual_seed(1)), dim=1)
    for weight in (0, 0.1, 0.5, 1):
        for row, cured in zip(predicted, cure(predicted, observed, weight), strict=True):
            home = min(observed, key=lambda frame: float((frame - row).norm()))  # noqa: B023
            mixed = (1 - weight) * row + weight * home
            assert torch.allclose(cured, mixed / mixed.norm(), atol=1e-6)
    assert torch.allclose(
        cure(7 * predicted, observed, 0.1), cure(predicted, observed, 0.1), atol=1e-6
    )


def test_cure_tells_very_close_frames_apart():
    close = F.normalize(observed[0] + 1e-3 * (observed - observed[0]), dim=1)
    assert torch.allclose(cure(close, close, 1), close, atol=1e-7)


def test_nearest_tells_very_close_frames_apart():
    close = F.normalize(observed[0] + 1e-3 * (observed - observed[0]), dim=1)
    assert torch.equal(nearest(close, close), torch.arange(len(close)))
    assert torch.equal(nearest(observed[[7, 3]] + 0.1 * usual, observed), torch.tensor([7, 3]))


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_weights_of_cure_are_refused(weight):
    with pytest.raises(ValueError, match="between 0 and 1"):
        rollout(Drunkard(), observed, 3, curing=weight)


def away_from(target):
    "A force to that place, wherever it is now."
    return lambda embedding, index: target - embedding


@pytest.mark.parametrize(
    "force, curing, words",
    [
        (away_from(0 * observed[:1]), 0.0, "at step 0 the prediction is zero or opposite"),
        (away_from(-observed[:1]), 0.5, "so it has no direction: change curing or start"),
        (away_from(observed[:1] * float("nan")), 0.1, "at step 0 the path left for infinity"),
        (away_from(observed[:1] * float("nan")), None, r"lower temperature \(1.0\) or set curing"),
        (away_from(observed[:1] * float("inf")), None, "at step 0 the path left for infinity"),
    ],
    ids=["zero", "opposite", "NaN", "NaN, raw", "infinity, raw"],
)
def test_a_path_that_is_lost_is_refused(force, curing, words):
    "Of one frame, so that the nearest is the opposite one."
    with pytest.raises(ValueError, match=words):
        rollout(Drunkard(), observed[:1], 5, curing=curing, wishes=[Force(force)])


def test_one_lost_path_of_many_is_refused():
    def force(embedding, index):
        lost = torch.full_like(embedding, float("nan"))
        return torch.where(torch.tensor([[False], [index == 3]]), lost, 0 * embedding)

    with pytest.raises(ValueError, match="at step 3 the path left for infinity"):
        rollout(Drunkard(), observed, 9, seed=[0, 1], wishes=[Force(force)])


def test_rollout_is_the_loop_by_hand():
    behavior = Drunkard()
    rng = [torch.Generator().manual_seed(5)]
    state = behavior.start(observed[3:4])
    path = []
    for t in range(20):
        state = behavior.step(state, 1.5, behavior.draw(rng, 1.5))
        state = replace(state, embedding=cure(state.embedding + 0.01 * t, observed, 0.2))
        path.append(state.embedding[0])
    ours = rollout(
        behavior,
        observed,
        20,
        start=3,
        temperature=1.5,
        curing=0.2,
        seed=5,
        wishes=[Force(lambda e, t: 0 * e + 0.01 * t)],
    )
    assert (
        torch.equal(ours, torch.stack(path)) and ours.dtype == torch.float32 and state.steps == 20
    )


def test_curing_none_is_raw_and_zero_only_renormalises():
    raw, back = (rollout(Drunkard(0.5), observed, 1, curing=curing) for curing in (None, 0))
    assert (raw.norm() - 1).abs() > 0.01 and torch.allclose(
        F.normalize(raw, dim=1), back, atol=1e-6
    )


def test_each_seed_of_a_list_is_its_own_rollout():
    behavior = VaeBehavior.fit(observed, epochs=1, progress=False)
    paths = rollout(behavior, observed, 30, seed=[4, 1, 4])
    assert paths.shape == (3, 30, 32) and torch.equal(paths[0], paths[2])
    for path, seed in zip(paths, (4, 1, 4), strict=True):  # in one batch: the last bit may differ
        assert torch.allclose(path, rollout(behavior, observed, 30, seed=seed), atol=1e-5)
    assert not torch.allclose(paths[0], paths[1], atol=1e-2)


def test_forces_add_before_curing():
    target = observed[50]
    path = rollout(
        Drunkard(),
        observed,
        40,
        temperature=0,
        wishes=[Force(lambda e, t: 0.1 * (target - e)), Force(lambda e, t: 0.1 * (target - e))],
    )
    assert (path[-1] - target).norm() < 0.1 * (observed[0] - target).norm()


@pytest.mark.parametrize(
    "start", [5, -95, np.int64(5), observed[5], observed[5:6], observed[5].numpy()], ids=str
)
def test_starts(start):
    assert torch.allclose(
        rollout(Drunkard(), observed, 4, start=start, temperature=0),
        observed[5].expand(4, -1),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "options, words",
    [
        (dict(temperature=float("nan")), "temperature"),
        (dict(temperature=-1), "temperature"),
        (dict(temperature=float("inf")), "temperature"),
        (dict(curing=-0.1), "curing"),
        (dict(curing=1.1), "curing"),
        (dict(curing=float("nan")), "curing"),
        (dict(start=100), "from 0 to 99"),
        (dict(start=-101), "start"),
        (dict(start=observed[0, :9]), "9 numbers"),
        (dict(start=observed[0] * float("nan")), "NaN"),
        (dict(steps=-1), "steps"),
    ],
)
def test_rollout_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        rollout(Drunkard(), observed, **{"steps": 5, **options})


@pytest.mark.parametrize(
    "bad, words",
    [
        (2 * observed, "unit vectors"),
        (observed * float("nan"), "NaN"),
        (observed[0], "time, embed"),
        (observed[:0], "at least 1"),
    ],
)
def test_rollout_refuses_observed(bad, words):
    with pytest.raises(ValueError, match=words):
        rollout(Drunkard(), bad, 5)


def test_no_steps_and_no_motion():
    assert rollout(Drunkard(), observed, 0).shape == (0, 32) and rollout(
        Drunkard(), observed, 0, seed=[0, 1]
    ).shape == (2, 0, 32)
    assert torch.allclose(
        rollout(Drunkard(), observed, 50, temperature=0), observed[0].expand(50, -1), atol=1e-6
    )


@pytest.mark.parametrize(
    "few", [observed[:1], observed[:2], observed[:1].expand(9, -1)], ids=["one", "two", "identical"]
)
def test_small_scenes_roll(few):
    assert rollout(Drunkard(), few, 30).isfinite().all()


def test_wild_temperatures_come_back():
    behavior = VaeBehavior.fit(observed, epochs=2, progress=False)
    wild = rollout(behavior, observed, 200, temperature=50)
    assert wild.isfinite().all() and torch.allclose(wild.norm(dim=1), torch.ones(200), atol=1e-5)
    back = rollout(behavior, observed, 200, start=wild[-1], temperature=0)
    assert (back[-1] - observed).norm(dim=1).min() < 1e-4
    try:
        assert rollout(behavior, observed, 200, temperature=50, curing=None).isfinite().all()
    except ValueError as error:
        assert "infinity" in str(error)


def test_infinity_is_named():
    with pytest.raises(ValueError, match="step 1 .*infinity"):
        rollout(Drunkard(), observed, 5, curing=None, wishes=[Force(lambda e, t: e * 1e30)])


def by_hand(path, observed):
    "TARGETS, the slow way, one point at a time."
    path = path.double().numpy()
    observed = observed.double().numpy()

    def chord(point, a, b):
        part = np.clip((point - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        return np.linalg.norm(point - a - part * (b - a))

    lengths, theirs = (np.linalg.norm(np.diff(one, axis=0), axis=1) for one in (path, observed))
    gaps = np.linalg.norm(path[:, None] - observed, axis=2)
    index = gaps.argmin(1)
    near = gaps.min(1)
    s = np.median(theirs)
    time = len(observed)
    half = len(path) // 2
    run = longest = 0
    for t in range(1, len(path)):
        run = run + 1 if near[t] <= 0.1 * s and index[t] - index[t - 1] in (0, 1) else 0
        longest = max(longest, run)

    def share(index):
        return max(
            np.mean([abs(a - b) <= 3 for a, b in zip(index[lag:], index[:-lag], strict=True)])
            for lag in range(time // 2, 4 * time + 1)
        )

    return dict(
        speed=np.median(np.linalg.norm(np.diff(path[half:], axis=0), axis=1)) / s,
        jump=np.quantile(lengths, 0.99) / np.quantile(theirs, 0.99),
        drift=np.quantile(
            [
                min(chord(p, a, b) for a, b in zip(observed, observed[1:], strict=False))
                for p in path
            ],
            0.99,
        )
        / s,
        coverage=len(set(index[half:])) / time,
        replay=longest / time,
        freedom=share(index) / share(np.random.default_rng(0).permutation(index)),
    )


@pytest.mark.parametrize(
    "path",
    [rollout(Drunkard(), observed, 900), to_and_fro(900), held(900), observed[:90].repeat(10, 1)],
    ids=["walk", "to and fro", "held", "loop"],
)
def test_vital_signs_against_the_slow_way(path):
    few = observed[:100:4]
    ours = vital_signs(path, few)
    slow = by_hand(path, few)
    assert list(ours) == ["speed", "jump", "drift", "coverage", "replay", "freedom", "likeness"]
    for sign, value in slow.items():
        assert ours[sign] == pytest.approx(value, rel=1e-3, abs=1e-4), sign


def test_energy_distance_by_hand():
    from alive_scene.vitals import energy_distance

    a, b = torch.randn(2, 9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def mean(x, y):
        return np.mean([float((p - q).norm()) for p in x for q in y])

    assert energy_distance(a, b) == pytest.approx(
        2 * mean(a, b) - mean(a, a) - mean(b, b)
    ) and energy_distance(a, a) == pytest.approx(0, abs=1e-12)


def test_likeness_knows_the_video_from_noise():
    like = vital_signs(to_and_fro(5000), observed)["likeness"]
    unlike = vital_signs(rollout(Drunkard(3 * usual), observed, 1000), observed)["likeness"]
    assert like < 0.3 < unlike


def test_the_cheats_are_caught():
    signs = vital_signs(to_and_fro(10_000), observed)
    assert (
        signs["freedom"] > 3
        and 0.8 < signs["speed"] < 1.25
        and signs["drift"] < 1.2
        and signs["coverage"] > 0.95
    )
    signs = vital_signs(held(10_000), observed)
    assert signs["speed"] == 0 and signs["replay"] > 0.05 and signs["coverage"] == 1
    assert vital_signs(observed.repeat(3, 1), observed)["replay"] > 0.9


def test_a_path_far_away_drifts():
    away = F.normalize(
        observed + 0.5 * torch.randn(1, 32, generator=torch.Generator().manual_seed(0)), dim=1
    )
    assert (
        vital_signs(away, observed)["drift"] > 5
        and vital_signs(1e20 * away, observed)["drift"] > 1e15
    )


@pytest.mark.parametrize(
    "path, seen, words",
    [
        (observed, observed[:1], "at least 2"),
        (observed, observed[:1].expand(9, -1), "stands still"),
        (observed, 2 * observed, "unit vectors"),
        (observed[:3], observed, "at least 4"),
        (observed * float("nan"), observed, "NaN"),
        (observed[None], observed, "one rollout"),
        (observed[:, :9], observed, "one rollout"),
    ],
)
def test_vital_signs_refuse(path, seen, words):
    with pytest.raises(ValueError, match=words):
        vital_signs(path, seen)


def test_two_frames_have_some_signs():
    signs = vital_signs(rollout(Drunkard(), observed[:2], 50), observed[:2])
    assert (
        np.isnan(signs["likeness"])
        and np.isfinite(
            [signs[name] for name in ("speed", "jump", "drift", "coverage", "replay")]
        ).all()
    )


def test_vital_signs_cost_in_proportion_to_the_steps():
    wide = scene(200, 512)
    cost = []
    for steps in (2_500, 10_000):
        path = wide[np.random.default_rng(0).integers(200, size=steps)]
        began = clock.process_time()
        vital_signs(path, wide)
        cost.append(clock.process_time() - began)
    assert cost[1] < 12 * cost[0], "four times the steps: not a cost that grows with their square"


def test_response():
    answer = response(Drunkard(), observed, steps=200)
    assert (
        answer["holds"]
        and answer["temperature"] == [0.25, 0.5, 1, 1.5, 2]
        and answer["speed"] == sorted(answer["speed"])
    )
    assert not response(Drunkard(0), observed, steps=20)["holds"]
    with pytest.raises(ValueError, match="stands still"):
        response(Drunkard(), observed[:1].expand(9, -1))


def test_the_monitor_draws_four_panels():
    assert len(plot_vital_signs(to_and_fro(50), observed, "title").axes) == 4
