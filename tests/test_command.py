import csv
import os
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene
from alive_scene.command import main
from alive_scene.scene import Scene, write_video


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
        assert main(["play", saved, "-o", str(films[name]), "--steps", "200", *words]) == 0
    assert films["free"].read_bytes() == films["late"].read_bytes()
    assert films["free"].read_bytes() != films["early"].read_bytes()
    capsys.readouterr()
    odd = ["--wish", "the price of gold@0s"]
    with pytest.warns(UserWarning, match="says nothing here"):
        assert main(["play", saved, "-o", str(tmp_path / "odd.gif"), "--steps", "200", *odd]) == 0
    assert (tmp_path / "odd.gif").read_bytes() == films["free"].read_bytes()


def test_vitals_as_a_table_of_steps(saved, tmp_path, capsys):
    assert main(["vitals", saved, "--steps", "200", "--csv", str(tmp_path / "cat.csv")]) == 0
    assert {"speed", "drift", "coverage"} <= {
        line.split()[0] for line in capsys.readouterr().out.splitlines()
    }
    rows = list(csv.DictReader((tmp_path / "cat.csv").open(encoding="utf-8")))
    assert len(rows) == 200 and {int(row["nearest_frame"]) for row in rows} <= set(range(40))


def told(file):
    return list(csv.DictReader(file.open(encoding="utf-8")))


def test_a_lab_gets_the_frames_and_seconds_of_its_own_file(tmp_path, capsys):
    "The case of a clip of 25 a second, of which five are kept, from its fourth second on."
    frames = np.zeros((300, 32, 32, 3), np.uint8)
    for t in range(300):
        across = int(14 + 14 * np.sin(t / 9))
        down = int(14 + 14 * np.cos(t / 23))
        frames[t, :, across : across + 4] = 255
        frames[t, down : down + 4] = 128
    video = write_video(frames, tmp_path / "source.mp4", 25)
    scene = str(tmp_path / "c.alive")
    cut = "--start 4 --stop 10 --fps 5 --seconds 1 --size 32".split()
    assert main(["fit", str(video), *cut, "-o", scene]) == 0
    table = tmp_path / "c.csv"
    assert main(["vitals", scene, "--of", "both", "--steps", "50", "--csv", str(table)]) == 0
    rows = told(table)
    filmed = [row for row in rows if row["of"] == "filmed"]
    assert (len(filmed), len(rows)) == (30, 80)
    for k, row in enumerate(filmed):
        assert int(row["frame_index"]) == 100 + 5 * k
        assert abs(float(row["source_second"]) - (4 + k / 5)) < 1e-6
    assert {int(row["frame_index"]) for row in rows} <= set(range(100, 250, 5))
    assert "illustrate a method" in capsys.readouterr().out


def test_tables_of_a_lab(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with open("labels.csv", "w") as file:
        file.write("state\n" + 15 * "awake\n" + 25 * "asleep\n")
    words = "--of both --steps 300 --labels labels.csv --min-bout 0.25".split()
    out = "--bouts b.csv --states s.csv --transitions t.csv --events e.boris --plot p.png".split()
    assert main(["vitals", saved, *words, *out, "--sheets", "sheets"]) == 0
    filmed = [row for row in told(tmp_path / "b.csv") if row["of"] == "filmed"]
    assert [row["state"] for row in filmed] == ["awake", "asleep"]
    assert float(filmed[0]["duration"]) == pytest.approx(15 / 12)
    states = told(tmp_path / "s.csv")
    assert [row["of"] for row in states] == 2 * ["filmed"] + 2 * ["imagined"]
    assert float(states[0]["share"]) == pytest.approx(25 / 40)
    steps = told(tmp_path / "t.csv")
    assert {"from", "to", "filmed_count", "imagined_probability"} <= set(steps[0]) and len(
        steps
    ) == 4
    assert (tmp_path / "e.boris").is_file() and (tmp_path / "p.png").is_file()
    sheets = sorted(path.name for path in (tmp_path / "sheets").iterdir())
    assert sheets == ["1_asleep.png", "2_awake.png"]
    capsys.readouterr()
    assert main(["vitals", saved, "--of", "filmed", "--clusters", "3", "--states"]) == 0
    said = capsys.readouterr().out
    assert "groups from ten seeds agree" in said and "share" in said and "speed" not in said


def test_play_makes_loops_and_films_of_many_kinds(saved, tmp_path, capsys):
    for name in ("loop.webp", "loop.webm", "loop.gif", "shots"):
        words = ["--loop", "3", "--seed", "2", "--size", "64", "--ethogram"]
        assert main(["play", saved, "-o", str(tmp_path / name), *words]) == 0
        assert "its seam is" in capsys.readouterr().out
    assert len(list((tmp_path / "shots").iterdir())) == 36
    with Image.open(tmp_path / "loop.webp") as film:
        assert film.n_frames == 36 and film.size[1] >= 64


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
                "--title",
                "A <nap>",
                "--caption",
                "asleep & well",
                "--origin",
                "https://Example.org/",
            ]
        )
        == 0
    )
    text = (tmp_path / "cat.html").read_text(encoding="utf-8")
    for name, value in dict(temperature=1.5, curing=0.3, start=7, seed=9).items():
        assert re.search(rf'id="{name}" [^>]*value="{value}"', text), name
    assert "<h1>A &lt;nap&gt;</h1>" in text and "asleep &amp; well" in text
    assert '"origin": "https://example.org"' in text
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
        ["--origin", "example.org"],
    ):
        assert main(["export", saved, "-o", str(tmp_path / "no.html"), *words]) == 2
        assert (
            capsys.readouterr().err.startswith("alive-scene: ")
            and not (tmp_path / "no.html").exists()
        )
    with pytest.raises(SystemExit):
        main(["export", saved, "-o", "no.html", "--runtime", "cloud"])


def test_export_writes_graphs_with_wishes(saved, tmp_path, capsys):
    folder = tmp_path / "cat"
    words = ["--wish", "frame:3", "--wish", "the cat is asleep|the cat is awake"]
    assert main(["export", saved, "--onnx", str(folder), *words]) == 0
    assert "README.md says how" in capsys.readouterr().out
    names = {"start.onnx", "step.onnx", "draw.onnx", "scene.json", "wishes.json", "README.md"}
    assert {one.name for one in folder.iterdir()} == names
    assert "frame:3, the cat is asleep|the cat is awake" in (folder / "README.md").read_text()
    for bad, says in (
        ([], "say what to write"),
        (["--onnx", str(folder), "--wish", "frame:x"], "by its number"),
        (["--onnx", str(folder), "--wish", ""], "1 to 1,000 characters"),
        (["--onnx", str(tmp_path / "no" / "cat")], "there is no folder"),
    ):
        assert main(["export", saved, *bad]) == 2
        assert says in capsys.readouterr().err


def test_export_of_a_page_with_words_and_a_game(saved, tmp_path, capsys):
    plain, page = tmp_path / "plain.html", tmp_path / "cat.html"
    assert main(["export", saved, "-o", str(plain)]) == 0
    words = ["--words", "--game", "frame:3"]
    assert main(["export", saved, "-o", str(page), *words]) == 0
    text = page.read_text(encoding="utf-8")
    assert 'id="packed-read"' in text and '"goal": "frame:3"' in text
    assert 'id="packed-read"' not in plain.read_text(encoding="utf-8")
    capsys.readouterr()
    for bad, says in (
        (["-o", str(tmp_path / "no.html"), "--game", "frame:x"], "by its number"),
        (
            ["-o", str(tmp_path / "no.html"), "--game", "blue paint"],
            "worth the same in every frame",
        ),
        (["--onnx", str(tmp_path / "no"), "--words"], "are of a page"),
    ):
        assert main(["export", saved, *bad]) == 2
        assert says in capsys.readouterr().err
    assert not (tmp_path / "no.html").exists() and not (tmp_path / "no").exists()


def test_every_option_of_export_has_its_help(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    said = capsys.readouterr().out
    assert all(
        f"--{name}" in said
        for name in "runtime folder temperature curing start seed out onnx wish words game title".split()
        + ["caption", "origin"]
    )


SMALL = "--size 16 --seconds 1".split()
film = napping_cat(40, 64)


@pytest.fixture
def video(tmp_path):
    return str(write_video(film, tmp_path / "film.mp4"))


def test_look_says_what_fit_takes(tmp_path, capsys):
    frames = np.concatenate([0 * film.frames[:12], film.frames])
    path = write_video(Scene(np.repeat(frames, 2, axis=0), 24), tmp_path / "a.mp4")
    assert main(["look", str(path), "-o", str(tmp_path / "sheet.png")]) == 0
    said = capsys.readouterr()
    rows = dict(re.match(r"(\w+) +(.*)", line).groups() for line in said.out.splitlines())
    assert {"length", "cuts", "blank", "frozen", "camera", "returns", "forecast"} < set(rows)
    assert rows["length"] == "104 frames, 4.3 s at 24 a second" and not said.err
    assert rows["blank"].startswith("0.00 to ") and rows["repeated"] == "each picture 2 times"
    picture = Image.open(tmp_path / "sheet.png")
    assert picture.width == 6 * 132 and picture.height > 4 * 140
    with pytest.warns(UserWarning, match="stored twice"):
        assert main(["fit", str(path), "-o", str(tmp_path / "a.alive"), *SMALL]) == 0
    taken = int(re.search(r"(\d+) frames of", capsys.readouterr().out)[1])
    assert rows["takes"].startswith(f"{taken} frames") and 38 <= taken <= 40
    assert AliveScene.load(tmp_path / "a.alive").scene.fps == pytest.approx(12)


def test_a_picture_is_told_what_it_needs_and_stirred(tmp_path, capsys):
    Image.fromarray(film.frames[0]).save(tmp_path / "a.png")
    words = ["fit", str(tmp_path / "a.png"), "-o", str(tmp_path / "a.alive"), *SMALL]
    assert main(words) == 2 and "--stir" in capsys.readouterr().err
    assert main([*words, "--stir", "--max-frames", "24"]) == 0
    said = capsys.readouterr().out
    assert "24 frames of" in said and "invented" in said


@pytest.mark.parametrize("typed, seconds", [("0:01.5", 1.5), ("1.5", 1.5), ("0:00:02", 2.0)])
def test_time_is_typed_as_players_show_it(typed, seconds, video, tmp_path, capsys):
    words = ["fit", video, "-o", str(tmp_path / "a.alive"), *SMALL, "--start", typed]
    assert main(words) == 0
    assert f"{40 - seconds * 12:g} frames of" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["1:2:3:4", "soon", "1:", ":", "-1", "1:-2", "nan", ""])
def test_what_is_no_time_is_told(typed, video, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["fit", video, "-o", "a.alive", f"--start={typed}"])
    assert stopped.value.code == 2 and "1:02.5" in capsys.readouterr().err


def test_a_pattern_that_the_shell_spelled_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my shots").mkdir()
    for i in range(6):
        Image.fromarray(film.frames[6 * i]).save(f"my shots/{i}.png")
    spelled = [f"my shots/{i}.png" for i in range(6)]
    assert main(["fit", *spelled, "-o", "a.alive", *SMALL]) == 2
    said = capsys.readouterr().err
    pattern = re.search(r"\(('[^']*')\)", said)[1]
    assert main(["fit", *shlex.split(pattern), "-o", "a.alive", *SMALL]) == 0
    assert "6 frames of" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="quoted otherwise there")
def test_the_next_command_can_be_pasted(video, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["fit", video, "-o", "my cat's.alive", *SMALL]) == 0
    command = re.search(r"next: alive-scene (.*)", capsys.readouterr().out)[1]
    assert main([*shlex.split(command), "--steps", "3"]) == 0
    (tmp_path / "my cat's.alive").unlink()
    assert main(shlex.split(command)) == 2
    command = re.search(r"alive-scene (fit VIDEO.*?), or", capsys.readouterr().err)[1]
    assert shlex.split(command) == ["fit", "VIDEO", "-o", "my cat's.alive"]


@pytest.mark.parametrize("verb", ["fit", "play", "vitals", "look", "missing"])
def test_a_console_that_cannot_print_a_name(verb, saved, video, tmp_path):
    name = str(tmp_path / "\u732b.alive")
    shutil.copy(saved, name)
    words = {
        "fit": ["fit", video, "-o", name, *SMALL],
        "play": ["play", name, "-o", str(tmp_path / "\u732b.gif"), "--steps", "3"],
        "vitals": ["vitals", name, "--steps", "50"],
        "look": ["look", video, "-o", str(tmp_path / "\u732b.png")],
        "missing": ["play", str(tmp_path / "\u72ac.alive"), "-o", "a.gif"],
    }[verb]
    code = "import sys; from alive_scene.command import main; sys.exit(main(sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
    )
    assert ran.returncode == (2 if verb == "missing" else 0), ran.stderr.decode("cp1252")
    said = (ran.stderr if verb == "missing" else ran.stdout).decode("cp1252")
    assert verb == "vitals" or "?" in said and "charmap" not in said
