"Sentences that promise: what isn't so is said nowhere, and what is said of a scene and in README.md is so."

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alive_scene.alive import AliveScene

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
from make_readme import moved, published, settings  # noqa: E402, a script beside the lessons

GIVES_BACK = "every filmed frame can be drawn again from a scene's numbers nearly as it was"
MIXTURES = "what is drawn are mixtures of filmed frames: new are the order and the moments between"
SEEDED = "the same seed and settings give the same life"
CLOSED = "the defaults are a closed form and a Markov chain: the networks are the published pair"
CHROMIUM = "it was tried in Chromium, and needs what browsers have had since 2023"
MENDED = "as printed it doesn't run, or not as the text says: the lesson shows six mends"

# what isn't so, a sentence that said it once, why it isn't so
FALSE = [
    (r"never your frames", "numbers and thumbnails, never your frames", GIVES_BACK),
    (r"frames stay at home", "The frames stay at home; small pictures go along", GIVES_BACK),
    (r"none is a recording|without a recording", "you watch; none is a recording", GIVES_BACK),
    (r"keeps is an impression", "what it keeps is an impression", GIVES_BACK),
    (r"no frames? of the clip", "small pictures for the map; no frames of the clip", GIVES_BACK),
    (r"[Nn]othing is recorded", "Nothing is recorded, nothing is sent", GIVES_BACK),
    (r"never sees the video again", "a rollout never sees the video again after it", GIVES_BACK),
    (r"was ever filmed", "No frame of them was ever filmed", MIXTURES),
    (r"frames that never existed", "one.gif: 40 frames that never existed", MIXTURES),
    (r"nobody has seen before", "what you see then, nobody has seen before", SEEDED),
    (r"never twice the same|that never repeats", "never twice the same way", SEEDED),
    (r"why no two rollouts are alike", "why no two rollouts are alike", SEEDED),
    (r"exactly as p(rinted|ublished)", "The course contains it exactly as printed", MENDED),
    (r"published design exactly", "The course builds the published design exactly", MENDED),
    (r"network learns to paint", "A network learns to paint the picture of any place", CLOSED),
    (r"SIREN that draws, a VAE that moves", "a SIREN that draws, a VAE that moves", CLOSED),
    (r"networks (in ONNX|that draw and move|in it are)", "Three networks in ONNX do what", CLOSED),
    (r"in real time", "`generator` sharper and in real time", "frames a second are said instead"),
    (r"(lives|lives on|plays|scene|it|ever) in any browser", "one file that lives in any browser", CHROMIUM),
    (r"page that plays anywhere", "6.7 MB as a page that plays anywhere", CHROMIUM),
    (r"on (an )?old machines?", "on an old machine without a network", CHROMIUM),
    (r"a fair chance", "rivals that were given a fair chance", "the lessons say what chance each had"),
    (r"published SIREN draws mush", "where the published SIREN draws mush", "no lesson draws it"),
    (r"measured in room 50", "it gets there is measured in room 50", "room 50 has no such cell"),
    (r"`step\(state, temperature, rng", "`step(state, temperature, rng)`", "it is handed its noise"),
]  # fmt: skip
# README.md's table alone: elsewhere it is said of networks
FALSE_OF_OURS = (r"trained for", "| trained for | 0.6 s |", "a closed form is not trained")
TEXTS = ".qmd .md .html .js .css .ini .toml .yml .ipynb .py .in Makefile LICENSE run".split()


def tracked():
    "The text files that people read, but for this list itself and for what the notebooks export."
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = root / name
        if path == Path(__file__) or path.suffix == ".py" and path.parent.name == "alive_scene":
            continue
        if path.is_file() and name.endswith(tuple(TEXTS)):
            yield path


def shown(cell):
    "What the saved outputs of a cell say."
    for output in cell.get("outputs", []):
        parts = [output.get("text", ""), *output.get("data", {}).values()]
        yield from ("".join(part) for part in parts if isinstance(part, str | list))


def words(path):
    "What a file says, in one line for each paragraph: of a notebook its cells and their outputs."
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join(
            "\n".join(
                ["".join(cell["source"]), *(said for said in shown(cell) if len(said) < 5000)]
            )
            for cell in cells
        )
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text)


@pytest.mark.parametrize("pattern, once, why", [*FALSE, FALSE_OF_OURS])
def test_the_list_finds_what_was_once_said(pattern, once, why):
    assert re.search(pattern, once) and why


def test_what_is_not_so_is_said_nowhere():
    said = []
    files = list(tracked())
    assert len(files) > 80 and root / "README.md" in files
    for path in files:
        text = words(path)
        ours = [FALSE_OF_OURS] * (path.name in ("README.md", "index.ipynb"))
        for pattern, _, why in [*FALSE, *ours]:
            found = [
                text[max(0, f.start() - 40) : f.end() + 20] for f in re.finditer(pattern, text)
            ]
            said += [f"{path.relative_to(root)}: …{each}…, but {why}" for each in found]
    assert not said, "\n".join(said)


def test_nobody_is_sent_to_an_address_that_is_not_ours_yet():
    "Whoever registers a name that nobody has would run their code in classrooms."
    if published:
        return
    ours = [settings["doc_host"].partition("//")[2], settings["git_url"].partition("//")[2]]
    named = [
        f"{path.relative_to(root)}: {address}"
        for path in tracked()
        for address in [*ours, f"{settings['user']}/{settings['repo']}"]
        if address in path.read_text(encoding="utf-8") and path.name != "settings.ini"
    ]
    assert not named, "\n".join(named)


def decibels(drawn, film, kept=(0,)):
    "PSNR of each frame, or of all together."
    error = np.square(drawn.astype(float) - film)
    return -10 * np.log10(error.mean(tuple({0, 1, 2, 3} - set(kept))) / 255**2)


def test_a_saved_scene_gives_every_filmed_frame_back(alive, tmp_path):
    "So it is said wherever somebody might believe otherwise: a scene of a person is a recording."
    film = alive.scene.frames
    loaded = AliveScene.load(alive.save(tmp_path / "cat.alive"))
    again = loaded.render(loaded.embeddings)  # from the file alone
    assert again.shape == film.shape and (again == alive.render(alive.embeddings)).all()
    each = decibels(again, film)
    together = decibels(again, film, ())
    mean_frame = decibels(np.broadcast_to(film.mean(0), film.shape), film, ())
    print(f"{together:.1f} dB; frame by frame {each.min():.1f} to {each.max():.1f} dB")
    assert together > 35 and each.min() > 32 and together > mean_frame + 10


SAY_SO = (
    "README.md",
    "nbs/index.ipynb",
    "nbs/60_alive.ipynb",
    "nbs/71_browser.ipynb",
    "nbs/teach.qmd",
    "nbs/own_video.qmd",
    "nbs/uses.qmd",
    "nbs/living.qmd",
    "nbs/glossary.qmd",
    "nbs/promises.qmd",
    "alive_scene/static/page.html",
    ".github/ISSUE_TEMPLATE/bug.yml",
)


@pytest.mark.parametrize("page", SAY_SO)
def test_where_people_decide_it_is_said(page):
    assert re.search(
        r"\b(every|each)\b[^.]*\bframe\b[^.]*\bdrawn again\b", words(root / page), re.I
    )


def test_how_nearly_is_what_the_lesson_measured():
    lesson = words(root / "nbs" / "60_alive.ipynb")
    measured = round(float(re.search(r"'PSNR of the drawing, dB': ([\d.]+)", lesson)[1]))
    for page in ("README.md", "nbs/index.ipynb", "nbs/teach.qmd"):
        said = re.findall(r"(\d+) dB for the bundled cat", words(root / page))
        assert said and set(said) == {str(measured)}, page


def tables(folder):
    "What the cells of nbs/index.ipynb show in a folder that has bench/*.json, as README.md has it."
    found = []
    known = {}
    for cell in json.loads((root / "nbs" / "index.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code" or "AlivePlayer" in "".join(cell["source"]):
            continue  # a widget is no table
        *body, last = ast.parse("".join(cell["source"])).body
        if not isinstance(last, ast.Expr):
            body, last = [*body, last], None
        exec(compile(ast.Module(body, []), folder, "exec"), known)
        if last:
            found.append(
                moved(eval(compile(ast.Expression(last.value), folder, "eval"), known).data)
            )
    return found


@pytest.fixture
def bench(tmp_path, monkeypatch):
    "A copy of what bench/ keeps, where the cells of the index look for it."
    (tmp_path / "bench").mkdir()
    (tmp_path / "nbs").mkdir()
    for path in (root / "bench").glob("*.json"):
        shutil.copy(path, tmp_path / "bench")
    monkeypatch.chdir(tmp_path / "nbs")
    return tmp_path / "bench"


def test_the_figures_of_the_readme_are_those_of_the_bench(bench):
    readme = (root / "README.md").read_text(encoding="utf-8")
    shown = tables("index")
    assert len(shown) >= 4 and len(re.findall(r"\d", "".join(shown))) > 100
    stale = [each for each in shown if each.strip() not in readme]
    assert not stale, f"run nbs/index.ipynb, then make export: {stale}"


def change_generator(kept):
    kept["recorded"]["published SIREN"]["PSNR seen"] += 1


def change_blend(kept):
    kept["scenes"]["portrait"]["blend"]["PSNR unseen"] -= 9


def change_codec(kept):
    kept["storage"]["recorded"]["H.264 at the size of ours, moving"]["PSNR"] += 1


def change_behavior(kept):
    next(iter(kept["clips"].values()))[0]["holds"]["freedom"] ^= True


def add_rival(kept):
    for parts in kept["clips"].values():
        parts.append(parts[0] | {"name": "a rival to come"})


def change_cost(kept):
    kept["sizes"][1]["fit_seconds"] += 5


@pytest.mark.parametrize(
    "name, change",
    [
        ("generator", change_generator),
        ("generator", change_blend),
        ("generator", change_codec),
        ("behavior", change_behavior),
        ("behavior", add_rival),
        ("kit", change_cost),
    ],
)
def test_a_figure_that_changes_is_seen_in_the_readme(name, change, bench):
    before = tables("index")
    kept = json.loads((bench / f"{name}.json").read_text(encoding="utf-8"))
    change(kept)
    (bench / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")
    assert tables("index") != before
