"""Is anything lost when a run is killed? kill -9 at random moments of fit and of save, then the same again: python bench/faults.py [MOMENTS] [SEED]
Prints one table. After each kill: no scene file that isn't whole, the old one if the new one wasn't there yet; every entry of the cache whole;
the next run ends as if nothing had happened, with the same bytes."""
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter


def small(turn=0):
    "A scene that is fitted in about a second; another one for each turn."
    from alive_scene.scene import napping_cat
    return napping_cat(3, 32, seed=turn)


def fit(folder):
    "What is interrupted first: watch, learn, save."
    from alive_scene.alive import AliveScene
    return AliveScene.fit(small(), steps=4, progress=False).save(folder/"cat.alive")


def save(folder, begun):
    "What is interrupted next: saving over the same file, and filling the cache, again and again."
    from alive_scene.alive import AliveScene
    from alive_scene.clip import ClipEncoder, encode_scene
    alive, eye = AliveScene.load(folder/"cat.alive"), ClipEncoder()
    begun.set()
    for turn in range(1, 10_000):
        alive.save(folder/"cat.alive")
        encode_scene(small(turn), eye)


def started(folder, work, begun):
    import warnings

    import torch
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.environ["ALIVE_SCENE_CACHE"] = str(folder/"cache")
    if work == "fit": begun.set()
    fit(folder) if work == "fit" else save(folder, begun)


def child(folder, work):
    "A process on its way; the heavy imports are shared by all."
    context = multiprocessing.get_context("forkserver" if os.name != "nt" else "spawn")
    if os.name != "nt": context.set_forkserver_preload(["torch", "open_clip", "safetensors.torch", "skimage.data", "scipy.interpolate", "alive_scene.alive"])
    process = context.Process(target=started, args=(folder, work, begun := context.Event()))
    process.start()
    if not begun.wait(120): raise TimeoutError("the child never began")
    return process


def whole(folder, size=(3, 512)):
    "What lies about: (damaged, left over). Leftovers begin with a dot and are read by nobody."
    from alive_scene.alive import AliveScene
    from alive_scene.clip import _read_cache
    files = [path for path in folder.rglob("*") if path.is_file()]
    damaged = [path for path in files if path.suffix == ".safetensors" and path.name[0] != "." and _read_cache(path, size) is None]
    try: AliveScene.load(folder/"cat.alive")
    except FileNotFoundError: pass
    except ValueError: damaged.append(folder/"cat.alive")
    return damaged, [path for path in files if path.name[0] == "."]


def undisturbed(folder):
    "The bytes of a run that nobody kills, and the seconds it takes."
    begin, process = perf_counter(), child(folder, "fit")
    process.join(300)
    if process.exitcode: raise RuntimeError("a run that nobody disturbed failed")
    return (folder/"cat.alive").read_bytes(), perf_counter()-begin


def saved_again(wanted):
    "The bytes of the same scene, loaded and saved: its small pictures are compressed once more."
    from alive_scene.alive import AliveScene
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder)/"cat.alive").write_bytes(wanted)
        return AliveScene.load(path).save(path).read_bytes()


def kill(folder, work, after, wanted, whole_ones):
    "One moment: what was damaged, left over, and whether the next run brings the same bytes."
    old = (folder/"cat.alive").read_bytes() if (folder/"cat.alive").exists() else None
    process = child(folder, work)
    process.join(after)
    done = process.exitcode is not None
    process.kill()
    process.join()
    damaged, left = whole(folder)
    now = (folder/"cat.alive").read_bytes() if (folder/"cat.alive").exists() else None
    if now not in (old, *whole_ones): damaged.append(folder/"cat.alive")
    again, _ = undisturbed(folder)
    return dict(work=work, done=done, damaged=len(damaged), left=len(left), same=again == wanted)


def trials(moments, seed=0):
    "So many moments, half of them of fit, half of save."
    random = Random(seed)
    with tempfile.TemporaryDirectory() as first: wanted, _ = undisturbed(Path(first))
    with tempfile.TemporaryDirectory() as again: same, seconds = undisturbed(Path(again))
    if wanted != same: raise RuntimeError("two runs that nobody disturbed differ: nothing can be said")
    whole_ones = wanted, saved_again(wanted)
    for moment in range(moments):
        with tempfile.TemporaryDirectory() as folder:
            work = ("fit", "save")[moment % 2]
            if work == "save": (Path(folder)/"cat.alive").write_bytes(wanted)
            yield kill(Path(folder), work, random.uniform(0, seconds if work == "fit" else 1), wanted, whole_ones)


def main(moments=50, seed=0):
    rows = list(trials(moments, seed))
    print(f"kill -9 at {moments} random moments (seed {seed})\n\n| while | kills | came too late | files or cache entries damaged | hidden leftovers | next run: the same bytes |")
    print("|---|---|---|---|---|---|")
    for work in ("fit", "save"):
        some = [row for row in rows if row["work"] == work]
        print(f"| {work} | {len(some)} | {sum(r['done'] for r in some)} | {sum(r['damaged'] for r in some)} | {sum(r['left'] for r in some)} "
              f"| {sum(r['same'] for r in some)} |")
    return 0 if all(row["same"] and not row["damaged"] for row in rows) else 1


if __name__ == "__main__": sys.exit(main(*map(int, sys.argv[1:])))
