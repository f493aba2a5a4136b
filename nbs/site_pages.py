"The pages of the site that are made from the code itself: the reference, the picture of the rooms, the teachers' table, the gallery."
import ast
import importlib
import inspect
import json
import os
import re
import shutil
import textwrap
from hashlib import sha256
from html import escape
from pathlib import Path

import papermill
import platformdirs

root = Path(__file__).absolute().parent.parent
lesson = {path.stem[3:]: path for path in sorted((root/"nbs").glob("[0-9]*.ipynb"))}  # the notebook that exports a room
rooms_in_order = [room for room in "scene clip maps siren generator vae rollout behavior respond alive player browser nerf gallery command".split()
                  if (root/"alive_scene"/f"{room}.py").exists()]


# The reference

def signature(thing, called):
    "How a function begins, as written: each parameter with its type, its default and, behind #, its meaning."
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    begins = next(node for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.FunctionDef))
    head = "\n".join(lines[begins.lineno-1:begins.body[0].lineno-1])
    return re.sub(rf"def {begins.name}\((?:(?:self|cls)(?::\w+)?(?:, ?)?)?", f"def {called}(", head, count=1)


def fields(thing):
    "How a dataclass begins: its fields."
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    body = ast.parse("\n".join(lines)).body[0].body
    kept = [node for node in body if isinstance(node, ast.AnnAssign)]
    return "\n".join([*lines[:body[0].lineno-1], *(lines[i] for node in kept for i in range(node.lineno-1, node.end_lineno))])


def entry(name, thing, called, level):
    "A public name in the reference: how it is called, and what it does."
    if inspect.isclass(thing): head = fields(thing) if hasattr(thing, "__dataclass_fields__") else signature(thing.__init__, called)
    else: head = signature(thing, called)
    about = inspect.cleandoc(thing.__doc__ or "").replace("<", "&lt;")  # its own words, none that it inherits
    return f"{'#'*level} {name} {{#{name.replace('.', '-')}}}\n\n{about}\n\n```python\n{head}\n```\n"


def first_sentence(thing): return re.split(r"(?<=[.?]) (?=[A-Z])", " ".join((thing.__doc__ or "").split()))[0]


def methods(name, thing, module):
    "The public methods of a class that its own room gives it."
    for key, value in vars(thing).items():
        function = getattr(value, "fget", None) or inspect.unwrap(getattr(value, "__func__", value))
        if key.startswith("_") or not inspect.isfunction(function) or function.__module__ != module.__name__: continue
        if "<string>" not in function.__code__.co_filename: yield f"{name}.{key}", function, f"{name}.{key}"


def api(out, source_of):
    "Write a page a room, and one with every name; returns {public name: its place}."
    names, table = {}, ["| name | what it is | taught in |", "|---|---|---|"]
    for room in rooms_in_order:
        module = importlib.import_module(f"alive_scene.{room}")
        page = [f"---\ntitle: alive_scene.{room}\ndescription: {module.__doc__!r}\ncode-overflow: wrap\n---\n",
                f"Taught in [{lesson[room].stem}]({lesson[room].name}) · [source]({source_of(f'alive_scene/{room}.py')})\n"]
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)): continue
            names[name] = f"api_{room}.qmd#{name}"
            page.append(entry(name, thing, name, 2))
            table.append(f"| [`{name}`]({names[name]}) | {first_sentence(thing)} | [{lesson[room].stem}]({lesson[room].name}) |")
            for method in methods(name, thing, module) if inspect.isclass(thing) else ():
                names[method[0]] = f"api_{room}.qmd#{method[0].replace('.', '-')}"
                page.append(entry(*method, 3))
        (out/f"api_{room}.qmd").write_text("\n".join(page), encoding="utf-8")
    head = "---\ntitle: Reference\ndescription: Every public name, with the shapes it takes and gives.\n---\n"
    words = ("The axis words are batch, time, height, width, channel, embed, latent and point. Frames are `uint8 (time, height, width, 3)`; "
             "embeddings are `float32 (time, embed)`, each of length one.\n")
    (out/"api.qmd").write_text("\n".join([head, words, *table])+"\n", encoding="utf-8")
    return names


# The picture of the rooms

def imports(room):
    "The rooms that a room imports."
    for node in ast.walk(ast.parse((root/"alive_scene"/f"{room}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("alive_scene.")):
            yield (node.module or "").removeprefix("alive_scene").lstrip(".").split(".")[0]


def rooms(out):
    "Draw the rooms with an arrow from each to those it imports, and write the same as a table."
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
    uses = {room: [name for name in rooms_in_order if name in set(imports(room))] for room in rooms_in_order}
    with plt.rc_context({"svg.hashsalt": "rooms", "font.size": 13}):
        figure, axes = plt.subplots(figsize=(4.4, 6.4))
        for i, room in enumerate(rooms_in_order):
            axes.add_patch(FancyBboxPatch((0, -i-.25), 1.6, .5, boxstyle="round,pad=.05", fc="#f3ece2", ec=f"C{i % 10}", lw=2))
            axes.text(.8, -i, room, ha="center", va="center")
            for name in uses[room]:  # out of a room's lower edge, into the upper edge of another, the farther the wider
                j = rooms_in_order.index(name)
                axes.add_patch(FancyArrowPatch((1.66, -i+.12), (1.66, -j-.1), connectionstyle="arc3,rad=.6", arrowstyle="-|>", mutation_scale=11,
                                               color=f"C{i % 10}", lw=1.4, shrinkA=0, shrinkB=0))
        axes.set(xlim=(-.15, 3.2), ylim=(-len(rooms_in_order)+.3, .5))
        axes.axis("off")
        figure.savefig(out/"rooms.svg", metadata={"Date": None}, facecolor="white", bbox_inches="tight")
    plt.close(figure)
    rows = [f"| [`{room}`](api_{room}.qmd) | {', '.join(f'`{name}`' for name in uses[room]) or 'nothing'} | [{lesson[room].stem}]({lesson[room].name}) |" for room in rooms_in_order]
    (out/"_rooms.md").write_text("\n".join(["| room | imports | lesson |", "|---|---|---|", *rows])+"\n", encoding="utf-8")


# The teachers' table

usual = dict(video="a video, a GIF, a folder or a glob of pictures; a path as seen from `nbs/`", size="pixels a side", seed="every random choice comes from it",
             encoder='`"alive-tiny"`, `"untrained"`, or any open_clip name with its training', max_frames="at most so many frames", frames="at most so many frames",
             neighbors="how many neighbors UMAP looks at")  # where a notebook's own cell says nothing


def parameters(out, source_of):
    "Write what every notebook takes with `-p`, as papermill itself reads it, and where it opens."
    rows, opens = ["| parameter | default | meaning |", "|---|---|---|"], ["| notebook | in Colab | on GitHub |", "|---|---|---|"]
    for notebook in sorted((root/"nbs").glob("[0-9]*.ipynb")):
        home = source_of(f"nbs/{notebook.name}")
        colab = home.replace("https://github.com/", "https://colab.research.google.com/github/")
        opens.append(f"| [{notebook.stem}]({notebook.name}) | [open]({colab}){{.button}} | [read]({home}){{.button}} |")
        rows.append(f"| **[{notebook.stem}]({notebook.name})** | | |")
        for name, about in papermill.inspect_notebook(str(notebook)).items():
            rows.append(f"| `{name}` | `{about['default']}` | {about['help'].replace('|', '/') or usual.get(name, '')} |")
    (out/"_parameters.md").write_text("\n".join(rows)+"\n", encoding="utf-8")
    (out/"_open.md").write_text("\n".join(opens)+"\n", encoding="utf-8")


# What a scene costs

def costs(out):
    "The measured table of the how-to page, from what bench/kit.py kept."
    kept = json.loads((root/"bench"/"kit.json").read_text(encoding="utf-8"))
    rows = [f"| {row['size']} | {row['frames']} | {row['fit_seconds']:.0f} s | {row['drawn_a_second']:.0f} | {row['alive_kilobytes']:.0f} kB |" for row in kept["sizes"]]
    page = kept["page_kilobytes"]
    (out/"_costs.md").write_text("\n".join([
        "| pixels a side | frames | to fit | frames drawn in a second | `NAME.alive` |", "|---|---|---|---|---|", *rows, "",
        f"Measured by `bench/kit.py` on {kept['cores']} cores without a GPU, encoding included. The page that `alive-scene export` makes of the middle one has "
        f"{page['inside']/1000:.1f} MB, of which the browser's runtime is {(page['inside']-page['beside'])/1000:.1f} MB."])+"\n", encoding="utf-8")


# The gallery

shows = {
    "napping_cat": "A napping cat", "portrait": "A portrait", "napping_cat_cold": "The cat, cold: temperature 0.3", "napping_cat_hot": "The cat, hot: temperature 2",
    "napping_cat_published": "The cat, moved by the published VAE (and drawn as the others are)"}


def scenes(folder, quick):
    "Fit the scenes, repeatably, and write a page for each."
    from alive_scene.alive import AliveScene
    from alive_scene.browser import export_html
    small = dict(size=32, max_frames=40) if quick else {}
    wanted = [("napping_cat", "napping_cat", "alive"), ("portrait", "portrait", "alive"), ("napping_cat_published", "napping_cat", "vae")]
    for name, clip, behavior in wanted[:1] if quick else wanted:
        print(f"gallery: {name}", flush=True)
        alive = AliveScene.fit(root/"data"/f"{clip}.mp4", behavior=behavior, steps=32, progress=False, **small)
        export_html(alive, folder/f"{name}.html", runtime="beside")
    page, knob = (folder/"napping_cat.html").read_text(encoding="utf-8"), 'step="0.05" value="1.0"'
    assert page.count(knob) == 1, "the page's temperature slider is not where it was"
    for name, temperature in (("cold", .3), ("hot", 2)):  # the same scene, its slider elsewhere
        (folder/f"napping_cat_{name}.html").write_text(page.replace(knob, f'step="0.05" value="{temperature}"'), encoding="utf-8")


def gallery(out, quick):
    "The folder of living scenes, made once and kept in the kit's cache; None, said clearly, where the browser's runtime can't be had."
    made_of = [*sorted((root/"alive_scene").rglob("*.*")), *sorted((root/"data").glob("*.mp4"))]
    parts = [path.read_bytes() for path in made_of if path.suffix != ".pyc"]
    key = sha256(b"".join([*parts, inspect.getsource(scenes).encode(), bytes([quick])])).hexdigest()[:16]
    cache = Path(os.environ.get("ALIVE_SCENE_CACHE") or platformdirs.user_cache_dir("alive_scene"))/f"site-gallery-{key}"
    problem = ""
    if not cache.exists():
        making = cache.with_name(f"{cache.name}-{os.getpid()}")
        making.mkdir(parents=True)
        try:
            scenes(making, quick)
            making.rename(cache)
        except OSError as error:
            problem = str(error)
            print(f"The gallery is left out: {problem}")
        finally: shutil.rmtree(making, ignore_errors=True)
    frames = [f'<figure class="living"><figcaption>{escape(title)} · <a href="gallery/{name}.html">alone on a page</a></figcaption>\n'
              f'<iframe src="gallery/{name}.html" title="{escape(title)}, playing" loading="lazy"></iframe></figure>\n' for name, title in shows.items() if not problem and (cache/f"{name}.html").exists()]
    missing = f"::: {{.callout-note}}\nThis copy of the site was built without the living scenes: {problem.replace('<', '&lt;')}\n:::\n"
    (out/"_gallery.md").write_text(missing if problem else "```{=html}\n"+"\n".join(frames)+"```\n", encoding="utf-8")
    return None if problem else cache
