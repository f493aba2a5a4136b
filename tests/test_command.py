import csv
import shutil
import subprocess
import sys

import pytest

from alive_scene.command import main


@pytest.fixture
def saved(alive, tmp_path): return str(alive.save(tmp_path / "cat.alive"))


def test_the_command_is_installed():
    command = shutil.which("alive-scene", path=str(__import__("pathlib").Path(sys.executable).parent))
    assert command and "vitals" in subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout


def test_fit_and_play(recorded, tmp_path, capsys):
    scene, clip = tmp_path / "he.alive", tmp_path / "he.mp4"
    assert main(["fit", str(recorded), "-o", str(scene), "--encoder", "alive-tiny", "--size", "32", "--max-frames", "20", "--seconds", "1"]) == 0
    assert main(["play", str(scene), "-o", str(clip), "--steps", "12"]) == 0
    assert scene.stat().st_size > 10_000 and clip.stat().st_size > 500
    assert "12 frames" in capsys.readouterr().out


def test_vitals_as_a_table_of_steps(saved, tmp_path, capsys):
    assert main(["vitals", saved, "--steps", "200", "--csv", str(tmp_path / "cat.csv")]) == 0
    assert {"speed", "drift", "coverage"} <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    rows = list(csv.DictReader((tmp_path / "cat.csv").open(encoding="utf-8")))
    assert len(rows) == 200 and {int(row["nearest_frame"]) for row in rows} <= set(range(40))


@pytest.mark.parametrize("words", [
    ["fit", "nobody.mp4", "-o", "x.alive"], ["fit", "nobody.mp4", "-o", "x.mp4"], ["play", "nobody.alive", "-o", "x.mp4"],
    ["play", "SAVED", "-o", "x.doc"], ["play", "SAVED", "-o", "x.gif", "--temperature", "nan"],
    ["play", "SAVED", "-o", "x.gif", "--start", "999"], ["play", "SAVED", "-o", "x.gif", "--curing", "2"], ["play", "SAVED", "-o", "x.gif", "--steps", "0"],
    ["vitals", "SAVED", "--csv", "no/such/folder.csv", "--steps", "50"]])
def test_what_cannot_be_done_is_one_sentence(words, saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([saved if word == "SAVED" else word for word in words]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("alive-scene: ") and "\n" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["cat.alive"], "something was left behind"
