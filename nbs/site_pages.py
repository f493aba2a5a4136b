"""The pages of the site that are made from the code itself:
the reference, the picture of the rooms, the teachers' table, the gallery."""

import ast
import importlib
import inspect
import json
import os
import re
import shutil
import sys
import textwrap
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import NamedTuple

import papermill
import platformdirs
from make_readme import published, settings
from PIL import Image, ImageDraw, ImageFont
from skimage import data

root = Path(__file__).absolute().parent.parent
sys.path.insert(0, str(root / "bench"))
import guess  # noqa: E402, a script of bench/

# the notebook that exports a room
lesson = {path.stem[3:]: path for path in sorted((root / "nbs").glob("[0-9]*.ipynb"))}
order = (
    "scene",
    "reader",
    "segments",
    "actors",
    "clip",
    "path",
    "maps",
    "flow",
    "siren",
    "generator",
    "film",
    "strokes",
    "codec",
    "morph",
    "vae",
    "rollout",
    "vitals",
    "ethogram",
    "plan",
    "behavior",
    "peers",
    "wish",
    "views",
    "nerf",
    "alive",
    "reel",
    "graphs",
    "player",
    "explorer",
    "browser",
    "catalogue",
    "gallery",
    "long_video",
    "command",
)
built = [room for room in order if (root / "alive_scene" / f"{room}.py").exists()]


# The reference


def signature(thing, called):
    "How a function begins, as written: each parameter with its type, its default and, behind #, its meaning."
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    begins = next(
        node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.FunctionDef)
    )
    first = begins.body[0]
    # of a function in one line, what stands before its body
    last = lines[first.lineno - 1].encode()[: first.col_offset].decode()
    head = "\n".join([*lines[begins.lineno - 1 : first.lineno - 1], last]).rstrip()
    return re.sub(
        rf"def {begins.name}\((\s*)(?:(?:self|cls)(?::\w+)?(?:,\s*)?)?",
        rf"def {called}(\1",
        head,
        count=1,
    )


def fields(thing):
    "How a dataclass begins: its fields."
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    body = ast.parse("\n".join(lines)).body[0].body
    kept = [node for node in body if isinstance(node, ast.AnnAssign)]
    return "\n".join(
        [
            *lines[: body[0].lineno - 1],
            *(lines[i] for node in kept for i in range(node.lineno - 1, node.end_lineno)),
        ]
    )


def entry(name, thing, called, level):
    "A public name in the reference: how it is called, and what it does."
    if inspect.isclass(thing):
        head = (
            fields(thing)
            if hasattr(thing, "__dataclass_fields__")
            else signature(thing.__init__, called)
        )
    else:
        head = signature(thing, called)
    # its own words, none that it inherits
    about = inspect.cleandoc(thing.__doc__ or "").replace("<", "&lt;")
    return (
        f"{'#' * level} {name} {{#{name.replace('.', '-')}}}\n\n{about}\n\n```python\n{head}\n```\n"
    )


def first_sentence(thing):
    return re.split(r"(?<=[.?]) (?=[A-Z])", " ".join((thing.__doc__ or "").split()))[0]


def methods(name, thing, module):
    "The public methods of a class that its own room gives it."
    for key, value in vars(thing).items():
        function = (
            getattr(value, "fget", None)
            or getattr(value, "func", None)
            or inspect.unwrap(getattr(value, "__func__", value))
        )
        if (
            key.startswith("_")
            or not inspect.isfunction(function)
            or function.__module__ != module.__name__
        ):
            continue
        if "<string>" not in function.__code__.co_filename:
            yield f"{name}.{key}", function, f"{name}.{key}"


def api(out, at_home):
    "Write a page a room, and one with every name; returns {public name: its place}."
    names = {}
    table = ["| name | what it is | taught in |", "|---|---|---|"]
    for room in built:
        module = importlib.import_module(f"alive_scene.{room}")
        taught = f"[{lesson[room].stem}]({lesson[room].name})"
        page = [
            f"---\ntitle: alive_scene.{room}\ndescription: {module.__doc__!r}\n---\n",
            f"Taught in {taught} · {at_home(f'alive_scene/{room}.py', 'source')}\n",
        ]
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            names[name] = f"api_{room}.qmd#{name}"
            page.append(entry(name, thing, name, 2))
            table.append(f"| [`{name}`]({names[name]}) | {first_sentence(thing)} | {taught} |")
            for method in methods(name, thing, module) if inspect.isclass(thing) else ():
                names[method[0]] = f"api_{room}.qmd#{method[0].replace('.', '-')}"
                page.append(entry(*method, 3))
        (out / f"api_{room}.qmd").write_text("\n".join(page), encoding="utf-8")
    head = (
        "---\ntitle: Reference\n"
        "description: Every public name, with the shapes it takes and gives.\n---\n"
    )
    words = (
        "The axis words are batch, time, height, width, channel, embed, latent and point. "
        "Frames are `uint8 (time, height, width, 3)`; "
        "embeddings are `float32 (time, embed)`, each of length one.\n"
    )
    (out / "api.qmd").write_text("\n".join([head, words, *table]) + "\n", encoding="utf-8")
    return names


# The picture of the rooms


def imports(path):
    "The rooms that a module imports, however it is written."
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            name = node.module or ""
            if node.level or name.startswith("alive_scene"):
                name = name.removeprefix("alive_scene").lstrip(".")
                named = [name.split(".")[0]] if name else [alias.name for alias in node.names]
                yield from (room for room in named if room in order)
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("alive_scene.")
            )


def rooms(out):
    "Draw the rooms with an arrow from each to those it imports, and write the same as a table."
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    uses = {
        room: sorted(set(imports(root / "alive_scene" / f"{room}.py")), key=order.index)
        for room in built
    }
    with plt.rc_context({"svg.hashsalt": "rooms", "font.size": 13}):
        figure, axes = plt.subplots(figsize=(6.4, 0.53 * len(built)))
        for i, room in enumerate(built):
            axes.add_patch(
                FancyBboxPatch(
                    (0, -i - 0.25),
                    1.6,
                    0.5,
                    boxstyle="round,pad=.05",
                    fc="#f3ece2",
                    ec=f"C{i % 10}",
                    lw=2,
                )
            )
            axes.text(0.8, -i, room, ha="center", va="center")
            # out of a room's lower edge, into the upper edge of another, the farther the wider
            for name in uses[room]:
                j = built.index(name)
                axes.add_patch(
                    FancyArrowPatch(
                        (1.66, -i + 0.12),
                        (1.66, -j - 0.1),
                        connectionstyle="arc3,rad=.45",
                        arrowstyle="-|>",
                        mutation_scale=11,
                        color=f"C{i % 10}",
                        lw=1.4,
                        shrinkA=0,
                        shrinkB=0,
                    )
                )
        axes.set(xlim=(-0.15, 4.2), ylim=(-len(built) + 0.3, 0.5))
        axes.axis("off")
        figure.savefig(
            out / "rooms.svg", metadata={"Date": None}, facecolor="white", bbox_inches="tight"
        )
    plt.close(figure)
    rows = ["| room | imports | lesson |", "|---|---|---|"]
    for room in built:
        named = ", ".join(f"`{name}`" for name in uses[room]) or "nothing"
        rows.append(
            f"| [`{room}`](api_{room}.qmd) | {named} | [{lesson[room].stem}]({lesson[room].name}) |"
        )
    (out / "_rooms.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


# The teachers' table

# The meaning of a parameter where a notebook's own cell says nothing.
usual = dict(
    video="a video, a GIF, a folder or a glob of pictures; a path as seen from `nbs/`",
    size="pixels a side",
    seed="every random choice comes from it",
    encoder='`"alive-tiny"`, `"untrained"`, or any open_clip name with its training',
    max_frames="at most so many frames",
    frames="at most so many frames",
    neighbors="how many neighbors UMAP looks at",
)


def clone():
    "How Colab gets the kit: the address is a placeholder until the repository is published."
    address = settings["git_url"] if published else "https://YOUR-SCHOOL.invalid/alive_scene"
    lines = [
        "```",
        f"!git clone --depth 1 {address} && pip install -q -e ./alive_scene",
        "%cd alive_scene/nbs",
        "```",
    ]
    if not published:
        lines += [
            "",
            "*A placeholder: this repository is not published yet. Put in the address of the copy "
            "that you have put where your students can reach it, or clone from where you got it. A "
            "name that nobody has registered may be taken by anybody, and what lies there would "
            "run on your students' machines.*",
        ]
    return lines


def parameters(out):
    "Write what every notebook takes with `-p`, as papermill itself reads it."
    rows = ["| parameter and default | meaning |", "|---|---|"]
    for notebook in sorted((root / "nbs").glob("[0-9]*.ipynb")):
        rows.append(f"| **[{notebook.stem}]({notebook.name})** | |")
        for name, about in papermill.inspect_notebook(str(notebook)).items():
            meaning = about["help"].replace("|", "/") or usual.get(name, "")
            rows.append(f"| `{name} = {about['default']}` | {meaning} |")
    for name, lines in (("_parameters", rows), ("_clone", clone())):
        (out / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


# What a scene costs


def costs(out):
    """The measured table of the how-to page, from what bench/kit.py kept.
    The figures that other pages name in a sentence come from there, too."""
    kept = json.loads((root / "bench" / "kit.json").read_text(encoding="utf-8"))
    rows = [
        f"| {row['size']} | {row['frames']} | {row['fit_seconds']:.0f} s "
        f"| {row['drawn_a_second']:.0f} | {row['alive_kilobytes']:.0f} kB |"
        for row in kept["sizes"]
    ]
    page = kept["page_kilobytes"]
    measured = (
        f"Measured by `bench/kit.py` on {kept['cores']} cores without a GPU, encoding included. "
        "The page that `alive-scene export` makes of the middle one has "
        f"{page['inside'] / 1000:.1f} MB, of which the browser's runtime is "
        f"{(page['inside'] - page['beside']) / 1000:.1f} MB."
    )
    (out / "_costs.md").write_text(
        "\n".join(
            [
                "| pixels a side | frames | to fit | frames drawn in a second | `.alive` |",
                "|---|---|---|---|---|",
                *rows,
                "",
                measured,
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    first = kept["sizes"][0]
    last = kept["sizes"][-1]
    seconds = [row["fit_seconds"] for row in kept["sizes"]]
    figures = dict(
        frames=last["frames"],
        smallest=first["size"],
        largest=last["size"],
        fastest=f"{min(seconds):.0f}",
        slowest=f"{max(seconds):.0f}",
        drawn=f"{last['drawn_a_second']:.0f}",
        whole=f"{page['inside'] / 1000:.1f} MB",
        beside=f"{page['beside'] / 1000:.1f} MB",
        cores=kept["cores"],
    )
    # JSON is YAML
    said = dict(kit=figures) | measured_for_uses()
    (out / "_variables.yml").write_text(json.dumps(said), encoding="utf-8")


def measured_for_uses():
    "The figures of the page of uses, by bench and name, from what bench/*.json kept."
    names = ("endurance", "wall", "ethogram", "encoder", "player", "wish", "nerf")
    last, wall, lab, encoder, player, wish, nerf = (
        json.loads((root / "bench" / f"{name}.json").read_text(encoding="utf-8")) for name in names
    )
    asleep = lab["scenes"]["napping_cat"]["states"]["asleep"]
    cat = next(row for name, row in wish["scenes"].items() if name.startswith("napping_cat"))
    size, field = next(iter(nerf["fields"].items()))
    growth = wall["growth"]
    return dict(
        last=dict(steps=f"{last['rollouts']['steps']:,}"),
        wall=dict(
            first=f"{growth[0]['heap']:.1f}",
            last=f"{growth[-1]['heap']:.1f}",
            steps=f"{growth[-1]['steps']:,}",
        ),
        lab=dict(
            filmed=f"{asleep['filmed']['share']:.0%}",
            imagined=f"{asleep['imagined']['share']:.0%}",
            filmed_rate=f"{asleep['filmed']['rate']:.1f}",
            imagined_rate=f"{asleep['imagined']['rate']:.1f}",
            seeds=lab["seeds"],
            steps=f"{lab['steps']:,}",
        ),
        encoder=dict(near=f"{encoder['alive-tiny']['real clip: nearest frame within 3']:.0%}"),
        page=dict(
            levels=player["page"]["greatest difference from Python, of 255"],
            drawn=f"{player['page']['frames a second']:.0f}",
        ),
        wish=dict(
            asked=cat["asked"],
            heard=cat["heard"],
            odd=cat["irrelevant"]["sentences"],
            said=cat["irrelevant"]["said_so"],
        ),
        field=dict(
            seconds=f"{field['training, seconds']:.0f}",
            size=size.split()[0],
            unseen=f"{field['held-out cameras']['PSNR']:.1f}",
        ),
    )


def times(out):
    "How long each lesson runs, from what nbs/times.py kept."
    file = root / "bench" / "times.json"
    if not file.exists():
        return (out / "_times.md").write_text(
            "Not measured yet: `python nbs/times.py --save bench/times.json` does it.\n",
            encoding="utf-8",
        )
    kept = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        f"| [{name}]({name}.ipynb) | {seconds:.0f} s |" for name, seconds in kept["seconds"].items()
    ]
    measured = (
        f"Measured by `nbs/times.py` on {kept['cores']} cores without a GPU, "
        "the start of each kernel included."
    )
    (out / "_times.md").write_text(
        "\n".join(
            [
                "| lesson, in the quick setting | seconds |",
                "|---|---|",
                *rows,
                f"| **together** | **{kept['total'] / 60:.1f} minutes** |",
                "",
                measured,
            ]
        )
        + "\n",
        encoding="utf-8",
    )


def places(out):
    "Where a player was seen to play, from what bench/places.py kept."
    kept = json.loads((root / "bench" / "places.json").read_text(encoding="utf-8"))
    rows = ["| where | `PlayerCheck` | `AlivePlayer` |", "|---|---|---|"]
    for name, row in kept["places"].items():
        seen = f"{row['check']} | {row['player']}" if row["tried"] else "not tried | not tried"
        called = f"{name} ({row['version']})" if row["tried"] else name
        rows.append(f"| {called} | {seen} |")
    rows += [
        "",
        f"Seen by `bench/places.py` in Chromium {kept['Chromium']}, {kept['measured']['date']}.",
    ]
    (out / "_places.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


def formula_sheet(out, drawn):
    """Every formula of the course, with what the lesson says of its symbols, from the lessons themselves.
    `drawn` turns a text's formulas into what a browser shows."""
    lines = []
    for path in sorted((root / "nbs").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found = []
        section = ""
        for cell in cells:
            if cell["cell_type"] != "markdown":
                continue
            parts = re.split(r"\n\n+", "".join(cell["source"]))
            for part, after in zip(parts, [*parts[1:], ""], strict=True):
                if heading := re.match(r"##+ (.+)", part):
                    section = heading[1].split("\n")[0]
                if not part.startswith("$$"):
                    continue
                if section:
                    found += [f"**{section}**", ""]
                    section = ""
                found += [part, ""]
                if after and not after.startswith(("$$", "#", "|", "```", "    ", "<")):
                    found += [after.split("\n")[0], ""]
        if found:
            first = next("".join(one["source"]) for one in cells if one["cell_type"] == "markdown")
            title = re.match(r"# (.+)", first)[1]
            lines += [f"## [{path.stem[:2]}: {title}]({path.name})", "", *found]
    (out / "_formulas.md").write_text(drawn("\n".join(lines) + "\n"), encoding="utf-8")


# What the attacks found


def changed_files(fuzz):
    "What bench/fuzz.py kept, as a table."
    rows = [
        (
            "| reader | seconds | changed files tried | refused in a sentence | read "
            "| crashed, hung, out of memory or other |"
        ),
        "|---|---|---|---|---|---|",
    ]
    for row in fuzz.values():
        rows.append(
            f"| {row['reader']} | {row['seconds']} | {row['tries']:,} | {row['refused']:,} "
            f"| {row['read']:,} | {row['wrong']} |"
        )
    return [*rows, "", "`bench/fuzz.py`."]


def killed(faults):
    "What bench/faults.py kept, as a table."
    rows = [
        (
            "| killed while it | kills | files or cache entries damaged | hidden leftovers "
            "| next run: the same bytes |"
        ),
        "|---|---|---|---|---|",
    ]
    works = dict(fit="fits", save="saves")
    for row in faults["moments"]:
        rows.append(
            f"| {works[row['work']]} | {row['kills']} | {row['damaged']} | {row['left']} "
            f"| {row['same']} of {row['kills'] + row['late']} |"
        )
    return [*rows, "", "`bench/faults.py`."]


def kept_up(rollouts):
    "What bench/endurance.py kept of long rollouts, as a table."
    rows = [
        f"| {rollouts['steps']:,} steps | all finite | speed | drift | coverage | as at first |",
        "|---|---|---|---|---|---|",
    ]
    for row in rollouts["behaviors"]:
        pairs = [
            f"{row['first'][sign]:.2f} → {row['last'][sign]:.2f}"
            for sign in ("speed", "drift", "coverage")
        ]
        finite = "yes" if row["finite"] else "no"
        alike = "yes" if row["alike"] else "no"
        rows.append(f"| {row['behavior']} | {finite} | {' | '.join(pairs)} | {alike} |")
    return rows


def played_long(player, video):
    "What bench/endurance.py kept of the player and of a long video, in sentences."
    parts = dict(begin="the begin", middle="the middle", all="all of it")
    reads = ", ".join(
        f"{parts[row['what']]} took at most {row['peak'] / 1e6:.0f} MB and {row['seconds']:.0f} s"
        for row in video["reads"]
    )
    return (
        "Each sign over the first tenth → over the last. "
        f"The player drew {player['frames']:,} frames in {player['seconds']:,} seconds; "
        f"its memory went from {player['settled'] / 1e6:.0f} to {player['end'] / 1e6:.0f} MB "
        f"({player['grown']:+.1%}), and it left {player['threads']} threads. "
        f"Of {video['minutes']} minutes of 1080p, reading {reads}. `bench/endurance.py`."
    )


def attacks(out):
    """The measured tables of the page of promises.
    They are made from what bench/fuzz.py, faults.py and endurance.py kept."""
    fuzz, faults, last = (
        json.loads((root / "bench" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("fuzz", "faults", "endurance")
    )
    rows = [
        *changed_files(fuzz),
        "",
        *killed(faults),
        "",
        *kept_up(last["rollouts"]),
        "",
        played_long(last["player"], last["video"]),
    ]
    (out / "_attacks.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


# The gallery


class Shown(NamedTuple):
    "A living scene of the gallery: what it is of, how it is exported, and what stands below it."

    name: str  # of its page
    clip: str  # a clip of actors, whose states are known, or a photograph that scikit-image carries
    title: str
    about: str
    behavior: str = "alive"
    more: dict = {}  # what export_html takes beside


gallery_of = (
    Shown("napping_cat", "napping_cat", "A napping cat", "One photograph, brought to life here."),
    Shown("portrait", "portrait", "A portrait", "A NASA photograph; its motion is invented."),
    Shown("coffee", "coffee", "A cup of coffee", "A photograph, stirred by `--stir`."),
    Shown("hubble", "hubble", "Far galaxies", "Another photograph, stirred: Hubble's."),
    Shown(
        "wake",
        "napping_cat",
        "Wake it without startling it",
        "The cat as a game. Alone on a page it takes sentences, wishes and a hand.",
        more=dict(game="less eyes closed", words=True),
    ),
    Shown(
        "published",
        "napping_cat",
        "As published",
        "The cat, moved by the published VAE, and drawn as the others are.",
        behavior="vae",
    ),
)
AWAKE = 44  # a frame of the cat in which she is
photographs = {  # the square of one that is shown
    "coffee": (data.coffee, slice(0, 400), slice(100, 500)),
    "hubble": (data.hubble_deep_field, slice(0, 872), slice(64, 936)),
}


def scenes(folder, tiny):
    "Fit the scenes, repeatably; write for each its page, and its first frame as a still."
    from alive_scene import actors
    from alive_scene.alive import AliveScene
    from alive_scene.browser import export_html

    frames = 40 if tiny else 200
    size = 32 if tiny else 256
    fitted = {}
    for shown in gallery_of[:3] if tiny else gallery_of:
        print(f"gallery: {shown.name}", flush=True)
        asked = dict(behavior=shown.behavior, steps=32, progress=False)
        if shown.clip in photographs:
            read, rows, columns = photographs[shown.clip]
            scene = actors.stir(read()[rows, columns], frames=frames, size=size)
        else:
            scene = getattr(actors, shown.clip)(frames=frames, size=size)
        about = (shown.clip, shown.behavior)
        alive = fitted[about] = fitted.get(about) or AliveScene.fit(scene, **asked)
        # origin "*": the sliders of the site's own pages, wherever they are served
        export_html(
            alive,
            folder / f"{shown.name}.html",
            runtime="beside",
            title=shown.title,
            origin="*",
            **shown.more,
        )
        still = Image.fromarray(alive.render(alive.embeddings[:1])[0])
        still.save(folder / f"{shown.name}.webp", quality=80)
    (folder / "guess.html").write_text(guess.page(fitted["napping_cat", "alive"]), encoding="utf-8")


def gallery(out, tiny):
    """The folder of living scenes, made once and kept in the kit's cache.
    None, said clearly, where the browser's runtime can't be had."""
    made_of = [
        *sorted((root / "alive_scene").rglob("*.*")),
        *sorted((root / "bench").glob("guess.*")),
    ]
    parts = [path.read_bytes() for path in made_of if path.suffix != ".pyc"]
    parts += [inspect.getsource(scenes).encode(), repr(gallery_of).encode(), bytes([tiny])]
    key = sha256(b"".join(parts)).hexdigest()[:16]
    cache = (
        Path(os.environ.get("ALIVE_SCENE_CACHE") or platformdirs.user_cache_dir("alive_scene"))
        / f"site-gallery-{key}"
    )
    problem = ""
    if not cache.exists():
        making = cache.with_name(f"{cache.name}-{os.getpid()}")
        making.mkdir(parents=True)
        try:
            scenes(making, tiny)
            making.rename(cache)
        except OSError as error:
            problem = str(error)
            print(f"The gallery is left out: {problem}")
        finally:
            shutil.rmtree(making, ignore_errors=True)
    (out / "_gallery.md").write_text(
        left_out(problem) if problem else grid(cache), encoding="utf-8"
    )
    return None if problem else cache


def left_out(problem):
    return (
        "::: {.callout-note}\nThis copy of the site was built without the living scenes: "
        f"{problem.replace('<', '&lt;')}\n:::\n"
    )


def pane(shown, still="", asks=""):
    """A scene and its slider. The still is there at once; nbs/site.js puts the living page over it
    when it comes into view, and the page rests whenever it is out of view."""
    address = f"gallery/{shown.name}.html"
    title = escape(shown.title)
    slider = f"temperature-{shown.name}"
    still = still or f"gallery/{shown.name}.webp"
    return (
        f'<div class="pane" data-live="{address}?ui=0{asks}" data-title="{title}, living">'
        f'<img src="{still}" width="256" height="256" alt="{title}, a still"></div>\n'
        f'<div class="turn" hidden><label for="{slider}" title="How lively it is: 0 comes to rest, '
        '1 moves as the video does, 3 is wild">temperature</label>'
        f'<input type="range" id="{slider}" min="0" max="3" step="0.05" value="1">'
        f'<output for="{slider}">1.00</output>'
        '<button type="button" title="another seed, another start">another life</button></div>\n'
    )


def grid(folder):
    "Each scene that was made, living while it is seen."
    parts = []
    for shown in gallery_of:
        if not (folder / f"{shown.name}.html").exists():
            continue
        about = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(shown.about))
        parts.append(
            f'<figure class="living">{pane(shown)}<figcaption><b>{escape(shown.title)}.</b> {about} '
            f'<a href="gallery/{shown.name}.html" aria-label="{escape(shown.title)}, alone on a page">'
            "Alone on a page</a></figcaption></figure>\n"
        )
    body = f'<div class="gallery">\n{"".join(parts)}</div>\n'
    if (folder / "guess.html").exists():
        body += (
            '<p><a href="gallery/guess.html">Filmed, or imagined?</a> '
            "Ten pairs: find the filmed one, and see whether you beat a coin.</p>\n"
        )
    return f"```{{=html}}\n{body}```\n"


def front():
    "What the site opens with: a living scene under a slider, and how to make one of one's own."
    own = (
        '<div class="own"><h2 id="your-video" class="unlisted">Try your video</h2>\n'
        "<p>Five to sixty seconds, a still camera, one quiet subject. It stays on your machine.</p>\n"
        "<pre><code>make alive VIDEO=my_cat.mp4</code></pre>\n"
        "<p>A few minutes later <code>out/</code> holds the scene, films of it, and a page like this "
        'one. <a href="own_video.html">Which clips work</a>, and what to do if yours doesn\'t.</p>\n'
        '<p class="ways"><a class="button" href="living.html">More living scenes</a> '
        '<a class="button" href="00_scene.html">Begin the course</a></p></div>\n'
    )
    living = (
        f'<figure class="living">{pane(gallery_of[0], "images/awake.jpg", f"&amp;start={AWAKE}")}'
    )
    living += (
        "<figcaption>Computed by your browser, now. It doesn't loop: turn the temperature, or ask "
        "for another life.</figcaption></figure>\n"
    )
    return f'```{{=html}}\n<div class="front">\n{living}{own}</div>\n```\n'


def card(folder, width=1200, height=630):
    "The picture that a preview of any page shows: the cat, awake, beside what it is; and she alone."
    from alive_scene.reader import read_scene

    awake = read_scene(root / "data" / "napping_cat.mp4", size=512).frames[AWAKE]
    picture = Image.new("RGB", (width, height), "#20242b")
    picture.paste(Image.fromarray(awake).resize((height, height)), (0, 0))
    pen = ImageDraw.Draw(picture)
    left = height + 50
    pen.text((left, 190), "alive_scene", "#fff", ImageFont.load_default(76))
    said = "Watch a short video,\nthen imagine it going on\nfor ever."
    pen.text((left, 310), said, "#d7dce5", ImageFont.load_default(40), spacing=14)
    picture.save(folder / "card.jpg", quality=85)
    Image.fromarray(awake).save(folder / "awake.jpg", quality=85)
