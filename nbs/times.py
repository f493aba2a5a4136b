"""Measure how long each lesson takes to read and to run, and say so at its top.
Called as python nbs/times.py [NAME …] [--save bench/times.json].
With --reading nothing is run: the reading times follow the text, the running times stay.
--save keeps the seconds of each and their total.

Both are said coarsely, and a running time that was said before stays as long as the new one is
near it, so that another run on a machine of like speed changes nothing."""

import argparse
import ast
import json
import math
import os
import re
import tempfile
from itertools import takewhile
from pathlib import Path
from time import perf_counter

import nbformat
from run_alive import execute

course = Path(__file__).parent
lessons = sorted(course.glob("[0-9]*.ipynb"))
said = re.compile(r"\n*\*To read: .*?\*$", re.M)  # the line, wherever the second cell has it
marks = {
    10: "ten seconds",
    20: "twenty seconds",
    30: "half a minute",
    60: "one minute",
    90: "a minute and a half",
    120: "two minutes",
    180: "three minutes",
    240: "four minutes",
    360: "six minutes",
    600: "ten minutes",
    1200: "twenty minutes",
}


def operations(code):
    "What there is to understand in code: calls, arithmetic, comparisons, look-ups, statements."
    if code.startswith(("%", "!")):
        return 1
    kinds = ast.Call | ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.Compare | ast.Subscript
    kinds |= ast.comprehension | ast.stmt
    return sum(isinstance(node, kinds) for node in ast.walk(ast.parse(code)))


def reading(book):
    """Minutes to study a lesson until its recap, in fives: one for forty words, and one for sixty operations.
    Operations, since a line may hold one or ten, and a formatter decides how many lines there are.
    The two speeds are a fit to six lessons that readers followed (62 to 100 minutes each), and meet each
    to within about a quarter. The exercises, and what is plumbing after the recap, come on top."""
    cells = list(takewhile(lambda cell: not cell.source.startswith("## Recap"), book.cells))
    prose, code = (
        [said.sub("", cell.source) for cell in cells if cell.cell_type == kind]
        for kind in ("markdown", "code")
    )
    words = sum(
        len(re.sub(r"<details>.*?</details>|\]\(\S+\)", " ", text, flags=re.S).split())
        for text in prose
    )
    return max(5, 5 * round((words / 40 + sum(map(operations, code)) / 60) / 5))


def running(seconds, before=None):
    "The mark nearest in ratio; the one said before if the time is within a factor of 1.6 of it."
    old = next((mark for mark, words in marks.items() if words == before), None)
    if old and abs(math.log(seconds / old)) < math.log(1.6):
        return before
    return marks[min(marks, key=lambda mark: abs(math.log(seconds / mark)))]


def second(book):
    """The cell after the title, where the line is kept.
    What stands beside the title itself isn't shown on the site."""
    return [cell for cell in book.cells if cell.cell_type == "markdown"][1]


def say(book, seconds=None):
    """Put the line at the end of the second cell, in place of the one before.
    Without seconds the running time stays as it was said."""
    cell = second(book)
    before = next(iter(re.findall(r"two cores: about (.*?)\.\*", cell.source)), None)
    runs = running(seconds, before) if seconds else before
    line = f"*To read: about {reading(book)} minutes." + (
        f" To run, in the quick setting on two cores: about {runs}.*" if runs else "*"
    )
    cell.source = said.sub("", cell.source).rstrip() + "\n\n" + line
    return line


def spent():
    # seconds of the processor for kernels that have ended; 0 on Windows
    return sum(os.times()[2:4])


def measure(path):
    """Seconds that the quick setting takes, with the kernel's start.
    By the clock, or the processor's if that is less, so that other work beside it doesn't count."""
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        before = spent()
        execute(path, Path(folder) / path.name)
        return min(perf_counter() - began, spent() - before or math.inf)


def keep(file, seconds):
    "Add these seconds to what the file has of other lessons, in the order of the course, with the total."
    seconds = (
        json.loads(file.read_text(encoding="utf-8"))["seconds"] if file.is_file() else {}
    ) | seconds
    seconds = {path.stem: seconds[path.stem] for path in lessons if path.stem in seconds}
    kept = dict(cores=os.cpu_count(), seconds=seconds, total=sum(seconds.values()))
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="some lessons alone; how their names begin"
    )
    parser.add_argument("--reading", action="store_true", help="run nothing")
    parser.add_argument("--save", type=Path, help="a JSON file that the seconds are added to")
    asked = parser.parse_args()
    found = {}
    for path in lessons:
        if asked.names and not path.stem.startswith(tuple(asked.names)):
            continue
        seconds = None if asked.reading else measure(path)
        before = path.read_text(encoding="utf-8")
        book = nbformat.read(path, as_version=4)
        line = say(book, seconds)
        if nbformat.writes(book).rstrip() != before.rstrip():
            nbformat.write(book, path)
        if seconds:
            found[path.stem] = round(seconds, 1)
        print(
            f"{path.stem:24}{f'{seconds:.0f} s' if seconds else '':>6}   {line.strip('*')}",
            flush=True,
        )
        if seconds and asked.save:
            keep(asked.save, found)
    if found:
        print(f"{'together':24}{sum(found.values()):5.0f} s")


if __name__ == "__main__":
    main()
