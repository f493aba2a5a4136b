"""Writes the stored scenes of the format's present version, once, when it is new: python tests/data/make.py.

Older ones are never written again. The published parts are large, so that most of their weights are set to 0
and the file is gzipped: its names, kinds and shapes are those of a real one. Those of format 1 come from its
last days, and differ from format 2 in the number only. A `patch` of its first days, a trained network, is not
here: it is refused, which tests/test_alive_files.py shows, and no release ever wrote one.
"""

import gzip
import tempfile
from pathlib import Path

import torch

from alive_scene.alive import AliveScene, _version
from alive_scene.scene import napping_cat

here = Path(__file__).parent


def sparse(part, share):
    "Only the largest weights of each matrix are left."
    with torch.no_grad():
        for weights in part.state_dict().values():
            if weights.is_floating_point() and weights.ndim == 2:
                weights[
                    weights.abs()
                    < weights.abs()
                    .float()
                    .flatten()
                    .kthvalue(int((1 - share) * weights.numel()))
                    .values
                ] = 0
    return part


def make():
    for parts in (("patch", "alive"), ("siren", "vae")):
        alive = AliveScene.fit(
            napping_cat(8, 24),
            generator=parts[0],
            behavior=parts[1],
            steps=20,
            seed=0,
            progress=False,
        )
        if parts[1] == "vae":
            sparse(alive.generator, 0.02)
            sparse(alive.behavior, 0.004)
        with tempfile.TemporaryDirectory() as folder:
            data = alive.save(Path(folder) / "a.alive").read_bytes()
        path = here / f"v{_version}_{'_'.join(parts)}.alive.gz"
        path.write_bytes(gzip.compress(data, 9, mtime=0))
        print(path.name, f"{path.stat().st_size:,} bytes")


if __name__ == "__main__":
    make()
