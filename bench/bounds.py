"""Do the headline figures still hold? `python bench/bounds.py` measures them in a small setting, each night.

It asks of the napping cat what the tables of README ask of all clips, and of the creature what bench/nerf.py
asks, with fewer frames, steps and seeds, and compares each figure with a bound that is looser than what the
whole measurement found. It prints all, names what is outside, and ends with 1 if anything is. Six minutes on
two cores.
"""

import sys
import warnings
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from behavior import behaviors, measure  # noqa: E402
from clips import data  # noqa: E402
from nerf import measure as measure_field  # noqa: E402
from unseen import of_clip, watched  # noqa: E402

from alive_scene.alive import AliveScene  # noqa: E402

BOUNDS = {  # at least, at most
    "signs of ours that hold, of 8": (8, 8),
    "signs of the cheat to and fro that hold, of 8": (0, 6),
    "frames learned, PSNR": (40, np.inf),
    "frames never seen (every 2nd), ahead of the blend, dB": (1, np.inf),
    "frames never seen (every 2nd), sharpness": (0.8, np.inf),
    "rollout, sharpness": (0.85, np.inf),
    "closed loop": (0.95, 1),
    "scene of 200 frames, 128 px, megabytes": (0, 1.5),
    "field, held-out cameras, PSNR of own pixels": (24, np.inf),
    "field, held-out moments, PSNR of own pixels": (24, np.inf),
    "field, error of depth, body widths": (0, 0.08),
}


def moving():
    "Signs held by ours, and by a cheat that they must catch: of 3 seeds of 3,000 steps."
    _, observed = watched(data / "napping_cat.mp4", 64, most=200)
    fits = dict(behaviors(observed))
    return {
        f"signs of {said} that hold, of 8": sum(
            measure(name, fits[name], observed, steps=3000, seeds=3, fits=1)["holds"].values()
        )
        for said, name in (
            ("ours", "ours: Markov chain"),
            ("the cheat to and fro", "cheat: to and fro, jitter"),
        )
    }


def drawing():
    "The default generator's rows of bench/unseen.py, of 60 frames."
    found = of_clip(*watched(data / "napping_cat.mp4", 128, most=60), ["ours, moving"], 60)
    ours = found["ours, moving"]
    ahead = ours["PSNR, every 2nd"] - found["blend"]["PSNR, every 2nd"]
    return {
        "frames learned, PSNR": ours["PSNR, seen"],
        "frames never seen (every 2nd), ahead of the blend, dB": ahead,
        "frames never seen (every 2nd), sharpness": ours["sharpness, every 2nd"],
        "rollout, sharpness": ours["sharpness, rollout"],
        "closed loop": ours["closed loop"],
    }


def kept():
    "What a scene takes on disk."
    alive = AliveScene.fit(data / "napping_cat.mp4", size=128, progress=False)
    with TemporaryDirectory() as folder:
        file = alive.save(Path(folder) / "cat.alive")
        return {"scene of 200 frames, 128 px, megabytes": file.stat().st_size / 1e6}


def solid():
    "The field of bench/nerf.py at 64 pixels, after fewer steps."
    found, _ = measure_field(64, Namespace(seconds=60, device="cpu"), steps=700)
    return {
        "field, held-out cameras, PSNR of own pixels": found["held-out cameras"]["own pixels"],
        "field, held-out moments, PSNR of own pixels": found["held-out moments"]["own pixels"],
        "field, error of depth, body widths": found["depth error, body widths"]["median"],
    }


def outside(found):
    "The names of the figures that are out of their bounds; one that is missing or no number is, too."
    return [
        name
        for name, (least, most) in BOUNDS.items()
        if not least <= found.get(name, np.nan) <= most
    ]


def main():
    warnings.simplefilter("ignore")
    found = moving() | drawing() | kept() | solid()
    wrong = outside(found)
    for name, value in found.items():
        least, most = BOUNDS[name]
        print(f"{name:60}{value:8.2f}   {least:g} to {most:g}{'   OUTSIDE' * (name in wrong)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
