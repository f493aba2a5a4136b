"""Is it alive? `python bench/behavior.py` prints the vital signs of every behavior and cheat.

They are medians over 10 seeds of 10,000 steps, and what learns by chance is fitted from three seeds. Each
clip has one table: ours and ours without its learned motion, as published, peers at their best (their
settings are chosen by the very signs that judge them, on a rollout of another seed), two cheats that must
fail, and the floors: what a perfect copy would reach that knows the scene in 8 or in 64 dimensions only. A
figure outside its target carries a star. `response` is the speed at temperatures 0.25, 0.5, 1, 1.5, 2 where
it rises and the spread doesn't fall, else a star. `shape` is no sign: of what lies beside the path, the
share in the directions in which other passes of the video ran by (chance: 0.18). `frechet` is no sign of
ours either: rollouts drawn by the default generator, windows of four pictures in the first six principal
components of the filmed pixels, and the Fréchet distance of those windows from the video's, over that of the
video's one half from its other.
Then, for the two scenes whose true states are known: how often each state is entered and how long it lasts,
in ten rollouts (the nearest frame's state), each learned from one of ten scenes of other seeds, and in those
scenes. Last, drawn by the default generator: how much changes from picture to picture (flicker), and how
sharp a picture is (smear), each against the video's own; and how long fitting and a step take.
`--clips` takes names of the clips below or folders, of which each video is read (its first 200 frames).
`--save` keeps all of it as JSON, with the machine, and what an earlier run kept of other clips and parts.
Of 10 seeds, 10,000 steps and three fits a clip takes about an hour on two quiet cores.
"""

import argparse
import json
import sys
import warnings
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F

from alive_scene.actors import napping_cat, portrait
from alive_scene.behavior import MarkovBehavior, PrincipalSpace
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.morph import MorphGenerator
from alive_scene.path import distance_to_path, nearest
from alive_scene.peers import FlowBehavior, LinearSystem, PeerState, VideoTexture
from alive_scene.reader import read_scene
from alive_scene.rollout import rollout
from alive_scene.vae import VaeBehavior
from alive_scene.vitals import TARGETS, missing, vital_signs

sys.path.insert(0, str(Path(__file__).parent))
from clips import PixelEncoder, recorded  # noqa: E402, beside this script
from stamp import stamp  # noqa: E402

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
    def fit(cls, observed, dims=8, ridge=1e-3):
        walk = cls.of(observed, 4, dims, 0)
        points = walk.points.double()
        moves = points[1:] - points[:-1]
        seen = torch.cat([points[1:-1], moves[:-1]], 1)
        rule = torch.linalg.solve(
            seen.T @ seen + ridge * len(seen) * torch.eye(seen.shape[1], dtype=seen.dtype),
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
        return PeerState(self.restore(point + temperature * go, rest * 0.8**temperature), go)


class PlainNoise(torch.nn.Module):
    "In place of the learned motion: the same size everywhere, no shape, no memory."

    def __init__(self, dims):
        super().__init__()
        self.latent = dims

    def forward(self, context, latent):
        return 0.22 * latent / latent.shape[1] ** 0.5


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


def copied(dims):
    "The video there and back, of which only so many dimensions are known: no rival in them is nearer."

    def rule(observed, steps, rng):
        last = len(observed) - 1
        turn = np.abs((np.arange(steps) + last) % (2 * last) - last)
        space = PrincipalSpace.of(observed, 2, dims, 0)
        return space.restore(space.project(observed)[0])[turn]

    return rule


def with_noise(observed, seed):
    "Ours with plain noise in place of the learned motion."
    plan = MarkovBehavior.fit(observed, rounds=0, progress=False, seed=seed)
    plan.motion = PlainNoise(plan.narrow)
    return plan


GRIDS = {  # what a rival may be set to: the best is taken
    "VideoTexture": dict(sigma=(0.03, 0.1, 0.3), fade=(0, 4), apart=(0, 8)),
    "FlowBehavior": dict(dims=(8, 64)),
    "autoregressive walk": dict(dims=(8, 16, 64), ridge=(1e-3, 0.1)),
    "linear dynamic system": dict(dims=(8, 16, 64)),
    "the same, closed loop": dict(dims=(8, 16, 64), feedback=(0.05, 0.1, 0.3, 0.6)),
}
LEARNED = (
    "ours: Markov chain",
    "published VAE, cured",
    "the same, of frames",
    "FlowBehavior",
)


def behaviors(observed):
    "Name, how to fit it: of a seed, and of what GRIDS names where it is tuned."
    quiet = dict(progress=False)
    yield "ours: Markov chain", lambda seed=0: MarkovBehavior.fit(observed, seed=seed, **quiet)
    yield "its plan, no motion", lambda seed=0: MarkovBehavior.fit(observed, rounds=0, **quiet)
    yield "its plan, plain noise", lambda seed=0: with_noise(observed, seed)
    yield "published VAE, cured", lambda seed=0: VaeBehavior.fit(observed, seed=seed, **quiet)
    yield (
        "the same, of frames",
        lambda seed=0: VaeBehavior.fit(observed, seed=seed, points=None, epochs=1000, **quiet),
    )
    yield "VideoTexture", lambda seed=0, **how: VideoTexture.fit(observed, **how, **quiet)
    yield (
        "FlowBehavior",
        lambda seed=0, **how: FlowBehavior.fit(observed, seed=seed, **how, **quiet),
    )
    yield "autoregressive walk", lambda seed=0, **how: Walk.fit(observed, **how)
    yield "linear dynamic system", lambda seed=0, **how: LinearSystem.fit(observed, **how)
    yield "the same, closed loop", lambda seed=0, **how: LinearSystem.fit(observed, **how)
    yield "cheat: to and fro, jitter", lambda seed=0: Cheat(observed, to_and_fro)
    yield "cheat: eight held, then any", lambda seed=0: Cheat(observed, held)
    yield "floor: a copy in 8 dimensions", lambda seed=0: Cheat(observed, copied(8))
    yield "floor: a copy in 64", lambda seed=0: Cheat(observed, copied(64))


def short_of(signs):
    "How many signs are out of their targets, and how far in all, as a sum of logarithms."
    far = 0.0
    for sign in missing(signs):
        low, high = TARGETS[sign]
        value = max(signs[sign], 1e-3)
        far += np.log(low / value) if value < low else np.log(value / high)
    return len(missing(signs)), far


def tuned(name, fit, observed, steps):
    "The best settings of a rival: the signs of one rollout of a seed that no table uses decide."
    if name not in GRIDS:
        return {}
    tried = []
    for values in product(*GRIDS[name].values()):
        how = dict(zip(GRIDS[name], values, strict=True))
        try:
            path = rollout(fit(**how), observed, steps, seed=1000)
        except ValueError:  # it left for infinity
            continue
        tried.append((short_of(vital_signs(path, observed)), len(tried), how))
    return min(tried)[2]


def paths(one, observed, steps, seeds, temperature=1.0):
    "(seeds, steps, embed)"
    if isinstance(one, Cheat):
        return torch.stack([one.roll(steps, seed) for seed in range(seeds)])
    return rollout(one, observed, steps, temperature=temperature, seed=list(range(seeds)))


def response(one, observed, steps, seeds):
    "Median speed and spread at each temperature, in the video's steps, up to where it leaves for infinity."
    usual = float((observed[1:] - observed[:-1]).norm(dim=1).median())
    speed = []
    spread = []
    for temperature in TEMPERATURES:
        try:
            path = paths(one, observed, steps, seeds, temperature)[:, steps // 2 :]
        except ValueError:
            return speed, spread, False
        speed.append(
            float((path[:, 1:] - path[:, :-1]).norm(dim=2).median(1).values.median()) / usual
        )
        spread.append(
            float((path - path.mean(1, keepdim=True)).norm(dim=2).pow(2).mean(1).sqrt().median())
            / usual
        )
    return speed, spread, bool(np.all(np.diff(speed) > 0) and np.all(np.diff(spread) >= 0))


def measure(name, fit, observed, steps, seeds, fits):
    "All that the table says of one behavior: medians over the rollouts of all its fits."
    how = tuned(name, fit, observed, min(steps, 4000))
    each = []
    count = []
    shapes = []
    for seed in range(fits if name in LEARNED else 1):
        one = fit(seed=seed, **how)
        rolled = paths(one, observed, steps, seeds)
        of_fit = [vital_signs(part, observed) for part in rolled]
        shapes += [shape(part, observed) for part in rolled]
        each += of_fit
        count.append(len(TARGETS) - len(missing(middle(of_fit))))
    signs = middle(each)
    holds = {sign: sign not in missing(signs) for sign in TARGETS}
    one = fit(seed=0, **how)
    speed, spread, holds["response"] = (
        response(one, observed, min(steps, 4000), min(seeds, 5))
        if not isinstance(one, Cheat)
        else ([], [], False)
    )
    found = dict(name=name, signs=signs, holds=holds, speed=speed, spread=spread)
    found["shape"] = None if None in shapes else float(np.median(shapes))
    return found | dict(settings=how, held_by_each_fit=count)


def across(points, frame):
    "The part of points (row, dims) that the video's direction at each frame (row,) doesn't tell."
    return points - (points * frame).sum(-1, keepdim=True) * frame


def shape(path, observed, dims=12):
    """Which share of what lies beside the path is in two directions: those in which other passes ran by.

    At each frame, of the six nearest frames of another moment (8 or more away), the two directions in which
    they differ most, in so many principal components and across the video's own direction. Noise that knows
    no direction puts 2 / (dims - 1) there. A mean over the steps between 0.02 and 0.8 steps from a frame
    (across), or None of fewer than a hundred of those, as of what only shows frames.
    """
    space = PrincipalSpace.of(observed, 4, dims, 0)
    at = space.points
    time = torch.arange(len(at))
    along = F.normalize(at[(time + 1).clamp(max=len(at) - 1)] - at[(time - 1).clamp(min=0)], dim=1)
    near = torch.cdist(at, at).masked_fill((time[:, None] - time).abs() < 8, float("inf"))
    passes = at[near.topk(min(6, len(at) - 8), largest=False).indices] - at[:, None]
    ways = torch.linalg.svd(across(passes, along[:, None]), full_matrices=False).Vh[:, :2]
    point = space.project(path)[0]
    frame = nearest(point, at)
    away = across(point - at[frame], along[frame])
    far = away.norm(dim=1)
    share = (ways[frame] @ away[:, :, None]).pow(2).sum((1, 2)) / far.pow(2)
    share = share[(far > 0.02) & (far < 0.8)]
    return float(share.mean()) if len(share) >= 100 else None


def middle(signs):
    "Medians of several dicts of signs."
    return {sign: float(np.median([each[sign] for each in signs])) for sign in signs[0]}


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
        else "none"
    )
    return (
        f"{found['name']:30}{figures} {turned:>58}"
        f"{' ' if found['holds']['response'] else '*'} {sum(found['holds'].values())}/8"
        f"{'   none' if found['shape'] is None else format(found['shape'], '7.2f')}"
    )


def head():
    return (
        f"{'':30}"
        + " ".join(f"{sign:>8} " for sign in TARGETS)
        + f" {'response: speeds | spreads':>58}  held  shape"
    )


def thumbnails(frames, side=16):
    "Mean colors of a grid of that side: (time, side·side·3)."
    height, width = frames.shape[1:3]
    cut = frames[:, : height // side * side, : width // side * side].astype(np.float32)
    cut = cut.reshape(len(frames), side, height // side, side, width // side, 3)
    return cut.mean((2, 4)).reshape(len(frames), -1)


def windows(points, long=4):
    "Each stretch of so many pictures as one point: (time - long + 1, long·dims)."
    return np.hstack([points[i : len(points) - long + 1 + i] for i in range(long)])


def frechet(one, other):
    """The Fréchet distance of the normal distributions of two clouds (row, dims).

    Squared, as FID and FVD have it (Heusel 2017, Unterthiner 2018).
    """
    mean = ((one.mean(0) - other.mean(0)) ** 2).sum()
    here, there = (np.atleast_2d(np.cov(cloud.T)) for cloud in (one, other))
    both = np.linalg.eigvals(here @ there).real.clip(0)
    return float(mean + np.trace(here) + np.trace(there) - 2 * np.sqrt(both).sum())


def look(frames):
    "Median change from picture to picture, mean sharpness (the size of the gradient)."
    frames = frames.astype(np.float32)
    change = np.median([np.abs(b - a).mean() for a, b in zip(frames, frames[1:], strict=False)])
    sharpness = [
        np.abs(np.diff(frame, axis=0)).mean() + np.abs(np.diff(frame, axis=1)).mean()
        for frame in frames
    ]
    return change, np.mean(sharpness)


def drawn(observed, scene, steps, seeds, chosen):
    """Name: change, sharpness and Fréchet distance of rendered rollouts, medians of several.

    `chosen` holds the settings of rivals that are tuned already, by name.

    Change and sharpness are against the video's own, the distance is over that of the video's halves.
    """
    generator = MorphGenerator.fit(scene.frames, observed, progress=False)
    own = look(scene.frames)
    pixels = thumbnails(scene.frames)
    axes = np.linalg.svd(pixels - pixels.mean(0), full_matrices=False)[2][:6]

    def placed(frames):
        return windows((thumbnails(frames) - pixels.mean(0)) @ axes.T)

    half = len(scene.frames) // 2
    usual = frechet(placed(scene.frames[:half]), placed(scene.frames[half:]))
    video = placed(scene.frames)
    found = {}
    for name, fit in behaviors(observed):
        how = chosen.get(name) or tuned(name, fit, observed, min(4000, 10 * steps))
        each = [generator.render(path) for path in paths(fit(**how), observed, steps, seeds)]
        seen = [look(frames) for frames in each]
        found[name] = {
            what: float(np.median([one[i] for one in seen]) / own[i])
            for i, what in enumerate(("flicker", "sharpness"))
        }
        far = [frechet(placed(frames), video) for frames in each]
        found[name]["frechet"] = float(np.median(far)) / usual
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


CLIPS = dict(real=lambda: read_scene(recorded(), crop="center"), cat=napping_cat, portrait=portrait)


def clips_of(asked):
    "Name: how to read it, of clips by name and of folders. Raises ValueError for what is neither."
    found = {}
    for one in asked:
        if one in CLIPS:
            found[one] = CLIPS[one]
            continue
        videos = sorted(
            path
            for path in Path(one).glob("*")
            if path.suffix.lower() in (".mp4", ".mov", ".webm", ".gif", ".mkv", ".avi")
        )
        if not videos:
            raise ValueError(
                f"{one!r} is no clip and no folder with videos: take {', '.join(CLIPS)}, or a folder"
            )
        found |= {
            path.stem: lambda path=path: read_scene(path, max_frames=200, crop="center")
            for path in videos
        }
    return found


def keep(args, kept):
    "What is found is on disk after each row: a clip takes an hour."
    if args.save:
        Path(args.save).write_text(json.dumps(kept, indent=1) + "\n")


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
        found = measure(name, fit, observed, args.steps, args.seeds, args.fits)
        rows[name] = found
        print(line(found), found["settings"] or "", flush=True)
        kept["clips"][clip] = [rows[name] for name, _ in behaviors(observed) if name in rows]
        keep(args, kept)


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
    chosen = {row["name"]: row["settings"] for row in kept["clips"].get(clip, [])}
    kept["rendered"][clip] = drawn(
        observed, scene, min(args.steps, 1000), min(args.seeds, 3), chosen
    )
    print(
        f"\n{clip}, rendered{'flicker':>28}{'sharpness':>11}{'frechet':>9}, against the video's own"
    )
    for name, found in kept["rendered"][clip].items():
        print(
            f"{name:30}{found['flicker']:13.2f}{found['sharpness']:11.2f}{found['frechet']:9.2f}",
            flush=True,
        )


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
    parser.add_argument(
        "--encoder", default="alive-tiny", help="a CLIP, or pixels: their principal components"
    )
    parser.add_argument("--clips", nargs="+", default=list(CLIPS), help="names, or folders")
    parser.add_argument("--fits", type=int, default=3, help="of what learns by chance")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--only", default="", help="signs of the behaviors whose name holds this")
    parser.add_argument("--save", help="a JSON file to keep all figures in")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = dict(
        encoder=args.encoder,
        steps=args.steps,
        seeds=args.seeds,
        fits=args.fits,
        clips={},
        states={},
        rendered={},
        times={},
    )
    if args.save and Path(args.save).is_file():
        kept = {
            **kept,
            **json.loads(Path(args.save).read_text()),
            **{k: kept[k] for k in ("encoder", "steps", "seeds", "fits")},
        }
    kept |= stamp()
    pixels = args.encoder == "pixels"
    encoder = None if pixels else ClipEncoder(args.encoder)
    if pixels and "states" in args.parts:
        raise SystemExit("the states are read by CLIP: leave them out with --parts signs rendered")
    for clip, read in clips_of(args.clips).items():
        scene = read()
        observed = (
            PixelEncoder(scene.frames).encode_frames(scene.frames)
            if pixels
            else encode_scene(scene, encoder)
        )
        for part in args.parts:
            PARTS[part](clip, scene, observed, args, kept)
        keep(args, kept)


if __name__ == "__main__":
    main()
