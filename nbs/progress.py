"""Which exercises are solved? python nbs/progress.py [FOLDER], as `make progress` does.
Reads what the checks last said in the notebooks of a folder, as they were saved: by default the course.
It runs nothing and sends nothing. In a notebook: from progress import table; print(table())"""

import argparse
import json
import re
from pathlib import Path

course = Path(__file__).parent
STATES = ("solved", "wrong", "run again", "to do")


def text(part):
    "A string of a notebook file, which may be kept as a list of lines."
    return part if isinstance(part, str) else "".join(part)


def said(cell):
    "The last thing a cell said: (its kind, the text)."
    for output in reversed(cell.get("outputs", [])):
        if output["output_type"] == "error":
            first = output.get("evalue", "").strip().splitlines()
            return "error", f"{output.get('ename', 'error')}: {first[0] if first else ''}".strip(
                ": "
            )
        if output["output_type"] == "execute_result":
            return "result", text(output["data"].get("text/plain", "")).strip("'\"")
    return "nothing", ""


def state(cell):
    "One of STATES, and what went wrong."
    kind, words = said(cell)
    if kind == "error":
        return "wrong", words
    if kind == "result" and words.startswith("right"):
        hole = re.search(r"^ +return None +# your turn", text(cell["source"]), re.M)
        return ("run again", "it was right, and is a hole now") if hole else ("solved", "")
    return "to do", ""


def exercises(book):
    "Of a lesson: the name, the level where one is given, and the state of each exercise."
    level = ""
    for cell in book["cells"]:
        source = text(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            levels = re.findall(r"^\*\*\d+\. .*?\*\* \((easy|medium|open)\)", source, re.M)
            level = levels[-1] if levels else ""
            continue
        name = re.fullmatch(r"check\w*\((\w+)\)", source.rpartition("\n")[2])
        if name and f"def {name[1]}(" in source:
            yield name[1], level, *state(cell)
            level = ""


def lines(lesson, found):
    "Of a lesson: how many are solved, and, once one was begun, each."
    solved = sum(where == "solved" for _, _, where, _ in found)
    yield f"{lesson:24}{solved} of {len(found)}"
    if all(where == "to do" for _, _, where, _ in found):
        return
    for each in STATES:
        for name, level, where, why in found:
            if where == each:
                mark = f" ({level})" if level else ""
                yield f"    {where:10}{name}{mark}{f': {why}' if why else ''}"


def table(folder=course):
    "A table of all exercises in a folder of lessons. Raises ValueError for a folder without any."
    lessons = sorted(Path(folder).glob("[0-9]*.ipynb"))
    shown = []
    every = []
    for path in lessons:
        try:
            found = list(exercises(json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, KeyError, TypeError):
            shown.append(f"{path.stem:24}can't be read: is it a notebook, and saved whole?")
            continue
        every += found
        shown += lines(path.stem, found) if found else []
    if not shown:
        raise ValueError(
            f"{folder} has no lessons with exercises: name the folder of the notebooks"
        )
    solved = sum(where == "solved" for _, _, where, _ in every)
    shown.append(f"{'together':24}{solved} of {len(every)}, as the notebooks were last saved")
    return "\n".join(shown)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=course)
    try:
        print(table(parser.parse_args().folder))
    except ValueError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
