"""Filmed, or imagined? `python bench/guess.py --out guess.html` writes a page that asks it of a visitor.

Ten pairs, side by side: two seconds of the clip's own frames, and two seconds of a rollout at the defaults,
drawn by the default generator; which stands left is a coin's throw. The page counts how often the filmed
one was found, and says how often luck alone would do as well (binomial, one half each). It is one file,
asks the network for nothing, and sends nothing anywhere. `--clip` takes another video, `--seed` other pairs.
A loop's seam gives both away alike: each is cut at any moment, and waits half a second before it begins anew.
"""

import argparse
import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
from clips import data
from PIL import Image

from alive_scene.alive import AliveScene
from alive_scene.scene import write_atomic

PAGE = Path(__file__).with_suffix(".html")
SECONDS = 2.0  # of each film
LEAD = 60  # steps of a rollout before it is shown: it has left its start


def webp(frames, fps):
    "An animated picture as a data URL; its last frame is held for half a second."
    pictures = [Image.fromarray(frame) for frame in frames]
    held = [round(1000 / fps)] * (len(frames) - 1) + [500]
    out = BytesIO()
    pictures[0].save(
        out, "webp", save_all=True, append_images=pictures[1:], duration=held, loop=0, quality=75
    )
    return "data:image/webp;base64," + b64encode(out.getvalue()).decode()


def pairs(alive, count, seed):
    "So many pairs: the filmed one, the imagined one, and which stands left."
    rng = np.random.default_rng(seed)
    frames = alive.scene.frames
    fps = alive.scene.fps
    long = min(round(SECONDS * fps), len(frames))
    found = []
    for _ in range(count):
        begin = int(rng.integers(len(frames) - long + 1))
        filmed = frames[begin : begin + long]
        path = alive.rollout(LEAD + long, seed=int(rng.integers(2**31)))
        both = webp(filmed, fps), webp(alive.render(path[LEAD:]), fps)
        left = int(rng.integers(2))
        found.append({"films": both if left == 0 else both[::-1], "filmed": left})
    return found


def page(alive, count=10, seed=0):
    "The page's text. `alive` must hold its frames: as `AliveScene.fit` leaves it."
    shown = json.dumps(pairs(alive, count, seed)).replace("<", "\\u003c")
    return PAGE.read_text(encoding="utf-8").replace("/*PAIRS*/ []", shown)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", type=Path, default=data / "napping_cat.mp4")
    parser.add_argument("--size", type=int, default=256, help="pixels a side")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    alive = AliveScene.fit(asked.clip, size=asked.size)
    with write_atomic(asked.out) as temporary:
        temporary.write_text(page(alive, asked.pairs, asked.seed), encoding="utf-8")
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
