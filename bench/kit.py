"""What a scene of your own costs: `python bench/kit.py` fits the bundled cat at three sizes.

Prints seconds and kilobytes; `--save` keeps them as JSON.
"""

import argparse
import json
import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from clips import data
from stamp import stamp

from alive_scene.alive import AliveScene
from alive_scene.browser import export_html

clip = data / "napping_cat.mp4"


def measure(size, folder):
    """One size: seconds to fit (encoding included), kilobytes of the scene.

    Also steps rolled out and frames drawn in a second.
    """
    os.environ["ALIVE_SCENE_CACHE"] = folder  # nothing is taken from an earlier run
    begin = perf_counter()
    alive = AliveScene.fit(clip, size=size, progress=False)
    seconds = perf_counter() - begin
    begin = perf_counter()
    path = alive.rollout(240)
    moved = perf_counter() - begin
    begin = perf_counter()
    alive.render(path)
    drawn = perf_counter() - begin
    file = alive.save(Path(folder) / "scene.alive")
    return dict(
        size=size,
        frames=len(alive.embeddings),
        fit_seconds=seconds,
        rolled_a_second=240 / moved,
        drawn_a_second=240 / drawn,
        alive_kilobytes=file.stat().st_size / 1000,
    )


def page(folder):
    "Kilobytes of an exported page of the cat at 128 pixels: the runtime beside it, and inside it."
    alive = AliveScene.fit(clip, size=128, progress=False)
    return {
        kind: export_html(alive, Path(folder) / f"{kind}.html", runtime=kind).stat().st_size / 1000
        for kind in ("beside", "inside")
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as one, TemporaryDirectory() as two, TemporaryDirectory() as three:
        kept = stamp() | dict(
            cores=os.cpu_count(),
            sizes=[measure(*each) for each in ((64, one), (128, two), (256, three))],
            page_kilobytes=page(two),
        )
    print(f"{'':>6}{'frames':>8}{'fit, s':>9}{'moved/s':>9}{'drawn/s':>9}{'.alive, kB':>12}")
    for row in kept["sizes"]:
        print(
            f"{row['size']:6}{row['frames']:8}{row['fit_seconds']:9.1f}{row['rolled_a_second']:9.0f}"
            f"{row['drawn_a_second']:9.0f}{row['alive_kilobytes']:12.0f}"
        )
    print(
        f"its page at 128 pixels: {kept['page_kilobytes']['beside']:.0f} kB beside the runtime, "
        f"{kept['page_kilobytes']['inside']:.0f} kB with it inside"
    )
    if asked.save:
        Path(asked.save).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
