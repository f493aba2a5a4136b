"""The field in 3D on the bundled clip of the creature: held-out cameras, held-out moments, depth, speed.

python bench/nerf.py [--seconds 300] [--sizes 64 128] [--device cuda] [--save FILE.json]
Two of the twelve cameras and every sixth moment are held out. A row each: PSNR over the whole picture and
over the creature's own pixels; and what a field costs that is only conditioned on the moment, not bent by it.
`--film FOLDER` films the bundled clip again instead (minutes); `--pictures FOLDER` trains a scene on all
cameras and moments and writes field_orbit.gif, a walk around it while it lives.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from alive_scene.actors import creature
from alive_scene.alive import AliveScene
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.nerf import SceneField, render_view
from alive_scene.scene import Scene, write_atomic, write_video
from alive_scene.siren import psnr
from alive_scene.views import Views, read_views

sys.path.insert(0, str(Path(__file__).parent))
from clips import data  # noqa: E402
from stamp import stamp  # noqa: E402

CAMERAS = [2, 7]  # held out
WIDE = 0.66  # the creature's body


def transforms(shots):
    "The cameras, as the synthetic scenes of NeRF have it; a clip in the place of each picture."
    angle = 2 * math.atan(0.5 / shots.cameras[0].focal)  # the pictures are square
    return {
        "camera_angle_x": angle,
        "frames": [
            {
                "file_path": f"camera_{i:02}.mp4",
                "transform_matrix": camera.pose.astype(float).round(6).tolist(),
            }
            for i, camera in enumerate(shots.cameras)
        ],
    }


def film(folder):
    "The bundled clip: 72 moments, twelve cameras, 128 pixels."
    shots = creature(72, 128)
    for i, scene in enumerate(shots.scenes):
        write_video(scene, folder / f"camera_{i:02}.mp4")
    with write_atomic(folder / "transforms.json") as file:
        file.write_text(json.dumps(transforms(shots)), encoding="utf-8")


def part_of(views, cameras, moments):
    "Some cameras' clips, of some moments."
    clips = [
        Scene(views.scenes[i].frames[moments], views.scenes[i].fps, views.scenes[i].name)
        for i in cameras
    ]
    return Views(clips, [views.cameras[i] for i in cameras])


def compare(field, views, embeddings, cameras, moments):
    "PSNR over whole pictures, and over the creature's own pixels."
    whole = []
    own = []
    for i in cameras:
        for t in moments:
            filmed = views.scenes[i].frames[t] / 255
            drawn, _ = render_view(field, embeddings[t], views.cameras[i])
            error = np.square(drawn / 255 - filmed)
            whole.append(error.mean())
            own.append(error[(filmed < 0.95).any(2)].mean(1))
    return {
        "PSNR": psnr(float(np.mean(whole))),
        "own pixels": psnr(float(np.concatenate(own).mean())),
    }


def depth_error(field, views, embeddings, moments, size):
    "Median and mean error of the depth from held-out cameras, in widths of the body."
    shots = creature(len(embeddings), size, 0, [views.cameras[i] for i in CAMERAS])
    off = [
        np.abs(render_view(field, embeddings[t], camera)[1] - shots.depths[i, t]).ravel()
        for i, camera in enumerate(shots.cameras)
        for t in moments
    ]
    off = np.concatenate(off) / WIDE
    return {"median": float(np.nanmedian(off)), "mean": float(np.nanmean(off))}


def rate(field, embeddings, size):
    "Frames a second at a size, of the first camera."
    render_view(field, embeddings[0], height=size)
    began = perf_counter()
    for embedding in embeddings[:20]:
        render_view(field, embedding, height=size)
    return 20 / (perf_counter() - began)


def measure(size, asked, **how):
    "All figures of one training."
    views = read_views(data / "creature", size)
    embeddings = encode_scene(views.scenes[0], ClipEncoder("alive-tiny"))
    late = list(range(3, len(embeddings), 6))
    seen = [t for t in range(len(embeddings)) if t not in late]
    filming = [i for i in range(len(views)) if i not in CAMERAS]
    learned = part_of(views, filming, seen)
    done = [0]

    def count(field, share):
        done[0] += 1

    began = perf_counter()
    field = SceneField.fit(
        learned, embeddings[seen], seconds=asked.seconds, on_step=count, progress=False, **how
    )
    took = perf_counter() - began
    field = field.to(asked.device)
    return {
        "training, seconds": took,
        "steps": done[0],
        "learned": compare(field, views, embeddings, filming[::3], seen[::6]),
        "held-out cameras": compare(field, views, embeddings, CAMERAS, seen[::3]),
        "held-out moments": compare(field, views, embeddings, filming[::3], late),
        "both": compare(field, views, embeddings, CAMERAS, late),
        "depth error, body widths": depth_error(field, views, embeddings, late[::2], size),
        "frames a second": rate(field, embeddings, size),
    }, field


def orbit_film(folder, seconds):
    "A scene of all that was filmed, alive, seen by a camera that walks around it; and its depth."
    views = read_views(data / "creature", 64)
    alive = AliveScene.fit(views, generator="nerf", seconds=seconds, progress=False)
    field = alive.generator
    frames = []
    for i, embedding in enumerate(alive.rollout(60, seed=3)):
        picture, depth = render_view(field, embedding, field.camera(6 * i, 10), height=160)
        grey = (255 * (1 - (np.nan_to_num(depth, nan=4.0) - 2) / 2)).clip(0, 255)
        grey = np.repeat(grey.astype(np.uint8)[..., None], 3, 2)
        frames.append(np.concatenate([picture, grey], 1))
    write_video(Scene(np.stack(frames), 12.0), folder / "field_orbit.gif", colors=64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300, help="of each training")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128], help="pixels a side")
    parser.add_argument("--device", default="cpu", help="where it is drawn: cpu, cuda, mps")
    parser.add_argument("--film", type=Path, help="film the clip into this folder, and end")
    parser.add_argument("--pictures", type=Path, help="write the walk around it here, and end")
    parser.add_argument("--save", type=Path, help="a JSON file to keep it in")
    asked = parser.parse_args()
    if asked.film:
        return film(asked.film)
    if asked.pictures:
        return orbit_film(asked.pictures, asked.seconds)
    rows = {}
    for size in asked.sizes:
        rows[f"{size} pixels"], _ = measure(size, asked)
        print(f"{size} pixels", json.dumps(rows[f"{size} pixels"], indent=1), flush=True)
    rows["64 pixels, only conditioned"], _ = measure(64, asked, warps=0, looks=20)
    print("64 pixels, only conditioned", json.dumps(rows["64 pixels, only conditioned"], indent=1))
    if asked.save:
        kept = dict(measured=stamp(), threads=torch.get_num_threads(), fields=rows)
        asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
