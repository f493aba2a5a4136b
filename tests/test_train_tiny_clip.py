import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from alive_scene.clip import ClipEncoder
from alive_scene.scene import napping_cat, portrait

weights = Path(str(files("alive_scene"))) / "weights"


@pytest.fixture(scope="module")
def encoder(): return ClipEncoder("alive-tiny", device="cpu")


@pytest.fixture(scope="module")
def cat(): return napping_cat(200, seed=2001)


def test_the_file_is_small_half_precision_and_the_one_that_was_hashed():
    file = weights / "alive-tiny.safetensors"
    assert file.stat().st_size <= 12_000_000
    assert hashlib.sha256(file.read_bytes()).hexdigest() == (weights / "alive-tiny.sha256").read_text().split()[0]
    assert {value.dtype for value in load_file(file).values() if value.is_floating_point()} == {torch.float16}


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
def woman(): return portrait(200, seed=2001)


def balanced(encoder, clip, name, yes, no):
    score = encoder.encode_frames(clip.frames) @ (encoder.encode_text(yes)[0] - encoder.encode_text(no)[0])
    says, truth = score.numpy() > 0, clip.states[name]
    if name in ("tilt", "turn", "gaze"): truth = .5 + truth*(clip.states["eyes_closed"] < .3 if name == "gaze" else 1)/2 # closed eyes look nowhere
    return (says[truth >= .7].mean() + (~says[truth < .3]).mean()) / 2


@pytest.mark.parametrize("name, yes, no", [("eyes_closed", "a cat with its eyes closed", "a cat with its eyes open"),
                                           ("tilt", "a cat with its head tilted to the right", "a cat with its head tilted to the left"),
                                           ("ear", "a cat with its ear turned", "a cat with its ears up"),
                                           ("light", "a cat, in bright light", "a cat, in dim light")])
def test_text_finds_the_states_of_a_cat_on_an_unseen_seed(encoder, cat, name, yes, no):
    assert balanced(encoder, cat, name, yes, no) >= .95


@pytest.mark.parametrize("name, yes, no", [("eyes_closed", "a woman with her eyes closed", "a woman with her eyes open"),
                                           ("gaze", "a woman with her eyes looking to the right", "a woman with her eyes looking to the left"),
                                           ("turn", "a woman with her head turned to the right", "a woman with her head turned to the left"),
                                           ("smile", "a woman with a broad smile", "a woman with her mouth closed"),
                                           ("light", "a woman, in bright light", "a woman, in dim light")])
def test_text_finds_the_states_of_a_face_on_an_unseen_seed(encoder, woman, name, yes, no):
    assert balanced(encoder, woman, name, yes, no) >= .95


def test_a_cat_is_a_cat_and_noise_is_not(encoder, cat):
    texts = encoder.encode_text(["a cat", "a woman", "a rocket", "a cup of coffee", "bricks"])
    assert (encoder.encode_frames(cat.frames) @ texts.T).argmax(1).eq(0).all()
    noise = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), dtype=np.uint8)
    assert (encoder.encode_frames(noise) @ texts[0]).max() < (encoder.encode_frames(cat.frames) @ texts[0]).min()
