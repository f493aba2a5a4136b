import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from alive_scene import behavior as room
from alive_scene.behavior import MarkovBehavior, move, pull
from alive_scene.path import distance_to_path
from alive_scene.plan import path_ends, plan, there_and_back, video_of
from alive_scene.rollout import Force, cure, rollout
from alive_scene.vitals import vital_signs


def scene(time=120, embed=48, seed=0):
    "A path that crosses itself, with rests and fast passages, on a sphere."
    rng = np.random.default_rng(seed)
    pace = np.abs(np.sin(np.arange(time) / 9)) ** 2 + 0.02
    phase = np.cumsum(pace) / 3
    walk = np.stack([np.sin(phase * k / 2 + k) for k in range(1, 5)], 1) + 0.01 * rng.normal(
        size=(time, 4)
    )
    turn = np.linalg.qr(rng.normal(size=(embed, embed)))[0]
    return F.normalize(
        torch.from_numpy(
            np.concatenate([np.full((time, 1), 3.0), 0.5 * walk], 1) @ turn[:5]
        ).float(),
        dim=1,
    )


observed = scene()
pace = float((observed[1:] - observed[:-1]).norm(dim=1).median())


@pytest.fixture(scope="module")
def behavior():
    return MarkovBehavior.fit(observed, progress=False, rounds=200)


def test_alive_for_long(behavior):
    signs = [
        vital_signs(path, observed) for path in rollout(behavior, observed, 6000, seed=[0, 1, 2])
    ]
    median = {sign: np.median([one[sign] for one in signs]) for sign in signs[0]}
    assert (
        0.8 <= median["speed"] <= 1.25
        and median["jump"] <= 1.5
        and median["drift"] <= 1.2
        and median["coverage"] >= 0.95
    ), median
    assert median["replay"] <= 0.05 and median["freedom"] <= 3 and median["likeness"] <= 0.3, median


def test_the_plan_is_balanced(behavior):
    flow = plan(behavior.points, 0.08)
    time = len(observed)
    # what comes to a place leaves it
    assert torch.allclose(flow.sum(0)[1:], flow.sum(1)[1:], atol=1e-5)
    visits = torch.zeros(time, dtype=flow.dtype).index_add_(0, there_and_back(time), flow.sum(1))
    inner = visits[1:-1] * time
    assert (
        (inner - 1).abs().max() < 0.02
        and flow.min() >= 0
        and flow.sum() == pytest.approx(1, abs=0.02)
    )
    natural = torch.eye(2 * time).roll(1, 1) > 0
    assert float(flow[~natural].sum()) == pytest.approx(0.08, abs=0.01)
    assert not flow[[time - 1, -1]].any() and not flow[:, [time - 1, -1]].any()


def test_pull_grows_with_distance():
    away = torch.linspace(0.1, 10, 50)[:, None]
    left = pull(away) / away
    assert (
        (left[1:] <= left[:-1] + 1e-6).all()
        and left[0] < 0.81
        and left[-1] == pytest.approx(0.8 / (1 + 2.5**2 / 4), rel=1e-4)
    )


def test_rows_of_a_batch_are_alone(behavior):
    together = rollout(behavior, observed, 60, seed=[3, 4, 5])
    assert together.shape == (3, 60, 48)
    for i in range(3):
        assert torch.allclose(together[i], rollout(behavior, observed, 60, seed=3 + i), atol=1e-5)
    again = rollout(behavior, observed, 60, seed=[3, 4, 5])
    assert torch.equal(together, again) and not torch.allclose(together[0], together[1])


def test_the_same_seed_the_same_behavior():
    one, two = (
        MarkovBehavior.fit(observed[:30], progress=False, rounds=5, seed=7) for _ in range(2)
    )
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


def test_fit_leaves_the_global_seed_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    MarkovBehavior.fit(observed[:20], progress=False, rounds=2)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    "start",
    [0, 60, -1, observed[5], -observed[5]],
    ids=["first", "inside", "last", "embedding", "far"],
)
def test_any_start_comes_home(behavior, start):
    path = rollout(behavior, observed, 60, start=start, seed=1)
    assert path.isfinite().all() and torch.allclose(path.norm(dim=1), torch.ones(60), atol=1e-5)
    assert distance_to_path(path, observed)[2][-20:].max() / pace < 3


def test_zero_stands_still_and_hot_comes_back(behavior):
    assert torch.allclose(
        rollout(behavior, observed, 9, start=4, temperature=0), observed[4].expand(9, -1), atol=1e-5
    )
    assert torch.allclose(
        rollout(behavior, observed, 9, start=-observed[4], temperature=0, curing=0),
        -observed[4].expand(9, -1),
        atol=1e-5,
    )
    wild = rollout(behavior, observed, 50, temperature=50)
    assert wild.isfinite().all()
    assert (
        distance_to_path(rollout(behavior, observed, 60, start=wild[-1]), observed)[2][-20:].max()
        / pace
        < 3
    )


@pytest.mark.parametrize("temperature", [-1, float("nan"), float("inf")])
def test_no_temperature_is_refused(behavior, temperature):
    with pytest.raises(ValueError, match="temperature must be 0 or more"):
        rollout(behavior, observed, 3, temperature=temperature)


def test_speed_rises_with_temperature(behavior):
    speed = []
    for temperature in (0.25, 0.5, 1, 1.5, 2):
        path = rollout(behavior, observed, 1500, temperature=temperature, seed=[0, 1])
        speed.append(float((path[:, 1:] - path[:, :-1]).norm(dim=2).median()))
    assert speed == sorted(speed) and len(set(speed)) == 5


def test_a_change_of_temperature_is_no_jerk(behavior):
    state = behavior.start(observed[:1])
    rng = [torch.Generator().manual_seed(0)]
    path = []
    for step in range(40):
        temperature = 1.0 if step % 2 else 0.5
        state = behavior.step(state, temperature, behavior.draw(rng, temperature))
        path.append(state.embedding[0])
    path = torch.stack(path)
    assert (path[1:] - path[:-1]).norm(dim=1).max() < 2 * (observed[1:] - observed[:-1]).norm(
        dim=1
    ).max()


def test_a_force_takes_it_elsewhere(behavior):
    target = observed[int((observed - observed[20]).norm(dim=1).argmax())]

    def toward(embedding, step):
        return 0.5 * (target - embedding)

    path = rollout(behavior, observed, 14, start=20, wishes=[Force(toward)])
    assert (path[-8:] - target).norm(dim=1).mean() < 0.4 * (observed[20] - target).norm()


def test_few_frames_and_still_ones():
    two = rollout(
        MarkovBehavior.fit(observed[[0, 60]], progress=False, rounds=3), observed[[0, 60]], 100
    )
    assert set(distance_to_path(two, observed[[0, 60]])[0].tolist()) == {0, 1}
    for few in (observed[:3], observed[:4], observed[:9]):
        assert rollout(MarkovBehavior.fit(few, progress=False, rounds=3), few, 50).isfinite().all()
    still = observed[:1].expand(9, -1)
    assert (
        rollout(MarkovBehavior.fit(still, progress=False, rounds=3), still, 50) - observed[0]
    ).norm(dim=1).max() < 1e-3
    held = observed[:30].repeat_interleave(4, 0)  # each frame four times: the median step is 0
    assert (
        distance_to_path(
            rollout(MarkovBehavior.fit(held, progress=False, rounds=3), held, 400), held
        )[0]
        .unique()
        .numel()
        > 20
    )


def test_without_heat_there_is_no_move():
    away, calm, lively = torch.randn(3, 5, 9, generator=torch.Generator().manual_seed(0))
    assert not move(away, calm[:, :4], lively[:, :4], torch.zeros(1)).any()


def test_a_move_is_the_pull_and_what_was_learned():
    "Above 1 only chance grows: the pull and the calm motion stay."
    away, calm, lively = torch.randn(3, 5, 9, generator=torch.Generator().manual_seed(0))
    calm[:, 4:] = lively[:, 4:] = 0  # it learns the first four directions only
    for heat, most in ((0.5, 0.5), (1.0, 1.0), (3.0, 1.0)):
        by_hand = most * (pull(away) - away) + most * calm + heat * (lively - calm)
        moved = move(away, calm[:, :4], lively[:, :4], torch.tensor([heat]))
        assert torch.allclose(moved, by_hand, atol=1e-6)


def test_a_subclass_may_come_nearer_in_its_own_way(behavior):
    class Slow(MarkovBehavior):
        def approach(self, away):
            return 0.95 * away

    slow = Slow(**behavior.config)
    slow.load_state_dict(behavior.state_dict())
    far = F.normalize(observed[3:4] + 0.2 * torch.eye(48)[:1], dim=1)[0]
    late, soon = (
        distance_to_path(rollout(one.eval(), observed, 12, start=far, curing=0), observed)[2][-1]
        for one in (slow, behavior)
    )
    assert late > 2 * soon


def test_chances_that_are_not_reached_change_no_place(behavior):
    rng = torch.Generator().manual_seed(0)
    place, heat = torch.tensor([5, 100, 200]), torch.ones(1)
    away = torch.randn(3, behavior.config["dims"], generator=rng)
    chances = torch.rand(3, 4, generator=rng)
    reached = torch.tensor([0.0, 0.5, 0.999], dtype=torch.float64)
    came, off = behavior.arrive(place, away, reached, heat, heat, chances, None)
    assert torch.equal(came, place) and torch.equal(off, away)
    reached = torch.tensor([1.0, 2.5, 0.9], dtype=torch.float64)
    came, off = behavior.arrive(place, away, reached, heat, heat, chances, None)
    few = torch.rand(3, 4, generator=rng)
    few[:, :2] = chances[:, :2]  # other chances from the third on: nobody reaches those
    again, other = behavior.arrive(place, away, reached, heat, heat, few, None)
    assert torch.equal(came, again) and torch.equal(off, other) and came[2] == place[2]
    assert (came[:2] != place[:2]).all()


def test_arriving_leaves_the_point_where_it_is(behavior):
    "What changes is the place that it is measured from."
    rng = torch.Generator().manual_seed(0)
    place, heat = torch.randint(0, 100, (50,), generator=rng), torch.ones(1)
    away = torch.randn(50, behavior.config["dims"], generator=rng)
    one = torch.ones(50, dtype=torch.float64)
    came, off = behavior.arrive(
        place, away, one, heat, heat, torch.rand(50, 1, generator=rng), None
    )
    before = behavior.on_path(place, one, heat) + away
    assert torch.allclose(behavior.on_path(came, 0 * one, heat) + off, before, atol=1e-4)


def test_a_hard_cut_is_crossed_both_ways():
    cut = F.normalize(torch.cat([observed[:60], -observed[60:]]), dim=1)
    side = (
        distance_to_path(
            rollout(MarkovBehavior.fit(cut, progress=False, rounds=3), cut, 2000), cut
        )[0]
        < 60
    )
    assert (side[1:] != side[:-1]).sum() >= 4 and 0.25 < side.float().mean() < 0.75


def test_a_scene_whose_end_is_far_from_everything_lives_on():
    aside = F.normalize(
        torch.randn(observed.shape[1], generator=torch.Generator().manual_seed(5)), dim=0
    )
    pace = (observed[1:] - observed[:-1]).norm(dim=1).median()
    # twenty steps straight away from all else
    off = F.normalize(observed[59] + pace * torch.arange(1, 21)[:, None] * aside, dim=1)
    lost = torch.cat([observed[:60], off])
    index = distance_to_path(
        rollout(MarkovBehavior.fit(lost, progress=False, rounds=30), lost, 4000, start=-1), lost
    )[0]
    assert index[2000:].unique().numel() > 76 and (index[2000:] >= 60).float().mean() < 0.5


def test_bad_paths_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        MarkovBehavior.fit(observed[:1], progress=False)
    with pytest.raises(ValueError, match="unit vectors"):
        MarkovBehavior.fit(2 * observed, progress=False)
    with pytest.raises(ValueError, match="NaN"):
        MarkovBehavior.fit(observed * float("nan"), progress=False)
    with pytest.raises(ValueError, match="must be"):
        MarkovBehavior.fit(observed[None], progress=False)


@pytest.mark.parametrize("leaps", [0, 1, -1, float("nan")])
def test_leaps_are_a_share(leaps):
    with pytest.raises(ValueError, match="leaps must be between 0 and 1"):
        MarkovBehavior.fit(observed, leaps=leaps)


def test_an_interrupted_fit_keeps_what_it_learned(monkeypatch):
    learn = room.unrolled_loss
    calls = []

    def unroll(*args):
        calls.append(0)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return learn(*args)

    monkeypatch.setattr(room, "unrolled_loss", unroll)
    with pytest.warns(UserWarning, match="stopped after 4 of 50"):
        half = MarkovBehavior.fit(observed, progress=False, rounds=50)
    assert len(half.history) == 4 and rollout(half, observed, 20).isfinite().all()


def test_saved_and_loaded_it_rolls_alike(behavior):
    other = MarkovBehavior(**json.loads(json.dumps(behavior.config)))
    other.load_state_dict(behavior.state_dict())
    assert torch.equal(rollout(other.eval(), observed, 30), rollout(behavior, observed, 30))
    halved = MarkovBehavior(**behavior.config)  # half precision where there are many numbers
    halved.load_state_dict(
        {
            name: t.half() if t.is_floating_point() and t.numel() > 1000 else t
            for name, t in behavior.state_dict().items()
        }
    )
    assert rollout(halved.eval(), observed, 300).isfinite().all()


class Counted(TorchDispatchMode):
    "Counts what torch is asked to do, and the numbers that come out: a clock that no other work slows."

    calls = numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        answer = function(*args, **(kwargs or {}))
        self.calls += 1
        if isinstance(answer, torch.Tensor) and not function.is_view:
            self.numbers += answer.numel()
        return answer


def test_a_step_costs_little_and_no_more_for_a_longer_scene(behavior):
    "bench/behavior.py has its milliseconds."
    cost = []
    for one in (behavior, MarkovBehavior.fit(scene(2 * len(observed)), progress=False, rounds=1)):
        state = one.start(one.restore(one.points[:1]))
        with Counted() as counted:
            for seed in range(20):
                state = one.step(state, 1.0, one.draw([torch.Generator().manual_seed(seed)], 1.0))
        cost.append((counted.calls / 20, counted.numbers / 20))
    (calls, numbers), (_, longer) = cost
    assert calls < 250 and numbers < 6_000 and longer < 1.2 * numbers, cost


def test_it_moves_in_a_space_of_another_size():
    wide = scene(60, 90)
    assert rollout(MarkovBehavior.fit(wide, progress=False, rounds=3), wide, 20).shape == (20, 90)
    assert cure(wide[:2], wide).shape == (2, 90) and room.__all__


def three_walks():
    "Three noisy rounds of the same circle, in 64 dimensions."
    rng = torch.Generator().manual_seed(0)
    angle = torch.arange(40) * 2 * torch.pi / 20
    round_ = torch.zeros(40, 64)
    round_[:, 0], round_[:, 1], round_[:, 2] = angle.cos(), angle.sin(), 2.0
    noise = 0.02 * torch.randn(3, 40, 64, generator=rng)
    return list(torch.nn.functional.normalize(round_ + noise, dim=2))


def test_several_paths_are_one_behavior():
    "It passes through all of them, and no step goes over an end as if it were time."
    paths = three_walks()
    behavior = MarkovBehavior.fit(paths, rounds=50, progress=False)
    assert behavior.lengths == [40, 40, 40] and behavior.config["lengths"] == [40, 40, 40]
    ends = path_ends([40, 40, 40])
    assert behavior.chance[ends].abs().max() < 1e-9, "nobody goes on where time ends"
    arriving = torch.zeros(240).index_add_(
        0, behavior.onward.flatten().long(), behavior.chance.flatten()
    )
    assert arriving[ends].max() < 1e-9
    observed = torch.cat(paths)
    path = rollout(behavior, observed, 2000, temperature=1.0, curing=0.1, seed=0)
    visited = video_of([40, 40, 40])[torch.cdist(path, observed).argmin(1)].bincount() / 2000
    assert (visited > 0.15).all(), visited
    again = MarkovBehavior(**behavior.config)
    again.load_state_dict(behavior.state_dict())
    assert torch.equal(again.seen, behavior.seen)


def test_a_list_of_one_path_is_that_path():
    path = three_walks()[0]
    one = MarkovBehavior.fit(path, rounds=3, progress=False)
    listed = MarkovBehavior.fit([path], rounds=3, progress=False, neighbors=80)
    assert (one.chance - listed.chance).abs().max() < 1e-6 and "lengths" not in listed.config
