"""Do the lessons stand rough handling? python tests/torture.py [NOTEBOOK ...], as `make torture` does.

A part of a name is enough; none means all. Each runs alone; then all in reverse order, in one copy of the
checkout and with one cache; twice in one kernel; with each parameter at its extremes; with no network at all;
in a checkout that may not be written to; in a path with spaces and signs. Prints one table; a failure's last
lines follow it.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
from run_alive import SocketKernelManager  # noqa: E402, a script beside the lessons

# What each parameter of a lesson is set to; {folder} is one that is made for it.
# A lesson with a parameter that isn't here fails.
EXTREMES = {
    "seed": [0, 2**31 - 1],
    "size": [16, 128],
    "frames": [24, 64],
    "max_frames": [24, 200],
    "steps": [45, 60],
    "seconds": [1],
    "neighbors": [2, 100],
    "video": ["../data/portrait.mp4"],
    "generator": ["patch", "film", "siren"],
    "behavior": ["alive", "vae"],
    "out": ["{folder}/out"],
    "write_to": ["{folder}"],
    "checkpoint": ["{folder}/state.safetensors"],
    "quick": [],  # False takes hours: `make clip` and `make bench` are that
    # another one would have to be fetched, or knows nothing ("untrained"), and the lessons say what
    # it must know
    "encoder": [],
}

# No route and no name: every socket that isn't this machine's own is refused, in each Python that starts.
REFUSE = """
import socket
_connect, _lookup = socket.socket.connect, socket.getaddrinfo
_here = "127.0.0.1", "::1", "localhost"
def refused(): return OSError(101, "Network is unreachable (torture)")
def connect(self, address):
    if self.family != getattr(socket, "AF_UNIX", None) and str(address[0]) not in _here:
        raise refused()
    return _connect(self, address)
def getaddrinfo(host, *rest, **more):
    if host not in (None, "", *_here):
        raise socket.gaierror(-3, "no network (torture)")
    return _lookup(host, *rest, **more)
socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo = connect, connect, getaddrinfo
"""


def execute(notebook, nbs, parameters=None):
    "Run a notebook where it lies; '' or the last lines of what went wrong."
    with tempfile.TemporaryDirectory() as out:
        try:
            papermill.execute_notebook(
                str(notebook),
                str(Path(out) / "out.ipynb"),
                cwd=str(nbs),
                kernel_name="python3",
                kernel_manager_class=SocketKernelManager,
                parameters=parameters or {},
                progress_bar=False,
                execution_timeout=1800,
            )
        except papermill.PapermillExecutionError as error:
            return f"cell {error.cell_index}: {error.ename}: {error.evalue}"[-400:]
        except Exception as error:
            return f"{type(error).__name__}: {error}"[-400:]
    return ""


def alone(notebook, folder):
    return execute(notebook, notebook.parent)


def twice(notebook, folder):
    "All cells, and all again in the same kernel."
    book = nbformat.read(notebook, 4)
    again = nbformat.read(notebook, 4)
    for cell in again.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.metadata["tags"].remove("parameters")
        cell.id = f"{cell.id[:58]}-again"
    book.cells += again.cells
    path = folder / notebook.name
    nbformat.write(book, path)
    return execute(path, notebook.parent)


def extremes(notebook, folder):
    "Each parameter at its ends, the others as they are."
    cells = [
        cell.source
        for cell in nbformat.read(notebook, 4).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    named = {
        target.id
        for node in ast.parse("\n".join(cells)).body
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    if named - set(EXTREMES):
        unknown = ", ".join(sorted(named - set(EXTREMES)))
        return f"no extremes are known of {unknown}: name them in tests/torture.py"
    for name in sorted(named):
        for value in EXTREMES[name]:
            value = value.format(folder=folder) if isinstance(value, str) else value
            if said := execute(notebook, notebook.parent, {name: value}):
                return f"{name}={value}: {said}"
    return ""


def child(notebook, nbs, prefix=(), **environment):
    "Run it alone in a process of its own."
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(nbs.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        **environment,
    }
    ran = subprocess.run(
        [*prefix, sys.executable, __file__, "--alone", str(notebook)],
        env=environment,
        capture_output=True,
        text=True,
    )
    # the kernel talks to stderr as it ends
    return "" if ran.returncode == 0 else (ran.stdout or ran.stderr).strip()[-400:]


def offline(notebook, folder):
    "In a network namespace that has nothing, or, where that isn't allowed, with every socket refused."
    (folder / "sitecustomize.py").write_text(REFUSE)
    bare = (
        shutil.which("unshare")
        and not subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode
    )
    up = (
        ("unshare", "-n", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh")
        if bare
        else ()
    )
    return child(
        notebook, notebook.parent, up, PYTHONPATH=os.pathsep.join([str(folder), str(root)])
    )


def copied(folder):
    "The checkout, as git would give it, with what is not committed yet."
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if not (root / name).exists():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, folder / name, follow_symlinks=True)
    return folder


def reverse(notebook, folder):
    "In the copy, and with the cache, that the lessons after it used before."
    copy = folder / "copy"
    if not copy.exists():
        copied(copy)
    return child(
        copy / "nbs" / notebook.name,
        copy / "nbs",
        PYTHONPATH=os.pathsep.join([str(copy), str(copy / "nbs")]),
    )


def readonly(notebook, folder):
    "Root may write anywhere, so there the copy is mounted read-only; for others its permissions are enough."
    copy = copied(folder / "copy")
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    book = copy / "nbs" / notebook.name
    work = ()
    if os.geteuid() == 0:
        work = (
            "unshare",
            "-m",
            "sh",
            "-c",
            'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
            str(copy),
        )
    try:
        return child(
            book, copy / "nbs", work, PYTHONPATH=os.pathsep.join([str(copy), str(copy / "nbs")])
        )
    finally:
        for path in [copy, *copy.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)


def spaces(notebook, folder):
    copy = copied(folder / "a path with spaces, 100% & ünïcode 猫")
    return child(
        copy / "nbs" / notebook.name,
        copy / "nbs",
        PYTHONPATH=os.pathsep.join([str(copy), str(copy / "nbs")]),
    )


WAYS = {
    "alone": alone,
    "reverse order": reverse,
    "twice in one kernel": twice,
    "extremes": extremes,
    "no network": offline,
    "read-only": readonly,
    "spaces": spaces,
}


def one_way(way, notebooks):
    """{notebook: ('' or what went wrong, seconds)}.

    Each has a folder and a cache of its own, but in reverse order all share one.
    """
    found = {}
    with tempfile.TemporaryDirectory() as pass_:
        for notebook in notebooks[::-1] if way == "reverse order" else notebooks:
            folder = Path(pass_) / ("all" if way == "reverse order" else notebook.stem)
            folder.mkdir(exist_ok=True)
            os.environ["ALIVE_SCENE_CACHE"] = str(folder / "cache")
            begin = time.perf_counter()
            said = WAYS[way](notebook, folder)
            seconds = time.perf_counter() - begin
            found[notebook.stem] = said, seconds
            # told at once: it takes hours
            print(
                f"{notebook.stem}, {way}: {said or 'passed'}, {seconds:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    return found


def main(names):
    notebooks = sorted(
        path
        for path in (root / "nbs").glob("*.ipynb")
        if not names or any(name in path.stem for name in names)
    )
    os.environ.setdefault("PLOTLY_RENDERER", "plotly_mimetype+notebook_connected")
    print(f"| notebook | {' | '.join(WAYS)} |\n|---|{'---|' * len(WAYS)}", flush=True)
    found = {
        (name, way): result for way in WAYS for name, result in one_way(way, notebooks).items()
    }
    for notebook in notebooks:
        cells = (
            f"{'failed' if said else 'passed'}, {seconds:.0f} s"
            for said, seconds in (found[notebook.stem, way] for way in WAYS)
        )
        print(f"| {notebook.stem} | {' | '.join(cells)} |")
    for (name, way), (said, _) in found.items():
        if said:
            print(f"\n{name}, {way}: {said}")
    return 1 if not notebooks or any(said for said, _ in found.values()) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        said = execute(Path(sys.argv[2]), Path(sys.argv[2]).parent)
        print(said)
        sys.exit(bool(said))
    sys.exit(main(sys.argv[1:]))
