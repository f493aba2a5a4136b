"""Each exercise of the course.

Its check asks for an answer, refuses wrong ones with a hint, and takes the folded solution: test_notebooks
asks it so, where a lesson runs, just before the exercise.
"""

import ast
import json
import random
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch

nbs = Path(__file__).parent.parent / "nbs"
sys.path.insert(0, str(nbs))
import times  # noqa: E402, a script beside the lessons

lessons = sorted(path.stem for path in nbs.glob("[0-9]*.ipynb"))
WRONG = {
    ("00_scene", "biggest_step"): [
        "def biggest_step(frames): "
        "return int(np.abs(np.diff(frames, axis=0)).mean((1, 2, 3)).argmax())",
        "def biggest_step(frames): "
        "return int(np.abs(np.diff(frames.astype(float).mean((1, 2, 3)))).argmax())",
        "def biggest_step(frames): "
        "return 1 + int(np.abs(np.diff(frames.astype(float), axis=0)).mean((1, 2, 3)).argmax())",
    ],
    ("00_scene", "boomerang"): [
        "def boomerang(scene): return scene",
        "def boomerang(scene): return Scene(np.concatenate([scene.frames, scene.frames[::-1]]))",
        "def boomerang(scene): return Scene(np.concatenate([scene.frames[::-1], scene.frames[1:-1]]))",
    ],
    ("02_reader", "smaller"): [
        "def smaller(picture, k): return picture[::k, ::k]",
        "def smaller(picture, k): return np.asarray("
        "Image.fromarray(picture).reduce(k)).mean(2).round().astype(np.uint8)",
        "def smaller(picture, k):\n"
        "    height, width, channel = picture.shape\n"
        "    blocks = picture.reshape(k, height // k, k, width // k, channel)\n"
        "    return blocks.mean((0, 2)).round().astype(np.uint8)",
        "def smaller(picture, k):\n"
        "    height, width, channel = picture.shape\n"
        "    return picture.reshape(height // k, k, width // k, k, channel).mean((1, 3))",
    ],
    ("02_reader", "kept"): [
        "def kept(n, r, f): return round(n * f / r), f",
        "def kept(n, r, f): return n // max(1, round(r / f)), r / max(1, round(r / f))",
        "def kept(n, r, f): return len(range(0, n, max(1, int(r / f)))), r / max(1, int(r / f))",
    ],
    ("03_segments", "cut_at"): [
        "def cut_at(small): return 1 + int(np.abs(np.diff(small, axis=0)).mean((1, 2)).argmax())",
        "def cut_at(small): return int(np.abs(np.diff(small, axis=0)).mean((1, 2)).argmax())",
        "def cut_at(small): return len(small) // 2",
    ],
    ("03_segments", "stored"): [
        "def stored(changes): return 2",
        "def stored(changes): return 1 + int((changes < 0.5 * np.median(changes)).mean() > 0.3)",
        "def stored(changes):\n"
        "    for ratio in (2, 3, 4, 5):\n"
        "        new = np.arange(len(changes)) % ratio == ratio - 1\n"
        "        if np.quantile(changes[~new], 0.9) < 0.5 * np.median(changes[new]):\n"
        "            return ratio\n"
        "    return 1",
    ],
    ("05_actors", "longest_nap"): [
        "def longest_nap(closed, fps): return (closed > .75).sum()/fps",
        "def longest_nap(closed, fps): return max(len(run) for run in "
        "''.join('x' if c > .6 else ' ' for c in closed).split(' '))/fps",
    ],
    ("05_actors", "my_blinks"): [
        "def my_blinks(rng, frames): return (rng.random(frames) < 0.1).astype(float)",
        "def my_blinks(rng, frames): "
        "return np.tile([0.0] * 20 + [0.5, 1.0, 0.5], frames // 23 + 1)[:frames]",
        "def my_blinks(rng, frames): return np.zeros(frames)",
        "def my_blinks(rng, frames):\n"
        "    rng = np.random.default_rng()\n"
        "    course = []\n"
        "    while len(course) < frames:\n"
        "        course += [0.0] * rng.integers(12, 48) + [0.5, 1.0, 1.0, 0.5]\n"
        "    return np.array(course[:frames])",
    ],
    ("10_clip", "angle"): [
        "def angle(one, other): return torch.rad2deg((one @ other).acos())",
        "def angle(one, other): return one @ other",
        "def angle(one, other): return (one @ other).clamp(-1, 1).acos()",
    ],
    ("10_clip", "find"): [
        "def find(query, embeddings): return 0",
        "def find(query, embeddings): return int((embeddings @ query).argmin())",
    ],
    ("11_train_tiny_clip", "one_way"): [
        "def one_way(matrix): return matrix.logsumexp(1).mean()",
        "def one_way(matrix): return (matrix.logsumexp(0)-matrix.diag()).mean()",
    ],
    ("11_train_tiny_clip", "least"): [
        "def least(n, k): return math.log(n)",
        "def least(n, k): return math.log(k)",
    ],
    ("20_maps", "returns"): [
        "def returns(same, gap): return same.triu(gap).any(1).sum()",
        "def returns(same, gap): return same.sum()",
        "def returns(same, gap): return same.tril(-gap).sum(1).gt(1).sum()",
    ],
    ("20_maps", "ring"): [
        "def ring(n): return torch.zeros(n, 2)",
        "def ring(n): return torch.zeros(n)",
    ],
    ("20_maps", "agreement"): [
        "def agreement(path, i, j, horizon): return F.cosine_similarity(path[i], path[j], dim=0)",
        "def agreement(path, i, j, horizon): "
        "return F.cosine_similarity(path[i+1]-path[i], path[j+1]-path[j], dim=0)",
    ],
    ("25_flow", "warp_by_hand"): [
        "def warp_by_hand(picture, field): return picture",
        "def warp_by_hand(picture, field): return np.roll(picture, -1, 0)",
        "def warp_by_hand(picture, field):\n"
        "    at = np.stack(np.mgrid[:picture.shape[0], :picture.shape[1]], -1) - field.astype(int)\n"
        "    return picture[at[..., 0].clip(0, picture.shape[0]-1), at[..., 1].clip(0, picture.shape[1]-1)]",
    ],
    ("25_flow", "patch_flow"): [
        "def patch_flow(a, b): return np.zeros(2)",
        "def patch_flow(a, b):\n"
        "    down, right = np.gradient(b)\n"
        "    return np.linalg.lstsq(np.stack([right.ravel(), down.ravel()], 1), (a-b).ravel())[0]",
    ],
    ("30_siren", "my_sine_layer"): [
        "def my_sine_layer(inputs, outputs, w0, first):\n"  # torch's own start
        "    class Sine(nn.Linear):\n"
        "        def forward(self, x): return torch.sin(w0 * super().forward(x))\n"
        "    return Sine(inputs, outputs)",
        "def my_sine_layer(inputs, outputs, w0, first):\n"  # w0 missing in the bound
        "    class Sine(nn.Linear):\n"
        "        def forward(self, x): return torch.sin(w0 * super().forward(x))\n"
        "    layer = Sine(inputs, outputs)\n"
        "    bound = 1 / inputs if first else math.sqrt(6 / inputs)\n"
        "    layer.weight.data.uniform_(-bound, bound)\n"
        "    return layer",
        "def my_sine_layer(inputs, outputs, w0, first):\n"  # the outputs in the bound
        "    class Sine(nn.Linear):\n"
        "        def forward(self, x): return torch.sin(w0 * super().forward(x))\n"
        "    layer = Sine(inputs, outputs)\n"
        "    bound = 1 / inputs if first else math.sqrt(6 / outputs) / w0\n"
        "    layer.weight.data.uniform_(-bound, bound)\n"
        "    return layer",
        "def my_sine_layer(inputs, outputs, w0, first):\n"  # normal, of the same spread
        "    class Sine(nn.Linear):\n"
        "        def forward(self, x): return torch.sin(w0 * super().forward(x))\n"
        "    layer = Sine(inputs, outputs)\n"
        "    bound = 1 / inputs if first else math.sqrt(6 / inputs) / w0\n"
        "    layer.weight.data.normal_(0, bound / 3**0.5)\n"
        "    return layer",
        "def my_sine_layer(inputs, outputs, w0, first):\n"  # w0 missing in the sine
        "    layer = nn.Linear(inputs, outputs)\n"
        "    bound = 1 / inputs if first else math.sqrt(6 / inputs) / w0\n"
        "    layer.weight.data.uniform_(-bound, bound)\n"
        "    return nn.Sequential(layer, SineLayer(1.0))",
    ],
    ("30_siren", "my_encoding"): [
        "def my_encoding(points, frequencies): return positional_encoding(points, frequencies, 1.5)",
        "def my_encoding(points, frequencies): "
        "return positional_encoding(points.flip(1), frequencies)",
        "def my_encoding(points, frequencies): "
        "return positional_encoding(points, frequencies)[:, : 2 * frequencies]",
        "def my_encoding(points, frequencies): "
        "return positional_encoding(points / math.pi, frequencies)",
    ],
    ("30_siren", "largest_hidden"): [
        "def largest_hidden(budget): return 1",
        "def largest_hidden(budget): return budget",
    ],
    ("30_siren", "turned"): [
        "def turned(points, degrees): return points",
        "def turned(points, degrees): return points.flip(1)",
        "def turned(points, degrees): return 2*points",
    ],
    ("31_generator", "split_cost"): [
        "def split_cost(pixels, embed, position, hidden): return pixels*(embed+position)*hidden",
        "def split_cost(pixels, embed, position, hidden): return (embed+position)*hidden",
        "def split_cost(pixels, embed, position, hidden): return embed + pixels*position*hidden",
    ],
    ("31_generator", "joined"): [
        "def joined(patches, height, width, patch): return patches.reshape(-1, height, width, 3)",
        "def joined(patches, height, width, patch):\n"
        "    rows, columns = -(-height // patch), -(-width // patch)\n"
        "    grid = patches.view(rows, columns, -1, patch, patch, 3).permute(2, 0, 3, 1, 4, 5)\n"
        "    return grid.reshape(-1, rows*patch, columns*patch, 3)",
        "def joined(patches, height, width, patch):\n"
        "    side = round(len(patches)**.5)\n"
        "    grid = patches.view(side, -1, 1, patch, patch, 3).permute(2, 0, 3, 1, 4, 5)\n"
        "    return grid.reshape(-1, height, width, 3)",
    ],
    ("32_film", "modulated"): [
        "def modulated(hidden, scale, shift): return hidden",
        "def modulated(hidden, scale, shift): return scale[:, None]*hidden + shift[:, None]",
        "def modulated(hidden, scale, shift): return (1 + scale[:, None])*(hidden + shift[:, None])",
        "def modulated(hidden, scale, shift): return (1 + scale[0])*hidden + shift[0]",
    ],
    ("32_film", "rate_at"): [
        "def rate_at(share, first): return first*(1 - share)",
        "def rate_at(share, first): return first*math.cos(math.pi*share/2)",
        "def rate_at(share, first): return (1 + math.cos(math.pi*share))/2",
    ],
    ("33_strokes", "fewest"): [
        "def fewest(): return 1_000_000",
        "def fewest(): return 60_000",
        "def fewest(): return 1000",
    ],
    ("33_strokes", "shuffled"): [
        "def shuffled(n): return torch.arange(n)",
        "def shuffled(n): return torch.arange(n).roll(1)",
        "def shuffled(n): return torch.zeros(n).long()",
    ],
    ("34_codec", "wave"): [
        "def wave(down, across): return np.full((8, 8), 1 / 8)",
        "def wave(down, across): return np.outer("
        "*(np.cos(np.pi * k * (2 * np.arange(8) + 1) / 16) / 2 for k in (down, across)))",
    ],
    ("34_codec", "gain"): [
        "def gain(step): return step**2 / 12",
        "def gain(step): return step / 2",
    ],
    ("35_morph", "my_moment"): [
        "def my_moment(a, b, forward, backward, part): return (1 - part) * a + part * b",
        "def my_moment(a, b, forward, backward, part): return warp(a[None], part * forward[None])[0]",
        "def my_moment(a, b, forward, backward, part):\n"  # the wrong way
        "    field = ((1 - part) * forward - part * backward)[None]\n"
        "    moved = (1 - part) * warp(a[None], part * field) + part * warp(b[None], (part - 1) * field)\n"
        "    return moved[0].clamp(0, 255)",
        "def my_moment(a, b, forward, backward, part):\n"  # weighed the wrong way round
        "    field = ((1 - part) * forward - part * backward)[None]\n"
        "    moved = part * warp(a[None], -part * field) + (1 - part) * warp(b[None], (1 - part) * field)\n"
        "    return moved[0].clamp(0, 255)",
    ],
    ("35_morph", "round_a_ring"): [
        "def round_a_ring(): return np.arange(4) - 1.5",
        "def round_a_ring(): return np.zeros(4)",
    ],
    ("35_morph", "shares"): [
        "def shares(weights): return np.sort(weights)[-2:][::-1] / np.sort(weights)[-2:].sum()",
        "def shares(weights): return weights[0], weights[1]",
    ],
    ("40_vae", "reparameterize"): [
        "def reparameterize(mean, log_variance, noise): return mean",
        "def reparameterize(mean, log_variance, noise): return mean + noise*log_variance.exp()",
        "def reparameterize(mean, log_variance, noise): return mean + noise*log_variance",
        "def reparameterize(mean, log_variance, noise): "
        "return (mean + noise*(log_variance/2).exp()).detach()",
    ],
    ("40_vae", "my_kld"): [
        "def my_kld(mean, log_variance): return (mean**2).sum()",
        "def my_kld(mean, log_variance): return -(1 + log_variance - mean**2 - log_variance.exp()).sum()",
    ],
    ("15_path", "to_chord"): [
        "def to_chord(x, a, b): return (x-(a+b)/2).norm()",
        "def to_chord(x, a, b): "
        "p = ((x-a) @ (b-a)/((b-a) @ (b-a)).clamp_min(1e-30)); return (x-a-p*(b-a)).norm()",
        "def to_chord(x, a, b): "
        "p = ((x-a) @ (b-a)/((b-a) @ (b-a))).clamp(0, 1); return (x-a-p*(b-a)).norm()",
    ],
    ("15_path", "by_length"): [
        "def by_length(embeddings, points): return densify(embeddings, points=points)",
        "def by_length(embeddings, points): "
        "return embeddings[torch.linspace(0, len(embeddings)-1, points).long()]",
    ],
    ("50_rollout", "my_cure"): [
        "def my_cure(predicted, observed, weight): return predicted/predicted.norm()",
        "def my_cure(predicted, observed, weight): "
        "return (1-weight)*predicted/predicted.norm() + weight*observed[0]",
        "def my_cure(predicted, observed, weight): "
        "return cure(predicted[None], observed, 1-weight)[0]",
    ],
    ("50_rollout", "my_rollout"): [
        "def my_rollout(behavior, observed, steps, start, temperature, curing, seed):\n"
        "    return rollout(behavior, observed, steps, start, temperature, None, seed)",
        "def my_rollout(behavior, observed, steps, start, temperature, curing, seed):\n"
        "    return rollout(behavior, observed, steps, start, 1.0, curing, seed)",
        "def my_rollout(behavior, observed, steps, start, temperature, curing, seed):\n"
        "    path = rollout(behavior, observed, steps, start, temperature, curing, seed)\n"
        "    return torch.cat([observed[[start]], path[:-1]])",
        "def my_rollout(behavior, observed, steps, start, temperature, curing, seed):\n"
        "    state, path = behavior.start(observed[[start]]), []\n"
        "    for _ in range(steps):\n"  # the same luck each step
        "        rng = [torch.Generator().manual_seed(seed)]\n"
        "        moved = behavior.step(state, temperature, behavior.draw(rng, temperature))\n"
        "        state = replace(moved, embedding=cure(moved.embedding, observed, curing))\n"
        "        path.append(state.embedding[0])\n"
        "    return torch.stack(path)",
        "def my_rollout(behavior, observed, steps, start, temperature, curing, seed):\n"
        "    rng = [torch.Generator().manual_seed(seed)]\n"
        "    state, path = behavior.start(observed[[start]]), []\n"
        "    for _ in range(steps):\n"  # cured in the picture alone
        "        state = behavior.step(state, temperature, behavior.draw(rng, temperature))\n"
        "        path.append(cure(state.embedding, observed, curing)[0])\n"
        "    return torch.stack(path)",
    ],
    ("50_rollout", "my_place"): [
        "def my_place(answers): "
        "return (answers.mean(0)-answers.mean((0, 1))).pow(2).sum(-1).mean()",
        "def my_place(answers): return (answers-answers.mean((0, 1))).pow(2).sum(-1).mean()",
        "def my_place(answers): return 0.0",
    ],
    ("50_rollout", "my_force"): [
        "def my_force(embedding, step): return 0*embedding",
        "def my_force(embedding, step): return observed[30]-embedding",
        "def my_force(embedding, step): return 0.2*(observed[30]-embedding)",  # too early
        "def my_force(embedding, step): return 0.09*(observed[30]-embedding)",  # too late
        "def my_force(embedding, step): return (step > 22)*(observed[30]-embedding)",  # at once
        "def my_force(embedding, step): "  # it doesn't stay
        "return 0.12*(observed[30 if step < 40 else 150]-embedding)",
    ],
    ("52_vitals", "my_replay"): [
        "def my_replay(path, observed):\n"
        "    on = nearest(path, observed).diff()\n"
        "    return float(((on == 0) | (on == 1)).sum()) / len(observed)",
        "def my_replay(path, observed):\n"  # the jitter is not seen
        "    run = longest = 0\n"
        "    for on in nearest(path, observed).diff().tolist():\n"
        "        run = run + 1 if on in (0, 1) else 0\n"
        "        longest = max(longest, run)\n"
        "    return longest / len(observed)",
        "def my_replay(path, observed):\n"  # to stay does not count
        "    index = nearest(path, observed)\n"
        "    near = (path - observed[index]).norm(dim=1) <= 0.1 * step_length(observed)\n"
        "    run = longest = 0\n"
        "    for step in range(1, len(path)):\n"
        "        run = run + 1 if near[step] and index[step] == index[step - 1] + 1 else 0\n"
        "        longest = max(longest, run)\n"
        "    return longest / len(observed)",
        "def my_replay(path, observed): return 0.0",
    ],
    ("52_vitals", "my_cheat"): [
        "def my_cheat(steps): return observed[torch.arange(steps)//8*71%len(observed)]",
        "def my_cheat(steps): return observed[torch.arange(steps)%len(observed)]+0.01",
        "def my_cheat(steps): return observed",
    ],
    ("53_ethogram", "my_latency"): [
        "def my_latency(stretches, state): "
        "return next((b.start for b in stretches if b.state == state), float('nan'))",
        "def my_latency(stretches, state): "
        "return next((b.start - stretches[0].start for b in stretches if b.state == state), 0.0)",
        "def my_latency(stretches, state): return 0.0",
    ],
    ("53_ethogram", "my_shares"): [
        "def my_shares(states, names): "
        "return transition_counts(states, names) / transition_counts(states, names).sum(1)[:, None]",
        "def my_shares(states, names): return transition_counts(states, names).astype(float)",
        "def my_shares(states, names): return transition_shares(transition_counts(states, names).T)",
        "def my_shares(states, names): "
        "return transition_shares(transition_counts(states, sorted(set(states))))",
    ],
    ("54_plan", "my_next"): [
        "def my_next(places, odds, chance): return places[int(odds.argmax())]",
        "def my_next(places, odds, chance): return places[int(chance * len(places))]",
        "def my_next(places, odds, chance): return int((odds.cumsum(0) < chance * odds.sum()).sum())",
        "def my_next(places, odds, chance): return places[int((odds.cumsum(0) < chance).sum())]",
    ],
    ("54_plan", "my_balance"): [
        "def my_balance(K): return K / K.sum()",
        "def my_balance(K): return torch.full_like(K, 1 / len(K) ** 2)",
        "def my_balance(K): return K / K.sum(1, keepdim=True) / len(K)",
        "def my_balance(K):\n"
        "    P = K / K.sum(1, keepdim=True) / len(K)\n"
        "    return P / P.sum(0, keepdim=True) / len(K)",
    ],
    ("55_behavior", "my_leaps"): [
        "def my_leaps(): return 0.5",
        "def my_leaps(): return 0.08",
        "def my_leaps(): return 0.0005",
    ],
    ("55_behavior", "my_motion"): [
        "def my_motion(away, push): return 0*away",
        "def my_motion(away, push): return 0.15*push",
        "def my_motion(away, push): return 0.4*torch.stack([-away[:, 1], away[:, 0]], 1) + 9*push",
    ],
    ("57_peers", "with_future"): [
        "def with_future(cut, rounds): return cut",
        "def with_future(cut, rounds): return cut + 0.99 * cut.min(1).values",
        "def with_future(cut, rounds):\n"
        "    cost = cut\n"
        "    for _ in range(rounds):\n"
        "        cost = cut + 0.99 * cost.min(0).values\n"
        "    return cost",
    ],
    ("57_peers", "log_density"): [
        "def log_density(motion, to_noise): return -to_noise(motion).pow(2).sum(1) / 2",
        "def log_density(motion, to_noise): "
        "return torch.distributions.Normal(0.0, 1.0).log_prob(to_noise(motion)).sum(1)",
        "def log_density(motion, to_noise): "
        "return torch.distributions.Normal(0.0, 1.0).log_prob(motion).sum(1)",
    ],
    ("58_wish", "my_z"): [
        "def my_z(chance, reward): return reward.exp() / reward.exp().max()",
        "def my_z(chance, reward):\n"  # one round
        "    z = reward.exp() * chance.sum(1)\n"
        "    return z / z.max()",
        "def my_z(chance, reward):\n"  # the chain backward
        "    z = torch.ones(len(reward)).double()\n"
        "    for _ in range(2000):\n"
        "        z = reward.exp() * (chance.T @ z)\n"
        "        z = z / z.max()\n"
        "    return z",
        "def my_z(chance, reward):\n"  # not scaled
        "    z = torch.ones(len(reward)).double()\n"
        "    for _ in range(50):\n"
        "        z = reward.exp() * (chance @ z)\n"
        "    return z",
        "def my_z(chance, reward):\n"  # the reward of the next place, not of this
        "    z = torch.ones(len(reward)).double()\n"
        "    for _ in range(2000):\n"
        "        z = chance @ (reward.exp() * z)\n"
        "        z = z / z.max()\n"
        "    return z",
    ],
    ("58_wish", "contrast"): [
        "def contrast(frames, said, opposite): return frames @ said",
        "def contrast(frames, said, opposite): return (frames - frames.mean(0)) @ said",
        "def contrast(frames, said, opposite): return frames @ (said - opposite)",
    ],
    ("60_alive", "nearest"): [
        "def nearest(path, embeddings): return (path @ embeddings.T).argmin(1)",
        "def nearest(path, embeddings): return (path @ embeddings.T).argmax(0)*0",
    ],
    ("60_alive", "halfway"): [
        "def halfway(one, other): return (one+other)/2",
        "def halfway(one, other): return one",
        "def halfway(one, other): return -F.normalize(one+other, dim=0)",
    ],
    ("62_reel", "to_and_fro"): [
        "def to_and_fro(film): return np.concatenate([film, film[::-1]])",
        "def to_and_fro(film): return film[::-1]",
        "def to_and_fro(film): return np.concatenate([film, film[:-2]])",
    ],
    ("62_reel", "my_return"): [
        "def my_return(P, steps): return float(P[0, 0]) ** steps",
        "def my_return(P, steps): return torch.linalg.matrix_power(P, steps)[0].sum()",
        "def my_return(P, steps): return torch.linalg.matrix_power(P, steps + 1)[0, 0]",
    ],
    ("70_player", "warm_up"): [
        "def warm_up(player, steps):\n"
        "    player.restart(); player.advance(steps)\n"
        "    return [step[0]['pace'] for step in player.live.told]",
        "def warm_up(player, steps): return [0.]*steps",
        "def warm_up(player, steps): return []",
    ],
    ("70_player", "furthest"): [
        "def furthest(player): return 2.",
        "def furthest(player): return min(player.live.courses, key=lambda one: one.warmth).warmth",
    ],
    ("72_explorer", "held_out"): [
        "def held_out(i): "
        "return _between(place.points, alive.embeddings, tuple(place.points[i].tolist()))",
        "def held_out(i): return alive.embeddings[i-1]",
        "def held_out(i): return alive.embeddings.mean(0)",
    ],
    ("72_explorer", "loneliest"): [
        "def loneliest(points): return empty_places(points)[0]",
        "def loneliest(points): return points.mean(0) + 100",
        "def loneliest(points): return empty_places(points)",
    ],
    ("80_nerf", "median_depth"): [
        "def median_depth(weights, depth): return float((weights * depth).sum())",
        "def median_depth(weights, depth): return depth[int((weights.cumsum(0) < 0.5).sum())%4].item()",
        "def median_depth(weights, depth): return depth[int(weights.argmax()) - 1].item()",
    ],
    ("80_nerf", "transmittance"): [
        "def transmittance(density, width):\n"  # the background's only
        "    return torch.exp(-(density * width[:, None]).sum(1))",
        "def transmittance(density, width):\n"  # each slice alone
        "    return torch.exp(-F.pad(density * width[:, None], (1, 0)))",
        "def transmittance(density, width):\n"  # all rays as wide as the first
        "    return torch.exp(-F.pad((density * width[0]).cumsum(1), (1, 0)))",
        "def transmittance(density, width):\n"  # what is stopped
        "    return 1 - torch.exp(-F.pad((density * width[:, None]).cumsum(1), (1, 0)))",
    ],
    ("78_views", "how_far"): [
        "def how_far(shift, baseline, focal): return focal*baseline/(shift + 1e-9)",
        "def how_far(shift, baseline, focal): return focal*shift/baseline",
        "def how_far(shift, baseline, focal): return baseline/shift if shift else math.inf",
    ],
    ("78_views", "middle_between"): [
        "def middle_between(places, axes): return torch.zeros(3)",
        "def middle_between(places, axes): return places.mean(0)",
        "def middle_between(places, axes):\n"
        "    across = torch.eye(3) - axes[:, :, None]*axes[:, None]\n"
        "    return across.sum(0) @ places.mean(0)",
    ],
    ("71_browser", "bell_shaped"): [
        "def bell_shaped(u, v): return np.sqrt(-2*np.log(u))",
        "def bell_shaped(u, v): return (u+v-1)*6**.5",
        "def bell_shaped(u, v): return u",
    ],
    ("71_browser", "choose"): [
        "def choose(odds, u): return int(u*len(odds))",
        "def choose(odds, u): return int(np.argmax(odds))",
        "def choose(odds, u): return int(np.searchsorted(np.cumsum(odds), u))",
    ],
    ("68_graphs", "limited"): [
        "def limited(motion, most):\n"
        "    return motion*most/motion.norm() if motion.norm() > most else motion",
        "def limited(motion, most): return motion*most/motion.norm(dim=1, keepdim=True)",
        "def limited(motion, most): return motion.clamp(max=most)",
    ],
    ("68_graphs", "cost"): [
        "def cost(graphs): return 4",
        "def cost(graphs): "
        "return sum(map(len, graphs.values()))/sum(inside(name)['numbers'] for name in graphs)",
    ],
    ("88_catalogue", "radius"): [
        "def radius(points, chosen): return torch.cdist(points, points[chosen]).amax()",
        "def radius(points, chosen): return torch.cdist(points, points[chosen]).amin(1).mean()",
        "def radius(points, chosen): return torch.cdist(points, points[chosen]).amin(1).min()",
    ],
    ("88_catalogue", "best"): [
        "def best(sentence, scenes): return (scenes @ sentence).mean(1)",
        "def best(sentence, scenes): return (scenes @ sentence).amax(0)",
        "def best(sentence, scenes): return scenes.mean(1) @ sentence",
    ],
    ("90_gallery", "takes"): [
        "def takes(start, many, each, workers): return (start + many * each) / workers",
        "def takes(start, many, each, workers): return start + many * each / workers",
        "def takes(start, many, each, workers): return start + many // workers * each",
    ],
    ("90_gallery", "key_of"): [
        "def key_of(digest, options): return digest + str(options)",
        "def key_of(digest, options): return str(sorted(options.items()))",
        "def key_of(digest, options): return digest + str(sorted(options))",
        "def key_of(digest, options): "
        "return digest + ''.join(f'{name}{options[name]}' for name in sorted(options))[-6:]",
    ],
    ("92_long_video", "begins"): [
        "def begins(keys, least): return keys",
        "def begins(keys, least): return [k for a, k in zip([-9, *keys], keys) if k - a >= least]",
        "def begins(keys, least): return list(range(0, keys[-1] + 1, least))",
    ],
    ("92_long_video", "covered"): [
        "def covered(points, chosen, near): return torch.cdist(points, points[chosen]).amin(1).mean()",
        "def covered(points, chosen, near): "
        "return (torch.cdist(points, points[chosen]).amax(1) <= near).float().mean()",
        "def covered(points, chosen, near): "
        "return (torch.cdist(points, points[chosen]).amin(1) <= near).sum()",
    ],
    ("95_generator_shootout", "decibels"): [
        "def decibels(drawn, true): return 10*np.log10(255**2/((drawn-true)**2).mean())",
        "def decibels(drawn, true): return 10*np.log10(255/((drawn.astype(float)-true)**2).mean())",
    ],
    ("95_generator_shootout", "unlike"): [
        "def unlike(n, side): return np.zeros((n, side, side, 3))",
        "def unlike(n, side): return np.zeros((n, side, side, 3), np.uint8)",
        "def unlike(n, side): return np.random.default_rng(0)"
        ".integers(0, 256, (1, side, side, 3), dtype=np.uint8).repeat(n, 0)",
    ],
    ("96_behavior_shootout", "my_cheat"): [
        "def my_cheat(observed, steps, rng): return bench.to_and_fro(observed, steps, rng)",
        "def my_cheat(observed, steps, rng): return observed[:1].expand(steps, -1)",
        "def my_cheat(observed, steps, rng): return observed",
    ],
    ("96_behavior_shootout", "share_held"): [
        "def share_held(paths, observed, sign): return 1.",
        "def share_held(paths, observed, sign): "
        "return sign not in bench.missing(bench.vital_signs(paths[0], observed))",
    ],
    ("99_command", "standing"): [
        'def standing(file, out): return ["play", file, "-o", out]',
        'def standing(file, out): return ["play", file, "-o", out, "--curing", "9"]',
    ],
    ("99_command", "visited"): [
        "def visited(rows): return len(rows)",
        'def visited(rows): return int(max(row["nearest_frame"] for row in rows))',
    ],
}


def cells(lesson, kind):
    return [
        (i, cell.source)
        for i, cell in enumerate(nbformat.read(nbs / f"{lesson}.ipynb", 4).cells)
        if cell.cell_type == kind
    ]


def exercises(lesson):  # {function: number of its cell}
    return {
        re.findall(r"\((\w+)\)$", source)[-1]: i
        for i, source in cells(lesson, "code")
        if "# your turn" in source
    }


def solution(lesson, name):
    folded = re.findall(
        r"<details><summary>[^<]*</summary>(.*?)</details>",
        "\n".join(source for _, source in cells(lesson, "markdown")),
        re.S,
    )
    code = [
        "\n".join(line[4:] for line in fold.splitlines() if line.startswith("    "))
        for fold in folded
    ]
    return next(text for text in code if f"def {name}(" in text)


def ask(known, source):  # runs a cell; what its last line says
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), known)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), known)


def knows_right_from_wrong(lesson, name, known):
    "Its check asks for an answer, refuses each wrong one with a hint, and takes the solution."
    source = dict(cells(lesson, "code"))[exercises(lesson)[name]]
    check = source.split("# your turn", 1)[1]
    luck = random.getstate(), np.random.get_state(), torch.get_rng_state()
    known = known | {"display": lambda *things: None}
    assert ask(dict(known), source).startswith("not yet"), name

    def answered(code):
        return ask(dict(known), code + "\n" + check)

    for wrong in WRONG[lesson, name]:
        with pytest.raises(AssertionError) as error:
            answered(wrong)
        assert len(str(error.value)) > 10, f"a wrong answer to {name} gets no hint: {wrong}"
    assert answered(solution(lesson, name)).startswith("right"), name
    plt.close("all")
    random.setstate(luck[0])
    np.random.set_state(luck[1])
    torch.set_rng_state(luck[2])


def with_its_checks(lesson):
    "The lesson, with a cell before each exercise that asks its check of the wrong answers and the right."
    book = nbformat.read(nbs / f"{lesson}.ipynb", 4)
    for name, i in reversed(exercises(lesson).items()):
        asks = (
            "import sys\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from test_exercises import knows_right_from_wrong\n"
            f"knows_right_from_wrong({lesson!r}, {name!r}, globals())"
        )
        book.cells.insert(i, nbformat.v4.new_code_cell(asks, id=f"asks-{name}"[:64]))
    return book


@pytest.mark.parametrize("lesson", lessons)
def test_exercises_have_wrong_answers_here(lesson):
    known = {name for room, name in WRONG if room == lesson}
    assert known == set(exercises(lesson)) and len(known) >= 2


@pytest.mark.parametrize("lesson", lessons)
def test_a_lesson_opens_with_a_question_and_ends_with_what_comes_next(lesson):
    texts = [source for _, source in cells(lesson, "markdown")]
    assert re.fullmatch(r"# [^\n]+\n\n> [^\n]+", texts[0].strip()), (
        "the title's cell holds title and question; the site shows no more of it"
    )
    assert "redict" in texts[1], "the second text asks for a prediction"
    whole = "\n".join(texts)
    for part in (
        "## Try it",
        "<details><summary>Solution</summary>",
        "## Recap",
        r"(## |\*\*)Next",
        r"(## |\*\*)Reference",
    ):
        assert re.search(part, whole), f"no {part}"


@pytest.mark.parametrize("lesson", lessons)
def test_the_reading_time_is_that_of_the_lesson(lesson):
    book = nbformat.read(nbs / f"{lesson}.ipynb", 4)
    line = times.said.search(times.second(book).source)
    assert line and f"about {times.reading(book)} minutes." in line[0], (
        "run python nbs/times.py --reading"
    )
    assert any(
        f"To run, in the quick setting on two cores: about {words}.*" in line[0]
        for words in times.marks.values()
    ), "run python nbs/times.py"


def test_the_kept_times_are_those_of_all_lessons():
    kept = json.loads((nbs.parent / "bench" / "times.json").read_text(encoding="utf-8"))
    assert (
        list(kept["seconds"]) == lessons
        and abs(kept["total"] - sum(kept["seconds"].values())) < 0.1
    ), "run python nbs/times.py --save bench/times.json"


def test_times_are_added_to_those_of_other_lessons(tmp_path):
    times.keep(tmp_path / "times.json", {"20_maps": 3.5, "00_scene": 1.0})
    kept = times.keep(tmp_path / "times.json", {"10_clip": 2.0, "20_maps": 4.0})
    assert (
        kept["seconds"] == {"00_scene": 1.0, "10_clip": 2.0, "20_maps": 4.0}
        and kept["total"] == 7
        and list(kept["seconds"])[1] == "10_clip"
    )
    assert json.loads((tmp_path / "times.json").read_text()) == kept


def test_a_running_time_stays_as_long_as_it_is_near():
    assert (
        times.running(31) == "half a minute"
        and times.running(47) == times.running(70) == "one minute"
    )
    assert times.running(47, "half a minute") == "half a minute"
    assert times.running(55, "half a minute") == times.running(55, "an hour") == "one minute"
    book = nbformat.read(nbs / "00_scene.ipynb", 4)
    first = times.say(book, 40)
    again = times.say(book, 47)
    assert first == again and times.second(book).source.count("*To read") == 1
    assert times.say(book) == again  # the running time stays
    assert times.say(book, 600) != again and json.dumps(book).count("To read: about") == 1
