"Every promise is held by something that is there."
import re
from pathlib import Path

import pytest

root = Path(__file__).parent.parent
page = (root/"nbs"/"promises.qmd").read_text(encoding="utf-8")
tests = {name for path in (root/"tests").glob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)}
targets = set(re.findall(r"^(\w+):", (root/"Makefile").read_text(encoding="utf-8"), re.M))


def rows(text): return [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ") and not line.startswith("| promise |")]


def there(word):
    "Is it a test, a command or a file of this repository?"
    if word.startswith("test_") and "." not in word: return word in tests
    if word.startswith("make "): return word.removeprefix("make ") in targets
    return "/" in word and (root/word).is_file()


def held(text): return [(promise, re.findall(r"`([^`]+)`", by)) for promise, by in rows(text)]


def test_every_promise_is_held_by_what_is_there():
    assert len(held(page)) >= 25
    for promise, by in held(page):
        assert by, f"nothing holds: {promise}"
        for word in by: assert there(word), f"{word} is not there: {promise}"
    for word in re.findall(r"`([^`]+)`", page.split("\n## ")[0]): assert there(word), word


@pytest.mark.parametrize("word", ["test_of_nothing", "make believe", "bench/nothing.py", "tests/", "nothing"])
def test_what_is_not_there_is_told(word): assert not there(word)


def test_what_is_promised_of_every_test_is_collected():
    "`make test` runs pytest over tests/, so that each of these is a test of it; the long ones are the nightly workflow's."
    assert "python -m pytest\n" in (root/"Makefile").read_text(encoding="utf-8") and "testpaths = tests" in (root/"pytest.ini").read_text(encoding="utf-8")
    nightly = (root/".github"/"workflows"/"nightly.yml").read_text(encoding="utf-8")
    long = {word for _, by in held(page) for word in by if word.startswith("bench/") and word != "bench/device.py"}
    assert len(long) == 3 and all(word in nightly for word in long) and "make torture" in nightly
