"Every promise is held by something that is there."

import json
import re
import sys
from pathlib import Path

import pytest

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
from site_pages import attacks  # noqa: E402, a script beside the lessons

page = (root / "nbs" / "promises.qmd").read_text(encoding="utf-8")
tests = {
    name
    for path in (root / "tests").glob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
}
targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.M))


def rows(text):
    return [
        line.strip("|").split(" | ")
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| promise |")
    ]


def there(word):
    "Is it a test, a command or a file of this repository?"
    if word.startswith("test_") and "." not in word:
        return word in tests
    if word.startswith("make "):
        return word.removeprefix("make ") in targets
    return "/" in word and (root / word).is_file()


def held(text):
    return [(promise, re.findall(r"`([^`]+)`", by)) for promise, by in rows(text)]


def test_every_promise_is_held_by_what_is_there():
    assert len(held(page)) >= 25
    for promise, by in held(page):
        assert by, f"nothing holds: {promise}"
        for word in by:
            assert there(word), f"{word} is not there: {promise}"
    for word in re.findall(r"`([^`]+)`", page.split("\n## ")[0]):
        assert there(word), word


@pytest.mark.parametrize(
    "word", ["test_of_nothing", "make believe", "bench/nothing.py", "tests/", "nothing"]
)
def test_what_is_not_there_is_told(word):
    assert not there(word)


def test_what_is_promised_of_every_test_is_collected():
    """`make test` runs pytest over tests/, so that each of these is a test of it.

    The long ones are the nightly workflow's.
    """
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    # a mouse wants the machine for itself; all others run beside each other, and none is left out
    assert "python -m pytest tests/test_browser.py\n" in makefile
    beside = r"python -m pytest( --(numprocesses|maxprocesses|dist) \w+)* --ignore tests/test_browser.py\n"
    assert re.search(beside, makefile)
    assert "testpaths = tests" in (root / "pytest.ini").read_text(encoding="utf-8")
    nightly = (root / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    long = {
        word
        for _, by in held(page)
        for word in by
        if word.startswith("bench/") and word != "bench/device.py"
    }
    assert len(long) == 3 and all(word in nightly for word in long) and "make torture" in nightly


def test_the_figures_are_those_that_were_measured_and_all_is_as_promised(tmp_path):
    "A table of the page that shows a broken promise is a failure here."
    kept = {
        name: json.loads((root / "bench" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("fuzz", "faults", "endurance")
    }
    attacks(tmp_path)
    table = (tmp_path / "_attacks.md").read_text(encoding="utf-8")
    assert kept["fuzz"].keys() == {"video", "scene"}
    for row in kept["fuzz"].values():
        assert (
            row["seconds"] >= 300
            and row["tries"] == row["refused"] + row["read"]
            and not row["wrong"]
            and f"{row['tries']:,}" in table
        )
    moments = kept["faults"]["moments"]
    assert (
        sum(row["kills"] for row in moments) >= 50
        and not any(row["damaged"] for row in moments)
        and all(row["left"] <= row["kills"] for row in moments)
    )
    assert all(row["same"] == row["kills"] + row["late"] for row in moments)
    last = kept["endurance"]
    assert (
        last["rollouts"]["steps"] >= 100_000
        and last["player"]["seconds"] >= 600
        and last["video"]["minutes"] >= 10
        and all(part["fine"] for part in last.values())
    )
    assert f"{last['player']['frames']:,}" in table and "_attacks.md" in page
