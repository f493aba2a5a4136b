"""What the lessons say of real CLIPs, measured where their weights can be had.
Called as python bench/real_clip.py [NAME] [--save bench/real_clip.json]; NAME is open_clip's,
by default ViT-B-32/laion2b_s34b_b79k. 10_clip shows what is kept in a column beside its own.
`--stand-in` runs the same code on random weights, to see that it runs; it measures nothing."""

import argparse
import json
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from encoder import answers
from stamp import stamp
from torch import Tensor

from alive_scene.actors import napping_cat
from alive_scene.clip import ClipEncoder, best_device
from alive_scene.scene import Scene

NAME = "ViT-B-32/laion2b_s34b_b79k"
FRAMES = 100
SIDE = 128
BATCH = 10  # frames that are timed at once
SENTENCES = (
    "a cat with its eyes open",
    "a cat with its eyes closed",
)


def cosines(embeddings: Tensor) -> Tensor:  # of each pair
    one, other = torch.triu_indices(len(embeddings), len(embeddings), 1)
    return (embeddings[one] * embeddings[other]).sum(1)


def seconds_a_frame(clip, frames):
    "The median of five batches, after one that warms up."
    took = []
    for _ in range(6):
        began = perf_counter()
        clip.encode_frames(frames[:BATCH])
        took.append(perf_counter() - began)
    return median(took[1:]) / BATCH


def measure(
    clip: ClipEncoder,
    scene: Scene,  # the napping cat
) -> dict[str, float]:
    "Every line that a lesson says of CLIPs, for one encoder."
    frames = clip.encode_frames(scene.frames)
    texts = clip.encode_text(list(SENTENCES))
    among = cosines(frames)
    second = round(scene.fps)
    steps = (frames[1:] - frames[:-1]).norm(dim=1).square()
    found = {
        "two frames a second apart, median cosine": (frames[:-second] * frames[second:]).sum(1),
        "two frames, median cosine": among,
        "the farthest two frames, cosine": among.min(),
        "alignment (lower is better)": steps.mean(),
        "uniformity (lower is better)": torch.pdist(frames).square().mul(-2).exp().mean().log(),
        "two sentences about the cat, cosine": cosines(texts),
        "a frame and a sentence about the cat, mean cosine": (frames @ texts.T).mean(),
        "modality gap": (frames.mean(0) - texts.mean(0)).norm(),
    }
    found = {name: float(value.median()) for name, value in found.items()}
    for question, right in answers(clip, [scene], frames).items():
        found[f"told by sentences alone: {question}"] = right
    return found


def column(name, clip=None):
    "The lines of an encoder by its name, with its speed on this machine."
    clip = clip or ClipEncoder(name)
    scene = napping_cat(frames=FRAMES, size=SIDE, seed=0)
    found = measure(clip, scene)
    found["milliseconds a frame"] = 1000 * seconds_a_frame(clip, scene.frames)
    return found


class StandIn:
    "A small architecture of open_clip's with random weights."

    def __init__(self) -> None:
        import open_clip

        torch.manual_seed(0)
        self.name = "ViT-S-32-alt, random weights"
        self.model, _, self.prepare = open_clip.create_model_and_transforms("ViT-S-32-alt")
        self.model.eval()
        self.tokenize = open_clip.get_tokenizer("ViT-S-32-alt")

    @torch.no_grad()
    def encode_frames(self, frames):
        from PIL import Image

        pixels = torch.stack([self.prepare(Image.fromarray(frame)) for frame in frames])
        return F.normalize(self.model.encode_image(pixels), dim=1)

    @torch.no_grad()
    def encode_text(self, texts):
        return F.normalize(self.model.encode_text(self.tokenize(texts)), dim=1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", default=NAME)
    parser.add_argument("--save", type=Path, help="a JSON file to keep the figures in")
    parser.add_argument("--stand-in", action="store_true", help="random weights, never kept")
    asked = parser.parse_args()
    if asked.stand_in and asked.save:
        parser.error("random weights say nothing of a real CLIP: without --save, please")
    other = StandIn() if asked.stand_in else None
    name = other.name if other else asked.name
    try:
        columns = {"alive-tiny": column("alive-tiny"), name: column(name, other)}
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"{'':52}" + "".join(f"{one:>30}" for one in columns))
    for line in columns[name]:
        print(f"{line:52}" + "".join(f"{found[line]:30.3f}" for found in columns.values()))
    if asked.save:
        kept = {"measured": stamp(), "device": str(best_device()), "name": name, "columns": columns}
        asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
