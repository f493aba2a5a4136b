"""What a scene of your own costs: `python bench/kit.py` fits the bundled cat at four sizes.

Each size has a process of its own, with nothing in the cache: seconds, kilobytes, and the memory it took at
most, Python and torch included. (The clip's file has 256 pixels a side: at 512 they are doubled.) About four
minutes on two quiet cores; `--save` keeps all as JSON, `--sizes` takes others.
"""

import argparse
import json
import os
import resource
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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

    Also steps rolled out and frames drawn in a second, and the megabytes of this process at its peak.
    """
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
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; on a Mac, bytes
    return dict(
        size=size,
        frames=len(alive.embeddings),
        fit_seconds=seconds,
        rolled_a_second=240 / moved,
        drawn_a_second=240 / drawn,
        alive_kilobytes=file.stat().st_size / 1000,
        peak_megabytes=most * (1 if sys.platform == "darwin" else 1024) / 1e6,
    )


def page(size, folder):
    "Kilobytes of an exported page of the cat: the runtime beside it, and inside it."
    alive = AliveScene.fit(clip, size=size, progress=False)
    return {
        kind: export_html(alive, Path(folder) / f"{kind}.html", runtime=kind).stat().st_size / 1000
        for kind in ("beside", "inside")
    }


def alone(function, size):
    "In a process of its own, with a cache of its own: nothing is taken from an earlier run."
    with TemporaryDirectory() as folder:
        os.environ["ALIVE_SCENE_CACHE"] = folder  # the process inherits it
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            return other.submit(function, size, folder).result()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = stamp() | dict(
        cores=os.cpu_count(),
        sizes=[alone(measure, size) for size in asked.sizes],
        page_kilobytes=alone(page, 128),
    )
    print(
        f"{'':>6}{'frames':>8}{'fit, s':>9}{'moved/s':>9}{'drawn/s':>9}{'.alive, kB':>12}{'peak, MB':>10}"
    )
    for row in kept["sizes"]:
        print(
            f"{row['size']:6}{row['frames']:8}{row['fit_seconds']:9.1f}{row['rolled_a_second']:9.0f}"
            f"{row['drawn_a_second']:9.0f}{row['alive_kilobytes']:12.0f}"
            f"{row['peak_megabytes']:10.0f}"
        )
    print(
        f"its page at 128 pixels: {kept['page_kilobytes']['beside']:.0f} kB beside the runtime, "
        f"{kept['page_kilobytes']['inside']:.0f} kB with it inside"
    )
    if asked.save:
        Path(asked.save).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
