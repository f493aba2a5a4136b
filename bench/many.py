"""One behavior from many videos of one animal: `python bench/many.py [--save bench/many.json]`.

The bundled cat, filmed with other seeds: 1, 2, 4, 8 and 16 videos of 120 frames. Each behavior is fitted
three times, each time to other videos and with another seed, and rolled out for 6,000 steps. It is compared
with ten videos that none of them saw: how unlike its windows are (likeness), how far off their paths it goes
(drift), what share of their frames it comes near (reach: within two of their median steps), and how often it
enters what the film's truth calls eyes closed and lit, against the rate in all ten. The vital signs are those
against its own videos; once more of a rollout that is longer in proportion to them, 50 steps a frame.
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np
import torch
from stamp import stamp

from alive_scene.actors import napping_cat
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.path import nearest, step_length
from alive_scene.rollout import rollout
from alive_scene.vitals import missing, vital_signs

COUNTS = 1, 2, 4, 8, 16
STATES = {"eyes_closed": 0.5, "light": 0.5}  # from where on it is so


def filmed(seeds, encoder, frames=120, size=48):
    "Scenes with their embeddings."
    scenes = [napping_cat(frames, size=size, seed=seed) for seed in seeds]
    return [(scene, encode_scene(scene, encoder)) for scene in scenes]


def entering(states, fps):
    "How often a state begins, times a minute; states: (time,) bool."
    begins = (~states[:-1] & states[1:]).sum()
    return 60 * fps * float(begins) / max(1, len(states) - 1)


def truth(films, name):
    "Of all films, the rate at which a state is entered."
    rates = [entering(scene.states[name] > STATES[name], scene.fps) for scene, _ in films]
    return float(np.mean(rates))


def measured(films, left_out, seed, steps):
    "A behavior of some films: how alive it is, and how like the films that it never saw."
    begin = time.process_time()
    behavior = MarkovBehavior.fit([path for _, path in films], seed=seed, progress=False)
    seconds = time.process_time() - begin
    observed = torch.cat([path for _, path in films])
    words = dict(start=0, temperature=1.0, curing=0.1, seed=seed)
    path = rollout(behavior, observed, max(steps, 50 * len(observed)), **words)
    found = {"signs held, 50 steps a frame, of 7": 7 - len(missing(vital_signs(path, observed)))}
    path = path[:steps]
    found["signs held, of 7"] = 7 - len(missing(vital_signs(path, observed)))
    found["fit, CPU seconds"] = seconds
    apart = [vital_signs(path, other) for _, other in left_out]
    found["likeness to unseen"] = median(one["likeness"] for one in apart)
    found["drift from unseen, steps"] = median(one["drift"] for one in apart)
    found["unseen frames reached"] = float(
        np.mean(
            [
                (torch.cdist(other, path).amin(1) < 2 * step_length(other)).float().mean()
                for _, other in left_out
            ]
        )
    )
    at = nearest(path, observed).numpy()
    for name, limit in STATES.items():
        known = np.concatenate([scene.states[name] for scene, _ in films])[at] > limit
        rate = truth(left_out, name)
        found[f"{name} entered, of the true rate"] = entering(known, films[0][0].fps) / rate
    return found


def curve(repeats, steps):
    "Medians over the repeats, for each number of videos."
    encoder = ClipEncoder("alive-tiny")
    left_out = filmed(range(900, 910), encoder)
    rows = {}
    for count in COUNTS:
        fits = []
        for repeat in range(repeats):
            films = filmed(range(100 * repeat, 100 * repeat + count), encoder)
            fits.append(measured(films, left_out, repeat, steps))
        rows[str(count)] = {name: median(fit[name] for fit in fits) for name in fits[0]}
        wide = {f"{name}, least and most": [min(v), max(v)] for name, v in spread(fits)}
        print(
            count, {name: round(value, 3) for name, value in rows[str(count)].items()}, flush=True
        )
        rows[str(count)] |= wide
    return rows


def spread(fits):
    "Of each figure, what all fits say."
    return [(name, [fit[name] for fit in fits]) for name in fits[0]]


def table(rows):
    "Markdown: a row for each number of videos."
    names = [name for name in next(iter(rows.values())) if "least and most" not in name]
    lines = ["| videos | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for count, row in rows.items():
        lines.append(f"| {count} | " + " | ".join(f"{row[name]:.3g}" for name in names) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="keep the figures in a JSON file")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = curve(asked.repeats, asked.steps)
    print(table(rows))
    if asked.save:
        kept = dict(measured=stamp(), repeats=asked.repeats, steps=asked.steps, rows=rows)
        asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
