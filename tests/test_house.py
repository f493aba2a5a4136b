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

draws = {"siren", "generator", "strokes", "morph"}  # what moves is taught without it
forbidden = dict.fromkeys(("vae", "rollout", "vitals", "behavior", "peers", "wish"), draws)
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
    assert listed == settings()["requirements"].split() + settings()["dev_requirements"].split()
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
        assert '"--save"' in script.read_text(encoding="utf-8"), script.name


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
    files = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    large = [
        name
        for name in files
        if (root / name).is_file()
        and (root / name).stat().st_size > 1_000_000
        and "weights/" not in name
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
