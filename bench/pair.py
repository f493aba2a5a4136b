"""The article's figures, by the published pair and by ours: `python bench/pair.py --out nbs/images`.

A scene drawn by the published SIREN (data/published_cat.safetensors, which bench/published.py trained) and
moved by the published VAE (trained here, 200 times through the thousand motions; `--frames`: 1,000 times
through the motions of the filmed frames), and the same by the kit's defaults, from the same frame with the
same seeds. Each figure is an animated WebP of 128-pixel panels: `pair_progress`, the SIREN as it learns;
`pair_generated`, original against generated; `pair_artifacts`, the rollout as it is and cured by 0.1;
`pair_versions`, four versions from one start; `pair_temperatures`. Two minutes on two quiet cores. The table
says of each rollout how far it strays and how much changes from picture to picture; `--save` keeps it.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from safetensors import safe_open

from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.generator import SirenGenerator
from alive_scene.morph import MorphGenerator
from alive_scene.path import distance_to_path, step_length
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.vae import VaeBehavior

sys.path.insert(0, str(Path(__file__).parent))
from clips import data  # noqa: E402
from stamp import stamp  # noqa: E402

BEGIN = 44  # a frame in the light, her eyes open
LONG = 96  # steps of a film, of which each fourth is shown
EVERY = 4
TEMPERATURES = (0.5, 1.0, 2.0, 4.0)


def network(path):
    "The published SIREN as it was kept, how many steps it has taken, and those that its sheet shows."
    with safe_open(path, "pt") as kept:
        told = kept.metadata()
        model = SirenGenerator(**json.loads(told["config"]))
        model.load_state_dict({name: kept.get_tensor(name).float() for name in kept.keys()})
    return model.eval(), int(told["step"]), json.loads(told["shown"])


def film(path, rows, every=1, rate=6.0):
    "Rows of panels {label: uint8 (time, height, width, 3)} as one animated WebP."
    pictures = []
    for t in range(0, min(len(panel) for row in rows for panel in row.values()), every):
        lines = []
        for row in rows:
            panels = []
            for label, panel in row.items():
                picture = Image.fromarray(panel[t])
                band = Image.new("RGB", (picture.width, 14), "white")
                ImageDraw.Draw(band).text((2, 1), label, fill="black")
                panels.append(np.vstack([np.asarray(band), np.asarray(picture)]))
            lines.append(np.hstack(panels))
        pictures.append(Image.fromarray(np.vstack(lines)))
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 / rate),
        loop=0,
        quality=60,
        method=6,
    )
    print(f"{path.name}: {len(pictures)} pictures, {path.stat().st_size / 1000:.0f} kB", flush=True)


def progress(sheet, steps, out):
    "The sheet of bench/published.py, a row a step, as a film: each panel plays the clip."
    picture = np.asarray(Image.open(sheet).convert("RGB"))
    side = 128
    rows = picture.reshape(len(picture) // side, side, -1, side, 3).transpose(0, 2, 1, 3, 4)
    panels = {f"{step:,} steps": row for step, row in zip(steps, rows, strict=True)}
    names = list(panels)[-8:]  # the first of nine is all dark
    film(out, [{name: panels[name] for name in part} for part in (names[:4], names[4:])], rate=4)


def told(path, frames, observed, video):
    "How far a rollout strays and how long it gets; how much its pictures change, against the video's."
    change = lambda clip: np.abs(np.diff(clip.astype(np.float32), axis=0)).mean((1, 2, 3))
    return {
        "length at its end": float(path[-1].norm()),
        "distance, median steps": float(
            np.median(distance_to_path(path, observed)[2]) / step_length(observed)
        ),
        "change a picture, against the video": float(
            np.median(change(frames)) / np.median(change(video[::EVERY]))
        ),
    }


def let_go(out, both, scene, observed):
    "The films of rollouts, the published pair's and ours, and what `told` says of each."
    table = {}

    def clip_of(who, name, seed=0, temperature=1.0, curing=0.1):
        generator, behavior = both[who]
        how = dict(seed=seed, temperature=temperature, curing=curing)
        path = rollout(behavior, observed, LONG, start=BEGIN, **how)
        frames = generator.render(path[::EVERY])
        table[f"{who}, {name}"] = told(path, frames, observed, scene.frames)
        return frames

    film(
        out / "pair_artifacts.webp",
        [
            {
                "published, as it is": clip_of("published", "as it is", curing=None),
                "cured by 0.1": clip_of("published", "cured by 0.1"),
                "ours": clip_of("ours", "cured by 0.1"),
            }
        ],
    )
    film(
        out / "pair_versions.webp",
        [
            {f"{who}, {seed}": clip_of(who, f"seed {seed}", seed) for seed in range(1, 5)}
            for who in both
        ],
    )
    film(
        out / "pair_temperatures.webp",
        [
            {
                f"{who}, {heat:g}": clip_of(who, f"temperature {heat:g}", 0, heat)
                for heat in TEMPERATURES
            }
            for who in both
        ],
    )
    return table


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", type=Path, default=data / "published_cat.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the films")
    parser.add_argument("--frames", action="store_true", help="the VAE learns the frames' motions")
    parser.add_argument("--save", type=Path, help="a JSON file for the table")
    asked = parser.parse_args()
    scene = read_scene(data / "napping_cat.mp4", size=128, max_frames=200, crop="center")
    observed = encode_scene(scene, ClipEncoder("alive-tiny", device="cpu"))
    siren, steps, kept_steps = network(asked.network)
    morph = MorphGenerator.fit(scene.frames, observed, progress=False)
    how = dict(points=None, epochs=1000) if asked.frames else {}
    published = siren, VaeBehavior.fit(observed, progress=False, **how)
    ours = morph, MarkovBehavior.fit(observed, progress=False)

    sheet = asked.network.with_suffix(".webp")
    if sheet.is_file():
        progress(sheet, kept_steps, asked.out / "pair_progress.webp")
    shown = observed[BEGIN : BEGIN + LONG : EVERY]
    film(
        asked.out / "pair_generated.webp",
        [
            {
                "original": scene.frames[BEGIN : BEGIN + LONG : EVERY],
                f"SIREN, {steps:,} steps": siren.render(shown),
                "ours": morph.render(shown),
            }
        ],
    )
    table = let_go(asked.out, {"published": published, "ours": ours}, scene, observed)
    for name, row in table.items():
        print(f"{name:28}", *(f"{what} {value:.2f};" for what, value in row.items()))
    if asked.save:
        kept = {"steps of the SIREN": steps, "rollouts": table} | stamp()
        asked.save.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
