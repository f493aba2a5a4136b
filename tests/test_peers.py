import json

import numpy as np
import pytest
import torch
from test_behavior import observed

from alive_scene.path import distance_to_path
from alive_scene.peers import FlowBehavior, VideoTexture
from alive_scene.rollout import rollout


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
