"""Is anything lost when a run is killed? kill -9 at random moments of fit and of save, then the same again.

python bench/faults.py [KILLS] [SEED] [--save FILE.json]
Prints one table; `--save` keeps it as JSON. A kill that came when all was done isn't counted, and another one
is tried. After each: no scene file that isn't whole, the old one if the new one wasn't there yet; every entry
of the cache whole; at most one hidden leftover, the file that was being written; the next run ends as if
nothing had happened, with the same bytes.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent))
from stamp import stamp  # noqa: E402


def small(turn=0):
    "A scene that is fitted in about a second; another one for each turn."
    from alive_scene.actors import napping_cat

    return napping_cat(3, 32, seed=turn)


def fit(folder):
    "What is interrupted first: watch, learn, save."
    from alive_scene.alive import AliveScene

    return AliveScene.fit(small(), steps=4, progress=False).save(folder / "cat.alive")


def save(folder, begun):
    "What is interrupted next: saving over the same file, and filling the cache, again and again."
    from alive_scene.alive import AliveScene
    from alive_scene.clip import ClipEncoder, encode_scene

    alive = AliveScene.load(folder / "cat.alive")
    eye = ClipEncoder()
    begun.set()
    for turn in range(1, 10_000):
        alive.save(folder / "cat.alive")
        encode_scene(small(turn), eye)


def started(folder, work, begun, together):
    import warnings

    import torch

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.environ["ALIVE_SCENE_CACHE"] = str(folder / "cache")
    if work == "fit":
        begun.set()
    if together:
        together.wait(120)
    if work == "fit":
        fit(folder)
    else:
        save(folder, begun)


context = multiprocessing.get_context("forkserver" if os.name != "nt" else "spawn")


def child(folder, work, together=None):
    "A process on its way, or waiting at a barrier for another; the heavy imports are shared by all."
    if os.name != "nt":
        context.set_forkserver_preload(
            [
                "torch",
                "open_clip",
                "safetensors.torch",
                "skimage.data",
                "scipy.interpolate",
                "alive_scene.alive",
            ]
        )
    begun = context.Event()
    process = context.Process(target=started, args=(folder, work, begun, together))
    process.start()
    if not begun.wait(120):
        raise TimeoutError("the child never began")
    return process


def whole(folder, size=(3, 512)):
    "What lies about: (damaged, left over). Leftovers begin with a dot and are read by nobody."
    from alive_scene.alive import AliveScene
    from alive_scene.clip import read_cache

    files = [path for path in folder.rglob("*") if path.is_file()]
    damaged = [
        path
        for path in files
        if path.suffix == ".safetensors" and path.name[0] != "." and read_cache(path, size) is None
    ]
    try:
        AliveScene.load(folder / "cat.alive")
    except FileNotFoundError:
        pass
    except ValueError:
        damaged.append(folder / "cat.alive")
    return damaged, [path for path in files if path.name[0] == "."]


def undisturbed(folder):
    "The bytes of a run that nobody kills, and the seconds it takes."
    begin = perf_counter()
    process = child(folder, "fit")
    process.join(300)
    if process.exitcode:
        raise RuntimeError("a run that nobody disturbed failed")
    return (folder / "cat.alive").read_bytes(), perf_counter() - begin


def saved_again(wanted):
    "The bytes of the same scene, loaded and saved: its small pictures are compressed once more."
    from alive_scene.alive import AliveScene

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cat.alive"
        path.write_bytes(wanted)
        return AliveScene.load(path).save(path).read_bytes()


def kill(process, after):
    """Was it killed, after so many seconds, before it was done?

    Raises RuntimeError if it failed by itself: that was no kill.
    """
    process.join(after)
    process.kill()
    process.join()
    if process.exitcode not in (0, -9, -15):  # -15: Windows
        raise RuntimeError(f"a run failed before it was killed (exit {process.exitcode})")
    return process.exitcode != 0


def trial(folder, work, after, wanted, whole_ones):
    "One moment: what was damaged, left over, and whether the next run brings the same bytes."
    old = (folder / "cat.alive").read_bytes() if (folder / "cat.alive").exists() else None
    killed = kill(child(folder, work), after)
    damaged, left = whole(folder)
    now = (folder / "cat.alive").read_bytes() if (folder / "cat.alive").exists() else None
    if now not in (old, *whole_ones):
        damaged.append(folder / "cat.alive")
    again, _ = undisturbed(folder)
    return dict(
        work=work, killed=killed, damaged=len(damaged), left=len(left), same=again == wanted
    )


def trials(kills, seed=0):
    """As many moments as it takes for so many kills, by turns of fit and of save.

    Raises RuntimeError if hardly any kill meets a run.
    """
    random = Random(seed)
    landed = 0
    tried = 0
    with tempfile.TemporaryDirectory() as first:
        wanted, _ = undisturbed(Path(first))
    with tempfile.TemporaryDirectory() as again:
        same, seconds = undisturbed(Path(again))
    if wanted != same:
        raise RuntimeError("two runs that nobody disturbed differ: nothing can be said")
    whole_ones = wanted, saved_again(wanted)
    while landed < kills:
        tried += 1
        if tried > 10 * kills:
            raise RuntimeError(f"{landed} of {tried - 1} kills met a run: nothing can be said")
        with tempfile.TemporaryDirectory() as folder:
            work = ("fit", "save")[landed % 2]
            if work == "save":
                (Path(folder) / "cat.alive").write_bytes(wanted)
            row = trial(
                Path(folder),
                work,
                random.uniform(0, seconds if work == "fit" else 1),
                wanted,
                whole_ones,
            )
            landed += row["killed"]
            yield row


def good(row):
    return row["same"] and not row["damaged"] and row["left"] <= row["killed"]


def main(kills=50, seed=0, save=None):
    rows = list(trials(kills, seed))
    table = []
    for work in ("fit", "save"):
        some = [row for row in rows if row["work"] == work]
        table.append(
            dict(
                work=work,
                kills=sum(r["killed"] for r in some),
                late=sum(not r["killed"] for r in some),
                damaged=sum(r["damaged"] for r in some),
                left=sum(r["left"] for r in some),
                same=sum(r["same"] for r in some),
            )
        )
    print(
        f"kill -9 at {kills} random moments (seed {seed})\n\n"
        "| while | kills | came too late | files or cache entries damaged | hidden leftovers "
        "| next run: the same bytes |"
    )
    print("|---|---|---|---|---|---|")
    for row in table:
        print(f"| {' | '.join(map(str, row.values()))} |")
    if save:
        Path(save).write_text(
            json.dumps(dict(kills=kills, seed=seed, moments=table, **stamp()), indent=1) + "\n"
        )
    return 0 if all(map(good, rows)) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=50)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--save", help="a JSON file to keep the table in")
    sys.exit(main(**vars(parser.parse_args())))
