"""Does it hear you? `python bench/wish.py` wishes each state of both bundled scenes, and of two other seeds.

A state is wished by three sentences (in contrast with the sentences of its opposites), by three marked frames
(and three others), and by a picture of another seed's scene. What came is judged by the true state of the
nearest frame, never by CLIP: share of the steps free and wished, steps to arrive from where it is not so,
steps until the free share is back after the wish is over, how the other states changed, drift and jump
meanwhile. A state whose median stay in the film is under ten frames is a moment: wished with strength 3,
and judged by how often it begins. Then sentences that are about something else, and twenty drags a scene:
the cosine of where the point went with the pull, by flow. `--clip` adds drags on a video. `--save` keeps all
as JSON, anew after each part, whole or not at all; `--go-on` measures only what that file lacks, if this
tree made it.
"""

import argparse
import json
import sys
import warnings
from functools import partial
from itertools import groupby
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from stamp import stamp

from alive_scene.actors import napping_cat, portrait
from alive_scene.alive import AliveScene
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.flow import Motions
from alive_scene.path import distance_to_path, nearest
from alive_scene.reader import read_scene
from alive_scene.rollout import Life, advance
from alive_scene.scene import write_atomic
from alive_scene.wish import Wish, moved

SEEDS = 11, 12, 0  # not used while the lesson was built; the bundled ones
HELD, FADED, ROWS = 150, 350, 8  # steps wished, steps after it, lives
TWO_WAYS = "tilt", "turn", "gaze"
WORDS = {
    "napping_cat": {
        "eyes_closed=1": ["the cat is asleep", "a cat with its eyes closed", "a cat, closed eyes"],
        "eyes_closed=0": ["the cat is awake", "a cat with its eyes open", "a cat with open eyes"],
        "ear=1": [
            "a cat with its ear turned",
            "a cat with its ear twitching",
            "a tabby cat, ear folded",
        ],
        "ear=0": ["a cat with its ears up", "a cat with its ears still", "a cat, both ears up"],
        "tilt=-1": [
            "a cat with its head tilted to the left",
            "a tabby cat, head tilted far to the left",
            "the cat's head tilted to the left",
        ],
        "tilt=0": [
            "a cat with its head straight",
            "a cat with its head upright",
            "the cat's head is straight",
        ],
        "tilt=1": [
            "a cat with its head tilted to the right",
            "a tabby cat, head tilted far to the right",
            "the cat's head tilted to the right",
        ],
        "light=1": ["a cat in bright light", "a cat in sunny light", "a brightly lit cat"],
        "light=0": ["a cat in dim light", "a cat in the dark", "a cat in gloomy light"],
        "breath=1": [
            "a cat with its chest full",
            "a cat with its breath in",
            "the cat breathes in",
        ],
        "breath=0": [
            "a cat with its chest empty",
            "a cat with its breath out",
            "the cat breathes out",
        ],
    },
    "portrait": {
        "eyes_closed=1": [
            "a woman with her eyes closed",
            "the woman's eyes are shut",
            "a woman with closed eyes",
        ],
        "eyes_closed=0": [
            "a woman with her eyes open",
            "the woman is awake, eyes open",
            "a woman with open eyes",
        ],
        "smile=1": [
            "a woman with a broad smile",
            "the woman with a big happy smile",
            "a woman, a smile",
        ],
        "smile=0": [
            "a woman with her mouth closed",
            "a woman with a serious mouth",
            "a woman, no smile",
        ],
        "light=1": ["a woman in bright light", "a woman in sunny light", "a brightly lit woman"],
        "light=0": ["a woman in dim light", "a woman in the dark", "a woman in gloomy light"],
        "turn=-1": [
            "a woman with her head turned to the left",
            "the woman's face turned to the left",
            "a woman, head turned to the left",
        ],
        "turn=0": [
            "a woman with her face to the front",
            "a woman with her head straight",
            "the woman's head is straight",
        ],
        "turn=1": [
            "a woman with her head turned to the right",
            "the woman's face turned to the right",
            "a woman, head turned to the right",
        ],
        "gaze=-1": [
            "a woman looking to the left",
            "a woman with her eyes looking to the left",
            "the woman is looking to the left",
        ],
        "gaze=0": [
            "a woman looking ahead",
            "a woman with her eyes looking ahead",
            "the woman is looking ahead",
        ],
        "gaze=1": [
            "a woman looking to the right",
            "a woman with her eyes looking to the right",
            "the woman is looking to the right",
        ],
    },
}
IRRELEVANT = [  # none of these is among wish.RANDOM
    *("a bridge over a river", "the recipe needs two eggs", "an airplane in the sky"),
    *("the library closes at six", "a pair of shoes", "snow fell all night", "a glass of water"),
    *("he plays the violin", "a map of the city", "seven plus five", "a garden with roses"),
    *("the ship left the port", "a new law was passed", "a bicycle by the wall", "fresh bread"),
    *("the river is deep", "a stone castle", "the phone rings", "a basket of apples", "blue paint"),
]


def truth_of(scene, goal):
    "(time,) bool: where a scene is in a state, as `name=level`."
    name, level = goal.split("=")
    values = torch.tensor(np.asarray(scene.states[name]))
    if name not in TWO_WAYS:
        return values >= 0.5 if level == "1" else values < 0.5
    return {"-1": values < -0.4, "0": values.abs() < 0.4, "1": values > 0.4}[level]


def opposites(words, goal):
    "One sentence for each other level of the same state."
    name = goal.split("=")[0]
    return [
        said[1] for other, said in words.items() if other.split("=")[0] == name != goal != other
    ]


def stay(truth):
    "The median length of a stay in a state, in frames."
    runs = [len(list(run)) for inside, run in groupby(truth.tolist()) if inside]
    return float(np.median(runs)) if runs else 0.0


def lives(alive, starts, steps, wish=None, until=0):
    "(row, step, embed): lives from those frames; the wish is heard until a step."
    wishes = [lambda index, heat: wish(index, heat) if index < until else None] if wish else []
    behavior, observed = alive.behavior, alive.embeddings
    life = Life.begin(behavior, observed[starts], range(len(starts)))
    path = []
    for _ in range(steps):
        life = advance(life, behavior, observed, temperature=1.0, curing=0.1, wishes=wishes)
        path.append(life.state.embedding)
    return torch.stack(path, 1)


def rate(inside):
    "How often a state begins in 1,000 steps. inside: (row, step) bool."
    return 1000 * float((inside[:, 1:] & ~inside[:, :-1]).float().mean())


def back_at(inside, share):
    "Steps until over 50 steps the share is within 0.15 of the free one. inside: (row, step)."
    course = inside.float().mean(0).unfold(0, 50, 1).mean(1)
    there = torch.where((course - share).abs() < 0.15)[0]
    return int(there[0]) + 25 if len(there) else None


def judged(alive, goal, truth, wish, free, starts):
    "One row of the table: what came of a wish."
    observed = alive.embeddings
    path = lives(alive, starts, HELD + FADED, wish, HELD)
    near = nearest(path.flatten(0, 1), observed).reshape(path.shape[:2])
    inside = truth[near]
    held = near[:, 25:HELD]
    name = goal.split("=")[0]
    changes = [
        abs(float(truth_of(alive.scene, other)[held].float().mean() - was))
        for other, was in free["shares"].items()
        if other.split("=")[0] != name
    ]
    wished = path[:, :HELD]
    usual = (observed[1:] - observed[:-1]).norm(dim=1)
    lengths = wished.diff(dim=1).norm(dim=2)
    off = distance_to_path(wished.flatten(0, 1), observed)[2]
    arrived = [int(row.int().argmax()) if row.any() else HELD for row in inside[:, :HELD]]
    return dict(
        goal=goal,
        free=free["shares"][goal],
        wished=float(inside[:, 25:HELD].float().mean()),
        rate_free=free["rates"][goal],
        rate=rate(inside[:, :HELD]),
        arrive=float(np.median(arrived)),
        back=back_at(inside[:, HELD:], free["shares"][goal]),
        others=float(np.median(changes)),
        drift=float(off.quantile(0.99) / usual.median()),
        jump=float(lengths.flatten().quantile(0.99) / usual.quantile(0.99)),
        speed=float(lengths.median() / usual.median()),
    )


def ways_to_wish(alive, goal, truth, words, other, rng, strength):
    "Name and wish: three sentences, marked frames, a picture."
    against = opposites(words, goal)
    for text in words[goal]:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            wish = Wish.text(alive, text, unlike=against, strength=strength)
        yield f"text: {text}", wish, not said
    marked = [rng.choice(torch.where(t)[0].numpy(), 3, replace=False) for t in (truth, ~truth)]
    yield "frames", Wish.frames(alive, *marked, strength=strength), True
    name, level = goal.split("=")
    best = int(np.argmin(np.abs(other.states[name] - float(level))))
    yield "picture", Wish.picture(alive, other.frames[best], strength=strength), True


def freely(alive, goals, rng):
    "Shares and rates without a wish."
    starts = rng.integers(0, len(alive.embeddings), ROWS)
    path = lives(alive, starts, HELD + FADED)
    near = nearest(path.flatten(0, 1), alive.embeddings).reshape(path.shape[:2])
    truths = {goal: truth_of(alive.scene, goal)[near] for goal in goals}
    return dict(
        shares={goal: float(inside.float().mean()) for goal, inside in truths.items()},
        rates={goal: rate(inside) for goal, inside in truths.items()},
    )


def passes(row):
    "Whether a row meets what was asked for."
    if not row["heard"]:
        return None
    grown = row["wished"] >= min(0.85, 3 * row["free"])
    if row["moment"]:
        grown = row["rate"] >= 3 * row["rate_free"]
    whole = row["drift"] <= 1.2 and row["jump"] <= 1.5
    return bool(grown and whole and row["arrive"] <= 25)


def wishes_of(alive, other, seed):
    "All rows of a scene."
    rng = np.random.default_rng(seed)
    words = WORDS[alive.scene.name]
    truths = {goal: truth_of(alive.scene, goal) for goal in words}
    there = {g: t for g, t in truths.items() if 3 <= t.sum() <= len(t) - 3}
    free = freely(alive, there, rng)
    rows = []
    for goal, truth in there.items():
        moment = stay(truth) < 10
        for way, wish, heard in ways_to_wish(
            alive, goal, truth, words, other, rng, 3.0 if moment else 1.0
        ):
            row = dict(way=way, heard=heard, moment=moment)
            starts = rng.choice(torch.where(~truth)[0].numpy(), ROWS)
            row |= judged(alive, goal, truth, wish, free, starts) if heard else dict(goal=goal)
            rows.append(row | dict(passes=passes(row)))
            show(alive.scene.name, seed, rows[-1])
    return rows


def show(name, seed, row):
    "A line of the table."
    numbers = ("free", "wished", "rate_free", "rate", "arrive", "back", "others", "drift", "jump")
    said = " ".join(
        f"{key} {row[key]:.2f}" if isinstance(row.get(key), float) else f"{key} {row.get(key)}"
        for key in (*numbers, "speed")
    )
    kind = "moment" if row["moment"] else "held"
    print(name, seed, row["goal"], kind, row["way"][:40], said, "ok" if row["passes"] else "-")
    sys.stdout.flush()


def irrelevant(alive):
    "How many of twenty sentences about something else are said to say nothing; what the others change."
    heard = []
    for text in IRRELEVANT:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            wish = Wish.text(alive, text)
        if not said:
            heard.append(text)
        elif wish(0, 1.0) is not None:
            raise AssertionError(f"{text!r} is said to say nothing, and is obeyed")
    return dict(sentences=len(IRRELEVANT), said_so=len(IRRELEVANT) - len(heard), obeyed=heard)


def drags_of(alive, seed, count=20):
    "Cosine of where a point went with where it was pulled: a pull that some frame answers, 20 degrees off."
    rng = np.random.default_rng(seed)
    frames = alive.scene.frames
    motions = Motions(frames)
    while not motions.go_on(64):
        pass
    cosines = []
    tried = 0
    took = []
    exactly = []
    while len(cosines) < count and tried < 20 * count:
        tried += 1
        frame = int(rng.integers(len(frames)))
        at = tuple(rng.uniform(-0.75, 0.75, 2))
        shift, trust = moved(frames, at, frame)
        far = torch.where((shift.norm(dim=1) > 0.06) & (trust > 0.5))[0].numpy()
        if len(far) < 5:
            continue
        down, right = shift[rng.choice(far)].tolist()
        turn = np.radians(rng.uniform(-20, 20))
        by = (
            down * np.cos(turn) + right * np.sin(turn),
            right * np.cos(turn) - down * np.sin(turn),
        )
        begun = perf_counter()
        wish = Wish.drag(alive, at, by, frame, frames=motions)
        wish(0, 1.0)
        took.append(perf_counter() - begun)
        begun = perf_counter()
        Wish.drag(alive, at, by, frame)(0, 1.0)
        exactly.append(perf_counter() - begun)
        path = lives(alive, [frame] * 3, 80, wish, 80)[:, 30:]
        near = nearest(path.flatten(0, 1), alive.embeddings)
        went = (shift[near] * trust[near, None]).mean(0)
        cosines.append(float(F.cosine_similarity(went, torch.tensor(by).float(), dim=0)))
    return dict(
        drags=len(cosines),
        median=float(np.median(cosines)),
        at_least_0_7=float(np.mean(np.array(cosines) >= 0.7)),
        cosines=cosines,
        seconds=float(np.median(took)),
        seconds_looked_for=float(np.median(exactly)),
    )


def living(scene):
    "A scene that moves; nothing here is drawn."
    embeddings = F.normalize(encode_scene(scene, ClipEncoder("alive-tiny")).half().float(), dim=1)
    return AliveScene(scene, embeddings, None, MarkovBehavior.fit(embeddings, progress=False))


FILE = Path(__file__).with_suffix(".json")


def summed_up(rows):
    "What the table of a scene says, in a few numbers."
    heard = [row for row in rows if row["passes"] is not None]
    back = [row["back"] for row in heard if row["back"] is not None]
    moments = [row for row in heard if row["moment"] and not row["passes"]]
    return dict(
        asked=len(rows),
        heard=len(heard),
        hold=sum(row["passes"] for row in heard),
        late=sum(row["arrive"] > 25 for row in heard),
        moments_held=sum(
            row["wished"] >= 0.85 for row in moments
        ),  # not begun three times as often
        arrive=float(np.median([row["arrive"] for row in heard])),
        back=float(np.median(back)) if back else None,
        came_back=len(back),
        drift=max(row["drift"] for row in heard),
        jump=max(row["jump"] for row in heard),
    )


class Kept:
    "What was measured, saved after each part."

    def __init__(self, save, go_on):
        self.save = save
        self.found = dict(stamp(), scenes={}, drags={})
        if go_on and FILE.is_file():
            before = json.loads(FILE.read_text(encoding="utf-8"))
            if before["commit"].strip("+") == self.found["commit"].strip("+"):  # itself is a change
                self.found = before

    def add(self, part, name, measure):
        "Measure one part, unless it is there."
        if name not in self.found[part]:
            self.found[part][name] = measure()
            if self.save:
                with write_atomic(FILE) as whole:
                    text = json.dumps(self.found, indent=1) + "\n"
                    whole.write_text(text, encoding="utf-8")
        return self.found[part][name]


def asked_of(alive, other, seed):
    "All that is asked of a scene in words, by frames and by a picture."
    rows = wishes_of(alive, other, seed)
    return dict(summed_up(rows), irrelevant=irrelevant(alive), wishes=rows)


def told(found):
    "A part without its long lists."
    return {key: value for key, value in found.items() if key not in ("cosines", "wishes")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep it as bench/wish.json")
    parser.add_argument("--go-on", action="store_true", help="from what is kept there already")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--clip", help="a video to drag on, too")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    kept = Kept(asked.save, asked.go_on)
    for seed in asked.seeds:
        for actor in (napping_cat, portrait):
            alive = living(actor(200, 128, seed))
            name = f"{alive.scene.name} {seed}"
            other = actor(200, 128, 21)
            print(name, told(kept.add("scenes", name, partial(asked_of, alive, other, seed))))
            print(name, told(kept.add("drags", name, partial(drags_of, alive, seed))), flush=True)
    if asked.clip:
        alive = living(read_scene(asked.clip, size=128, max_frames=200, crop="center"))
        name = Path(asked.clip).stem
        print(name, told(kept.add("drags", name, partial(drags_of, alive, 0))))


if __name__ == "__main__":
    main()
