"What an answer is told (nbs/grading.py), and which exercises count as solved (nbs/progress.py)."

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

nbs = Path(__file__).parent.parent / "nbs"
sys.path.insert(0, str(nbs))
import progress  # noqa: E402, scripts beside the lessons
from grading import graded  # noqa: E402

CASES = {"two": (torch.tensor([1.0, 2.0]),), "none": (torch.zeros(2),)}


def doubled(x):
    return 2 * x


def asked(answer, **more):
    return graded(answer, doubled, CASES, "twice as much", **more)


def test_an_empty_cell_is_not_yet():
    assert asked(lambda x: None).startswith("not yet")


def test_a_right_answer_of_any_kind_is_right():
    for answer in (doubled, lambda x: 2 * x.numpy(), lambda x: (2 * x).requires_grad_()):
        assert asked(answer).startswith("right")


@pytest.mark.parametrize(
    "answer, got, wanted",
    [
        (lambda x: x, "got     2, at (1,) of (2,)", "wanted  4"),
        (lambda x: 2 * x[:1], "got     the shape (1,)", "wanted  the shape (2,)"),
        (lambda x: 2 * x / x.sum() * x.sum(), "got     nan", "wanted  0"),
        (lambda x: 2 * x if x.any() else None, "got     nothing", "wanted  an answer"),
    ],
)
def test_a_wrong_answer_is_told_what_was_wanted(answer, got, wanted):
    with pytest.raises(AssertionError) as error:
        asked(answer)
    said = str(error.value)
    assert got in said and wanted in said and said.endswith("hint    twice as much")


def test_an_answer_may_be_near():
    assert asked(lambda x: 2 * x + 0.01, close=0.02).startswith("right")
    with pytest.raises(AssertionError):
        asked(lambda x: 2 * x + 0.01)


def test_a_number_is_told_without_a_place():
    with pytest.raises(AssertionError, match=r"one\n  got     3\n  wanted  2"):
        graded(lambda x: 3, doubled, {"one": (1,)}, "twice as much")


def test_an_answer_that_changes_what_it_is_given_spoils_nothing():
    def in_place(x):
        x *= 2
        return x

    kept = torch.ones(2)
    for _ in range(2):
        assert graded(in_place, doubled, {"torch": (kept,)}, "").startswith("right")
        assert graded(in_place, doubled, {"numpy": (np.ones(2),)}, "").startswith("right")
    assert (kept == 1).all()


def test_a_wrong_answer_is_drawn_before_the_verdict(monkeypatch):
    matplotlib.use("agg")
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append("shown"))
    with pytest.raises(AssertionError):
        asked(lambda x: x, picture=lambda got, wanted: shown.append((got["two"], wanted["two"])))
    (got, wanted), then = shown
    assert got.tolist() == [1, 2] and wanted.tolist() == [2, 4] and then == "shown"


def result(words):
    return dict(output_type="execute_result", data={"text/plain": [repr(words)]})


def exercise(name, outputs, body="return 7", level=""):
    told = f"**1. {name}**{f' ({level})' if level else ''}. Write it."
    hole = f"def {name}(x):\n    {body}\n\n\ndef check_it({name}):\n    return 'right'\n\n\ncheck_it({name})"
    return [
        dict(cell_type="markdown", source=told),
        dict(cell_type="code", source=hole.splitlines(keepends=True), outputs=outputs),
    ]


def book(*cells):
    return dict(cells=[cell for each in cells for cell in each])


HOLE = "return None  # your turn"
WRONG = [
    dict(output_type="stream", text="thinking"),
    dict(output_type="error", ename="AssertionError", evalue="two\n  got 1\n  wanted 2"),
]


@pytest.mark.parametrize(
    "outputs, body, state",
    [
        ([], HOLE, "to do"),
        ([], "return 7", "to do"),  # written and not run
        ([result("not yet: write it above")], HOLE, "to do"),
        ([result("right: in all 2 cases")], "return 7", "solved"),
        ([result("right: in all 2 cases")], "return 7  # your turn", "solved"),
        ([result("right: in all 2 cases")], HOLE, "run again"),
        (WRONG, "return 7", "wrong"),
    ],
)
def test_an_exercise_is_what_its_check_last_said(outputs, body, state):
    (found,) = progress.exercises(book(exercise("f", outputs, body, "easy")))
    assert found[:3] == ("f", "easy", state)


def test_the_table_counts_and_tells(tmp_path):
    lesson = book(
        exercise("first", [result("right: so it is")], level="medium"),
        exercise("second", WRONG),
        exercise("third", [], HOLE, "open"),
        [dict(cell_type="code", source="check_all(scene)", outputs=[result("right")])],  # none
    )
    (tmp_path / "30_siren.ipynb").write_text(json.dumps(lesson), encoding="utf-8")
    untouched = book(exercise("fourth", [], HOLE))
    (tmp_path / "40_vae.ipynb").write_text(json.dumps(untouched), encoding="utf-8")
    (tmp_path / "50_rollout.ipynb").write_text("{half a noteb", encoding="utf-8")
    assert progress.table(tmp_path).splitlines() == [
        "30_siren                1 of 3",
        "    solved    first (medium)",
        "    wrong     second: AssertionError: two",
        "    to do     third (open)",
        "40_vae                  0 of 1",
        "50_rollout              can't be read: is it a notebook, and saved whole?",
        "together                1 of 4, as the notebooks were last saved",
    ]


def test_the_course_is_all_to_do_and_every_exercise_is_found():
    "By the comment that its hole has, an exercise is known to the other tests."
    holes = 0
    for path in sorted(nbs.glob("[0-9]*.ipynb")):
        lesson = json.loads(path.read_text(encoding="utf-8"))
        found = list(progress.exercises(lesson))
        assert {state for _, _, state, _ in found} <= {"to do"}, path.name
        turns = sum(
            "# your turn" in progress.text(cell["source"])
            for cell in lesson["cells"]
            if cell["cell_type"] == "code"
        )
        assert len(found) == turns, path.name
        holes += turns
    assert progress.table().endswith(f"0 of {holes}, as the notebooks were last saved")


@pytest.mark.parametrize(
    "lesson",
    ["30_siren", "35_morph", "40_vae", "50_rollout", "52_vitals", "54_plan", "58_wish", "80_nerf"],
)
def test_a_core_is_written_from_an_empty_cell_and_each_exercise_has_a_level(lesson):
    book = json.loads((nbs / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    assert all(level for _, level, _, _ in progress.exercises(book))
    sources = [progress.text(cell["source"]) for cell in book["cells"]]
    at = [i for i, source in enumerate(sources) if "From an empty cell" in source]
    assert at and all("return graded(" in sources[i + 1] for i in at)


def test_the_command_reads_a_folder_and_changes_nothing(tmp_path):
    shutil.copy(nbs / "15_path.ipynb", tmp_path)
    before = (tmp_path / "15_path.ipynb").read_bytes()
    said = subprocess.run(
        [sys.executable, "-S", str(nbs / "progress.py"), str(tmp_path)],  # no package is needed
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith("15_path") and "0 of 2" in said.stdout
    assert (tmp_path / "15_path.ipynb").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["15_path.ipynb"]
    empty = subprocess.run(
        [sys.executable, str(nbs / "progress.py"), str(tmp_path / "none")],
        capture_output=True,
        text=True,
    )
    assert empty.returncode == 1 and "name the folder" in empty.stderr


def test_the_capstone_runs_as_it_is_written(tmp_path, monkeypatch, capsys):
    "Its cell, on the bundled scene, with fewer steps; its table names the signs that there are."
    from alive_scene.vitals import TARGETS

    page = (nbs / "capstone.qmd").read_text(encoding="utf-8")
    (cell,) = re.findall(r"```python\n(.*?)```", page, re.S)
    shutil.copy(nbs.parent / "data" / "napping_cat.alive", tmp_path / "my_clip.alive")
    monkeypatch.chdir(tmp_path)
    known = {}
    for long, short in (
        ("10_000", "300"),
        ("range(5)", "range(2)"),
        ("response(alive.behavior, observed)", "response(alive.behavior, observed, steps=200)"),
    ):
        assert long in cell
        cell = cell.replace(long, short)
    exec(cell, known)
    assert [set(signs) for signs in known["measured"]] == [set(TARGETS)] * 2
    said = capsys.readouterr().out
    assert "0 {" in said and "response" in said
    first_words = re.findall(r"^\| (\w+)", page.partition("## 3.")[0], re.M)
    assert first_words[1:] == [*TARGETS, "response"]
    points = [int(row) for row in re.findall(r"\| (\d+) \|$", page, re.M)]
    assert sum(points) == 20 and "20 points" in page


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_progress_needs_nothing_installed():
    said = subprocess.run(
        ["make", "--no-print-directory", "progress", f"PYTHON={sys.executable}", "NOTEBOOKS=nbs"],
        cwd=nbs.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == progress.table() + "\n"
