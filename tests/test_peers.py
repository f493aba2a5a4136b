import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from test_behavior import observed

from alive_scene.path import distance_to_path
from alive_scene.peers import FlowBehavior, LinearSystem, VideoTexture, texture_cost
from alive_scene.rollout import rollout
from alive_scene.scene import Scene, write_video
from alive_scene.vitals import TARGETS, missing

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import behavior as bench  # noqa: E402
from clips import PixelEncoder  # noqa: E402
from stamp import stamp  # noqa: E402


@pytest.fixture(scope="module")
def peers():
    return VideoTexture.fit(observed, progress=False), FlowBehavior.fit(
        observed, progress=False, rounds=20
    )


@pytest.mark.parametrize("kind, least", [(VideoTexture, 2), (FlowBehavior, 4)])
def test_bad_paths_are_refused(kind, least):
    with pytest.raises(ValueError, match=f"at least {least}"):
        kind.fit(observed[: least - 1], progress=False)
    with pytest.raises(ValueError, match="unit vectors"):
        kind.fit(2 * observed, progress=False)
    with pytest.raises(ValueError, match="NaN"):
        kind.fit(observed * float("nan"), progress=False)
    with pytest.raises(ValueError, match="must be"):
        kind.fit(observed[None], progress=False)


@pytest.mark.parametrize("kind", [VideoTexture, FlowBehavior])
def test_saved_and_loaded_it_rolls_alike(kind, peers):
    one = peers[kind is FlowBehavior]
    other = kind(**json.loads(json.dumps(one.config)))
    other.load_state_dict(one.state_dict())
    assert torch.equal(rollout(other.eval(), observed, 30), rollout(one, observed, 30))
    halved = kind(**one.config)  # a file keeps half precision where there are many numbers
    halved.load_state_dict(
        {
            name: t.half() if t.is_floating_point() and t.numel() > 1000 else t
            for name, t in one.state_dict().items()
        }
    )
    assert rollout(halved.eval(), observed, 300).isfinite().all()


def test_texture_by_hand():
    few = observed[:12]
    texture = VideoTexture.fit(few)
    gap = torch.cdist(few.double(), few.double()).numpy()

    def alike(i, j):
        return sum(
            w / 8 * gap[np.clip(i + k, 0, 11), np.clip(j + k, 0, 11)]
            for w, k in zip((1, 3, 3, 1), (-2, -1, 0, 1), strict=True)
        )

    cut = np.array(
        [[alike(i + 1, j) if i < 11 else 4 * gap.max() for j in range(12)] for i in range(12)]
    )
    cost = cut.copy()
    for _ in range(300):
        cost = np.array([[cut[i, j] + 0.99 * cost[j].min() for j in range(12)] for i in range(12)])
    assert np.allclose(texture.cost, (cost - cost.min(1, keepdims=True)) / gap.mean(), atol=1e-4)


def test_a_pruned_cut_is_never_taken_and_no_neighbor_undercuts_one_that_is_left():
    gap = torch.cdist(observed.double(), observed.double())
    plain, pruned = texture_cost(gap), texture_cost(gap, apart=8)
    time = len(gap)
    left = pruned < 1e3
    ahead = torch.arange(time) - torch.arange(time)[:, None] - 1
    assert (left & (ahead != 0))[:-1].any() and left.sum() < (plain < 1e3).sum() / 4
    assert not left[:-1][((ahead != 0) & (ahead.abs() < 8))[:-1]].any()
    assert left[:-1][(ahead == 0)[:-1]].all()
    path = rollout(VideoTexture.fit(observed, apart=8, sigma=0.3), observed, 400, curing=None)
    frames = distance_to_path(path, observed)[0]
    assert left[frames[:-1], frames[1:]].all()


def test_a_cross_fade_starts_at_the_way_it_left_and_ends_at_the_new_one():
    texture = VideoTexture.fit(observed, fade=3)
    state = texture.start(observed[:1])
    texture.cost.fill_(1e3)
    texture.cost[0, 20] = 0
    texture.cost[torch.arange(20, 30), torch.arange(21, 31)] = 0
    for step, share in enumerate((3 / 4, 2 / 4, 1 / 4, 0)):
        state = texture.step(state, 1.0, {"chance": torch.full((1, 1), 0.5)})
        wanted = (1 - share) * observed[20 + step] + share * observed[1 + step]
        assert torch.allclose(
            state.embedding[0], torch.nn.functional.normalize(wanted, dim=0), atol=1e-5
        )


def test_a_linear_system_finds_the_rule_it_was_made_by():
    "A turn in a plane, seen in 24 numbers: the open loop goes on turning, and curing can't stop it."
    angle = 0.1 * torch.arange(300)
    plane = torch.linalg.qr(torch.randn(24, 3, generator=torch.Generator().manual_seed(0)))[0]
    path = torch.stack([angle.cos(), angle.sin(), torch.full_like(angle, 3)], 1) @ plane.T
    path = torch.nn.functional.normalize(path, dim=1)
    system = LinearSystem.fit(path, dims=2)
    turned = torch.linalg.eigvals(system.rule).angle().abs()
    assert torch.allclose(turned, torch.full((2,), 0.1), atol=1e-3)
    assert torch.allclose(rollout(system, path, 200, curing=1.0), path[1:201], atol=2e-2)
    bound = LinearSystem.fit(path, dims=2, feedback=1.0)
    assert torch.allclose(rollout(bound, path, 50, curing=None), path[1:51], atol=1e-4)


def test_texture_shows_frames_only(peers):
    path = rollout(peers[0], observed, 200, start=-observed[3])
    assert distance_to_path(path, observed)[1].max() < 1e-5
    assert torch.allclose(rollout(peers[0], observed, 30, temperature=0), observed[1:31], atol=1e-5)


def test_flow_is_invertible_and_stands_still_at_zero(peers):
    flow = peers[1]
    noise = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    law = flow.distribution(flow.points[:5], torch.zeros(5, 8))
    assert torch.allclose(law.transform(law.transform.inv(noise)), noise, atol=1e-3)
    assert torch.allclose(
        rollout(flow, observed, 5, start=3, temperature=0), observed[3].expand(5, -1), atol=1e-5
    )


def test_flow_names_what_it_needs(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zuko", None)
    with pytest.raises(ImportError, match="pip install zuko"):
        FlowBehavior()


def test_the_frechet_distance_by_hand():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(400, 5))
    assert abs(bench.frechet(cloud, cloud)) < 1e-8
    assert abs(bench.frechet(cloud, cloud + 2) - 5 * 4) < 1e-6  # a shift, squared
    spread = cloud.std(0, ddof=1)
    wide = bench.frechet(cloud[:, :1], 3 * cloud[:, :1])  # in one dimension: (s1 - s2)² and a shift
    assert abs(wide - (2 * spread[0]) ** 2 - (2 * cloud[:, 0].mean()) ** 2) < 1e-6


def test_tuning_takes_the_setting_with_the_most_signs(monkeypatch):
    "Of a texture that never cuts and one that does."
    monkeypatch.setitem(bench.GRIDS, "VideoTexture", dict(sigma=(1e-6, 0.1), apart=(0,)))
    fit = dict(bench.behaviors(observed))["VideoTexture"]
    how = bench.tuned("VideoTexture", fit, observed, 400)
    found = {
        sigma: bench.short_of(
            bench.vital_signs(rollout(fit(sigma=sigma), observed, 400, seed=1000), observed)
        )
        for sigma in (1e-6, 0.1)
    }
    assert how["sigma"] == min(found, key=found.get)
    assert bench.tuned("ours: Markov chain", fit, observed, 400) == {}


def test_how_far_a_row_is_from_its_targets():
    fine = {sign: (low + min(high, low + 1)) / 2 for sign, (low, high) in TARGETS.items()}
    assert not missing(fine) and bench.short_of(fine) == (0, 0.0)
    assert bench.short_of(fine | {"drift": 2.4}) == (1, pytest.approx(np.log(2)))
    assert bench.short_of(fine | {"speed": 0.4, "drift": 9}) > bench.short_of(fine | {"drift": 2.4})


def test_a_perfect_copy_in_few_dimensions_strays_and_in_all_it_doesnt():
    few, all_ = (
        bench.Cheat(observed, bench.copied(dims)).roll(200, 0) for dims in (2, len(observed))
    )
    assert distance_to_path(few, observed)[2].max() > 10 * distance_to_path(all_, observed)[2].max()


def test_a_folder_of_clips_is_read_and_anything_else_is_refused(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (6, 32, 32, 3), np.uint8)
    write_video(Scene(frames, 12.0, "noise"), tmp_path / "noise.mp4")
    assert list(bench.clips_of(["cat", str(tmp_path)])) == ["cat", "noise"]
    assert len(bench.clips_of([str(tmp_path)])["noise"]().frames) == 6
    with pytest.raises(ValueError, match="no clip and no folder"):
        bench.clips_of([str(tmp_path / "none")])


def test_pixels_as_an_encoder():
    frames = np.random.default_rng(0).integers(0, 255, (9, 32, 40, 3), np.uint8)
    seen = PixelEncoder(frames).encode_frames(frames)
    assert seen.shape == (9, 10) and torch.allclose(seen.norm(dim=1), torch.ones(9), atol=1e-6)
    assert torch.pdist(seen).min() > 0.1 and (seen @ seen.T).min() > 0.5


def test_a_figure_says_what_it_was_measured_on():
    told = stamp()
    assert told["cores"] >= 1 and {"torch", "numpy", "python"} <= set(told["versions"])
    assert told["commit"] is None or len(told["commit"]) >= 7
    assert len(told["date"]) == 10 and told["machine"]
