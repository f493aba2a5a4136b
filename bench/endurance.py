"""Does it last? 100,000 steps of every behavior, ten minutes of the player, a ten-minute video.

python bench/endurance.py [STEPS] [SECONDS] [MINUTES] [--only rollouts|player|video] [--save FILE.json]
Prints one table each, and fails if one of them isn't as it must be. The last tenth of a rollout must have the
vital signs of its first; the player's memory must stay within 5% and leave no thread; reading 200 frames of
the video, in a process of its own, must stay under 1 GB. `--save` keeps it as JSON, beside what the file held
of other parts.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from alive_scene.behavior import MarkovBehavior
from alive_scene.peers import FlowBehavior, VideoTexture
from alive_scene.rollout import rollout
from alive_scene.vae import VaeBehavior
from alive_scene.vitals import vital_signs

sys.path.insert(0, str(Path(__file__).parent))
from stamp import stamp  # noqa: E402

SIGNS = "speed", "drift", "coverage"
# a peer that knows nothing of the whole: it wanders off and settles somewhere,
# so that only its numbers must be finite
STRAYS = {"FlowBehavior"}
KINDS = {
    "MarkovBehavior": MarkovBehavior,
    "VaeBehavior, cured": VaeBehavior,
    "VideoTexture": VideoTexture,
    "FlowBehavior": FlowBehavior,
}


def memory():
    """Resident bytes of this process, and the most there ever were.

    On Linux getrusage would count the parent's, so the kernel's own line is read.
    """
    if sys.platform == "linux":
        lines = dict(
            line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines()
        )
        return tuple(int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return most, most


def forget_peak():
    "Let the most there ever was count from now on; False where the system can't do that."
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return sys.platform == "linux"


def observed(frames=200):
    from alive_scene.actors import napping_cat
    from alive_scene.clip import ClipEncoder, encode_scene

    return encode_scene(napping_cat(frames, 96), ClipEncoder())


def long(kind, path, steps, seed=0, **options):
    "The vital signs of the first and of the last tenth of a rollout, and whether every number was finite."
    behavior = KINDS[kind].fit(path, seed=seed, progress=False, **options)
    course = rollout(behavior, path, steps, seed=seed)
    tenth = steps // 10
    ends = [vital_signs(part, path) for part in (course[:tenth], course[-tenth:])]
    return dict(finite=bool(course.isfinite().all()), first=ends[0], last=ends[1])


def alike(first, last, sign):
    """As before: within a fifth, or a tenth of what is counted in shares or steps.

    What neither could tell is alike.
    """
    if math.isnan(first[sign]) and math.isnan(last[sign]):
        return True
    return abs(last[sign] - first[sign]) <= max(0.2 * abs(first[sign]), 0.1)


class Browser:
    "What the screen does, without a browser: asks for frames, turns a slider now and then, keeps nothing."

    def __init__(self, player):
        self.player = player
        self.epoch = None
        self.newest = None
        self.frames = 0
        player.screen.send = self.receive
        player.answer(player.screen, {"kind": "hello"}, [])

    def receive(self, message, buffers=None):
        if message["kind"] == "flush":
            self.epoch = message["epoch"]
            self.newest = self.newest if message["keep"] else message["index"]
        if message["kind"] == "frames":
            self.newest = message["first"] + len(buffers) - 1
            self.frames += len(buffers)

    def want(self, frames):
        self.player.answer(
            self.player.screen,
            {"kind": "want", "epoch": self.epoch, "after": self.newest, "frames": frames},
            [],
        )


def played(alive, seconds=None, asks=None):
    """The player for so long, or so many asks: frames, threads left, and memory.

    Memory is told after it has settled, and at the end.
    """
    from alive_scene.player import AlivePlayer

    threads = threading.active_count()
    rng = np.random.default_rng(0)
    player = AlivePlayer(alive)
    browser = Browser(player)
    begin = time.perf_counter()
    count = 0
    settled = None
    settle = min(60, (seconds or 0) / 4)
    while (time.perf_counter() - begin < seconds) if seconds else count < asks:
        browser.want(12)
        count += 1
        if count % 25 == 0:
            player.temperature.value = float(rng.uniform(0, 3))
        if count % 100 == 0:
            player.surprise_me()
        if settled is None and (
            time.perf_counter() - begin > settle if seconds else count > asks / 4
        ):
            settled = memory()[0]
    return dict(
        frames=browser.frames,
        threads=threading.active_count() - threads,
        settled=settled,
        end=memory()[0],
    )


def film(path, minutes, height=1080, width=1920, fps=25):
    "A long video of little motion: a lit square that wanders over a still background."
    import av

    picture = (
        np.random.default_rng(0)
        .integers(0, 60, (height // 8, width // 8, 3), dtype=np.uint8)
        .repeat(8, 0)
        .repeat(8, 1)
    )
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps, options=dict(preset="ultrafast", g="250"))
        stream.height = height
        stream.width = width
        stream.pix_fmt = "yuv420p"
        for t in range(round(minutes * 60 * fps)):
            now = picture.copy()
            x = 4 * t % (width - 64)
            now[height // 2 - 32 : height // 2 + 32, x : x + 64] = 255
            file.mux(stream.encode(av.VideoFrame.from_ndarray(now, format="rgb24")))
        file.mux(stream.encode())
    return path


READ = """
import sys, time
from alive_scene.reader import read_scene
sys.path.insert(0, sys.argv[1])
from endurance import memory
before, begin = memory()[1], time.perf_counter()
scene = read_scene(sys.argv[2], fps=float(sys.argv[3]), start=float(sys.argv[4]))
print(len(scene), memory()[1], time.perf_counter()-begin, before)
"""


def read(path, fps=25.0, start=0.0):
    "Frames, peak bytes and seconds of a process that reads a video."
    said = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            READ,
            str(Path(__file__).parent),
            str(path),
            str(fps),
            str(start),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return dict(frames=int(said[0]), peak=int(said[1]), seconds=float(said[2]))


def rollouts(steps):
    "Every behavior for so many steps; whether all of them are as alive at last as at first."
    path = observed()
    rows = []
    print(
        f"{steps:,} steps, the first tenth → the last\n\n"
        f"| behavior | all finite | {' | '.join(SIGNS)} | as at first |\n"
        f"|---|---|{'---|' * len(SIGNS)}---|",
        flush=True,
    )
    for kind in KINDS:
        row = long(kind, path, steps)
        row |= dict(
            behavior=kind, alike=all(alike(row["first"], row["last"], sign) for sign in SIGNS)
        )
        pairs = [f"{row['first'][sign]:.2f} → {row['last'][sign]:.2f}" for sign in SIGNS]
        print(f"| {kind} | {row['finite']} | {' | '.join(pairs)} | {row['alike']} |", flush=True)
        rows.append(row)
    return dict(
        steps=steps,
        behaviors=rows,
        fine=all(row["finite"] and (row["alike"] or row["behavior"] in STRAYS) for row in rows),
    )


def player(seconds):
    "The player for so long; whether its memory stayed flat and it left no thread."
    from alive_scene.actors import napping_cat
    from alive_scene.alive import AliveScene

    row = played(AliveScene.fit(napping_cat(100, 128), progress=False), seconds)
    row |= dict(seconds=seconds, grown=row["end"] / row["settled"] - 1)
    print(
        f"\n| the player for {seconds} s | frames | memory, settled → at the end | grown by | threads left |"
        "\n|---|---|---|---|---|"
    )
    print(
        f"| | {row['frames']:,} | {row['settled'] / 1e6:.0f} → {row['end'] / 1e6:.0f} MB "
        f"| {row['grown']:+.1%} | {row['threads']} |",
        flush=True,
    )
    return dict(row, fine=row["frames"] > 0 and row["grown"] <= 0.05 and row["threads"] <= 0)


def video(minutes):
    "Reading its begin, its middle, all of it; whether that stayed under 1 GB."
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = film(Path(folder) / "long.mp4", minutes)
        size = path.stat().st_size
        print(
            f"\n| {minutes} minutes of 1080p, {size / 1e6:.0f} MB | frames read | peak memory | seconds |"
            "\n|---|---|---|---|"
        )
        for what, options in dict(
            begin=dict(), middle=dict(start=minutes * 30), all=dict(fps=200 / (minutes * 60))
        ).items():
            row = dict(read(path, **options), what=what)
            rows.append(row)
            print(
                f"| {what} | {row['frames']} | {row['peak'] / 1e6:.0f} MB | {row['seconds']:.1f} |",
                flush=True,
            )
    return dict(
        minutes=minutes,
        size=size,
        reads=rows,
        fine=all(row["frames"] > 0 and row["peak"] < 1e9 for row in rows),
    )


def main(steps=100_000, seconds=600, minutes=10, only=None, save=None):
    kept = json.loads(Path(save).read_text()) if save and Path(save).is_file() else {}
    parts = dict(
        rollouts=lambda: rollouts(steps),
        player=lambda: player(seconds),
        video=lambda: video(minutes),
    )
    made = {name: part() for name, part in parts.items() if only in (None, name)}
    if save:
        Path(save).write_text(
            json.dumps({**kept, **{part: row | stamp() for part, row in made.items()}}, indent=1)
            + "\n"
        )
    for name, part in made.items():
        if not part["fine"]:
            print(f"\nNot as it must be: {name}")
    return 0 if all(part["fine"] for part in made.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("steps", 100_000), ("seconds", 600), ("minutes", 10)):
        parser.add_argument(name, type=int, nargs="?", default=usual)
    parser.add_argument("--only", choices=("rollouts", "player", "video"))
    parser.add_argument("--save", help="a JSON file to keep the tables in")
    sys.exit(main(**vars(parser.parse_args())))
