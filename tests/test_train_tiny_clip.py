import hashlib
import json
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from alive_scene.actors import napping_cat, portrait
from alive_scene.clip import ClipEncoder
from alive_scene.scene import write_atomic

weights = Path(str(files("alive_scene"))) / "weights"


@pytest.fixture(scope="module")
def encoder():
    return ClipEncoder("alive-tiny", device="cpu")


@pytest.fixture(scope="module")
def cat():
    return napping_cat(200, seed=2001)


def test_the_file_is_small_half_precision_and_the_one_that_was_hashed():
    file = weights / "alive-tiny.safetensors"
    assert file.stat().st_size <= 12_000_000
    assert (
        hashlib.sha256(file.read_bytes()).hexdigest()
        == (weights / "alive-tiny.sha256").read_text().split()[0]
    )
    assert {value.dtype for value in load_file(file).values() if value.is_floating_point()} == {
        torch.float16
    }


def test_both_towers_are_within_their_budget(encoder):
    config = json.loads((weights / "alive-tiny.json").read_text())
    assert config["embed_dim"] == encoder.embed_dim == 512
    assert config["text_cfg"]["width"] <= 64
    assert sum(p.numel() for p in encoder.model.visual.parameters()) <= 2_800_000


def test_words_that_were_never_read_are_zero():
    table = load_file(weights / "alive-tiny.safetensors")["token_embedding.weight"]
    read = (table != 0).any(1)
    assert 50 < int(read.sum()) < 2000


@pytest.fixture(scope="module")
def woman():
    return portrait(200, seed=2001)


def balanced(encoder, clip, name, yes, no):
    score = encoder.encode_frames(clip.frames) @ (
        encoder.encode_text(yes)[0] - encoder.encode_text(no)[0]
    )
    says = score.numpy() > 0
    truth = clip.states[name]
    if name in ("tilt", "turn", "gaze"):
        # closed eyes look nowhere
        truth = 0.5 + truth * (clip.states["eyes_closed"] < 0.3 if name == "gaze" else 1) / 2
    return (says[truth >= 0.7].mean() + (~says[truth < 0.3]).mean()) / 2


@pytest.mark.parametrize(
    "name, yes, no",
    [
        ("eyes_closed", "a cat with its eyes closed", "a cat with its eyes open"),
        (
            "tilt",
            "a cat with its head tilted to the right",
            "a cat with its head tilted to the left",
        ),
        ("ear", "a cat with its ear turned", "a cat with its ears up"),
        ("light", "a cat, in bright light", "a cat, in dim light"),
    ],
)
def test_text_finds_the_states_of_a_cat_on_an_unseen_seed(encoder, cat, name, yes, no):
    assert balanced(encoder, cat, name, yes, no) >= 0.95


@pytest.mark.parametrize(
    "name, yes, no",
    [
        ("eyes_closed", "a woman with her eyes closed", "a woman with her eyes open"),
        (
            "gaze",
            "a woman with her eyes looking to the right",
            "a woman with her eyes looking to the left",
        ),
        (
            "turn",
            "a woman with her head turned to the right",
            "a woman with her head turned to the left",
        ),
        ("smile", "a woman with a broad smile", "a woman with her mouth closed"),
        ("light", "a woman, in bright light", "a woman, in dim light"),
    ],
)
def test_text_finds_the_states_of_a_face_on_an_unseen_seed(encoder, woman, name, yes, no):
    assert balanced(encoder, woman, name, yes, no) >= 0.95


def test_a_cat_is_a_cat_and_noise_is_not(encoder, cat):
    texts = encoder.encode_text(["a cat", "a woman", "a rocket", "a cup of coffee", "bricks"])
    assert (encoder.encode_frames(cat.frames) @ texts.T).argmax(1).eq(0).all()
    noise = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), dtype=np.uint8)
    assert (encoder.encode_frames(noise) @ texts[0]).max() < (
        encoder.encode_frames(cat.frames) @ texts[0]
    ).min()


def training(checkpoint, steps):
    "The lesson's cell that keeps the training's state, around a training of two small layers."
    cells = nbformat.read(
        Path(__file__).parent.parent / "nbs" / "11_train_tiny_clip.ipynb", 4
    ).cells
    (source,) = (cell.source for cell in cells if cell.source.startswith("def keep(path)"))
    torch.manual_seed(steps)  # begun from other weights each time, unless they are read
    model = nn.Linear(3, 4)
    painter = nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(
        [
            dict(params=[*model.parameters()], weight_decay=0.1, times=1),
            dict(params=[*painter.parameters()], times=3),
        ],
        lr=0.1,
    )
    names = dict(
        model=model,
        painter=painter,
        optimizer=optimizer,
        history=[],
        checkpoint=str(checkpoint),
        write_atomic=write_atomic,
        save_file=save_file,
        safe_open=safe_open,
        torch=torch,
        json=json,
        Path=Path,
    )
    exec(source, names)
    for step in range(len(names["history"]), steps):
        optimizer.zero_grad()
        loss = painter(model(torch.full((5, 3), step + 1.0))).square().mean()
        loss.backward()
        optimizer.step()
        names["history"].append([float(loss.detach())])
    return SimpleNamespace(**names)


def test_an_interrupted_training_goes_on_from_a_file_that_holds_no_pickle(tmp_path):
    file = tmp_path / "state.safetensors"
    first = training(file, 4)
    first.keep(file)
    at_once = load_file(file)
    again = training(file, 4)
    assert (
        again.history == first.history
        and len(first.history) == 4
        and list(tmp_path.iterdir()) == [file]
    )
    for part in ("model", "painter"):
        for one, two in zip(
            getattr(first, part).state_dict().values(),
            getattr(again, part).state_dict().values(),
            strict=True,
        ):
            assert torch.equal(one, two)
    kept, read = (made.optimizer.state_dict() for made in (first, again))
    assert kept["param_groups"] == read["param_groups"] and kept["state"].keys() == read[
        "state"
    ].keys() == {0, 1, 2, 3}
    for i in kept["state"]:
        for name, value in kept["state"][i].items():
            assert torch.equal(value, read["state"][i][name]), (i, name)
    assert len(at_once) == 4 + 3 * 4 and training(file, 6).history[:4] == first.history
