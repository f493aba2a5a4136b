"Folders of their own for every run: nothing of the user's Jupyter settings or cache is read or written."
import os
import tempfile
from pathlib import Path

import pytest

folder = Path(tempfile.mkdtemp(prefix="alive_scene_"))
for name in ("ALIVE_SCENE_CACHE", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
    os.environ[name] = str(folder / name.lower())
os.environ.setdefault("PLOTLY_RENDERER", "plotly_mimetype+notebook_connected")
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent
