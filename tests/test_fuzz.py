"""The short version of bench/fuzz.py: the same seeds every time, and a fixed number of tries.

And whether the fuzzer would tell.
"""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import fuzz  # noqa: E402, the same machinery


@pytest.mark.parametrize("reader, tries", [("video", 150), ("scene", 150)])
def test_changed_files_are_read_or_refused(reader, tries):
    counts, wrong = fuzz.fuzz(reader, tries=tries, seed=7)
    assert not wrong, wrong
    assert (
        counts["tries"] == tries
        and counts["refused"] > tries / 4
        and counts["read"] + counts["refused"] == tries
    )


def test_a_seed_means_one_file(tmp_path):
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "a.gif").write_bytes(bytes(range(256)) * 9)
    made = [
        fuzz.example("video", seed, [tmp_path / "whole" / "a.gif"], tmp_path).read_bytes()
        for seed in (1, 1, 2)
    ]
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(
    "error, behind, told",
    [
        (ValueError("a.gif is bad"), None, "refused"),
        (ValueError("it is bad"), None, "unclear: ValueError"),
        (KeyError("x"), None, "other: KeyError"),
        (MemoryError(), None, "other: MemoryError"),
        (ValueError("a.gif is bad"), MemoryError(), "other: MemoryError"),
        (ValueError("a.gif is bad"), RecursionError("too deep"), "other: RecursionError"),
        (
            OSError("a.gif is bad"),
            RuntimeError("can't allocate memory: 9 TB"),
            "other: RuntimeError",
        ),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_what_a_refusal_hides_is_told(error, behind, told, named, monkeypatch, tmp_path):
    "Whether it was raised from its cause, or only while that was handled."

    def fail(path):
        try:
            raise behind or error
        except Exception as cause:
            raise error from (cause if named and behind else None)  # noqa: B904, the second way is what is tested

    monkeypatch.setitem(fuzz.READERS, "video", (None, None, fail))
    assert fuzz.outcome("video", tmp_path / "a.gif").startswith(told)


# Children that do not read


def never_begins(reader, folder, seeds, pipe):
    os._exit(3)


def dies_before_it_tries(reader, folder, seeds, pipe):
    pipe.send("ready")
    os._exit(4)


def dies_hangs_and_goes_on(reader, folder, seeds, pipe):
    pipe.send("ready")
    for seed in seeds:
        pipe.send(seed)
        if seed == 2:
            os._exit(5)
        if seed == 4:
            time.sleep(60)
        pipe.send("read" if seed % 2 else "refused")
    pipe.send(None)


def reads_all(reader, folder, seeds, pipe):
    pipe.send("ready")
    for seed in seeds:
        pipe.send(seed)
        pipe.send("read")


def handed(monkeypatch, child):
    monkeypatch.setattr(fuzz, "work", child)
    monkeypatch.setitem(fuzz.READERS, "video", (lambda folder: None, None, None))


@pytest.mark.parametrize("child, exit", [(never_begins, 3), (dies_before_it_tries, 4)])
def test_a_child_that_never_tries_is_no_endless_loop(child, exit, monkeypatch):
    handed(monkeypatch, child)
    with pytest.raises(RuntimeError, match=f"exit {exit}"):
        fuzz.fuzz("video", tries=3)


def test_a_child_that_dies_or_hangs_is_told_and_replaced(monkeypatch):
    handed(monkeypatch, dies_hangs_and_goes_on)
    counts, wrong = fuzz.fuzz("video", tries=7, patience=10)
    assert wrong == [(2, "crashed: exit 5"), (4, "hung: over 10 s")] and counts == dict(
        tries=7, refused=2, read=3
    )


def test_only_the_reading_is_timed(monkeypatch):
    "By a clock that goes on only when it is looked at, and while a child begins."
    handed(monkeypatch, reads_all)
    now = [0.0]
    begun = fuzz.begun

    def looked_at():
        now[0] += 0.05
        return now[0]

    def late(*args):
        now[0] += 3
        return begun(*args)

    monkeypatch.setattr(fuzz, "begun", late)
    monkeypatch.setattr(fuzz, "time", SimpleNamespace(monotonic=looked_at))
    assert fuzz.fuzz("video", seconds=1)[0]["tries"] > 10
    assert fuzz.fuzz("video", seconds=0)[0]["tries"] == 0


def test_a_table_without_tries_or_with_a_wrong_one_is_a_failure(monkeypatch, tmp_path, capsys):
    import json

    for found, status in (
        ((dict(tries=2, refused=1, read=1), []), 0),
        ((dict(tries=0, refused=0, read=0), []), 1),
        ((dict(tries=1, refused=0, read=0), [(3, "hung")]), 1),
    ):
        monkeypatch.setattr(fuzz, "fuzz", lambda *_, found=found, **__: found)
        assert fuzz.main(5, 0, save=tmp_path / "fuzz.json") == status
    wanted = dict(reader="video", seconds=5, seed=0, tries=1, refused=0, read=0, wrong=1)
    kept = json.loads((tmp_path / "fuzz.json").read_text())["video"]
    assert {name: kept[name] for name in wanted} == wanted and "commit" in kept
    fuzz.fuzz = lambda *_, **__: (dict(tries=7, refused=7, read=0), [])
    assert fuzz.main(6, 0, "scene", tmp_path / "fuzz.json") == 0
    assert {
        name: row["seconds"]
        for name, row in json.loads((tmp_path / "fuzz.json").read_text()).items()
    } == dict(video=5, scene=6)
    assert "video, seed 3: hung" in capsys.readouterr().out


def test_changes_reach_every_depth():
    thing = {"a": [1, {"b": "c"}], "d": 2.5}
    rng = np.random.default_rng(0)
    seen = [fuzz.changed(thing, rng) for _ in range(200)]
    assert thing == {"a": [1, {"b": "c"}], "d": 2.5} and any(
        isinstance(one, dict) and isinstance(one.get("a"), list) and one["a"] and one["a"][0] != 1
        for one in seen
    )
