import csv
import re
import shutil
import subprocess
import sys

import pytest

from alive_scene.command import main


@pytest.fixture
def saved(alive, tmp_path):
    return str(alive.save(tmp_path / "cat.alive"))


def test_the_command_is_installed():
    command = shutil.which(
        "alive-scene", path=str(__import__("pathlib").Path(sys.executable).parent)
    )
    assert (
        command
        and "vitals"
        in subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    )


def test_fit_and_play(recorded, tmp_path, capsys):
    scene = tmp_path / "he.alive"
    clip = tmp_path / "he.mp4"
    assert (
        main(
            [
                "fit",
                str(recorded),
                "-o",
                str(scene),
                "--encoder",
                "alive-tiny",
                "--size",
                "32",
                "--max-frames",
                "20",
                "--seconds",
                "1",
            ]
        )
        == 0
    )
    assert main(["play", str(scene), "-o", str(clip), "--steps", "12"]) == 0
    assert scene.stat().st_size > 10_000 and clip.stat().st_size > 500
    assert "12 frames" in capsys.readouterr().out


def test_play_hears_a_wish(saved, tmp_path, capsys):
    films = {}
    for name, words in dict(
        free=[], early=["--wish", "frame:30@1s"], late=["--wish", "frame:30@99s"]
    ).items():
        films[name] = tmp_path / f"{name}.gif"
        assert main(["play", saved, "-o", str(films[name]), "--steps", "30", *words]) == 0
    assert films["free"].read_bytes() == films["late"].read_bytes()
    assert films["free"].read_bytes() != films["early"].read_bytes()
    capsys.readouterr()
    odd = ["--wish", "the price of gold@0s"]
    with pytest.warns(UserWarning, match="says nothing here"):
        assert main(["play", saved, "-o", str(tmp_path / "odd.gif"), "--steps", "30", *odd]) == 0
    assert (tmp_path / "odd.gif").read_bytes() == films["free"].read_bytes()


def test_vitals_as_a_table_of_steps(saved, tmp_path, capsys):
    assert main(["vitals", saved, "--steps", "200", "--csv", str(tmp_path / "cat.csv")]) == 0
    assert {"speed", "drift", "coverage"} <= {
        line.split()[0] for line in capsys.readouterr().out.splitlines()
    }
    rows = list(csv.DictReader((tmp_path / "cat.csv").open(encoding="utf-8")))
    assert len(rows) == 200 and {int(row["nearest_frame"]) for row in rows} <= set(range(40))


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "nobody.mp4", "-o", "x.alive"],
        ["fit", "nobody.mp4", "-o", "x.mp4"],
        ["play", "nobody.alive", "-o", "x.mp4"],
        ["play", "SAVED", "-o", "x.doc"],
        ["play", "SAVED", "-o", "x.gif", "--temperature", "nan"],
        ["play", "SAVED", "-o", "x.gif", "--start", "999"],
        ["play", "SAVED", "-o", "x.gif", "--curing", "2"],
        ["play", "SAVED", "-o", "x.gif", "--steps", "0"],
        ["play", "SAVED", "-o", "x.gif", "--wish", "the cat is asleep@soon"],
        ["play", "SAVED", "-o", "x.gif", "--wish", "the cat is asleep@-5s"],
        ["play", "SAVED", "-o", "x.gif", "--wish", "@5s"],
        ["play", "SAVED", "-o", "x.gif", "--wish", "frame:99@1s"],
        ["play", "SAVED", "-o", "x.gif", "--wish", "frame:first@1s"],
        ["vitals", "SAVED", "--csv", "no/such/folder.csv", "--steps", "50"],
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([saved if word == "SAVED" else word for word in words]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("alive-scene: ") and "\n" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["cat.alive"], "something was left behind"


@pytest.mark.parametrize(
    "error, status, says",
    [
        (TypeError("size must be a number, got 'x'"), 2, "size must be"),
        (ImportError("a page needs ONNX: pip install onnx onnxscript"), 2, "pip install onnx"),
        (MemoryError("Unable to allocate 9 TB"), 2, "choose a smaller --size"),
        (
            RuntimeError(
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            ),
            2,
            "choose a smaller --size",
        ),
        (ValueError("two\nlines"), 2, "two lines"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_a_user_can_cause_is_one_sentence(
    error, status, says, saved, tmp_path, monkeypatch, capsys
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("alive_scene.alive.AliveScene.load", fail)
    assert main(["play", saved, "-o", str(tmp_path / "x.gif")]) == status
    said = capsys.readouterr().err.strip()
    assert (
        said.startswith("alive-scene: ")
        and says in said
        and "\n" not in said
        and "bytes" not in said
    )


def test_an_error_of_the_kit_itself_is_not_hidden(saved, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("alive_scene.alive.AliveScene.load", fail)
    with pytest.raises(RuntimeError, match="mat1"):
        main(["play", saved, "-o", str(tmp_path / "x.gif")])


def test_export_with_its_options(saved, tmp_path, capsys):
    assert (
        main(
            [
                "export",
                saved,
                "-o",
                str(tmp_path / "cat.html"),
                "--temperature",
                "1.5",
                "--curing",
                "0.3",
                "--start",
                "7",
                "--seed",
                "9",
            ]
        )
        == 0
    )
    text = (tmp_path / "cat.html").read_text(encoding="utf-8")
    for name, value in dict(temperature=1.5, curing=0.3, start=7, seed=9).items():
        assert re.search(rf'id="{name}" [^>]*value="{value}"', text), name
    assert "open it in a browser" in capsys.readouterr().out
    assert main(["export", saved, "-o", str(tmp_path / "beside.html"), "--runtime", "beside"]) == 0
    folder = next(tmp_path.glob("onnxruntime-web-*"))
    assert (
        "web server" in capsys.readouterr().out
        and (tmp_path / "beside.html").stat().st_size < 2_000_000
    )
    assert main(["export", saved, "-o", str(tmp_path / "own.html"), "--folder", str(folder)]) == 0
    capsys.readouterr()
    for words in (
        ["--folder", str(tmp_path)],
        ["--temperature", "4"],
        ["--curing", "-1"],
        ["--start", "400"],
        ["--seed", "-1"],
    ):
        assert main(["export", saved, "-o", str(tmp_path / "no.html"), *words]) == 2
        assert (
            capsys.readouterr().err.startswith("alive-scene: ")
            and not (tmp_path / "no.html").exists()
        )
    with pytest.raises(SystemExit):
        main(["export", saved, "-o", "no.html", "--runtime", "cloud"])


def test_every_option_of_export_has_its_help(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    said = capsys.readouterr().out
    assert all(
        f"--{name}" in said
        for name in ("runtime", "folder", "temperature", "curing", "start", "seed", "out")
    )
