"""Frames as few bytes, and back: as exact as the step, for any shape, and never more than is allowed."""

import numpy as np
import pytest
import torch

from alive_scene.actors import napping_cat
from alive_scene.codec import (
    PackedFrames,
    pack_frames,
    packed_planes,
    temporal_components,
    unpack_frames,
    wave_basis,
)


def db(one, other):
    wrong = np.square(one.astype(float) - other).mean()
    return 10 * np.log10(255**2 / max(wrong, 1e-3))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_transforms_are_orthonormal():
    basis = wave_basis()
    assert torch.allclose(basis @ basis.T, torch.eye(192), atol=1e-5)
    scores = temporal_components(noise(9, 24, 16, 3))
    assert torch.allclose(scores.T @ scores, torch.eye(9), atol=3e-3)  # in half precision


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (2, 7, 9, 3), (5, 1, 1, 3), (40, 31, 17, 3)])
@pytest.mark.parametrize("step", [0.5, 4.0, 30.0])
def test_the_error_is_that_of_the_step(shape, step):
    "A coefficient is off by less than six tenths of a step, so the mean square stays below that."
    frames = noise(*shape)
    again = unpack_frames(pack_frames(frames, step))
    assert again.shape == frames.shape and again.dtype == np.uint8
    wrong = np.square(again.astype(float) - frames).mean() ** 0.5
    assert wrong < 0.6 * step + 0.6  # and the rounding to whole levels, and of the scores


def test_a_still_costs_next_to_nothing():
    still = np.repeat(noise(1, 32, 32, 3), 50, 0)
    assert len(pack_frames(still).code) < 1.5 * len(pack_frames(still[:1]).code) + 2000


def test_bytes_are_never_more_than_allowed_and_buy_quality():
    frames = napping_cat(24, 64).frames
    sizes = [len(pack_frames(frames, most=most).code) for most in (4_000, 16_000, 64_000)]
    assert sizes[0] <= 4_000 and sizes[1] <= 16_000 and sizes[2] <= 64_000
    good = [db(unpack_frames(pack_frames(frames, most=n)), frames) for n in (4_000, 16_000, 64_000)]
    assert good[0] + 3 < good[1] and good[1] + 3 < good[2]


def test_the_first_components_are_a_rough_film():
    frames = napping_cat(24, 64).frames
    packed = pack_frames(frames)
    rough = [db(unpack_frames(packed, few), frames) for few in (1, 4, 12, None)]
    assert rough == sorted(rough)
    assert np.ptp(unpack_frames(packed, 1).astype(int), axis=0).mean() < 12  # almost one picture


@pytest.mark.parametrize("damage", ["cut", "longer", "another shape", "other bytes"])
def test_a_damaged_code_is_refused(damage):
    packed = pack_frames(napping_cat(8, 32).frames)
    code = packed.code
    if damage == "cut":
        code = code[:-9]
    if damage == "longer":
        code = torch.cat([code, code])
    if damage == "other bytes":
        code = torch.from_numpy(noise(len(code)))
    height = 64 if damage == "another shape" else 32
    lie = PackedFrames(packed.scores, code, packed.step, height, 32)
    if damage == "longer":  # what follows the end of a stream is not looked at
        assert (packed_planes(lie) == packed_planes(packed)).all()
        return
    with pytest.raises(ValueError, match="damaged"):
        unpack_frames(lie)
