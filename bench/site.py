"""How quick and how large is the site, and how does it look? `python bench/site.py` prints one table.

It builds the site as `make docs` does, from what the notebooks show. `--pictures FOLDER` also photographs
every page, those of the gallery included, at desktop and phone width, light and dark, each whole; and lays
them side by side on contact sheets, to be looked at: a long page goes on in the next column. `--only` takes
some pages, by a part of their name. It borrows the tests' way of opening a browser.
"""

import argparse
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "nbs")]
import browsers  # noqa: E402, they lie among the tests
import test_site as reader  # noqa: E402
from make_site import build  # noqa: E402

sys.path.insert(0, str(ROOT / "bench"))
from stamp import stamp  # noqa: E402

WIDTHS = {1280: 212, 390: 115}  # pixels of a page, and of its column on a sheet
SIDE = 1092  # pixels of a sheet


def photograph(page, address, width):
    "The whole page as one picture, taken in parts: a browser draws only so many pixels at once."
    page.goto(address, wait_until="load")
    if "/gallery/" in address:
        page.evaluate("alive.ready")
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 800):  # what loads late is asked for
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(20)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2500 if "living" in address or "gallery" in address else 200)
    height = page.evaluate("document.documentElement.scrollHeight")
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, 4000):
        clip = dict(x=0, y=top, width=width, height=min(4000, height - top))
        whole.paste(Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip))), (0, top))
    return whole


def columns(name, whole, width):
    "A page, small, cut into columns of a sheet's height, each with its name."
    small = whole.resize(
        (width, max(1, whole.height * width // whole.width)), Image.Resampling.LANCZOS
    )
    room = SIDE - 16
    for top in range(0, small.height, room):
        column = Image.new("RGB", (width, SIDE), "#888")
        column.paste(small.crop((0, top, width, min(top + room, small.height))), (0, 16))
        ImageDraw.Draw(column).text(
            (2, 2), f"{name} {top // room + 1 if top else ''}", fill="white"
        )
        yield column


def sheets(folder, name, strips):
    "Lay the columns side by side on as many sheets as they need."
    each = SIDE // (strips[0].width + 6)
    for i in range(0, len(strips), each):
        sheet = Image.new("RGB", (SIDE, SIDE), "#444")
        for j, strip in enumerate(strips[i : i + each]):
            sheet.paste(strip, (j * (strip.width + 6), 0))
        sheet.save(folder / f"sheet-{name}-{i // each + 1:02}.png", optimize=True)


def pictures(site, folder, only, widths):
    "Photograph each page at each width and in each scheme; says how many."
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(
        path.relative_to(site).as_posix()
        for path in [*site.glob("*.html"), *site.glob("gallery/*.html")]
        if path.name not in reader.redirects
    )
    names = [name for name in names if not only or any(part in name for part in only)]
    with reader.served(site) as address, sync_playwright() as play:
        browser = browsers.launch(play)
        for width in widths:
            for scheme in ("light", "dark"):
                page = browser.new_context(
                    viewport=dict(width=width, height=844),
                    color_scheme=scheme,
                    reduced_motion="reduce",
                ).new_page()
                strips = []
                for name in names:
                    whole = photograph(page, address + name, width)
                    stem = name.removesuffix(".html").replace("/", "-")
                    whole.save(folder / f"{stem}-{width}-{scheme}.png")
                    strips += columns(stem, whole, WIDTHS[width])
                page.context.close()
                sheets(folder, f"{width}-{scheme}", strips)
        browser.close()
    return len(names)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--site", type=Path, help="a site that is built already, instead of building one"
    )
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of every page")
    parser.add_argument(
        "--only", nargs="+", default=[], help="parts of names of pages to photograph"
    )
    parser.add_argument(
        "--widths",
        nargs="+",
        type=int,
        choices=list(WIDTHS),
        default=list(WIDTHS),
        help="some widths alone",
    )
    parser.add_argument("--save", type=Path, help="a JSON file to keep the table in")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begin = perf_counter()
        site = asked.site
        if not site:
            site = Path(folder) / "site"
            build(site)
        seconds = perf_counter() - begin
        files = [path for path in site.rglob("*") if path.is_file()]
        rows = {
            "pages": len(list(site.glob("*.html"))),
            "files": len(files),
            "megabytes": sum(path.stat().st_size for path in files) / 1e6,
        }
        if not asked.site:
            rows["seconds to build"] = seconds
        print(f"on {os.cpu_count()} cores\n\n| the site | |\n|---|---|")
        for what, value in rows.items():
            print(f"| {what} | {value:.{1 if isinstance(value, float) else 0}f} |")
        if asked.save:
            asked.save.write_text(json.dumps(dict(**stamp(), **rows), indent=1) + "\n")
        if asked.pictures:
            count = pictures(site, asked.pictures, asked.only, asked.widths)
            print(f"\n{count} pages photographed in {asked.pictures}: look at its sheets")


if __name__ == "__main__":
    main()
