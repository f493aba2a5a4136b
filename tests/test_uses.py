"""The page of uses: nine examples whose commands run, and figures that are measured.

The commands run on small clips, in their order, in one folder, as the page has them.
"""

import re
import shlex
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene
from alive_scene.command import main
from alive_scene.scene import write_video

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
import site_pages  # noqa: E402, a script beside the lessons

page = (root / "nbs" / "uses.qmd").read_text(encoding="utf-8")
parts = re.split(r"^## (.+)$", page, flags=re.M)
uses = dict(zip(parts[1::2], parts[2::2], strict=True))
SMALL = ("--size", "32", "--seconds", "3")  # argparse takes what comes last
# one for each frame of the clip
LABELS = "state\n" + 20 * "asleep\n" + 20 * "awake\n"


def commands(text):
    "The commands of a use, in their order."
    blocks = re.findall(r"^```(\w*)\n(.+?)^```$", text, re.M | re.S)
    return [line for kind, block in blocks if not kind for line in block.splitlines()]


def test_the_nine_uses_of_the_article_are_all_there():
    words = "Art Film Advertising Behavior Cultural Data Games Architecture Conservation".split()
    assert [name.split()[0].strip(",") for name in uses] == words
    for name, text in uses.items():
        assert "**Can today:**" in text and "**Can't today:**" in text, name
        assert commands(text) and all(line.startswith("alive-scene ") for line in commands(text))


def test_each_figure_is_measured(tmp_path):
    site_pages.costs(tmp_path)
    known = yaml.safe_load((tmp_path / "_variables.yml").read_text())
    asked = set(re.findall(r"\{\{< var (\w+)\.(\w+) >\}\}", page))
    assert len(asked) > 20
    assert not [f"{one}.{other}" for one, other in asked if not known.get(one, {}).get(other, "")]
    # none is typed by hand: what is left are names, times of films and numbers of lessons
    said = re.sub(r"```.+?```|`[^`]+`|\{\{<.+?>\}\}|\[[^]]*\]\([^)]*\)", "", page, flags=re.S)
    assert set(re.findall(r"\d[\d,.]*\d|\d", said)) <= {"2023", "255", "4"}, said


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    "Where the files are that the commands name, small."
    out = tmp_path_factory.mktemp("uses")
    clip = napping_cat(frames=40, size=48, seed=0)
    for line in commands(page):
        for word in shlex.split(line):
            if word.endswith(".mp4") and " -o " + word not in line:
                write_video(clip, out / word)
    Image.fromarray(clip.frames[20]).resize((96, 96)).save(out / "painting.jpg")
    (out / "season").mkdir()
    for i, frame in enumerate(clip.frames):
        Image.fromarray(frame).save(out / "season" / f"{i:03}.png")
    (out / "labels.csv").write_text(LABELS)
    shutil.copytree(root / "data" / "creature", out / "data" / "creature")
    return out


@pytest.fixture(scope="module")
def fitted():
    return {}


@pytest.fixture
def once(monkeypatch, fitted):
    "The same clip, asked for in the same way, is learned once: its file is read and written each time."
    really = AliveScene.fit

    def fit(scene, **asked):
        about = (scene.frames.tobytes(), repr(sorted(asked.items())))
        if about not in fitted:
            fitted[about] = really(scene, **asked)
        return fitted[about]

    monkeypatch.setattr(AliveScene, "fit", fit)


@pytest.mark.parametrize("name", uses)
def test_its_commands_run(name, folder, once, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    if name == "Games" and not Path("cat.alive").exists():
        assert main(shlex.split("fit cat.mp4 -o cat.alive") + [*SMALL]) == 0
    for line in commands(uses[name]):
        words = shlex.split(line)[1:]
        if words[0] == "fit":
            words += SMALL
        assert main(words) == 0, f"{line}: {capsys.readouterr().err}"
        written = [
            words[i + 1] for i, word in enumerate(words) if word in ("-o", "--onnx", "--plot")
        ]
        assert written or "--csv" in line or "--sheets" in line, line
        assert all(Path(file).exists() for file in written), line


def test_its_python_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    if not Path("season.alive").exists():
        assert main(["fit", "season", "-o", "season.alive", *SMALL]) == 0
    (code,) = re.findall(r"^```python\n(.+?)^```", page, re.M | re.S)
    known = {}
    exec(code, known)
    assert np.isfinite(torch.as_tensor(known["season"].embeddings).numpy()).all()
    plt.close("all")
