"""Run the lesson 60_alive on a video and say what it made: python nbs/run_alive.py [VIDEO] [OUT].
It is what `make alive` does."""

import os
import sys
import tempfile
import warnings
from pathlib import Path
from uuid import uuid4

import papermill
from jupyter_client.manager import AsyncKernelManager

from alive_scene.alive import AliveScene, typed
from alive_scene.reader import read_scene

course = Path(__file__).parent
made = {
    "original_vs_generated.gif": "left the video, right what the generator draws of each frame",
    "training.gif": "three frames while the generator learned them",
    "versions.gif": "four futures from one start",
    "temperatures.gif": "the same at four temperatures",
    "artifacts.gif": "raw, renormalised and cured",
    "map.gif": "the video's path through its own embeddings",
    "share.mp4": "ten seconds that end where they began: one to send to somebody",
}


class SocketKernelManager(AsyncKernelManager):
    """A kernel on private sockets.
    Nobody else on the machine can listen in, and parallel runs don't collide on ports."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if os.name != "nt":
            folder = os.environ.get("JUPYTER_RUNTIME_DIR", tempfile.gettempdir())
            self.transport = "ipc"
            self.ip = str(Path(folder) / uuid4().hex[:8])


def execute(notebook, written, /, *, folder=None, aloud=False, timeout=None, **parameters):
    """Run a notebook by papermill, where it lies or in a folder, in a kernel of its own.
    Raises ValueError for a parameter that it doesn't declare, which papermill would take."""
    unknown = (
        sorted(set(parameters) - set(papermill.inspect_notebook(str(notebook))))
        if parameters
        else []
    )
    if unknown:
        raise ValueError(f"{Path(notebook).name} declares no parameter {', '.join(unknown)}")
    papermill.execute_notebook(
        str(notebook),
        str(written),
        parameters=parameters,
        cwd=str(folder or Path(notebook).parent),
        kernel_name="python3",
        execution_timeout=timeout,
        kernel_manager_class=SocketKernelManager,
        progress_bar=aloud,
        stdout_file=sys.stdout if aloud else None,
    )


def run(video, out):
    try:
        with warnings.catch_warnings(action="ignore"):
            read_scene(video, size=16, max_frames=2)
    except (ValueError, OSError) as error:
        return f"alive_scene: {error}"  # before anything in `out` is touched
    out.mkdir(parents=True, exist_ok=True)
    notebook = out / "60_alive.ipynb"
    print(f"Running the lesson on {video}, a few minutes; cell by cell.", flush=True)
    try:
        execute(
            course / "60_alive.ipynb",
            notebook,
            aloud=True,
            quick=False,
            video=str(video),
            out=str(out),
        )
    except papermill.PapermillExecutionError as error:
        said = str(error.evalue)
        if error.ename not in ("ValueError", "FileNotFoundError"):
            said = f"{error.ename}: {said}"
        return f"\nalive_scene: {said}\n(the cell that stopped: {notebook})"
    except KeyboardInterrupt:
        return f"\nStopped. What was run so far: {notebook}"
    scene = max(out.glob("*.alive"), key=lambda path: path.stat().st_mtime)
    from alive_scene.browser import export_html  # slow to import, and only `make alive` needs it

    page = scene.with_suffix(".html")
    try:
        export_html(AliveScene.load(scene), page)
        says = "the scene itself, living, with its temperature slider"
    except OSError as error:  # the browser's runtime comes by npm, once
        says = f"not made: {error}"
    print(f"\nIn {out}, to open in any browser:")
    print(f"  {page.name:26} {says}")
    for name, what in made.items():
        print(f"  {name:26} {what}")
    print(f"  {'*.mp4':26} the same films beside the GIFs, 512 pixels or more")
    commands = Path(sys.executable).parent
    print(
        f"  {scene.name:26} the scene; play it on:  "
        f"{typed(commands / 'alive-scene', 'play', scene, '-o', 'more.mp4')}"
    )
    print(
        f"  {notebook.name:26} the lesson as it ran; open it:  "
        f"{typed(commands / 'jupyter', 'lab', notebook)}"
    )


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console that has no sign for a name
    video, out, *_ = [
        *sys.argv[1:],
        *[course.parent / "data" / "napping_cat.mp4", course.parent / "out"][len(sys.argv) - 1 :],
    ]
    sys.exit(run(Path(video).absolute(), Path(out).absolute()))
