"""What each lesson is for, and a plan of six weeks: the teachers' page and the slides take it from here."""

import json
import re
from pathlib import Path
from typing import NamedTuple

course = Path(__file__).parent
lessons = sorted(course.glob("[0-9]*.ipynb"))

# After it, a student can …
OBJECTIVES = json.loads((course / "objectives.json").read_text(encoding="utf-8"))


class Week(NamedTuple):
    "A week of the plan: what it asks, its lessons in their order, and what is handed in."

    asks: str
    lessons: tuple[str, ...]
    hands_in: str


WEEKS = (
    Week(
        "What is in a video?",
        ("00_scene", "05_actors", "10_clip"),
        "*Try it* of 00 and 10, and a clip of their own of ten seconds, with one page: what happens "
        "in it, and which of it they expect an encoder to notice.",
    ),
    Week(
        "What shape is a behavior?",
        ("15_path", "20_maps", "25_flow"),
        "*Try it* of 15 and 20, and a map of their own clip, with its trustworthiness and one "
        "crossing at which the path goes on in two ways.",
    ),
    Week(
        "How can a network be a picture?",
        ("30_siren", "31_generator", "33_strokes", "35_morph"),
        "The sine layer and its start from an empty cell (30), and one cause of 31 measured on "
        "their own clip.",
    ),
    Week(
        "How do you learn to move?",
        ("40_vae", "50_rollout"),
        "`reparameterize` and the loop of the rollout from an empty cell, with the prediction "
        "written before the run and what came instead.",
    ),
    Week(
        "Is it alive?",
        ("52_vitals", "54_plan", "55_behavior", "57_peers"),
        "A cheat against the signs: a behavior that holds as many as it can without being alive, "
        "and the sign that catches it.",
    ),
    Week(
        "Your own scene, and says who?",
        ("58_wish", "60_alive", "95_generator_shootout", "96_behavior_shootout"),
        "The capstone: a scene of their own clip, its signs predicted and measured, one of them "
        "broken with a cheat, half a page on what the scene can't do.",
    ),
)


def minutes(path):
    "What a lesson says of itself: minutes to read."
    text = path.read_text(encoding="utf-8")
    return int(re.search(r"To read: about (\d+) minutes", text)[1])


def objectives():
    "What a student can after each lesson, with the minutes it takes to read: a line each."
    rows = [
        f"- [{path.stem}]({path.name}): {OBJECTIVES[path.stem]} "
        f"*{minutes(path)} minutes; [slides](slides/{path.stem}.html).*"
        for path in lessons
    ]
    return "\n".join(rows) + "\n"


def plan(seconds):
    "The weeks, an item each; `seconds` is how long each lesson runs, by its name."
    rows = []
    for number, week in enumerate(WEEKS, 1):
        named = ", ".join(f"[{name}]({name}.ipynb)" for name in week.lessons)
        read = sum(minutes(course / f"{name}.ipynb") for name in week.lessons)
        runs = sum(seconds[name] for name in week.lessons) / 60
        rows.append(
            f"{number}. **{week.asks}** {named}. To read {read / 60:.1f} hours, to run "
            f"{runs:.1f} minutes. *Handed in:* {week.hands_in}"
        )
    taught = {name for week in WEEKS for name in week.lessons}
    aside = [path for path in lessons if path.stem not in taught]
    beside = ", ".join(f"[{path.stem}]({path.name})" for path in aside)
    return "\n".join(rows) + f"\n\nNot in the plan, for who wants more: {beside}.\n"
