"What is made from the lessons for teachers: objectives, the plan, slides, the page of figures."

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browsers import patient, until

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
import slides  # noqa: E402, scripts beside the lessons
import syllabus  # noqa: E402

too_large = """[...document.querySelectorAll('.inside')].filter(one =>
  one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1).length"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("slides")
    slides.make(out)
    return out


def test_each_lesson_has_one_objective():
    assert list(syllabus.OBJECTIVES) == [path.stem for path in syllabus.lessons]
    for name, said in syllabus.OBJECTIVES.items():
        assert said.endswith(".") and said[0].islower() and "\n" not in said, name
        assert len(said.split()) < 32, f"{name}: one line, please"


def test_the_plan_adds_up():
    seconds = {path.stem: 60 for path in syllabus.lessons}
    said = syllabus.plan(seconds)
    assert all(f"[{path.stem}](" in said for path in syllabus.lessons)
    taught = [name for week in syllabus.WEEKS for name in week.lessons]
    assert len(syllabus.WEEKS) == 6 and len(taught) == len(set(taught)) and taught == sorted(taught)
    read = sum(syllabus.minutes(root / "nbs" / f"{name}.ipynb") for name in taught) / 60
    hours = [float(found) for found in re.findall(r"To read ([\d.]+) hours", said)]
    assert abs(sum(hours) - read) < 0.5 and max(hours) < 5  # as the page says
    runs = [float(found) for found in re.findall(r"to run ([\d.]+) minutes", said)]
    assert runs == [len(week.lessons) for week in syllabus.WEEKS]
    kept = json.loads((root / "bench" / "times.json").read_text(encoding="utf-8"))["seconds"]
    assert not set(taught) - set(kept), "bench/times.json lacks a lesson of the plan"


def pictures(path):
    "How many pictures a lesson shows before its plumbing."
    many = 0
    section = ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            found = re.findall(r"^##+ (.+)$", "".join(cell["source"]), re.M)
            section = found[-1] if found else section
        elif not slides.left_out.match(section):
            outputs = cell.get("outputs", [])
            many += sum(any("image/" in kind for kind in out.get("data", {})) for out in outputs)
    return many


class Page(HTMLParser):
    "Its sections by kind, its pictures, its links."

    def __init__(self, path):
        super().__init__()
        self.kinds = []
        self.pictures = []
        self.links = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "section":
            self.kinds.append(attrs["class"])
        if tag == "img" and "src" in attrs:
            self.pictures.append(attrs)
        self.links += [attrs[key] for key in ("href", "src") if key in attrs]


def test_each_lesson_has_its_slides_and_each_figure_is_on_the_wall(folder):
    wall = [one["src"] for one in Page(folder / "figures.html").pictures]
    assert len(wall) == len(set(wall)) == sum(map(pictures, syllabus.lessons)) > 200
    for path in syllabus.lessons:
        page = Page(folder / f"{path.stem}.html")
        assert page.kinds[0] == "title" and page.kinds.count("title") == 1, path.stem
        assert "recap" in page.kinds, path.stem
        text = (folder / f"{path.stem}.html").read_text(encoding="utf-8")
        asks = "**Predict before" in path.read_text(encoding="utf-8")
        assert ("predict" in page.kinds) == asks, path.stem
        assert not re.search(r"\$\$|FORMULA|<h2>(Plumbing|Appendix)", text), path.stem
        assert "<summary>" not in text and "Solution" not in text, f"{path.stem} tells a solution"
        assert syllabus.OBJECTIVES[path.stem].split(",")[0].replace("'", "&#x27;") in text


def test_slides_ask_nobody_and_lead_nowhere_that_is_not_there(folder):
    for path in folder.glob("*.html"):
        page = Page(path)
        loads = [one for one in page.pictures if "://" in one["src"]]
        assert not loads, f"{path.name} asks {loads}"
        assert all(one.get("alt", "").strip() for one in page.pictures)
        near = [link for link in page.links if "://" not in link]
        assert not [link for link in near if not (folder / link).is_file()], path.name


def test_some_lessons_alone(tmp_path):
    run = [sys.executable, root / "nbs" / "slides.py", "15", "--out", tmp_path / "s"]
    ran = subprocess.run(run, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    names = {path.name for path in (tmp_path / "s").glob("*.html")}
    assert names == {"15_path.html", "figures.html", "index.html"}
    run[2] = "77"
    ran = subprocess.run(run, capture_output=True, text=True)
    assert ran.returncode == 2 and "no lesson begins with 77" in ran.stderr


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=["720", "1080"])
def test_each_slide_fits_the_wall(browser, folder, size):
    page = patient(browser.new_page(viewport=dict(width=size[0], height=size[1])))
    said = []
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    for path in syllabus.lessons:
        page.goto((folder / f"{path.stem}.html").as_uri())
        if many := page.evaluate(too_large):
            said.append(f"{path.stem}: {many} slides are larger than the screen")
    page.close()
    assert not said, "\n".join(said)


def test_keys_turn_and_show_the_words(browser, folder):
    page = patient(browser.new_page(viewport=dict(width=1280, height=720)))
    page.goto((folder / "50_rollout.html").as_uri())
    for key, there in (("ArrowRight", "2"), ("PageDown", "3"), ("ArrowLeft", "2")):
        page.keyboard.press(key)
        until(page, f"location.hash === '#{there}'")
        top = f"document.getElementById('{there}').getBoundingClientRect().top"
        until(page, f"Math.abs({top}) < 2")
    seen = "[...document.querySelectorAll('.notes')].some(one => one.getClientRects().length)"
    assert not page.evaluate(seen)
    page.keyboard.press("n")
    assert page.evaluate(seen) and not page.evaluate(too_large)
    page.close()


def test_a_figure_fills_the_window(browser, folder):
    page = patient(browser.new_page(viewport=dict(width=1280, height=720)))
    page.goto((folder / "figures.html").as_uri())
    shown = "document.querySelector('dialog[open] img')"
    page.locator(".grid button").nth(3).click()
    until(page, f"{shown}?.getBoundingClientRect().height > 500")
    first = page.evaluate(f"{shown}.src")
    page.keyboard.press("ArrowRight")
    until(page, f"{shown}.src !== '{first}'")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('dialog').open")
    page.close()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, folder):
    page = patient(browser.new_page(viewport=dict(width=390, height=844)))
    for name in ("index", "figures", "40_vae"):
        page.goto((folder / f"{name}.html").as_uri())
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide), name
    page.close()
