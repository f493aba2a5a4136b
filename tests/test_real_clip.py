"""A real CLIP beside the toy.

The script runs, random weights are never kept, and nothing is said without its figures.
"""

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from IPython.display import Markdown

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "bench"))
import real_clip  # noqa: E402, a script of bench/


def cell():
    "The cell of 10_clip that shows both columns."
    book = nbformat.read(root / "nbs" / "10_clip.ipynb", 4)
    return next(
        one
        for one in book.cells
        if "../bench/real_clip.json" in one.source and one.cell_type == "code"
    )


def shown(folder):
    "What it shows in a folder, of an encoder whose every line is 0.5."
    half = torch.full((3,), 0.5)
    clip = type("Clip", (), {"name": "toy"})
    known = dict(json=json, Path=Path, Markdown=Markdown, clip=clip, a_second=half, raw=half)
    known |= dict(table={"toy": (0.5, 0.5)}, within=(0.5, 0.5), across=0.5, gap=half)
    lines = cell().source.splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("Markdown("))
    exec("\n".join([*lines[:last], "shown = (", *lines[last:], ")"]), known)
    return known["shown"].data


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    for name in ("bench", "nbs"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "nbs")
    return tmp_path


def rows(text):
    return [line.strip("| ").split(" | ") for line in text.splitlines()[2:]]


def test_without_figures_nothing_is_said(lesson):
    found = rows(shown(lesson))
    assert len(found) == 8 and {row[2] for row in found} == {"not measured here"}


def test_random_weights_are_measured_and_shown_in_the_second_column(lesson, monkeypatch, capsys):
    monkeypatch.setattr(real_clip, "FRAMES", 48)
    monkeypatch.setattr(sys, "argv", ["real_clip.py", "--stand-in"])
    real_clip.main()
    said = capsys.readouterr().out
    assert "random weights" in said and "milliseconds a frame" in said
    assert not list((lesson / "bench").iterdir())
    lines = re.findall(r"^(\S.*?)  +.*$", said, re.M)
    columns = {"alive-tiny": {}, "x": dict.fromkeys(lines, 0.25)}
    kept = json.dumps({"name": "x", "columns": columns})
    (lesson / "bench" / "real_clip.json").write_text(kept)
    found = rows(shown(lesson))
    assert {row[2] for row in found} == {"0.250"}, "the script and the lesson name a line otherwise"


def test_random_weights_are_not_kept(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["x", "--stand-in", "--save", str(tmp_path / "a.json")])
    with pytest.raises(SystemExit):
        real_clip.main()
    assert "say nothing of a real CLIP" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_weights_that_cannot_be_had_are_told_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["x", "ViT-B-32/nobody"])
    with pytest.raises(SystemExit):
        real_clip.main()
    assert "ViT-B-32" in capsys.readouterr().err


def test_what_is_kept_is_of_weights_by_name():
    file = root / "bench" / "real_clip.json"
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        assert "random" not in kept["name"] and set(kept["columns"]) == {"alive-tiny", kept["name"]}
