"Nothing that is read is run; who listens, listens to this machine only; what is built is pinned."

import ast
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

root = Path(__file__).parent.parent
own = [
    *root.glob("alive_scene/*.py"),
    *root.glob("nbs/*.py"),
    *root.glob("bench/*.py"),
    *root.glob("nbs/*.ipynb"),
    root / "setup.py",
]
workflows = sorted((root / ".github" / "workflows").glob("*.yml"))
runs = {"eval", "exec", "compile", "__import__", "execfile"}
unpicklers = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
allowed = {
    ("clip.py", "pickle.UnpicklingError"),
    ("10_clip.ipynb", "pickle.UnpicklingError"),  # an error's name
    ("10_clip.ipynb", "torch.save"),  # makes the traps that are refused
}


def code(path):
    "A file's Python; of a notebook that of all its cells, magics left out."
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n".join(
        "".join(line for line in cell["source"] if not line.lstrip().startswith(("%", "!")))
        for cell in cells
    )


def meanings(tree):
    "What each imported name stands for: {p: pickle, read: torch.load}."
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (
                (alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names
            )


def risky(path, source):
    "What runs, pickles or unpickles, or hands a text to a shell; whatever it is called here."
    tree = ast.parse(source)
    stands_for = dict(meanings(tree))

    def full(node):
        first, dot, rest = ast.unparse(node).partition(".")
        return (stands_for.get(first, first) + dot + rest).removeprefix("builtins.")

    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Attribute, ast.Name))
            and (name := full(node)).split(".")[0] in unpicklers
            and "." in name
            and (path.name, name) not in allowed
        ):
            yield name
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in unpicklers:
            yield f"from {node.module}"
        if not isinstance(node, ast.Call):
            continue
        name = full(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in runs:
            yield name
        if (
            name in ("torch.load", "torch.serialization.load")
            and given.get("weights_only") != "True"
        ):
            yield f"{name} without weights_only=True"
        if (
            given.get("allow_pickle", "False") != "False"
            or given.get("weights_only", "True") != "True"
            or given.get("shell", "False") != "False"
        ):
            yield ast.unparse(node)
        if (
            name in ("torch.save", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load")
            and (path.name, name) not in allowed
        ):
            yield name


@pytest.mark.parametrize("path", own, ids=lambda path: path.name)
def test_nothing_that_is_read_is_run(path):
    assert list(risky(path, code(path))) == []


@pytest.mark.parametrize(
    "bad",
    [
        "import pickle; pickle.load(f)",
        "from pickle import loads",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "eval(text)",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "exec(text)",
        "import pickle as p; p.load(f)",
        "import pickle as p\ncall = p.loads",
        "from torch import load; load(f)",
        "from torch import load as read; read(f)",
        "import torch as t; t.load(f)",
        "from os import system as say; say(text)",
        "import builtins; builtins.eval(text)",
        "from builtins import exec as do; do(text)",
        "torch.save(model, f)",
        "from torch import save; save(model, f)",
        "import marshal as m; m.loads(b)",
        "from numpy import load; load(f, allow_pickle=True)",
    ],
)
def test_the_search_finds(bad):
    assert list(risky(Path("x.py"), bad))


@pytest.mark.parametrize(
    "good",
    [
        "import re; re.compile(text)",
        "from re import compile; compile(text)",
        "from safetensors.torch import load; load(b)",
        "torch.load(f, weights_only=True)",
        "model.eval()",
        "np.load(f)",
        "save(f)",
        "subprocess.run([text])",
    ],
)
def test_the_search_lets_be(good):
    assert list(risky(Path("x.py"), good)) == []


# The workflows


@pytest.mark.parametrize("path", workflows, ids=lambda path: path.name)
def test_workflows_are_pinned_and_may_do_little(path):
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        assert set(job.get("permissions", {})) <= {"contents", "pages", "id-token"}, name
        assert job.get("permissions", {}).get("contents", "read") == "read", name
        assert job["timeout-minutes"] <= 360, name
        assert "secrets." not in json.dumps(job)
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"uses: \S+ # v\d", text)) == text.count("uses:"), (
        "say which version a hash is"
    )
    for tool in re.findall(r"(?:pip install|--spec) (?:-\S+ )*([a-z][\w-]*\S*)", text):
        assert re.fullmatch(r"[\w-]+==[\d.]+", tool), f"{tool} is not pinned"
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
    triggers = flow[True]  # YAML reads `on` as true
    assert "pull_request_target" not in triggers and not re.search(
        r"\$\{\{\s*github\.(head_ref|event)", text
    ), "a stranger's text would be run"


def test_every_night_is_tortured_fuzzed_and_audited():
    text = (root / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    for what in (
        "make torture",
        "bench/fuzz.py",
        "bench/faults.py",
        "bench/endurance.py",
        "pip-audit==",
        "actionlint",
    ):
        assert what in text
    for word in re.findall(r"bench/\w+\.py", text):
        assert (root / word).exists()
    assert re.search(r"^torture:", (root / "Makefile").read_text(encoding="utf-8"), re.M)


# The laboratory


def lab_command():
    "What `make lab` would type."
    (line,) = (
        line
        for line in (root / "Makefile").read_text(encoding="utf-8").splitlines()
        if "jupyter lab" in line
    )
    return line.strip().replace("$(BIN)/jupyter", f"{sys.executable} -m jupyter").split()


def asked(url, token=None):
    "The status of an answer."
    request = urllib.request.Request(
        url, headers={"Authorization": f"token {token}"} if token else {}
    )
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_laboratory_listens_to_this_machine_only_and_wants_its_token(tmp_path):
    environment = dict(
        os.environ,
        JUPYTER_RUNTIME_DIR=str(tmp_path),
        JUPYTER_CONFIG_DIR=str(tmp_path),
        JUPYTER_DATA_DIR=str(tmp_path / "data"),
    )
    command = lab_command()
    assert "--ip=127.0.0.1" in command and not [
        word for word in command if "token" in word or "password" in word or "0.0.0.0" in word
    ]
    server = subprocess.Popen(
        [*command, "--no-browser", "--port=0", "--allow-root"],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while not (found := list(tmp_path.glob("jpserver-*.json"))) and time.monotonic() < until:
            time.sleep(0.2)
        about = json.loads(found[0].read_text(encoding="utf-8"))
        assert about["hostname"] == "127.0.0.1" and about["token"] and not about["password"]
        status = asked(f"{about['url']}api/contents")
        assert status in (401, 403) and asked(f"{about['url']}api/contents", "wrong") in (401, 403)
        assert asked(f"{about['url']}api/contents", about["token"]) == 200
    finally:
        server.terminate()
        server.wait(30)
