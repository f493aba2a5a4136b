"Would tests/torture.py tell? It is fed lessons that stand one kind of handling and not another."

import subprocess
import sys

import nbformat
import papermill
import pytest
import torture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make torture is for Unix")
FINE = "assert quick and seed >= 0"
LESSONS = {
    "fine": (FINE, set()),
    "broken": ("1/0", {"alone", "no network", "twice in one kernel"}),
    "knows that it ran": ("assert 'ran' not in globals()\nran = True", {"twice in one kernel"}),
    "counts on small seeds": ("assert seed < 9", {"extremes"}),
    "writes beside itself": ("open('left.txt', 'w').close()", {"read-only"}),
    "trips over spaces": ("import os\nassert ' ' not in os.getcwd()", {"spaces"}),
    "says where the network ends": (
        "import socket\n"
        "with socket.socket() as s:\n"
        "    s.settimeout(2)\n"
        "    try: s.connect(('192.0.2.1', 80))\n"
        "    except OSError as error: assert error.errno != 101, 'unreachable'",
        {"no network"},
    ),
}
TRIED = {
    "fine": list(torture.WAYS),
    "broken": ["alone", "no network", "twice in one kernel"],
    "knows that it ran": ["alone", "twice in one kernel"],
    "counts on small seeds": ["alone", "extremes"],
    "writes beside itself": ["alone", "read-only"],
    "trips over spaces": ["alone", "spaces"],
    "says where the network ends": ["no network"],
}


def lesson(path, code, parameters="quick = True\nseed = 0"):
    "A notebook of two cells."
    cells = [
        nbformat.v4.new_code_cell(source, metadata=dict(tags=tags))
        for source, tags in ((parameters, ["parameters"]), (code, []))
    ]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=cells,
            metadata=dict(
                kernelspec=dict(name="python3", display_name="Python 3", language="python")
            ),
        ),
        path,
    )
    return path


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    "A project of lessons alone."
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr(torture, "root", tmp_path)
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("name, way", [(name, way) for name in LESSONS for way in TRIED[name]])
def test_what_a_lesson_does_not_stand_is_told(name, way, checkout):
    code, fails = LESSONS[name]
    said, _ = torture.one_way(way, [lesson(checkout / "nbs" / "10_lesson.ipynb", code)])[
        "10_lesson"
    ]
    assert bool(said) == (way in fails), said


def test_a_parameter_that_is_not_listed_is_told(checkout):
    book = lesson(checkout / "nbs" / "10_lesson.ipynb", FINE, "quick = True\nseed = 0\ncolor = 3")
    assert "color" in torture.extremes(book, checkout) and not torture.alone(book, checkout)


def test_every_parameter_of_the_lessons_is_listed(root):
    named = {
        name
        for book in (root / "nbs").glob("*.ipynb")
        for name in papermill.inspect_notebook(str(book))
    }
    assert named == set(torture.EXTREMES), named ^ set(torture.EXTREMES)


def test_in_reverse_order_a_lesson_finds_what_a_later_one_left(checkout):
    "In the cache, or in the checkout; alone it finds neither."
    first = lesson(
        checkout / "nbs" / "10_first.ipynb",
        "import os\nfrom pathlib import Path\ncache = Path(os.environ['ALIVE_SCENE_CACHE'])\n"
        "assert not (cache/'left').exists() and not Path('left').exists()",
    )
    for where in ("cache", "Path('.')"):
        last = lesson(
            checkout / "nbs" / "20_last.ipynb",
            "import os\nfrom pathlib import Path\ncache = Path(os.environ['ALIVE_SCENE_CACHE'])\n"
            f"{where}.mkdir(exist_ok=True)\n({where}/'left').touch()",
        )
        found = torture.one_way("reverse order", [first, last])
        assert found["10_first"][0] and not found["20_last"][0]
    assert not torture.one_way("alone", [first])["10_first"][0]


@pytest.mark.parametrize(
    "said, names, status", [("", [], 0), ("it broke", [], 1), ("", ["no such lesson"], 1)]
)
def test_a_failure_is_one_of_the_command(said, names, status, checkout, monkeypatch, capsys):
    lesson(checkout / "nbs" / "10_lesson.ipynb", FINE)
    monkeypatch.setattr(torture, "WAYS", {"alone": lambda *_: "", "spaces": lambda *_: said})
    assert torture.main(names) == status and (
        "10_lesson, spaces: it broke" in capsys.readouterr().out
    ) == bool(said)
