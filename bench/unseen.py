"""Pictures that nobody filmed: `python bench/unseen.py` prints how they are drawn, a table for each clip.

Up to 120 frames of a clip (centre square, 128 px; `--size`): the real recorded one, both bundled scenes, or
with `--clips FOLDER` each video of a folder. Three things are asked. Every 2nd and every 4th frame: a
generator learns from those, and draws the ones between from their own embeddings (PSNR pooled over all of
them). Beside it what needs no learning, but is told the moment: the blend of both neighbors, and both moved
there by optical flow. Seen: all frames learned, and drawn again. Rollout: where the default behavior leads,
drawn; sharpness against the nearest filmed frame, and the closed loop: the drawing encoded again against what
was asked for (cosine from the scene's centre, median). Sharpness is Laplacian energy, drawn over filmed, the
median. A network is trained for `--seconds` each time, three times a clip; solved generators take what they
need. The default takes ten minutes, most of it training. `--save` keeps all as JSON; `bench/generator.py`
runs this as one of its parts.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch.nn import functional as F

from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder
from alive_scene.flow import between, sharpness
from alive_scene.path import nearest
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout

sys.path.insert(0, str(Path(__file__).parent))  # a lesson loads this file from elsewhere
from clips import data, recorded  # noqa: E402
from judge import db, speed, table  # noqa: E402
from rivals import MODELS  # noqa: E402
from stamp import stamp  # noqa: E402

RACED = ("film network", "ours", "ours, moving")  # and others of MODELS, where they are asked for
VIDEOS = {".avi", ".gif", ".mkv", ".mov", ".mp4", ".webm", ".webp"}
STEPS = 300  # of a rollout


def videos(folder=None):
    "The paths of the clips by name: a folder's, or the kit's own. Raises FileNotFoundError."
    if folder is None:
        own = {name: data / f"{name}.mp4" for name in ("napping_cat", "portrait")}
        return {"recorded": recorded()} | own
    found = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in VIDEOS}
    if not found:
        raise FileNotFoundError(f"there is no video in {folder}: {', '.join(sorted(VIDEOS))}")
    return found


def watched(path, size, most=120):
    "A clip's frames, and their embeddings."
    frames = read_scene(path, size=size, max_frames=most, crop="center").frames
    return frames, ClipEncoder("alive-tiny", device="cpu").encode_frames(frames)


def judged(drawn, filmed, what):
    return {f"PSNR, {what}": db(drawn, filmed), f"sharpness, {what}": sharpness(drawn, filmed)}


def left_out(frames, step):
    "The numbers of the frames between those that are kept, every so many of them."
    last = (len(frames) - 1) // step * step
    return np.array([i for i in range(last) if i % step], int)


def told(frames, step):
    "What is told the moment, and learns nothing: the blend of both neighbors, and their flow."
    asked = left_out(frames, step)
    before = frames[asked // step * step]
    after = frames[asked // step * step + step]
    part = asked % step / step  # the moment, 0..1
    mixed = before + part[:, None, None, None] * (after.astype(float) - before)
    what = f"every {step}{'nd' if step == 2 else 'th'}"
    ways = {
        "blend": mixed.round().astype(np.uint8),
        "flow warp": between(before, after, torch.from_numpy(part)),
    }
    return {name: judged(drawn, frames[asked], what) for name, drawn in ways.items()}


def unseen(kind, frames, embeddings, step, seconds):
    "One generator, of every so many frames, asked for those between."
    asked = left_out(frames, step)
    model = kind.fit(frames[::step], embeddings[::step], seconds=seconds, progress=False)
    what = f"every {step}{'nd' if step == 2 else 'th'}"
    return judged(model.render(embeddings[asked]), frames[asked], what)


def let_go(model, path, frames, embeddings):
    "A rollout, drawn: is it as sharp as what is near, and does the drawing point where it was asked to?"
    drawn = model.render(path)
    again = ClipEncoder("alive-tiny", device="cpu").encode_frames(drawn)
    centre = embeddings.mean(0)
    loop = F.cosine_similarity(again - centre, path - centre).median()
    near = frames[nearest(path, embeddings).numpy()]
    return {"sharpness, rollout": sharpness(drawn, near), "closed loop": float(loop)}


def seen(kind, frames, embeddings, path, seconds):
    "One generator, of all frames: drawn again, and let go along a path."
    start = perf_counter()
    model = kind.fit(frames, embeddings, seconds=seconds, progress=False)
    took = perf_counter() - start
    found = judged(model.render(embeddings), frames, "seen")
    found |= let_go(model, path, frames, embeddings)
    return found | {"seconds": took, "frames a second": speed(model, embeddings)}


def of_clip(frames, embeddings, names, seconds, steps=STEPS):
    "All that is asked of one clip: {generator: {row: number}}."
    behavior = MarkovBehavior.fit(embeddings, progress=False)
    path = rollout(behavior, embeddings, steps, seed=0)
    found = {}
    for step in (2, 4):
        for name, row in told(frames, step).items():
            found[name] = found.get(name, {}) | row
    for name in names:
        found[name] = seen(MODELS[name], frames, embeddings, path, seconds)
        for step in (2, 4):
            found[name] |= unseen(MODELS[name], frames, embeddings, step, seconds)
    return found


def lead(found):
    "By how many decibels each is ahead of the blend: the median over the clips."
    rows = {}
    for what in ("every 2nd", "every 4th"):
        row = f"PSNR, {what}"
        for name in next(iter(found.values())):
            ahead = [clip[name][row] - clip["blend"][row] for clip in found.values()]
            rows.setdefault(name, {})[what] = float(np.median(ahead))
    return rows


def measure(folder=None, size=128, seconds=60, names=RACED, most=120):
    "Every clip's table, printed and returned: {clip: {generator: {row: number}}}."
    found = {}
    for name, path in videos(folder).items():
        frames, embeddings = watched(path, size, most)
        found[name] = of_clip(frames, embeddings, names, seconds)
        table(f"{name}, {size} px, {len(frames)} frames, {seconds:g} s", found[name])
    table(f"dB over the blend, median of {len(found)} clips", lead(found))
    return found


def asked_of(parser):
    "The options that this and `bench/generator.py` share."
    parser.add_argument("--clips", type=Path, help="a folder of videos, instead of the kit's own")
    parser.add_argument("--size", type=int, default=128, help="pixels a side of the clips")
    parser.add_argument("--frames", type=int, default=120, help="of a clip, at most")
    parser.add_argument("--seconds", type=float, default=60, help="training time of each network")
    return parser


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--models", nargs="+", choices=list(MODELS), default=RACED, help="some models alone"
    )
    parser.add_argument("--save", type=Path, help="a JSON file that the results are added to")
    asked = asked_of(parser).parse_args()
    warnings.simplefilter("ignore")
    found = measure(asked.clips, asked.size, asked.seconds, asked.models, asked.frames)
    if asked.save:
        kept = json.loads(asked.save.read_text()) if asked.save.is_file() else {}
        kept["unseen"] = kept.get("unseen", {}) | found
        kept.setdefault("measured", {})["unseen"] = stamp()
        asked.save.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
