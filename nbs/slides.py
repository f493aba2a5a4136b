"""Slides for projecting, and a page of all figures, from the lessons' own cells.
Called as python nbs/slides.py [NAME …] [--out out/slides]; `make slides` calls it.

It needs no Quarto and no internet, and the slides need neither: a folder of pages that any browser
shows. Right and left turn, f fills the screen, n shows the lesson's words, and to print makes a PDF."""

import argparse
import base64
import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import NamedTuple

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from syllabus import OBJECTIVES, course, lessons, minutes

kinds = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}
LINES = 14  # of code: a longer definition is not for a wall
ROWS = 10  # of a table
LEAD = 2  # sentences that a slide takes of a text
left_out = re.compile(
    r"Plumbing|Appendix|What is refused|Five questions|The same again|Next$|References$"
)
page = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="slides.css"></head>
<body class="{kind}"><main>
{body}
</main>
<script src="slides.js"></script></body></html>
"""
render = MarkdownIt("commonmark", {"html": True}).enable("table").render


class Slide(NamedTuple):
    "One slide: its heading, what it shows as HTML, the lesson's words to it, as Markdown."

    heading: str
    shows: str
    notes: str = ""
    kind: str = "text"


class Figure(NamedTuple):
    "A picture of a lesson: its file, what it shows, the section it stands in."

    file: str
    says: str
    section: str


def html(text):
    "Markdown as HTML: formulas as MathML; of links into the course the words stay."
    kept = []

    def drawn(found):
        shown, inline = found.groups()
        kept.append(convert((shown or inline).strip(), display="block" if shown else "inline"))
        return f"FORMULA{len(kept) - 1}ALUMROF"

    text = re.sub(r"\[([^][]*)\]\((?!https?:)[^)\s]+\)", r"\1", text)
    text = re.sub(
        r"\$\$(.+?)\$\$|(?<![\\\w$])\$(?=[^\s$])([^$\n]*?)(?<=\S)\$(?![\d$])",
        drawn,
        text,
        flags=re.S,
    )
    return re.sub(r"FORMULA(\d+)ALUMROF", lambda found: kept[int(found[1])], render(text))


def sentences(text, many=LEAD):
    "The first of a text."
    return " ".join(re.split(r"(?<=[.!?:]) +(?=[A-Z(*`[$])", " ".join(text.split()))[:many])


def parts(text):
    "The paragraphs of a Markdown cell, without folded solutions and headings."
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
    return [
        part.strip()
        for part in re.split(r"\n\n+", text)
        if part.strip() and not part.startswith("#")
    ]


def is_prose(part):
    return not part.startswith(("$$", "|", "```", "    ", "<", "!", "- "))


def caption(text):
    "The last sentences before a picture."
    prose = [part for part in parts(text) if is_prose(part)]
    if not prose:
        return ""
    found = re.split(r"(?<=[.!?]) +(?=[A-Z(*`[$])", " ".join(prose[-1].split()))
    return " ".join(found[-LEAD:])


def opening(path, cells):
    "The title with the lesson's question and what it is for; then its prediction."
    title, question = re.match(r"# (.+?)\n+> (.+)", cells[0], re.S).groups()
    strip, *rest = parts(cells[1])
    shows = (
        f'<p class="question">{escape(question)}</p>'
        f"<p>After it, you can {escape(OBJECTIVES[path.stem])}</p>"
        f'<div class="strip">{render(strip)}</div>'
    )
    about = f"{path.stem}, {minutes(path)} minutes to read."
    yield Slide(title, shows, "\n\n".join([about, *rest]), "title")
    for part in rest:
        if found := re.match(r"\*\*Predict before you read on[^*]*\*\*\s*(.+)", part, re.S):
            asked = re.sub(r" *\((\d)\) ", r"\n\n(\1) ", found[1])
            yield Slide("Predict", html(asked), kind="predict")


def formulas(text, heading):
    "A slide for a cell that displays formulas: they, and the paragraph that names their symbols."
    found = parts(text)
    shown = []
    for part, after in zip(found, [*found, ""][1:], strict=True):
        if part.startswith("$$"):
            shown.append(part)
            if after and is_prose(after):
                shown.append(sentences(after, 3))
    if shown:
        yield Slide(heading, html("\n\n".join(shown)), text, "formula")


def pictures(cell, name, out, before, heading, count):
    "The figures of a cell's outputs, written as files."
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        kind = next((kind for kind in kinds if kind in data), None)
        if not kind:
            continue
        count += 1
        file = f"figures/{name}-{count:02}.{kinds[kind]}"
        (out / file).write_bytes(base64.b64decode("".join(data[kind])))
        yield Figure(file, caption(before), heading)


def tables(cell):
    "The tables that a cell shows, if they are short enough for a wall."
    for output in cell.get("outputs", []):
        text = "".join(output.get("data", {}).get("text/markdown", ""))
        if text.startswith("|") and text.count("\n") <= ROWS + 2:
            yield html(text)


def listing(cell):
    "An exported definition that is short enough to be read from the last row; None for others."
    text = "".join(cell["source"])
    if not text.startswith("#| export\n"):
        return None
    text = text.removeprefix("#| export\n").strip()
    defined = re.match(r"(@.+\n)*(def|class) [a-zA-Z]", text)
    if not defined or text.count("\n") >= LINES:
        return None
    return f"<pre><code>{escape(text)}</code></pre>"


def told(text, heading, first):
    "The slides of a Markdown cell: a section's first words, its exercises, its recap, its formulas."
    found = parts(text)
    if heading == "Recap":
        points = [part for part in found if part.startswith("- ")]
        yield Slide(heading, html("\n\n".join(points)), text, "recap")
    elif heading == "Try it":
        tasks = [part for part in found if re.match(r"\*\*\d", part)]
        if tasks:
            yield Slide(heading, html("\n\n".join(tasks)), kind="task")
    else:
        prose = [part for part in found if is_prose(part)]
        if first and prose and "$$" not in text:
            yield Slide(heading, html(sentences(prose[0], 3)), text, "section")
        yield from formulas(text, heading)


def read(path, out):
    "A lesson's slides and its figures, which are written below `out`."
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    said = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    slides = list(opening(path, said))
    figures = []
    heading = before = ""
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            ahead, *found = re.split(r"^##+ (.+)$", text, flags=re.M)
            for title, words in zip([heading, *found[::2]], [ahead, *found[1::2]], strict=True):
                first = title != heading
                heading = title
                before = words
                if heading and not left_out.match(heading):
                    slides += told(words, heading, first)
            continue
        if cell["cell_type"] != "code" or left_out.match(heading):
            continue
        seen = list(pictures(cell, path.stem, out, before, heading, len(figures)))
        figures += seen
        if heading in ("Try it", "Recap"):
            continue
        if shown := listing(cell):
            slides.append(Slide(heading, html(caption(before)) + shown, before, "code"))
        for figure in seen:
            words = html(figure.says)
            shows = f'<figure><img src="{figure.file}" alt="{plain(figure.says)}" loading="lazy">'
            shows += f"<figcaption>{words}</figcaption></figure>"
            slides.append(Slide(heading, shows, before, "picture"))
        for table in tables(cell):
            slides.append(Slide(heading, html(caption(before)) + table, before, "table"))
    # a section's first words, unless the next slide says them under its picture
    nexts = [*slides[1:], None]
    shown = ("picture", "code", "table")
    return [
        one
        for one, after in zip(slides, nexts, strict=True)
        if one.kind != "section" or not after or after.notes != one.notes or after.kind not in shown
    ], figures


def plain(text):
    "Markdown as words for an attribute."
    words = re.sub(r"<[^>]+>", "", re.sub(r"<annotation.*?</annotation>", "", html(text)))
    return escape(" ".join(words.split()) or "A figure of the lesson.").replace('"', "&quot;")


def deck(path, slides):
    "A lesson's slides as a page."
    body = []
    for number, slide in enumerate(slides, 1):
        level = "h1" if slide.kind == "title" else "h2"
        words = "\n\n".join(parts(slide.notes))
        notes = f'<aside class="notes">{html(words)}</aside>' if slide.notes else ""
        body.append(
            f'<section id="{number}" class="{slide.kind}"><div class="inside">'
            f"<{level}>{html(slide.heading)[3:-5]}</{level}>\n{slide.shows}</div>"
            f'{notes}<p class="number">{path.stem} · {number}/{len(slides)}</p></section>'
        )
    return page.format(title=slides[0].heading, kind="deck", body="\n".join(body))


def wall(found):
    "All figures on one page: a click shows one as large as the screen, right and left go on."
    body = [
        "<h1>Figures to project</h1><p>A click shows a figure as large as the window. Right and left "
        "go on, f fills the screen, Escape returns.</p>"
    ]
    for path, slides, figures in found:
        body.append(f'<h2 id="{path.stem}">{path.stem}: {escape(slides[0].heading)}</h2>')
        body.append('<div class="grid">')
        for figure in figures:
            says = plain(figure.says)
            body.append(
                f'<button type="button"><img src="{figure.file}" alt="{says}" loading="lazy">'
                f"<span>{escape(figure.section)}</span></button>"
            )
        body.append("</div>")
    body.append('<dialog><img alt=""><p></p></dialog>')
    return page.format(title="Figures to project", kind="wall", body="\n".join(body))


def contents(found):
    "The page of what there is."
    rows = [
        "<h1>Slides of the course</h1>",
        "<p>Made from the lessons' own cells. Right and left turn, f fills the screen, n shows the "
        "lesson's words, and to print makes a PDF. "
        '<a href="figures.html">All figures, to project</a>.</p><ul>',
    ]
    for path, slides, figures in found:
        rows.append(
            f'<li><a href="{path.stem}.html">{path.stem}: {escape(slides[0].heading)}</a> '
            f"({len(slides)} slides, {len(figures)} figures)</li>"
        )
    return page.format(title="Slides", kind="contents", body="\n".join([*rows, "</ul>"]))


def make(out, names=()):
    "Write the slides of some lessons, or of all, the page of figures and the page of what there is."
    shutil.rmtree(out / "figures", ignore_errors=True)
    (out / "figures").mkdir(parents=True)
    found = []
    for path in lessons:
        if names and not path.stem.startswith(tuple(names)):
            continue
        slides, figures = read(path, out)
        (out / f"{path.stem}.html").write_text(deck(path, slides), encoding="utf-8")
        found.append((path, slides, figures))
    (out / "figures.html").write_text(wall(found), encoding="utf-8")
    (out / "index.html").write_text(contents(found), encoding="utf-8")
    for name in ("slides.css", "slides.js"):
        shutil.copy(course / name, out)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="some lessons alone; how their names begin"
    )
    parser.add_argument("--out", type=Path, default=course.parent / "out" / "slides")
    asked = parser.parse_args()
    found = make(asked.out, asked.names)
    if not found:
        parser.error(f"no lesson begins with {', '.join(asked.names)}")
    print(
        f"{sum(len(slides) for _, slides, _ in found)} slides and "
        f"{sum(len(figures) for *_, figures in found)} figures: open {asked.out / 'index.html'}"
    )
