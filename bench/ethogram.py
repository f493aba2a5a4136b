"""A lab's export beside the truth: `python bench/ethogram.py`.

The two bundled scenes, whose states are known: shares, bouts and rates of the filmed record and of ten
imagined ones, against those of the truth. `--save` keeps the figures.
"""

import argparse
import json
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from stamp import stamp

from alive_scene.actors import napping_cat, portrait
from alive_scene.alive import AliveScene
from alive_scene.ethogram import (
    bouts,
    consistency,
    entropy_rate,
    filmed,
    imagined,
    read_labels,
    shuffled_rate,
    state_table,
    write_table,
)

SCENES = {  # the state, above one half, and what it is called
    "napping_cat": (napping_cat, {"eyes_closed": "asleep", "light": "bright", "ear": "ear turned"}),
    "portrait": (portrait, {"eyes_closed": "eyes closed", "smile": "smiling", "light": "bright"}),
}


def truth_of(on, fps):
    "Share, bouts and rate a minute of a state, from its true course alone."
    starts = int((np.diff(on.astype(int), prepend=0) == 1).sum())
    return dict(share=float(on.mean()), count=starts, rate=60 * starts * fps / len(on))


def measure(alive, scene, on, name, steps, seeds, folder):
    "One state: the truth, the filmed record, the mean of the imagined ones."
    labels = [name if one else "else" for one in on]
    file = write_table([dict(state=one) for one in labels], Path(folder) / "labels.csv")
    states = read_labels(file, alive.scene)

    def row(record):
        return state_table(bouts(record), [name])[0]

    film = filmed(alive.scene, alive.embeddings, states)
    lives = [
        imagined(alive.scene, alive.embeddings, states, alive.rollout(steps, seed=seed))
        for seed in range(seeds)
    ]
    rows = [row(life) for life in lives]
    return dict(
        truth=truth_of(on, scene.fps),
        filmed={key: row(film)[key] for key in ("share", "count", "rate")},
        imagined={
            key: float(np.mean([one[key] for one in rows])) for key in ("share", "rate", "mean")
        },
        filmed_mean=row(film)["mean"],
        entropy={
            "filmed": [entropy_rate(film.states), shuffled_rate(film.states)],
            "imagined": [entropy_rate(lives[0].states), shuffled_rate(lives[0].states)],
        },
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = stamp() | dict(steps=asked.steps, seeds=asked.seeds, scenes={})
    print(f"{'':24}{'truth':>26}{'filmed':>26}{'imagined':>18}   imagined / truth")
    print(f"{'':24}" + "   share   bouts    rate" * 2 + "   share    rate      share  rate")
    with TemporaryDirectory() as folder:
        for clip, (film, chosen) in SCENES.items():
            scene = film(frames=200, size=128)
            # the drawing plays no part
            alive = AliveScene.fit(scene, generator="patch", progress=False)
            rows = {}
            for state, name in chosen.items():
                on = np.asarray(scene.states[state]) > 0.5
                one = measure(alive, scene, on, name, asked.steps, asked.seeds, folder)
                rows[name] = one
                t, f, i = one["truth"], one["filmed"], one["imagined"]
                print(
                    f"{clip:12}{name:12}{t['share']:8.3f}{t['count']:8}{t['rate']:8.2f}"
                    f"{f['share']:8.3f}{f['count']:8}{f['rate']:8.2f}{i['share']:8.3f}{i['rate']:8.2f}"
                    f"{i['share'] / t['share']:11.2f}{i['rate'] / t['rate']:6.2f}",
                    flush=True,
                )
            agree = {k: consistency(alive.embeddings, k) for k in (2, 3, 4, 6)}
            print(f"{clip:12}consistency of clusters over ten seeds: {agree}")
            kept["scenes"][clip] = dict(states=rows, consistency=agree)
    if asked.save:
        Path(asked.save).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
