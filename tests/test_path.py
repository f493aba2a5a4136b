import numpy as np
import pytest
import torch
import torch.nn.functional as F

from alive_scene.path import (
    as_embeddings,
    densify,
    distance_to_path,
    motions,
    nearest,
    project,
    step_length,
    unit_vectors,
)


def circle(time=40, embed=16, seed=0):
    rng = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(embed, embed, generator=rng))[0]
    angle = torch.linspace(0, 5, time)[:, None]
    return F.normalize(axes[0] + 0.3 * angle.cos() * axes[1] + 0.3 * angle.sin() * axes[2], dim=1)


observed = circle()


def test_rows_of_finite_numbers():
    assert as_embeddings([[1, 2], [3, 4]]).dtype == torch.float32
    assert torch.equal(as_embeddings(observed.double().numpy()), observed)
    assert as_embeddings(2 * observed).norm(dim=1).mean() > 1.9, "any length"
    assert not as_embeddings(observed.clone().requires_grad_()).requires_grad


@pytest.mark.parametrize(
    "bad, settings, words",
    [
        ("words", {}, "must be numbers"),
        (observed[0], {}, "a single one needs"),
        (observed[:2], {"least": 3}, "at least 3"),
        (observed, {"embed": 512}, "512 numbers a row"),
        (observed * float("nan"), {}, "NaN"),
    ],
)
def test_what_is_no_path_is_refused_by_name(bad, settings, words):
    with pytest.raises(ValueError, match=words) as error:
        as_embeddings(bad, "the_path", **settings)
    assert "the_path" in str(error.value)


def test_unit_vectors_have_length_1():
    assert torch.equal(unit_vectors(observed), observed)
    with pytest.raises(ValueError, match="unit vectors"):
        unit_vectors(1.01 * observed)


def test_motions():
    assert torch.equal(motions(observed), observed[1:] - observed[:-1])
    assert torch.equal(motions(observed.numpy()), motions(observed))


def test_the_step_is_the_lower_median_of_the_motions():
    line = torch.tensor([[0.0], [1.0], [3.0], [7.0], [15.0]])  # steps of 1, 2, 4, 8
    assert step_length(line) == 2
    assert step_length(torch.zeros(5, 3)) == 0


@pytest.mark.parametrize("points", [2, 3, 40, 79, 1000])
def test_densify_against_slow_interpolation(points):
    dense = densify(observed, points=points)
    moments = np.linspace(0, 39, points)
    slow = np.stack(
        [np.interp(moments, np.arange(40), observed[:, i].numpy()) for i in range(16)], 1
    )
    assert np.allclose(dense, slow / np.linalg.norm(slow, axis=1, keepdims=True), atol=1e-5)


def test_densify_blends_frames_at_the_same_moments():
    frames = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 3), np.uint8)
    dense, blends = densify(observed, frames, points=79)
    assert blends.dtype == np.uint8 and blends.shape == (79, 2, 3, 3)
    assert (blends[::2] == frames).all() and np.allclose(dense[::2], observed, atol=1e-6)
    assert densify(observed, frames * 0 + 255)[1].min() == 255


@pytest.mark.parametrize("call", [motions, densify])
@pytest.mark.parametrize(
    "bad, words",
    [
        (observed[:1], "at least 2"),
        (observed[:0], "at least 2"),
        (observed[0], "time, embed"),
        (observed * 1.1, "unit vectors"),
        (observed * float("nan"), "NaN"),
        (observed * float("inf"), "NaN"),
    ],
)
def test_bad_paths(call, bad, words):
    with pytest.raises(ValueError, match=words):
        call(bad)


def test_bad_densify():
    with pytest.raises(ValueError, match="points"):
        densify(observed, points=1)
    with pytest.raises(ValueError, match="one each"):
        densify(observed, np.zeros((3, 2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match="opposite"):
        densify(torch.stack([observed[0], -observed[0]]), points=3)


def test_nearest_tells_close_frames_apart():
    close = F.normalize(observed[:1] + 1e-5 * torch.arange(5)[:, None] * observed[7:8], dim=1)
    double = torch.cdist(close.double(), close.double())
    assert nearest(close, close).tolist() == double.argmin(1).tolist() == [0, 1, 2, 3, 4]


def test_distance_to_a_path_by_hand():
    corner = torch.tensor([[0.0, 0], [4, 0], [4, 3]])
    points = torch.tensor([[1.0, 2], [7, -4], [4, 2], [-3, 4]])
    frame, to_frame, to_path = distance_to_path(points, corner)
    assert frame.tolist() == [0, 1, 2, 0]
    assert np.allclose(to_frame, [5**0.5, 5, 1, 5])
    assert np.allclose(to_path, [2, 5, 0, 5], atol=1e-7)


def test_distance_to_a_path_in_many_parts_and_with_a_frame_twice():
    twice = torch.cat([observed[:3], observed[2:]])  # a chord of length 0
    path = circle(5000, seed=1)
    whole = distance_to_path(path, twice)
    assert all(column.shape == (5000,) and column.isfinite().all() for column in whole)
    for one, other in zip(whole, distance_to_path(path[4000:4003], twice), strict=True):
        assert torch.allclose(one[4000:4003], other)


def test_project_is_that_of_sklearn_up_to_the_sides():
    from sklearn.decomposition import PCA

    x = torch.randn(40, 12, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 13)
    theirs = PCA(3).fit(x.double().numpy())
    for points in (x, x[:5] + 1):
        ours = project(points, x, dims=3).numpy()
        assert np.allclose(abs(ours), abs(theirs.transform(points.double().numpy())), atol=1e-3)
