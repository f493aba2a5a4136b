"The short version of bench/fuzz.py: the same seeds every time, and a fixed number of tries."
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent/"bench"))
import fuzz  # noqa: E402, the same machinery


@pytest.mark.parametrize("reader, tries", [("video", 150), ("scene", 150)])
def test_changed_files_are_read_or_refused(reader, tries):
    counts, wrong = fuzz.fuzz(reader, tries=tries, seed=7)
    assert not wrong, wrong
    assert counts["tries"] == tries and counts["refused"] > tries/4 and counts["read"]+counts["refused"] == tries


def test_a_seed_means_one_file(tmp_path):
    (tmp_path/"whole").mkdir()
    (tmp_path/"whole"/"a.gif").write_bytes(bytes(range(256))*9)
    made = [fuzz.example("video", seed, [tmp_path/"whole"/"a.gif"], tmp_path).read_bytes() for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_a_hang_a_crash_and_another_exception_are_told(monkeypatch, tmp_path):
    def outcome(error):
        def fail(path): raise error
        monkeypatch.setitem(fuzz.READERS, "video", (None, None, fail))
        return fuzz.outcome("video", tmp_path/"a.gif")
    assert outcome(KeyError("x")).startswith("other: KeyError") and outcome(ValueError("it is bad")).startswith("unclear")
    assert outcome(ValueError("a.gif is bad")) == "refused"


def test_changes_reach_every_depth():
    thing, rng = {"a": [1, {"b": "c"}], "d": 2.5}, np.random.default_rng(0)
    seen = [fuzz.changed(thing, rng) for _ in range(200)]
    assert thing == {"a": [1, {"b": "c"}], "d": 2.5} and any(isinstance(one, dict) and isinstance(one.get("a"), list) and one["a"] and one["a"][0] != 1 for one in seen)
