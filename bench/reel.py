"""Films: the seams of loops, and what files of them weigh: `python bench/reel.py`.

Sixteen seeds of a loop and of a plain film, on the bundled scenes, measured as they would be shown.
`--save` keeps the figures; `--clips FOLDER` takes other clips.
"""

import argparse
import json
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from clips import data
from stamp import stamp

from alive_scene.alive import AliveScene
from alive_scene.reel import loop, seam, write_film
from alive_scene.scene import Scene

ENDINGS = ("mp4", "webm", "webp", "avif", "gif", "mov")


def seams(alive, seconds, seeds, make):
    "How many seams are above the 99th percentile, and the largest: in embedding and in pixels."
    found = []
    for seed in range(seeds):
        path = make(alive, seconds, seed)
        found.append([*seam(path).values(), *seam(alive.render(path)).values()])
    found = np.array(found)
    names = ("place", "motion", "place in pixels", "motion in pixels")
    return {
        name: dict(above=int((column > 1).sum()), largest=float(column.max()))
        for name, column in zip(names, found.T, strict=True)
    }


def plain(alive, seconds, seed):
    return alive.rollout(round(seconds * alive.scene.fps), seed=seed)


def looped(alive, seconds, seed):
    return loop(alive, seconds, seed=seed)


def weights(alive, seconds):
    "Megabytes of a loop in each ending."
    film = Scene(alive.render(loop(alive, seconds)), alive.scene.fps)
    with TemporaryDirectory() as folder:
        return {
            ending: write_film(film, Path(folder) / f"a.{ending}").stat().st_size / 1e6
            for ending in ENDINGS
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    parser.add_argument("--clips", type=Path, default=data, help="a folder of .mp4")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--seconds", type=float, nargs="+", default=[4.0, 12.5])
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = stamp() | dict(size=asked.size, seeds=asked.seeds, clips={})
    print(
        f"of {asked.seeds} seeds, seams above the 99th percentile of the film's other steps (largest)"
    )
    for clip in sorted(asked.clips.glob("*.mp4")):
        alive = AliveScene.fit(clip, size=asked.size, progress=False)
        rows = {}
        for seconds in asked.seconds:
            for name, make in (("plain", plain), ("loop", looped)):
                rows[f"{name}, {seconds:g} s"] = found = seams(alive, seconds, asked.seeds, make)
                told = "  ".join(f"{k} {v['above']} ({v['largest']:.2f})" for k, v in found.items())
                print(f"{clip.stem:12} {name:6}{seconds:6.1f} s  {told}", flush=True)
        heavy = weights(alive, 10)
        print(f"{clip.stem:12} 10 s, MB  " + "  ".join(f"{k} {v:.2f}" for k, v in heavy.items()))
        kept["clips"][clip.stem] = dict(seams=rows, megabytes=heavy)
    if asked.save:
        Path(asked.save).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
