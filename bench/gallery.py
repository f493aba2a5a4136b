"""A gallery's costs: `python bench/gallery.py [--clips FOLDER] [--workers 1 2 4] [--save FILE.json]`.

Twenty clips: the bundled cat with other seeds, and those of a folder. They are fitted by clusters of this
machine with 1, 2 … workers of one thread each, into an empty folder and with an empty cache; the clock starts
when the workers are there. The log of each run says what each stage took. Then the wall is opened in headless
Chromium: what it takes of a core while portraits live, and while nothing is in view. What a
thousand and a million videos would take, by these figures, 90_gallery tells.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import platformdirs
import psutil
from distributed import Client, LocalCluster
from stamp import stamp

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browsers import launch, until  # noqa: E402, shared with the tests

from alive_scene.actors import napping_cat  # noqa: E402
from alive_scene.catalogue import gallery_page, records  # noqa: E402
from alive_scene.gallery import STAGES, fit_gallery  # noqa: E402
from alive_scene.scene import write_video  # noqa: E402

MANY = 20


def filmed(folder, clips, frames, size):
    "Twenty videos in a folder."
    given = sorted(Path(clips).glob("*.mp4")) if clips else []
    for number in range(MANY - len(given)):
        scene = napping_cat(frames, size=size, seed=number)
        write_video(scene, folder / f"cat_{number:02}.mp4")
    return [*sorted(folder.glob("*.mp4")), *given]


def empty_cache(folder):
    "A cache without embeddings; the browser's runtime is linked, as fetching it isn't the question."
    folder.mkdir()
    known = os.environ.get("ALIVE_SCENE_CACHE") or platformdirs.user_cache_dir("alive_scene")
    for runtime in Path(known).glob("onnxruntime-web-*"):
        (folder / runtime.name).symlink_to(runtime)
    return str(folder)


def timed(videos, out, workers, words, cache):
    "Seconds by so many workers, and what the log says."
    os.environ["ALIVE_SCENE_CACHE"] = cache
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(workers)
        begin = time.perf_counter()
        gallery = fit_gallery(videos, out, client, **words)
        seconds = time.perf_counter() - begin
    assert not gallery.failed, gallery.failed
    log = map(json.loads, (out / ".work" / "log.jsonl").read_text().splitlines())
    return seconds, list(log)


def told(log, scenes):
    "Medians of each stage; bytes and seconds of video."
    found = {}
    for stage in STAGES:
        mine = [one for one in log if one["stage"] == stage]
        found[f"{stage}, seconds"] = median(one["seconds"] for one in mine)
        found[f"{stage}, CPU seconds"] = median(one["cpu"] for one in mine)
    found["CPU seconds a scene"] = sum(one["cpu"] for one in log) / len(scenes)
    found["peak memory of a worker, MB"] = max(one["peak"] for one in log)
    sizes = [sum(file["bytes"] for file in one["files"].values()) for one in scenes.values()]
    found["kilobytes a scene"] = sum(sizes) / len(sizes) / 1e3
    filmed_seconds = sum(one["frames"] / one["fps"] for one in scenes.values())
    found["CPU seconds a second of video"] = sum(one["cpu"] for one in log) / filmed_seconds
    return found


def of_chromium():
    "CPU seconds of all its processes."
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            pass
    return total


def of_core(tab, seconds):
    "Share of a core that Chromium takes, once it has settled."
    tab.wait_for_timeout(4000)
    begin = of_chromium(), time.perf_counter()
    tab.wait_for_timeout(1000 * seconds)
    return (of_chromium() - begin[0]) / (time.perf_counter() - begin[1])


def of_wall(out, seconds=30):
    "Shares of a core: a blank page, portraits in view, none in view."
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "http.server", "8797", "-d", str(out), "-b", "127.0.0.1"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shares = {}
    try:
        with sync_playwright() as play:
            browser = launch(play)
            tab = browser.new_page(viewport=dict(width=1280, height=800))
            errors = []
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.on("console", lambda said: said.type == "error" and errors.append(said.text))
            shares["a blank page, share of a core"] = of_core(tab, seconds)
            tab.goto("http://127.0.0.1:8797/")
            until(tab, "document.querySelectorAll('iframe.there').length === 6")
            below = "document.body.style.paddingBottom = '3000px'; scrollTo(0, 1e6)"
            for name, act, living in (("six in view", "0", 6), ("none in view", below, 0)):
                tab.evaluate(act)
                until(tab, f"gallery.living().length === {living}")
                shares[f"the wall, {name}, share of a core"] = of_core(tab, seconds)
            tab.evaluate("scrollTo(0, 0)")
            for _ in range(40):  # down and up again
                tab.mouse.wheel(0, 300)
                tab.wait_for_timeout(50)
            tab.evaluate("scrollTo(0, 0)")
            until(tab, "document.querySelectorAll('iframe.there').length > 0")
            shares["errors while it is scrolled"] = len(errors)
            browser.close()
    finally:
        server.kill()
    return shares


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", help="a folder of more videos")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--vet", type=int, default=10_000)
    parser.add_argument("--generator", default="morph")
    parser.add_argument("--behavior", default="alive")
    parser.add_argument("--keep", type=Path, help="an empty folder that keeps the last wall")
    parser.add_argument("--wall", type=Path, help="measure this wall alone, as --keep left it")
    parser.add_argument("--save", type=Path, help="keep the figures in a JSON file")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.wall:
        wall = of_wall(asked.wall)
        print(wall)
        if asked.save:
            kept = json.loads(asked.save.read_text(encoding="utf-8"))
            kept |= dict(wall=wall, wall_measured=stamp())
            asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        return
    words = {name: getattr(asked, name) for name in ("size", "vet", "generator", "behavior")}
    words |= dict(max_frames=asked.frames, progress=False)
    rows = {}
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "clips").mkdir()
        videos = filmed(folder / "clips", asked.clips, asked.frames, asked.size)
        for workers in asked.workers:
            out = folder / f"site_{workers}"
            cache = empty_cache(folder / f"cache_{workers}")
            seconds, log = timed(videos, out, workers, words, cache)
            rows[str(workers)] = dict(seconds=seconds) | told(log, records(out))
            first = rows[str(asked.workers[0])]["seconds"]
            rows[str(workers)]["times as fast as one"] = first / seconds
            print(workers, rows[str(workers)], flush=True)
        wall = of_wall(gallery_page(out).parent)
        if asked.keep:
            shutil.copytree(out, asked.keep)
        print(wall)
    names = list(next(iter(rows.values())))
    print("| | " + " | ".join(f"{count} workers" for count in rows) + " |")
    print("|---" * (len(rows) + 1) + "|")
    for name in names:
        print(f"| {name} | " + " | ".join(f"{row[name]:.3g}" for row in rows.values()) + " |")
    if asked.save:
        kept = dict(measured=stamp(), words=words, clips=MANY, workers=rows, wall=wall)
        asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
