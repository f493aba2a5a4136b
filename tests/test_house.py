import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

root = Path(__file__).parent.parent
nbs = sorted((root / "nbs").glob("*.ipynb"))
modules = sorted(
    path for path in (root / "alive_scene").glob("*.py") if not path.stem.startswith("_")
)
sys.path.insert(0, str(root / "nbs"))
from site_pages import imports, order  # noqa: E402, a script beside the lessons

draws = {
    "siren",
    "generator",
    "film",
    "strokes",
    "codec",
    "morph",
}  # what moves is taught without it
forbidden = dict.fromkeys(("vae", "rollout", "vitals", "plan", "behavior", "peers", "wish"), draws)
heavy = ["umap", "open_clip", "plotly", "sklearn", "skimage", "matplotlib", "numba"]


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def cells(notebook, kind="code"):
    return [
        cell
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == kind
    ]


def source(cell):
    return "".join(cell["source"])


def exported(cell):
    return source(cell).lstrip().startswith("#| export")


@pytest.mark.parametrize("path", modules, ids=lambda path: path.stem)
def test_imports_go_one_way(path):
    for name in imports(path):
        assert order.index(name) < order.index(path.stem), (
            f"{path.stem} imports {name}, which lies to its right"
        )
        assert name not in forbidden.get(path.stem, ()), f"{path.stem} is taught without {name}"
    assert "import *" not in path.read_text(encoding="utf-8")


def test_every_way_to_import_a_room_is_seen(tmp_path):
    (file := tmp_path / "x.py").write_text(
        "import alive_scene.clip\nfrom alive_scene import maps\nfrom alive_scene.siren import Siren\n"
        "from .vae import densify\nfrom . import alive\nimport torch"
    )
    assert sorted(imports(file)) == ["alive", "clip", "maps", "siren", "vae"]


def test_contributing_names_the_rooms_in_their_order():
    assert " < ".join(order) in (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


def code_of(path):
    "The Python in a file: a module or a script whole, a notebook cell by cell."
    if path.suffix == ".py":
        return [path.read_text(encoding="utf-8")]
    return [source(cell) for cell in cells(path) if not source(cell).startswith("%")]


def lines_of(function):
    return function.end_lineno - function.lineno + 1


scripts = sorted(
    path for folder in ("nbs", "bench", "tests") for path in (root / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", [*modules, *nbs, *scripts], ids=lambda path: path.stem)
def test_a_function_holds_one_idea(path):
    functions = [
        node
        for code in code_of(path)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    if path in modules:  # not capped: a room is split when it holds two subjects
        longest = max(map(lines_of, functions))
        size = len(path.read_text(encoding="utf-8").splitlines())
        print(f"{path.stem}: {size} lines, {len(functions)} functions, the longest of {longest}")
    long = {function.name: lines_of(function) for function in functions if lines_of(function) > 60}
    assert not long, f"over 60 lines: {long}"


def test_the_code_looks_as_ruff_formats_it():
    for words in (["format", "--check"], ["check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *words], cwd=root, capture_output=True, text=True
        )
        assert not ran.returncode, f"{ran.stdout}{ran.stderr}: make export formats"


@pytest.mark.parametrize("notebook", nbs, ids=lambda path: path.stem)
def test_an_export_cell_holds_one_definition_or_two(notebook):
    for cell in filter(exported, cells(notebook)):
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        names = [node.name for node in ast.parse(source(cell)).body if isinstance(node, kinds)]
        assert len(names) <= 2, f"one cell of {notebook.name} defines {', '.join(names)}"


def test_one_notebook_one_room():
    homes = {}
    for notebook in nbs:
        names = [re.match(r"#\|\s*default_exp (\w+)", source(cell)) for cell in cells(notebook)]
        names = [match[1] for match in names if match]
        assert len(names) <= 1, f"{notebook.name} exports {names}"
        if names:
            homes[names[0]] = notebook.stem
    assert {path.stem for path in modules} == set(homes)
    assert all(home == f"{home[:2]}_{room}" for room, home in homes.items())


def public(path):
    module = importlib.import_module(f"alive_scene.{path.stem}")
    return [(name, getattr(module, name)) for name in module.__all__]


def used_in(code):
    "The names that code uses: an import alone teaches nothing."
    nodes = list(ast.walk(ast.parse(code)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("path", modules, ids=lambda path: path.stem)
def test_public_names_are_annotated_documented_and_taught(path):
    notebook = next(nb for nb in nbs if nb.stem[3:] == path.stem)
    taught = used_in("\n".join(source(cell) for cell in cells(notebook) if not exported(cell)))
    for name, thing in public(path):
        if not callable(thing):
            continue
        assert inspect.getdoc(thing), f"{path.stem}.{name} has no docstring"
        assert name in taught, f"{name} has no lesson cell in {notebook.name}"
        functions = (
            [(name, thing)]
            if inspect.isfunction(thing)
            else [
                (f"{name}.{key}", getattr(value, "__func__", value))
                for key, value in vars(thing).items()
                if inspect.isfunction(getattr(value, "__func__", value))
                and (key == "__init__" or not key.startswith("_"))
            ]
        )
        for where, function in functions:
            if not function.__code__.co_filename.endswith(path.name):
                continue
            for parameter in inspect.signature(function).parameters.values():
                if parameter.name in ("self", "cls"):
                    continue
                assert parameter.annotation is not parameter.empty, (
                    f"{path.stem}.{where}: {parameter.name} is not annotated"
                )


def is_private(name):
    "An underscore before it; Python's own __names__ and Jupyter's _repr_png_ and kin are protocols."
    return name.startswith("_") and not re.fullmatch(r"__\w+__|_repr_\w+_|_", name)


def own_privates(trees):
    "The private names that code defines: functions, classes, variables, attributes it sets."
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                found.add(node.attr)
    return set(filter(is_private, found))


def room_of(node):
    "The room that `from … import` names, or ''."
    inside = node.level == 1 or (node.module or "").split(".")[0] == "alive_scene"
    last = (node.module or "").split(".")[-1]
    return last if inside and last in {path.stem for path in modules} else ""


def brought(tree):
    "The names that a tree's imports bind to rooms, or to what a room holds."
    rooms = {path.stem for path in modules}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            of_kit = node.level == 1 or node.module == "alive_scene"
            found |= {
                alias.asname or alias.name
                for alias in node.names
                if room_of(node) or (of_kit and alias.name in rooms)
            }
        elif isinstance(node, ast.Import):
            found |= {
                alias.asname
                for alias in node.names
                if alias.asname and alias.name.startswith("alive_scene.")
            }
    return found


def crossings(code, kit, own_room=""):
    """The private names of a room that code of another place uses, as it says them.
    `kit`: the private names of all rooms. An attribute counts if a room defines it and this code doesn't."""
    trees = [ast.parse(part) for part in code]
    foreign = kit - own_privates(trees)
    bound = set().union(*map(brought, trees))
    found = []
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and room_of(node) not in ("", own_room):
            found += [
                f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name)
            ]
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            of_room = isinstance(node.value, ast.Name) and node.value.id in bound
            if of_room or node.attr in foreign:
                found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "getattr")):
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            found += [
                word for word in words if isinstance(word, str) and word.split(".")[-1] in foreign
            ]
    return found


@pytest.fixture(scope="module")
def kit_privates():
    return own_privates(map(tree, modules))


@pytest.mark.parametrize(
    "path", [*modules, *nbs, *scripts], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_no_private_name_crosses_a_wall(path, kit_privates):
    own = path.stem if path in modules else path.stem[3:] if path in nbs else ""
    found = crossings(code_of(path), kit_privates, own)
    assert not found, f"{path.name} uses {', '.join(sorted(set(found)))}: give it a public name"


def test_a_crossing_is_seen():
    kit = {"_answer", "_load"}
    for code in (
        "from alive_scene.clip import _load",
        "from .clip import _anything",
        "from alive_scene import clip\nclip._anything",
        "import alive_scene.clip as seen\nseen._anything",
        "from alive_scene.clip import ClipEncoder\nClipEncoder._anything",
        "player._answer(1)",
        "self.player._answer(1)",
        'monkeypatch.setattr(room, "_load", None)',
        'monkeypatch.setattr("alive_scene.clip._load", None)',
    ):
        assert crossings([code], kit), code
    for code in (
        "import os\nos._exit(1)",
        "def _answer(): pass\nclass A:\n    def f(self, other): return other._answer",
        "from alive_scene.scene import Scene\nScene(x)._repr_png_()",
        "self._mine = 1\nself._mine",
    ):
        assert not crossings([code], kit), code
    assert not crossings(["from alive_scene.clip import _load"], kit, "clip")


def hung_on(tree):
    "What a module sets on something from outside: `Class.name = …`, or setattr."
    targets = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            targets.append(node.target)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) == "setattr":
                targets.append(node.value)
    return [
        ast.unparse(target) for target in targets if isinstance(target, ast.Attribute | ast.Call)
    ]


@pytest.mark.parametrize("path", modules, ids=lambda path: path.stem)
def test_no_method_is_hung_on_from_outside(path):
    assert not hung_on(tree(path)), "a class's body lists its methods"


def test_a_method_hung_on_is_seen():
    for code in ("A.step = _step", "A.n: int = 1", 'setattr(A, "step", _step)', "a = A.step = b"):
        assert hung_on(ast.parse(code)), code
    assert not hung_on(ast.parse("a = A.step\nclass A:\n    def f(self): self.x = 1"))


old_places = importlib.import_module("alive_scene").OLD_PLACES


@pytest.mark.parametrize(
    "room, name, home",
    [(room, name, home) for room, names in old_places.items() for name, home in names.items()],
)
def test_old_places_answer(room, name, home):
    old, new = (importlib.import_module(f"alive_scene.{place}") for place in (room, home))
    if name in vars(old):  # the old room still imports it for its own use: no warning comes
        found = vars(old)[name]
    else:
        with pytest.warns(FutureWarning, match=f"from alive_scene.{home} import {name}"):
            found = getattr(old, name)
    assert found is getattr(new, name)
    assert name in new.__all__ and name not in old.__all__


@pytest.mark.parametrize("room", old_places)
def test_old_places_know_nothing_else(room):
    module = importlib.import_module(f"alive_scene.{room}")
    for name in ("no_such_name", "_private", "__path__"):
        with pytest.raises(AttributeError, match=f"alive_scene.{room}.*{name}"):
            getattr(module, name)


@pytest.mark.parametrize("notebook", nbs, ids=lambda path: path.stem)
def test_notebook_is_kept_well(notebook):
    book = json.loads(notebook.read_text(encoding="utf-8"))
    assert notebook.stat().st_size <= 1_500_000, f"{notebook.stat().st_size:,} bytes"
    assert set(book["metadata"]) <= {"kernelspec"}, (
        "widget state or other metadata was saved: make export"
    )
    code = cells(notebook)
    assert not code or any(cell["outputs"] for cell in code), (
        "no saved outputs: it reads as blank on the web"
    )
    assert not [out for cell in code for out in cell["outputs"] if out["output_type"] == "error"]
    if code:
        assert any(
            "parameters" in cell["metadata"].get("tags", []) and "quick" in source(cell)
            for cell in code
        )
    for cell in code:
        for out in cell["outputs"]:
            png = out.get("data", {}).get("image/png", "")
            assert len(png) <= 400_000, "a GIF or picture over 300 kB"


@pytest.mark.parametrize("notebook", nbs, ids=lambda path: path.stem)
def test_import_cells_hold_imports_only(notebook):
    for cell in cells(notebook):
        code = source(cell)
        if not exported(cell):
            continue
        body = ast.parse(code).body
        kinds = {
            isinstance(node, (ast.Import, ast.ImportFrom))
            for node in body
            if not isinstance(node, ast.Expr)
        }
        assert kinds != {True, False}, (
            f"{notebook.name}: imports and definitions share a cell:\n{code}"
        )


def test_export_and_clean_leave_no_difference(tmp_path):
    copy = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(root), str(copy)], check=True)
    for path in [*nbs, *modules]:
        (copy / path.relative_to(root)).write_bytes(path.read_bytes())
    before = {
        path: path.read_bytes()
        for folder in ("nbs/*.ipynb", "alive_scene/*.py")
        for path in copy.glob(folder)
    }
    for module, command in (("clean", "nbdev_clean"), ("doclinks", "nbdev_export")):
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sys; from nbdev.{module} import {command}; sys.argv=['x']; {command}()",
            ],
            cwd=copy,
            check=True,
            capture_output=True,
        )
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet"], cwd=copy, check=True)
    changed = [
        str(path.relative_to(copy)) for path, text in before.items() if path.read_bytes() != text
    ]
    assert not changed, f"make export changes {changed}"


def settings():
    config = ConfigParser(delimiters=["="])
    config.read(root / "settings.ini", encoding="utf-8")
    return config["DEFAULT"]


def test_environment_names_what_settings_name():
    listed = re.findall(
        r"^      - (\S+)$", (root / "environment.yml").read_text(encoding="utf-8"), re.M
    )
    groups = ("requirements", "dev_requirements", "gallery_requirements")
    assert listed == [one for group in groups for one in settings()[group].split()]
    assert f"python>={settings()['min_python']}" in (root / "environment.yml").read_text(
        encoding="utf-8"
    )


def test_each_dependency_has_a_reason():
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for requirement in settings()["requirements"].split() + settings()["dev_requirements"].split():
        name = re.split(r"[<>=]", requirement)[0]
        assert f"`{name}`" in text, f"CONTRIBUTING.md gives no reason for {name}"


def test_the_version_is_one():
    assert settings()["version"] == importlib.import_module("alive_scene").__version__
    assert settings()["version"] in (root / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["alive_scene", *(f"alive_scene.{path.stem}" for path in modules)])
def test_imports_are_light(name):
    "Under a second beyond torch, which takes a few: so within what torch itself takes, in one run."
    code = (
        "import sys, importlib; from time import process_time as now; began = now(); import torch; "
        "between = now(); importlib.import_module(sys.argv[1]); "
        "print((now() - between) / (between - began), *[h for h in sys.argv[2:] if h in sys.modules])"
    )
    command = [sys.executable, "-c", code, name, *heavy]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    share, *loaded = ran.stdout.split()
    assert float(share) < 1, f"importing {name} takes {share} times as long as torch"
    assert not loaded, f"importing {name} loads {loaded}"


def test_the_example_workflow_is_pinned_as_ours():
    text = (root / "examples" / "notebook-ci.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["run"]["steps"]
    assert any("--help-notebook" in step.get("run", "") for step in steps)
    ours = "\n".join(
        path.read_text(encoding="utf-8") for path in (root / ".github" / "workflows").glob("*.yml")
    )
    used = re.findall(r"uses: (\S+)@(.+)", text)
    assert [f"{name}@{version.split()[0]}" for name, version in used] == [
        step["uses"] for step in steps if "uses" in step
    ]
    for name, version in used:
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", version), (
            f"{name} is pinned by its tag, which can be moved"
        )
        pins = {pin for pin in re.findall(rf"uses: {name}@(.+)", ours) if len(pin.split()[0]) == 40}
        assert not pins or version in pins, f"our workflows pin {name} otherwise"


def test_the_hooks_run_what_make_export_runs_in_its_order():
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][
        0
    ]["hooks"]
    words = [re.search(r"ruff \w+|\w+(?=\.py|$)", hook["entry"])[0] for hook in hooks[:-1]]
    recipe = (root / "Makefile").read_text(encoding="utf-8").split("\nexport: ")[1].splitlines()[1:]
    assert words == [
        re.search(r"strip_widgets|nbdev_\w+|make_readme|ruff \w+", line)[0]
        for line in recipe
        if line.strip()
    ]


def test_scripts_whose_figures_are_kept_take_save():
    for kept in (root / "bench").glob("*.json"):
        script = next(
            path
            for path in (root / "bench" / f"{kept.stem}.py", root / "nbs" / f"{kept.stem}.py")
            if path.exists()
        )
        text = script.read_text(encoding="utf-8")
        assert '"--save"' in text, script.name
        assert "stamp()" in text or script.parent.name == "nbs", f"{script.name}: of which machine?"


def test_each_term_occurs_in_the_lesson_that_teaches_it():
    terms = re.findall(
        r"^(\S[^\n]*)\n:   (.+)$", (root / "nbs" / "glossary.qmd").read_text(encoding="utf-8"), re.M
    )
    for term, about in terms:
        word, taught = re.sub(r" \([^)]*\)|`", "", term), re.findall(r"\]\((\w+\.ipynb)\)", about)
        assert taught, f"the glossary doesn't say where {term} is taught"
        for name in taught:
            text = "\n".join(
                source(cell)
                for kind in ("markdown", "code")
                for cell in cells(root / "nbs" / name, kind)
            )
            assert re.search(rf"(?<![a-z]){re.escape(word)}", text, re.I), (
                f"{term} does not occur in {name}"
            )
    assert len(terms) > 40


def test_no_large_file_in_git():
    "But for the bundled encoder, and for notebooks, which test_notebook_is_kept_well holds to 1.5 MB."
    files = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    large = [
        name
        for name in files
        if (root / name).is_file()
        and (root / name).stat().st_size > 1_000_000
        and "weights/" not in name
        and not name.endswith(".ipynb")
    ]
    assert not large


def test_links_of_the_readme_lead_somewhere():
    readme = (root / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", readme) if "://" not in link]
    assert links and not [link for link in links if not (root / link).exists()]
    pages = [root / link for link in links if link.endswith(".qmd")]
    incomplete = [page.name for page in pages if "{{<" in page.read_text(encoding="utf-8")]
    assert pages and (not incomplete or not settings().getboolean("published")), (
        f"only the site completes {incomplete}"
    )


def test_nobody_here_uses_an_old_place():
    "Nor does what readers copy: pages, scripts, lessons, tests, and the code that tests hand to a kernel."
    import alive_scene

    listed = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    kinds = {".py", ".ipynb", ".qmd", ".md"}
    for path in (root / name for name in listed if Path(name).suffix in kinds):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for room, names in re.findall(
            r"from alive_scene\.(\w+) import (\([^)]*\)|[^\n\\(]+)", text
        ):
            old = set(re.findall(r"\w+", names)) & set(alive_scene.OLD_PLACES.get(room, {}))
            assert not old, f"{path.name} imports {old} from {room}"
