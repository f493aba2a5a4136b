"""Do CPU and GPU agree? python bench/device.py; --save keeps the table as JSON.

Weights are made on the CPU; what they compute, without any chance, is compared with the GPU's. A GPU adds in
another order, so bits may differ: allowed are 1e-3 in embeddings of length one (and in motions), 2 of 255 in
pictures.
"""

import argparse
import json
import sys
from copy import deepcopy
from pathlib import Path

import torch

from alive_scene.actors import napping_cat
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, best_device
from alive_scene.generator import SirenGenerator
from alive_scene.rollout import cure
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior

sys.path.insert(0, str(Path(__file__).parent))
from stamp import stamp  # noqa: E402


def gpu():
    "The GPU of this machine, or None."
    return None if best_device().type == "cpu" else best_device()


@torch.no_grad()
def compare(other, frames=32):
    "A row for each part: how far `other` is from the CPU, and how far it may be."
    scene = napping_cat(frames, 64)
    rng = torch.Generator().manual_seed(0)
    at, there = (
        ClipEncoder(device=device).encode_frames(scene.frames) for device in ("cpu", other)
    )
    yield dict(what="ClipEncoder", differs=float((at - there).abs().max()), allowed=1e-3)

    def row(what, compute, part, *given, allowed=1e-3):
        here = compute(part, *given)
        there = compute(deepcopy(part).to(other), *(one.to(other) for one in given)).cpu()
        return dict(what=what, differs=float((here - there).abs().max()), allowed=allowed)

    pixels = torch.randint(64 * 64, (frames,), generator=rng)
    with torch.enable_grad():
        published = SirenGenerator.fit(scene.frames, at, steps=2, progress=False)
    yield row(
        "StrokeGenerator",
        lambda part, e: part.colors(e),
        StrokeGenerator.fit(scene.frames, at, progress=False),
        at,
        allowed=2 / 255,
    )
    yield row(
        "SirenGenerator", lambda part, e, p: part(e, p), published, at, pixels, allowed=2 / 255
    )
    with torch.enable_grad():
        mover = MarkovBehavior.fit(at, rounds=5, progress=False)
        vae = VaeBehavior.fit(at, epochs=1, progress=False)
    seen = torch.randn(frames, 4 * mover.narrow, generator=rng)
    latent = torch.randn(frames, mover.motion.latent, generator=rng)
    yield row(
        "MarkovBehavior, its motion",
        lambda part, *given: part(*given),
        mover.motion,
        seen,
        latent,
    )
    yield row(
        "MarkovBehavior, there and back",
        lambda part, e: part.restore(*part.project(e)),
        mover,
        at,
    )
    yield row(
        "VaeBehavior, its motion",
        lambda part, z: part.decoder(z),
        vae.eval(),
        torch.randn(frames, 256, generator=rng),
    )
    yield row(
        "cure",
        lambda part, e, observed: cure(e, observed),
        torch.nn.Identity(),
        at + 0.02 * torch.randn(at.shape, generator=rng),
        at,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", type=Path, help="a JSON file to keep the table in")
    asked = parser.parse_args()
    other = gpu()
    if other is None:
        return print("no GPU here: nothing to compare with the CPU") or 0
    rows = list(compare(other))
    print(
        f"CPU against {other}\n\n| part | greatest difference | allowed | holds |\n|---|---|---|---|"
    )
    for row in rows:
        print(
            f"| {row['what']} | {row['differs']:.2g} | {row['allowed']:.2g} "
            f"| {row['differs'] <= row['allowed']} |"
        )
    if asked.save:
        asked.save.write_text(
            json.dumps(dict(device=str(other), rows=rows, **stamp()), indent=1) + "\n"
        )
    return 0 if all(row["differs"] <= row["allowed"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
