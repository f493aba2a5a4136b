"""What an exported page costs while nobody looks, and whether it grows: `python bench/wall.py`.

It prints one table, in about four minutes; `--steps` sets how many steps are counted for growth. The bundled
cat, 200 frames of 128×128 (`--size`), with the default parts, in Chromium without a window and without a
graphics card. Processor time is that of all processes of the browser, as the browser tells it
(SystemInfo.getProcessInfo), as a share of one core. Hidden: the page is told that its tab is hidden, as a
browser tells it. Scrolled away: it stands in a frame above the part of a page that is seen. Beside them an
empty page, and the page while it plays in a window of 1280×800. Growth: steps as fast as they come; the
script's heap after a collection, the number of elements, and the resident memory of the renderer where the
system tells it (Linux), every tenth of the way. `--save FILE` keeps the figures; `--page FILE` measures a
page that was exported before instead of the cat's.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from playwright.sync_api import sync_playwright

from alive_scene.alive import AliveScene
from alive_scene.browser import export_html
from alive_scene.reader import read_scene

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from browsers import launch  # noqa: E402, it lies among the tests
from test_wall import hide  # noqa: E402

sys.path.insert(0, str(ROOT / "bench"))
from stamp import stamp  # noqa: E402

SETTLE = 5000  # milliseconds until what was begun is over
many = "async steps => { for (let i = 0; i < steps; i++) await alive.step(); }"


def cat(folder, size):
    "The page of the bundled cat."
    film = read_scene(ROOT / "data" / "napping_cat.mp4", size=size)
    alive = AliveScene.fit(film, encoder="alive-tiny", seed=0, progress=False)
    return export_html(alive, folder / "cat.html")


def processes(browser):
    "Of each process of the browser: its number, its kind, and the seconds of processor time it has used."
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return found


def share(browser, tab, seconds):
    "Per cent of one core that the browser uses for so many seconds."
    before = sum(one["cpuTime"] for one in processes(browser))
    began = perf_counter()
    tab.wait_for_timeout(1000 * seconds)
    used = sum(one["cpuTime"] for one in processes(browser)) - before
    return 100 * used / (perf_counter() - began)


def resident(browser):
    "Megabytes of the largest renderer, or None where the system doesn't tell."
    sizes = []
    for one in processes(browser):
        status = Path(f"/proc/{one['id']}/status")
        if one["type"] == "renderer" and status.exists():
            line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
            sizes.append(int(line.split()[1]) / 1000)
    return max(sizes, default=None)


def rests(browser, page, folder, seconds):
    "The shares of a core, by what is seen."
    tab = browser.new_page(viewport=dict(width=1280, height=800))
    tab.goto("about:blank")
    tab.wait_for_timeout(SETTLE)
    found = {"an empty page": share(browser, tab, seconds)}
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    tab.wait_for_timeout(SETTLE)
    found["playing, 1280×800"] = share(browser, tab, seconds)
    tab.evaluate(hide, True)
    tab.wait_for_timeout(SETTLE)
    found["hidden"] = share(browser, tab, seconds)
    tab.close()
    tab = browser.new_page(viewport=dict(width=1280, height=800))
    tab.goto("about:blank")
    around = folder / "around.html"
    around.write_text(f'<iframe src="{page.as_uri()}"></iframe><p style="height: 5000px">')
    tab.goto(around.as_uri())
    tab.frames[1].evaluate("alive.ready")
    tab.evaluate("scrollTo(0, 4000)")
    tab.wait_for_timeout(SETTLE)
    found["scrolled away"] = share(browser, tab, seconds)
    tab.close()
    return found


def grows(browser, page, steps):
    "Rows of steps done, megabytes of the script's heap, elements, resident megabytes."
    tab = browser.new_page(viewport=dict(width=640, height=480))
    tab.goto(page.as_uri() + "?play=0")
    tab.evaluate("alive.ready")
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable")
    rows = []
    for tenth in range(11):
        if tenth:
            tab.evaluate(many, steps // 10)
        session.send("HeapProfiler.collectGarbage")
        told = {
            one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]
        }
        rows.append(
            dict(
                steps=tenth * (steps // 10),
                heap=told["JSHeapUsedSize"] / 1e6,
                elements=told["Nodes"],
                resident=resident(browser),
            )
        )
        print(rows[-1], flush=True)
    tab.close()
    return rows


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=10_000, help="steps that are counted")
    parser.add_argument("--seconds", type=float, default=20, help="of each share of a core")
    parser.add_argument("--size", type=int, default=128, help="pixels along a side")
    parser.add_argument("--page", type=Path, help="a page that was exported before")
    parser.add_argument("--save", type=Path, help="a JSON file to keep all figures in")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        page = asked.page and asked.page.resolve() or cat(Path(folder), asked.size)
        browser = launch(play)
        figures = dict(
            **stamp(),
            page=f"{page.stem}, {page.stat().st_size / 1e6:.1f} MB",
            share=rests(browser, page, Path(folder), asked.seconds),
            growth=grows(browser, page, asked.steps),
        )
        browser.close()
    print(f"on {figures['cores']} cores\n\n| | % of one core |\n|---|---|")
    for what, value in figures["share"].items():
        print(f"| {what} | {value:.2g} |")
    print("\n| steps | heap, MB | elements | resident, MB |\n|---|---|---|---|")
    for row in figures["growth"]:
        print("| {steps} | {heap:.2f} | {elements:.0f} | {resident} |".format(**row))
    if asked.save:
        asked.save.write_text(
            json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
