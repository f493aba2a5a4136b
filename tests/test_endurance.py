"The short version of bench/endurance.py."
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent/"bench"))
import endurance  # noqa: E402, the same machinery

path = torch.nn.functional.normalize(torch.randn(40, 24, generator=torch.Generator().manual_seed(0)).cumsum(0)+20, dim=1)


@pytest.mark.parametrize("kind, options", [("Behavior", dict(rounds=30)), ("VaeBehavior, cured", dict(epochs=2)), ("VideoTexture", {}), ("FlowBehavior", dict(rounds=10))])
def test_thousands_of_steps(kind, options):
    "Every number finite; it has neither stopped nor left."
    row = endurance.long(kind, path, 2000, **options)
    assert row["finite"] and row["last"]["speed"] > 0 and row["last"]["drift"] < 5*row["first"]["drift"]+5


def test_alike_is_a_comparison():
    assert endurance.alike(dict(speed=1.), dict(speed=1.15), "speed") and not endurance.alike(dict(speed=1.), dict(speed=1.5), "speed")
    assert not endurance.alike(dict(speed=1.), dict(speed=float("nan")), "speed")


def test_a_player_keeps_its_memory_and_leaves_no_thread(alive):
    row = endurance.played(alive, asks=120)
    assert row["frames"] == 120*12 and row["threads"] == 0
    assert row["end"] < 1.05*row["settled"]+5e6, row


def test_a_long_video_needs_no_more_memory_than_a_short_one(tmp_path):
    "Large frames, few of them kept: the peak must not grow with the video."
    few, many = (endurance.read(endurance.film(tmp_path/f"{minutes}.mp4", minutes, 720, 1280), fps=1.) for minutes in (.05, .4))
    assert many["frames"] > few["frames"] and many["peak"] < few["peak"]+100e6 and many["peak"] < 1e9
