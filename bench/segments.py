"""What isn't life, learned and left out: how many vital signs hold, and how long a scene is in the dark.

python bench/segments.py [CLIP…] [--save FILE.json]
Prints two tables: each clip faded to black, begun in black, with each picture stored twice, cut from the
other, with the picture frozen at its end; learned as it is (`Scene`) and as fit reads it
(`read_segment`). Then single pictures, stirred. Signs are of 10,000 steps of the default behavior, dark
is a frame under a quarter of the brightest.
"""

import argparse
import json
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from clips import data, recorded

from alive_scene.actors import stir
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.path import nearest
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.scene import Scene, write_video
from alive_scene.segments import read_segment
from alive_scene.vitals import missing, vital_signs

encoder = ClipEncoder("alive-tiny")
pictures = "chelsea", "coffee", "astronaut"


def spoiled(scene: Scene, other: Scene) -> dict[str, Scene]:
    "What editors, messengers and recorders make of a clip."
    frames = scene.frames
    faded = frames.astype(float)
    faded[-20:] *= np.linspace(1, 0, 20)[:, None, None, None]
    dark = np.zeros_like(frames[:30])
    made = {
        "as filmed": frames,
        "fades to black": np.concatenate([faded.round().astype(np.uint8), dark]),
        "begins black": np.concatenate([dark[:5], frames]),
        "black inside": np.concatenate([frames[:40], dark, frames[40:]]),
        "stands still at its end": np.concatenate([frames, np.repeat(frames[-1:], 40, axis=0)]),
        "cut": np.concatenate([frames, other.frames[:60]]),
    }
    doubled = replace(scene, frames=np.repeat(frames, 2, axis=0), fps=2 * scene.fps)
    return {
        **{name: Scene(each, scene.fps) for name, each in made.items()},
        "each picture twice": doubled,
    }


def lives(scene: Scene, seeds: int = 3) -> dict:  # signs that fail, share of the dark
    "How a scene lives that is learned from these frames: the middle one of some lives."
    embeddings = encode_scene(scene, encoder)
    behavior = MarkovBehavior.fit(embeddings, progress=False)
    level = scene.frames.reshape(len(scene), -1).mean(1)
    dark = level < 0.25 * level.max()
    fails = []
    shares = []
    for path in rollout(behavior, embeddings, 10_000, seed=list(range(seeds))):
        fails.append(missing(vital_signs(path, embeddings)))
        shares.append(float(dark[nearest(path, embeddings)].mean()))
    return dict(
        frames=len(scene), fps=scene.fps, fails=sorted(fails, key=len)[seeds // 2], dark=max(shares)
    )


def compared(clip: Scene, other: Scene) -> list[dict]:
    "Each spoiled clip, learned as it is and as fit reads it."
    rows = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        for what, scene in spoiled(clip, other).items():
            file = write_video(scene, Path(folder) / "clip.mp4")
            before = read_scene(file, size=clip.frames.shape[1], max_frames=len(scene))
            after = read_segment(file, size=clip.frames.shape[1])
            rows.append(dict(clip=clip.name, what=what, before=lives(before), after=lives(after)))
            print(row(rows[-1]), flush=True)
    return rows


def row(found: dict) -> str:
    sides = [
        f"{one['frames']} at {one['fps']:.4g} | {', '.join(one['fails']) or 'all hold'} | {one['dark']:.0%}"
        for one in (found["before"], found["after"])
    ]
    return f"| {found['clip']} | {found['what']} | {' | '.join(sides)} |"


def stirred() -> list[dict]:
    import skimage

    return [dict(picture=name, **lives(stir(getattr(skimage.data, name)()))) for name in pictures]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", help="instead of the bundled ones and a recorded one")
    parser.add_argument("--save", type=Path, help="a JSON file to keep it in")
    asked = parser.parse_args()
    paths = asked.clips or [data / "napping_cat.mp4", recorded()]
    with warnings.catch_warnings(action="ignore"):
        clips = [read_scene(path, max_frames=90) for path in paths]
        other = read_scene(data / "portrait.mp4", max_frames=60)
    print("| clip | what | learned as it is | fails | dark | as fit reads it | fails | dark |")
    print("|---|---|---|---|---|---|---|---|")
    rows = [found for clip in clips for found in compared(clip, other)]
    print("\n| one picture, stirred | frames | fails |\n|---|---|---|")
    alone = stirred()
    for one in alone:
        print(f"| {one['picture']} | {one['frames']} | {', '.join(one['fails']) or 'all hold'} |")
    if asked.save:
        asked.save.write_text(json.dumps(dict(clips=rows, stirred=alone), indent=1) + "\n")


if __name__ == "__main__":
    main()
