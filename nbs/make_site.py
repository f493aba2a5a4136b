"""Build the site into _docs/: python nbs/make_site.py [--run] [--tiny] [--address URL] [--out FOLDER].
It is what `make docs` calls."""

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
from html import unescape
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import make_readme
import nbformat
from latex2mathml.converter import convert
from make_readme import published, settings
from run_alive import execute
from site_finish import finish
from site_pages import (
    api,
    attacks,
    built,
    card,
    costs,
    formula_sheet,
    front,
    gallery,
    parameters,
    places,
    rooms,
    times,
)
from slides import make as make_slides
from strip_widgets import still
from syllabus import objectives, plan

root = Path(__file__).absolute().parent.parent
# Pages that live elsewhere in the tree, and how they are called on the site.
others = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "data/README.md": "data.md",
    "alive_scene/weights/MODEL_CARD.md": "model_card.md",
}
plotly = "plotly.min.js"
LONG = 14  # lines: a longer listing is folded
SHORT = 6  # lines, where it is plumbing or draws a figure
# The still of README.md, with the line that says what it shows
STILL = re.compile(r"!\[[^]]*\]\(images/alive\.webp\)\n\n[^\n]+\n*")
elsewhere = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>alive_scene.{room}</title></head>
<body><script>
addEventListener("DOMContentLoaded", () => location.replace(\
document.getElementById(decodeURIComponent(location.hash.slice(1)))?.href ?? "api_{room}.html"));
</script>
<p>The reference of alive_scene.{room} is at <a href="api_{room}.html">api_{room}.html</a>.</p>
<ul>
{links}
</ul></body></html>
"""


def source_of(path):
    return f"{settings['git_url']}/blob/{settings['branch']}/{path}"


def at_home(path, words):
    "A link to a file where the repository is published; until it is, the file's name alone."
    return f"[{words}]({source_of(path)})" if published else f"`{path}`"


def link(target, page):
    """A link of a page at `page` (its place in the tree), as the site has it.
    That is a page of the site, or else the file at its home."""
    path, _, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", target):
        return target
    there = (page.parent / path).as_posix()
    while "/../" in f"/{there}":
        there = re.sub(r"(^|/)(?!\.\./)[^/]+/\.\.(/|$)", r"\1", there).strip("/")
    anchor = anchor and f"#{anchor}"
    if there in others:
        return others[there] + anchor
    if there.startswith("nbs/"):
        return there.removeprefix("nbs/") + anchor
    return source_of(there) + anchor


def prose(text, page, names):
    """A page's Markdown with its links as the site has them; code is left alone.
    Each public name in backticks becomes a link into the reference."""

    def line(text):
        if not published:  # of a link that leads out of the site, the words stay
            text = re.sub(
                r"\[([^][]*)\]\(([^)\s]+)\)",
                lambda found: (
                    found[1] if link(found[2], page).startswith(settings["git_url"]) else found[0]
                ),
                text,
            )
        text = re.sub(r"(?<=\]\()([^)\s]+)(?=\))", lambda found: link(found[1], page), text)
        if text.startswith("#"):
            return text
        return re.sub(
            r"(?<!\[)`([A-Za-z_.]+)(?:\([^`]*\))?`(?!\])",
            lambda found: f"[{found[0]}]({names[found[1]]})" if found[1] in names else found[0],
            text,
        )

    fenced = False
    out = []
    for each in text.split("\n"):
        if each.lstrip().startswith("```"):
            fenced = not fenced
        out.append(each if fenced or each.startswith("    ") else line(each))
    return formulas("\n".join(out))


def formulas(text):
    """A page's formulas, $inline$ and $$displayed$$, as MathML; code is left alone.
    A browser draws it by itself: there is no script to fetch, and a screen reader can read it."""
    code = r"^ *(`{3,}|~{3,}).*?^ *\1 *$|`[^`\n]+`|^ {4}.*?$"
    displayed = r"\$\$(?P<displayed>.+?)\$\$"
    inline = r"(?<![\\\w$])\$(?=[^\s$])(?P<inline>[^$\n]*?)(?<=\S)\$(?![\d$])"

    def drawn(found):
        if found["displayed"]:
            return f"\n```{{=html}}\n{convert(found['displayed'].strip(), display='block')}\n```\n"
        return convert(found["inline"]) if found["inline"] else found[0]

    return re.sub(f"{code}|{displayed}|{inline}", drawn, text, flags=re.M | re.S)


def said(text):
    "The last sentence before a picture, as plain words: what a reader who can't see it is told."
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", unescape(re.sub(r"<[^>]+>", "", text)))
    lines = [
        each.strip()
        for each in text.split("\n")
        if each.strip() and not each.startswith(("|", "    ", "```"))
    ]
    return re.sub(r"[`*#>_]", "", lines[-1]).strip()[:300] if lines else ""


def shown(output):
    "An output as the site shows it; None for one that only Jupyter can use."
    data = output.get("data", {})
    output = still(output)
    if output is None:
        return None
    data.pop("application/vnd.plotly.v1+json", None)
    html = "".join(data.get("text/html", ""))
    if "plotly" not in html:
        return output
    if "plotly-graph-div" not in html:
        return None  # only told a notebook where to fetch plotly
    html = re.sub(r'<script src="[^"]*mathjax[^"]*"></script>', "", html)
    data["text/html"] = re.sub(
        r'<script [^>]*src="https://cdn\.plot\.ly/[^"]*"[^>]*></script>',
        f'<script src="{plotly}"></script>',
        html,
    )
    return output


def folded(text, under):
    """What a folded cell is called; None for one that stays open.
    Imports are folded, long listings, how a figure is drawn (the figure is what is looked at), and
    plumbing: by its heading, or because every name in it is private."""
    try:
        body = ast.parse(text).body
    except SyntaxError:  # a magic
        return None
    named = [each for each in body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    names = [each.name for each in named]
    private = names and len(names) == len(body) and all(name.startswith("_") for name in names)
    draws = re.search(r"\b(plt|axes|axis|figure|fig|panels?)\.\w", text)
    lines = text.count("\n") + 1
    if all(isinstance(each, (ast.Import, ast.ImportFrom)) for each in body):
        return "Imports"
    most = SHORT if draws or under.startswith("Plumbing") else LONG
    if lines <= most and not private:
        return None
    return f"{', '.join(names) or ('Drawing' if draws else 'Code')} ({lines} lines)"


def code(cell, before, under):
    """A code cell as the site shows it; None for one that is only for nbdev.
    What is plumbing or long is folded, pictures get words."""
    directive = re.match(r"#\| *(\w+)", cell.source)
    # nbdev's directives go, Quarto's (key: value) stay
    text = re.sub(r"^#\|[^:\n]*$\n?", "", cell.source, flags=re.M).strip()
    summary = folded(re.sub(r"^#\|.*\n", "", text, flags=re.M), under)
    if directive and directive[1] == "default_exp" or not text:
        return None
    if directive and directive[1] == "hide" and summary != "Imports":
        return None
    options = []
    if summary:
        options = ["#| code-fold: true", f"#| code-summary: {json.dumps(summary)}"]
    cell.outputs = [out for out in map(shown, cell.outputs) if out]
    if any(kind.startswith("image/") for out in cell.outputs for kind in out.get("data", {})):
        alt = said(before) or "A picture that the code above drew."
        options += [f"#| fig-alt: {json.dumps(alt, ensure_ascii=False)}"]
    return "\n".join([*options, text])


def stage(source, out, names, opening=""):
    """A notebook as the site shows it.
    Its first heading becomes the title, the quoted line under it what the page is about.
    What the site opens with takes the place of the index's still."""
    book = nbformat.read(source, as_version=4)
    page = Path("nbs") / source.name
    cells = []
    before = under = ""
    for cell in book.cells:
        if cell.cell_type == "code":
            text = code(cell, before, under)
        else:
            text = before = prose(cell.source, page, names)
            for heading in re.findall(r"^##? (.+)", cell.source, flags=re.M):
                under = heading
        if text is None:
            continue
        cell.source = text
        cell.metadata = {}
        cells.append(cell)
    first = next(cell for cell in cells if cell.cell_type == "markdown")
    title, about = re.match(r"# (.+)\n+(?:> (.+)\n*)?", first.source).groups()
    room = source.stem[3:] if (root / "alive_scene" / f"{source.stem[3:]}.py").exists() else None
    first.source = re.sub(r"# .+\n+(> .+\n*)?", "", first.source, count=1)
    if source.stem != "index":
        first.source = f"{home(page.as_posix(), room)}\n\n{first.source}"
    elif opening:
        first.source = f"{opening}\n{first.source}"
        for cell in cells:
            cell.source = STILL.sub("", cell.source)
    front = (
        f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n"
        + f"description: {json.dumps(about, ensure_ascii=False)}\n" * bool(about)
        + "---"
    )
    book.cells = [nbformat.v4.new_raw_cell(front), *cells]
    book.metadata = {"kernelspec": book.metadata.kernelspec}
    nbformat.write(book, out / source.name)


def home(page, room):
    "The line at the top of a lesson: where it lies, and what it exports."
    parts = [at_home(page, "notebook")]
    if room:
        parts.append(f"[reference of `alive_scene.{room}`](api_{room}.qmd)")
    return " · ".join(parts)


def run(out):
    "Run every notebook by papermill; the site is built from what they then show."
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for notebook in sorted((root / "nbs").glob("*.ipynb")):
        print(f"running {notebook.name}", flush=True)
        execute(notebook, out / notebook.name)
    return out


def contents(out, address):
    """The site's settings without the pages that aren't there (yet); each is named.
    With its address, since what shows a preview of a page takes no other address of its picture."""
    known = {path.name for path in out.iterdir()}
    lines = []
    for each in (root / "_quarto.yml").read_text(encoding="utf-8").splitlines():
        page = re.search(r"[\w.]+\.(?:ipynb|qmd|md)\b", each)
        if page and page[0] not in known:
            print(f"left out of the sidebar, there is no such page: {page[0]}")
        else:
            lines.append(each)
            if address and each == "website:":
                lines.append(f"  site-url: {json.dumps(address)}")
    (out / "_quarto.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def render(out):
    "Make pages of what was staged, by Quarto where it is installed, else by smalldocs."
    quarto = shutil.which("quarto")
    command = (
        [quarto, "render", str(out)]
        if quarto
        else [sys.executable, "-m", "smalldocs.cli", "render", str(out)]
    )
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(
            f"{Path(command[0]).name} could not render the site:\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        )
    return out / "_site"


def redirects(site, names):
    """A page for each ROOM.html that nbdev's cross-links (`alive_scene/_modidx.py`) name.
    It has their anchors, which are in lower case, and leads on into the reference."""
    spec = spec_from_file_location("_modidx", root / "alive_scene" / "_modidx.py")
    index = module_from_spec(spec)
    spec.loader.exec_module(index)
    for room in built:
        page = site / f"{room}.html"
        links = []
        if page.exists():
            sys.exit(
                f"{page.name} is a page already; nbdev's cross-links to {room} would lead there"
            )
        for name, (place, _) in index.d["syms"][f"alive_scene.{room}"].items():
            # what Python calls itself (__init__): its class
            called = re.sub(r"\.__\w+__$", "", name.removeprefix(f"alive_scene.{room}."))
            there = names.get(called)
            if there:
                anchor = place.partition("#")[2]
                address = there.replace(".qmd", ".html")
                links.append(f'<li><a id="{anchor}" href="{address}">{name}</a></li>')
        page.write_text(elsewhere.format(room=room, links="\n".join(links)), encoding="utf-8")


def own_fonts(site):
    "Take the themes' requests for web fonts out; a reader's own fonts serve."
    for style in site.rglob("*.css"):
        style.write_text(
            re.sub(
                r"@import\s*(url\([^)]*//[^)]*\)|[\"'][^\"']*//[^\"']*[\"']);?",
                "",
                style.read_text(encoding="utf-8"),
            ),
            encoding="utf-8",
        )


def asks_outside(site):
    "What a page would fetch from elsewhere when it is read: (page, address)."
    loads = re.compile(
        r"<(?:script|img|link|iframe|video|source)\b[^>]*?(?:src|href)=[\"'](https?:)?(//[^\"']+)"
        r"|import [\"'](https?:)(//[^\"']+)"
    )
    for page in sorted(site.rglob("*.html")):
        for found in loads.finditer(page.read_text(encoding="utf-8")):
            if 'rel="canonical"' not in found[0]:
                yield page.name, found[2] or found[4]


def pages(staged, executed, opening):
    "Stage everything that the site shows but the gallery; returns {public name: its place in the reference}."
    names = api(staged, at_home)
    for notebook in sorted((root / "nbs").glob("*.ipynb")):
        stage(executed / notebook.name if executed else notebook, staged, names, opening)
    for page in [*sorted((root / "nbs").glob("*.qmd")), *map(root.joinpath, others)]:
        text = prose(page.read_text(encoding="utf-8"), page.relative_to(root), names)
        (staged / others.get(page.relative_to(root).as_posix(), page.name)).write_text(
            text, encoding="utf-8"
        )
    shutil.copytree(root / "nbs" / "images", staged / "images")
    card(staged / "images")
    shutil.copy(root / "nbs" / "site.css", staged)
    workflow = (root / "examples" / "notebook-ci.yml").read_text(encoding="utf-8")
    (staged / "_notebook_ci.md").write_text(f"```yaml\n{workflow}```\n", encoding="utf-8")
    parameters(staged)
    rooms(staged)
    costs(staged)
    attacks(staged)
    times(staged)
    places(staged)
    seconds = json.loads((root / "bench" / "times.json").read_text(encoding="utf-8"))["seconds"]
    (staged / "_objectives.md").write_text(objectives(), encoding="utf-8")
    (staged / "_plan.md").write_text(plan(seconds), encoding="utf-8")
    (staged / "_slides.md").write_text(
        "[All slides](slides/index.html), and [all figures](slides/figures.html), as this site has "
        "them.\n",
        encoding="utf-8",
    )
    formula_sheet(staged, formulas)
    return names


def build(out, *, executed=None, tiny=False, address=None):
    """Stage every page, render and finish them, and lay the gallery and plotly beside them.
    The address is where the site will be; None: where it is published, if it is."""
    staged = root / "_proc" if not tiny else out.with_name(f"{out.name}_proc")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    scenes = gallery(staged, tiny)
    names = pages(staged, executed, front() if scenes else "")
    contents(staged, address or (make_readme.site if published else None))
    site = render(staged)
    finish(site)
    if scenes:
        shutil.copytree(scenes, site / "gallery", dirs_exist_ok=True)
    shutil.copy(Path(find_spec("plotly").origin).parent / "package_data" / plotly, site)
    shutil.copy(root / "nbs" / "site.js", site)
    make_slides(site / "slides")
    shutil.copytree(staged / "images", site / "images", dirs_exist_ok=True)
    own_fonts(site)
    redirects(site, names)
    outside = [f"{page} would ask {address}" for page, address in asks_outside(site)]
    if outside:
        sys.exit("\n".join([*outside, "The site must be readable without the internet."]))
    shutil.rmtree(out, ignore_errors=True)
    shutil.move(site, out)
    print(f"{len(list(out.glob('*.html')))} pages in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run",
        action="store_true",
        help="run every notebook first (papermill, quick setting), and show what it gave",
    )
    parser.add_argument(
        "--tiny", action="store_true", help="a gallery of one tiny scene, for a test"
    )
    parser.add_argument("--address", help="where the site will be, for previews: https://…")
    parser.add_argument("--out", type=Path, default=root / "_docs", help="the folder to write")
    asked = parser.parse_args()
    build(
        asked.out.absolute(),
        executed=run(root / "out" / "executed") if asked.run else None,
        tiny=asked.tiny,
        address=asked.address,
    )
