"""Writes the stored scenes of the format's present version, once, when it is new: python tests/data/make.py.

Older ones are never written again. The published parts are large, so that most of their weights are set to 0
and the file is gzipped: its names, kinds and shapes are those of a real one. Those of format 1 come from its
last days, and differ from format 2 in the number only. Since format 3 they are wider than high, and have
moments, notes, a title and a caption. A `patch` of its first days, a trained network, is not here: it is
refused, which tests/test_alive_files.py shows, and no release ever wrote one.
"""

import gzip
import tempfile
from pathlib import Path

import numpy as np
import torch

from alive_scene.actors import napping_cat
from alive_scene.alive import FILE_VERSION, AliveScene
from alive_scene.scene import Scene

here = Path(__file__).parent


def sparse(part, share):
    "Only the largest weights of each matrix are left."
    with torch.no_grad():
        for weights in part.state_dict().values():
            if weights.is_floating_point() and weights.ndim == 2:
                size = weights.abs().float()
                least = size.flatten().kthvalue(int((1 - share) * weights.numel())).values
                weights[size < least] = 0
    return part


# a small scene of each pair of parts, and one that is long enough to tell a life by
STORED = {
    "patch_alive": dict(frames=8, size=24, steps=20),
    "siren_vae": dict(frames=8, size=24, steps=20, kept=(0.02, 0.004)),
    "60_patch_alive": dict(frames=60, size=40, steps=20),
    "60_siren_vae": dict(frames=60, size=40, steps=300, kept=(0.03, 0.01)),
}


def watched(frames, size):
    "The cat without the upper quarter of her pictures, with all that a scene can say of itself."
    cat = napping_cat(frames, size)
    return Scene(
        cat.frames[:, size // 4 :],
        cat.fps,
        cat.name,
        seconds=20 + np.arange(frames) / cat.fps,
        indices=240 + np.arange(frames),
        notes=["The upper quarter was left out."],
        title="A nap",
        caption="asleep, mostly",
    )


def fitted(name, frames, size, steps, kept=None):
    "That scene; `kept` are the shares of the generator's weights and of the behavior's that are left."
    generator, behavior = name.split("_")[-2:]
    alive = AliveScene.fit(
        watched(frames, size),
        generator=generator,
        behavior=behavior,
        steps=steps,
        seed=0,
        progress=False,
    )
    if kept:
        sparse(alive.generator, kept[0])
        sparse(alive.behavior, kept[1])
    return alive


def make():
    "Write those that are not there."
    for name, options in STORED.items():
        path = here / f"v{FILE_VERSION}_{name}.alive.gz"
        if path.exists():
            print(path.name, "is there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            data = fitted(name, **options).save(Path(folder) / "a.alive").read_bytes()
        path.write_bytes(gzip.compress(data, 9, mtime=0))
        print(path.name, f"{path.stat().st_size:,} bytes")


if __name__ == "__main__":
    make()
