"""Is it alive? `python bench/behavior.py` prints the vital signs of every behavior and cheat.

They are medians over 10 seeds of 10,000 steps. Each clip has one table: ours, as published, peers, and two
cheats that must fail. A figure outside its target carries a star. `response` is the speed at temperatures
0.25, 0.5, 1, 1.5, 2 where it rises and the spread doesn't fall, else a star.
Then, for the two scenes whose true states are known: how often each state is entered and how long it lasts,
in ten rollouts (the nearest frame's state), each learned from one of ten scenes of other seeds, and in those
scenes. Last, drawn by the default generator: how much changes from picture to picture (flicker), and how
sharp a picture is (smear), each against the video's own; and how long fitting and a step take.
`--save` keeps all of it as JSON, and what an earlier run kept of other clips and parts.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F

from alive_scene.actors import napping_cat, portrait
from alive_scene.behavior import MarkovBehavior, PrincipalSpace
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.path import distance_to_path
from alive_scene.peers import FlowBehavior, PeerState, VideoTexture
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior
from alive_scene.vitals import TARGETS, missing, vital_signs

sys.path.insert(0, str(Path(__file__).parent))
from clips import recorded  # noqa: E402, beside this script

TEMPERATURES = 0.25, 0.5, 1, 1.5, 2
# a state counts as entered where its value passes these limits
LIMITS = dict(
    eyes_closed=[0.5],
    ear=[0.5],
    light=[0.5],
    smile=[0.5],
    tilt=[-0.4, 0.4],
    turn=[-0.4, 0.4],
    gaze=[-0.4, 0.4],
)


class Walk(PrincipalSpace):
    """An autoregressive walk: the next motion is linear in place and last motion, plus noise.

    The line is by least squares, the noise of the size that it leaves.
    """

    @classmethod
    def fit(cls, observed):
        walk = cls.of(observed, 4, 8, 0)
        points = walk.points.double()
        moves = points[1:] - points[:-1]
        seen = torch.cat([points[1:-1], moves[:-1]], 1)
        rule = torch.linalg.solve(
            seen.T @ seen + 1e-3 * len(seen) * torch.eye(seen.shape[1], dtype=seen.dtype),
            seen.T @ moves[1:],
        )
        left = moves[1:] - seen @ rule
        spread, turn = torch.linalg.eigh(left.T @ left / len(left))
        walk.rule = rule.float()
        walk.spread = (spread.clamp_min(0).sqrt()[:, None] * turn.T).float()
        return walk

    @property
    def noise(self):
        return dict(left=("normal", self.config["dims"]))

    def start(self, embedding):
        return PeerState(embedding, embedding.new_zeros(len(embedding), self.config["dims"]))

    def draw(self, rng, temperature):
        dims = self.config["dims"]
        return dict(left=torch.stack([torch.randn(dims, generator=one) for one in rng]))

    def step(self, state, temperature, noise, wish=None):
        point, rest = self.project(state.embedding)
        seen = torch.cat([point, state.memory], 1)
        go = seen @ self.rule + noise["left"] @ self.spread
        return PeerState(self.restore(point + temperature * go, rest), go)


class Cheat:
    "The video itself, played by a rule that needs no behavior."

    def __init__(self, observed, rule):
        self.observed = observed
        self.rule = rule

    def roll(self, steps, seed):
        return F.normalize(self.rule(self.observed, steps, np.random.default_rng(seed)), dim=1)


def to_and_fro(observed, steps, rng):
    "There and back, with a little jitter."
    last = len(observed) - 1
    pace = (observed[1:] - observed[:-1]).norm(dim=1).median()
    turn = np.abs((np.arange(steps) + last) % (2 * last) - last)
    jitter = torch.from_numpy(rng.normal(size=(steps, observed.shape[1]))).float()
    return observed[turn] + 0.2 * pace * jitter / observed.shape[1] ** 0.5


def held(observed, steps, rng):
    "A random frame, held for eight steps."
    return observed[np.repeat(rng.integers(len(observed), size=steps // 8 + 1), 8)[:steps]]


def behaviors(observed):
    "Name, how to fit it. All with their defaults."
    yield "ours: Markov chain", lambda: MarkovBehavior.fit(observed, progress=False)
    yield "published VAE, cured", lambda: VaeBehavior.fit(observed, progress=False)
    yield "VideoTexture", lambda: VideoTexture.fit(observed, progress=False)
    yield "FlowBehavior", lambda: FlowBehavior.fit(observed, progress=False)
    yield "autoregressive walk", lambda: Walk.fit(observed)
    yield "cheat: to and fro, jitter", lambda: Cheat(observed, to_and_fro)
    yield "cheat: eight held, then any", lambda: Cheat(observed, held)


def paths(one, observed, steps, seeds, temperature=1.0):
    "(seeds, steps, embed)"
    if isinstance(one, Cheat):
        return torch.stack([one.roll(steps, seed) for seed in range(seeds)])
    return rollout(one, observed, steps, temperature=temperature, seed=list(range(seeds)))


def response(one, observed, steps, seeds):
    "Median speed and spread at each temperature, in the video's steps."
    usual = float((observed[1:] - observed[:-1]).norm(dim=1).median())
    speed = []
    spread = []
    for temperature in TEMPERATURES:
        path = paths(one, observed, steps, seeds, temperature)[:, steps // 2 :]
        speed.append(
            float((path[:, 1:] - path[:, :-1]).norm(dim=2).median(1).values.median()) / usual
        )
        spread.append(
            float((path - path.mean(1, keepdim=True)).norm(dim=2).pow(2).mean(1).sqrt().median())
            / usual
        )
    return speed, spread, bool(np.all(np.diff(speed) > 0) and np.all(np.diff(spread) >= 0))


def measure(name, fit, observed, steps, seeds):
    "All that the table says of one behavior."
    one = fit()
    path = paths(one, observed, steps, seeds)
    signs = [vital_signs(part, observed) for part in path]
    signs = {sign: float(np.median([each[sign] for each in signs])) for sign in signs[0]}
    holds = {sign: sign not in missing(signs) for sign in TARGETS}
    speed, spread, holds["response"] = (
        response(one, observed, steps, seeds) if not isinstance(one, Cheat) else ([], [], False)
    )
    return dict(name=name, signs=signs, holds=holds, speed=speed, spread=spread)


def line(found):
    "One line of the table."
    figures = " ".join(
        f"{found['signs'][sign]:8.2f}{' ' if found['holds'][sign] else '*'}" for sign in TARGETS
    )
    turned = (
        " ".join(f"{a:.2f}" for a in found["speed"])
        + " | "
        + " ".join(f"{a:.1f}" for a in found["spread"])
        if found["speed"]
        else "no temperature"
    )
    return (
        f"{found['name']:28}{figures} {turned:>58}"
        f"{' ' if found['holds']['response'] else '*'} {sum(found['holds'].values())}/8"
    )


def head():
    return (
        f"{'':28}"
        + " ".join(f"{sign:>8} " for sign in TARGETS)
        + f" {'response: speeds | spreads':>58}  held"
    )


def drawn(observed, scene, steps, seeds):
    """Name: median change between pictures and mean sharpness of rendered rollouts.

    Each against the video's own; sharpness is the size of the gradient.
    """
    generator = StrokeGenerator.fit(scene.frames, observed, seconds=60, progress=False)
    found = {}

    def look(frames):
        frames = frames.astype(np.float32)
        change = np.median([np.abs(b - a).mean() for a, b in zip(frames, frames[1:], strict=False)])
        return change, np.mean(
            [
                np.abs(np.diff(frame, axis=0)).mean() + np.abs(np.diff(frame, axis=1)).mean()
                for frame in frames
            ]
        )

    own = look(scene.frames)
    for name, fit in behaviors(observed):
        each = [look(generator.render(path)) for path in paths(fit(), observed, steps, seeds)]
        found[name] = {
            what: float(np.median([one[i] for one in each]) / own[i])
            for i, what in enumerate(("flicker", "sharpness"))
        }
    return found


def visits(value, limits):
    "For each level of a state (time,): steps spent there, times it is entered, times it is left."
    level = np.digitize(value, limits)
    found = {}
    for one in range(len(limits) + 1):
        on = level == one
        found[one] = np.array([on.sum(), (on[1:] & ~on[:-1]).sum(), (on[:-1] & ~on[1:]).sum()])
    return found


def rates(courses, name):
    """Entries in 100 steps, and mean dwell, over several courses.

    Dwell is the steps there for each time it is left: fair to visits that a clip cuts short.
    """
    each = [visits(course[name], LIMITS[name]) for course in courses]
    total = {level: sum(one[level] for one in each) for level in each[0]}
    return {
        level: (100 * v[1] / sum(len(course[name]) for course in courses), v[0] / max(v[2], 1))
        for level, v in total.items()
    }


def states(make, encoder, steps, seeds):
    """(state, level, then entries in 100 steps and dwell: of the rollouts, of the scenes).

    One behavior learns from each scene of ten seeds, and all are counted together.
    """
    rolled = []
    own = []
    for seed in range(seeds):
        scene = make(seed=seed)
        observed = encode_scene(scene, encoder)
        behavior = MarkovBehavior.fit(observed, progress=False)
        path = rollout(behavior, observed, steps, seed=seed)
        index = distance_to_path(path, observed)[0].numpy()
        rolled.append({name: value[index] for name, value in scene.states.items()})
        own.append(scene.states)
    found = []
    for name in LIMITS:
        if name not in own[0]:
            continue
        ours = rates(rolled, name)
        theirs = rates(own, name)
        found += [(name, level, *ours[level], *theirs[level]) for level in ours]
    return found


def state_lines(found):
    "The second table; a star marks what is more than a quarter off."
    yield (
        f"{'state, level':16}{'entered in 100 steps: rollout':>30}{'scene':>8}{'ratio':>8}"
        f"{'dwell, steps: rollout':>24}{'scene':>8}{'ratio':>8}"
    )
    for name, level, entries, dwell, own_entries, own_dwell in found:
        often = entries / max(own_entries, 1e-9)
        long = dwell / max(own_dwell, 1e-9)
        stars = ["" if 0.75 <= ratio <= 1.25 else "*" for ratio in (often, long)]
        yield (
            f"{name + ' ' + str(level):16}{entries:30.2f}{own_entries:8.2f}{often:8.2f}{stars[0]:1}"
            f"{dwell:23.1f}{own_dwell:8.1f}{long:8.2f}{stars[1]}"
        )


CLIPS = dict(real=lambda: read_scene(recorded()), cat=napping_cat, portrait=portrait)


def signs(clip, scene, observed, args, kept):
    "Prints and keeps the first table of one clip."
    rows = {found["name"]: found for found in kept["clips"].get(clip, [])}
    print(
        f"\n{clip}, {len(observed)} frames, {args.encoder}: "
        f"{args.seeds} seeds of {args.steps} steps\n{head()}"
    )
    for name, fit in behaviors(observed):
        if args.only not in name:
            continue
        found = measure(name, fit, observed, args.steps, args.seeds)
        rows[name] = found
        print(line(found), flush=True)
    kept["clips"][clip] = [rows[name] for name, _ in behaviors(observed) if name in rows]


def habits(clip, scene, observed, args, kept):
    "Prints and keeps the second table, of a clip whose true states are known."
    if not scene.states:
        return
    kept["states"][clip] = states(CLIPS[clip], ClipEncoder(args.encoder), args.steps, args.seeds)
    print(
        f"\n{clip}, its states: {args.seeds} scenes, {args.steps} steps learned from each",
        *state_lines(kept["states"][clip]),
        sep="\n",
        flush=True,
    )


def rendered(clip, scene, observed, args, kept):
    "Prints and keeps the last one."
    kept["rendered"][clip] = drawn(observed, scene, min(args.steps, 400), min(args.seeds, 3))
    print(f"\n{clip}, rendered{'flicker':>28}{'sharpness':>11}, against the video's own")
    for name, found in kept["rendered"][clip].items():
        print(f"{name:28}{found['flicker']:15.2f}{found['sharpness']:11.2f}", flush=True)


def times(clip, scene, observed, args, kept):
    """Prints and keeps how long each takes to fit, and for a step.

    A step's time is the median of five stretches, each from a fresh start.
    """
    kept["times"][clip] = {}
    rng = torch.Generator().manual_seed(0)
    print(f"\n{clip}, times{'fit':>22}{'step':>11}")
    for name, fit in behaviors(observed):
        begin = perf_counter()
        one = fit()
        found = dict(fit_seconds=perf_counter() - begin)
        each = []
        if isinstance(one, Cheat):
            continue
        for _ in range(5):
            state = one.start(observed[:1])
            begin = perf_counter()
            for _ in range(200):
                state = one.step(state, 1.0, one.draw([rng], 1.0))
            each.append((perf_counter() - begin) * 1000 / 200)
        kept["times"][clip][name] = dict(found, step_ms=float(np.median(each)))
        print(f"{name:28}{found['fit_seconds']:5.1f} s{np.median(each):8.2f} ms", flush=True)


PARTS = dict(signs=signs, states=habits, rendered=rendered, times=times)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--encoder", default="alive-tiny")
    parser.add_argument("--clips", nargs="+", default=list(CLIPS), choices=list(CLIPS))
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--only", default="", help="signs of the behaviors whose name holds this")
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = dict(
        encoder=args.encoder,
        steps=args.steps,
        seeds=args.seeds,
        clips={},
        states={},
        rendered={},
        times={},
    )
    if args.save and Path(args.save).is_file():
        kept = {
            **kept,
            **json.loads(Path(args.save).read_text()),
            **{k: kept[k] for k in ("encoder", "steps", "seeds")},
        }
    encoder = ClipEncoder(args.encoder)
    for clip in args.clips:
        scene = CLIPS[clip]()
        observed = encode_scene(scene, encoder)
        for part in args.parts:
            PARTS[part](clip, scene, observed, args, kept)
        if args.save:
            Path(args.save).write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
