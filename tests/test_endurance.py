"The short version of bench/endurance.py, and whether the long one would tell."

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import endurance  # noqa: E402, the same machinery

path = torch.nn.functional.normalize(
    torch.randn(40, 24, generator=torch.Generator().manual_seed(0)).cumsum(0) + 20, dim=1
)
measured = pytest.mark.skipif(
    os.name == "nt", reason="a process's memory is read from the kernel, as Unix tells it"
)


@pytest.mark.parametrize(
    "kind, steps, signs, options",
    [
        ("MarkovBehavior", 2000, ("speed", "coverage"), dict(rounds=30)),
        ("VaeBehavior, cured", 2000, endurance.SIGNS, dict(epochs=2)),
        ("VideoTexture", 2000, endurance.SIGNS, {}),
        ("FlowBehavior", 1000, ("speed", "drift"), dict(rounds=10)),
    ],
)
def test_thousands_of_steps(kind, steps, signs, options):
    """Every number finite; the last tenth as the first, and no further from the scene.

    As the first in those signs that so few steps can tell.
    """
    row = endurance.long(kind, path, steps, **options)
    assert row["finite"] and row["last"]["drift"] <= 1.2 * row["first"]["drift"] + 0.1, row
    assert all(endurance.alike(row["first"], row["last"], sign) for sign in signs), row


def test_alike_is_a_comparison():
    assert endurance.alike(dict(speed=1.0), dict(speed=1.15), "speed") and not endurance.alike(
        dict(speed=1.0), dict(speed=1.5), "speed"
    )
    nan = float("nan")
    assert not endurance.alike(dict(speed=1.0), dict(speed=nan), "speed") and not endurance.alike(
        dict(speed=nan), dict(speed=1.0), "speed"
    )
    assert endurance.alike(dict(speed=nan), dict(speed=nan), "speed")


well = dict.fromkeys(endurance.SIGNS, 1.0)


@pytest.mark.parametrize(
    "change, status",
    [
        ({}, 0),
        (dict(finite=False), 1),
        (dict(last=well | dict(drift=2.0)), 1),
        (dict(last=well | dict(coverage=0.5)), 1),
    ],
)
def test_a_behavior_that_changes_makes_it_fail(change, status, monkeypatch, tmp_path):
    monkeypatch.setattr(endurance, "observed", lambda: path)
    monkeypatch.setattr(
        endurance,
        "long",
        lambda kind, *_: (
            dict(finite=True, first=well, last=well) | (change if kind == "VideoTexture" else {})
        ),
    )
    (tmp_path / "e.json").write_text('{"video": 7}')
    assert endurance.main(100, only="rollouts", save=tmp_path / "e.json") == status
    kept = json.loads((tmp_path / "e.json").read_text())
    assert (
        kept["video"] == 7
        and kept["rollouts"]["fine"] == (status == 0)
        and len(kept["rollouts"]["behaviors"]) == 4
    )


@pytest.mark.parametrize(
    "change, status", [({}, 0), (dict(end=1.06e8), 1), (dict(threads=1), 1), (dict(frames=0), 1)]
)
def test_a_player_that_grows_makes_it_fail(change, status, monkeypatch):
    from alive_scene.alive import AliveScene

    monkeypatch.setattr(AliveScene, "fit", lambda *_, **__: None)
    monkeypatch.setattr("alive_scene.scene.napping_cat", lambda *_: None)
    monkeypatch.setattr(
        endurance, "played", lambda *_: dict(frames=9, threads=0, settled=1e8, end=1.04e8) | change
    )
    assert endurance.main(seconds=5, only="player") == status


@pytest.mark.parametrize("change, status", [({}, 0), (dict(peak=10**9), 1), (dict(frames=0), 1)])
def test_a_video_that_takes_much_makes_it_fail(change, status, monkeypatch):
    def film(place, minutes):
        place.write_bytes(b"a film")
        return place

    monkeypatch.setattr(endurance, "film", film)
    monkeypatch.setattr(
        endurance,
        "read",
        lambda place, fps=25.0, start=0.0: (
            dict(frames=3, peak=10**8, seconds=1.0) | (change if start else {})
        ),
    )
    assert endurance.main(minutes=1, only="video") == status


@measured
def test_memory_that_is_taken_is_seen():
    before = endurance.memory()[0]
    if endurance.forget_peak():
        held = np.ones(60_000_000)
        assert endurance.memory()[0] > before + 3e8
        del held
        assert endurance.memory()[1] > before + 3e8
        endurance.forget_peak()
        assert endurance.memory()[1] < before + 3e8


@measured
def test_a_player_keeps_its_memory_and_leaves_no_thread(alive):
    row = endurance.played(alive, asks=120)
    assert row["frames"] == 120 * 12 and row["threads"] == 0
    assert row["end"] < 1.05 * row["settled"] + 5e6, row


@measured
def test_a_player_of_a_second_has_settled_too(alive):
    row = endurance.played(alive, seconds=1)
    assert row["frames"] > 0 and row["end"] >= row["settled"] * 0.5 > 0


@measured
def test_a_long_video_needs_no_more_memory_than_a_short_one(tmp_path):
    "Large frames, few of them kept: the peak must not grow with the video."
    few, many = (
        endurance.read(endurance.film(tmp_path / f"{minutes}.mp4", minutes, 720, 1280), fps=1.0)
        for minutes in (0.05, 0.4)
    )
    assert (
        many["frames"] > few["frames"] and many["peak"] < few["peak"] + 100e6 and many["peak"] < 1e9
    )
