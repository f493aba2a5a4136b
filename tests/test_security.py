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
own = [*root.glob("alive_scene/*.py"), *root.glob("nbs/*.py"), *root.glob("bench/*.py"), *root.glob("nbs/*.ipynb"), root/"setup.py"]
workflows = sorted((root/".github"/"workflows").glob("*.yml"))
runs = {"eval", "exec", "compile", "__import__", "execfile"}
unpicklers = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
allowed = {("clip.py", "pickle.UnpicklingError"), ("10_clip.ipynb", "pickle.UnpicklingError"), ("10_clip.ipynb", "pickle.dumps")} # the first two: an error's name


def code(path):
    "A file's Python; of a notebook that of its cells, magics left out."
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py": return [text]
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return ["".join(line for line in cell["source"] if not line.lstrip().startswith(("%", "!"))) for cell in cells]


def risky(path, source):
    "What runs, unpickles, or hands a text to a shell."
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in unpicklers:
            if (path.name, name := f"{node.value.id}.{node.attr}") not in allowed: yield name
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in unpicklers: yield f"from {node.module}"
        if not isinstance(node, ast.Call): continue
        name, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in runs: yield name
        if name == "torch.load" and given.get("weights_only") != "True": yield "torch.load without weights_only=True"
        if given.get("allow_pickle", "False") != "False" or given.get("weights_only", "True") != "True" or given.get("shell", "False") != "False": yield ast.unparse(node)
        if name in ("os.system", "os.popen", "yaml.load", "yaml.unsafe_load"): yield name


@pytest.mark.parametrize("path", own, ids=lambda path: path.name)
def test_nothing_that_is_read_is_run(path):
    assert [bad for source in code(path) for bad in risky(path, source)] == []


@pytest.mark.parametrize("bad", ["import pickle; pickle.load(f)", "from pickle import loads", "torch.load(f)", "torch.load(f, weights_only=False)", "eval(text)",
                                 "np.load(f, allow_pickle=True)", "subprocess.run(text, shell=True)", "os.system(text)", "exec(text)"])
def test_the_search_finds(bad):
    assert list(risky(Path("x.py"), bad))


# The workflows

unpinned_yet = {"test.yml", "docs.yml"} # by version tag until they are changed, too


@pytest.mark.parametrize("path", workflows, ids=lambda path: path.name)
def test_workflows_are_pinned_and_may_do_little(path):
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        assert set(job.get("permissions", {})) <= {"contents", "pages", "id-token"}, name
        assert job.get("permissions", {}).get("contents", "read") == "read" and job["timeout-minutes"] <= 360 if "timeout-minutes" in job else path.name in unpinned_yet
        assert "secrets." not in json.dumps(job)
    for action in re.findall(r"uses: (\S+)", text := path.read_text(encoding="utf-8")):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) or path.name in unpinned_yet and re.fullmatch(r"[\w./-]+@v\d+", action), action
    triggers = flow[True] # YAML reads `on` as true
    assert "pull_request_target" not in triggers and not re.search(r"\$\{\{\s*github\.(head_ref|event)", text), "a stranger's text would be run"


def test_every_night_is_tortured_fuzzed_and_audited():
    text = (root/".github"/"workflows"/"nightly.yml").read_text(encoding="utf-8")
    for what in ("make torture", "bench/fuzz.py", "bench/faults.py", "bench/endurance.py", "pip-audit"): assert what in text
    for word in re.findall(r"bench/\w+\.py", text): assert (root/word).exists()
    assert re.search(r"^torture:", (root/"Makefile").read_text(encoding="utf-8"), re.M)


# The laboratory

def lab_command():
    "What `make lab` would type."
    line, = (line for line in (root/"Makefile").read_text(encoding="utf-8").splitlines() if "jupyter lab" in line)
    return line.strip().replace("$(BIN)/jupyter", f"{sys.executable} -m jupyter").split()


def asked(url, token=None):
    "The status of an answer."
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"} if token else {})
    try: return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error: return error.code


def test_the_laboratory_listens_to_this_machine_only_and_wants_its_token(tmp_path):
    environment = dict(os.environ, JUPYTER_RUNTIME_DIR=str(tmp_path), JUPYTER_CONFIG_DIR=str(tmp_path), JUPYTER_DATA_DIR=str(tmp_path/"data"))
    command = lab_command()
    assert "--ip=127.0.0.1" in command and not [word for word in command if "token" in word or "password" in word or "0.0.0.0" in word]
    server = subprocess.Popen([*command, "--no-browser", "--port=0", "--allow-root"], cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic()+120
        while not (found := list(tmp_path.glob("jpserver-*.json"))) and time.monotonic() < until: time.sleep(.2)
        about = json.loads(found[0].read_text(encoding="utf-8"))
        assert about["hostname"] == "127.0.0.1" and about["token"] and not about["password"]
        status = asked(f"{about['url']}api/contents")
        assert status in (401, 403) and asked(f"{about['url']}api/contents", "wrong") in (401, 403)
        assert asked(f"{about['url']}api/contents", about["token"]) == 200
    finally:
        server.terminate()
        server.wait(30)
