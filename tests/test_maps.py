import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from alive_scene.maps import (
    MapPlace,
    animate_map,
    crossings,
    embedding_map,
    plot_map,
    plot_recurrence,
    recurrence,
)
from alive_scene.scene import Scene

rng = np.random.default_rng(0)


def spread(points, embed=24, noise=0.0):  # flat points turned into a space of more dimensions
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(embed, embed)))[0][: points.shape[1]]
    return torch.tensor(
        points @ turn + noise * rng.normal(size=(len(points), embed)), dtype=torch.float32
    )


def ring(n, rounds=1.0):
    angle = np.arange(n) * 2 * np.pi * rounds / n
    return np.stack([np.cos(angle), np.sin(angle)], 1)


@pytest.mark.parametrize("dims", [2, 3])
def test_pca_is_that_of_sklearn_up_to_the_sides(dims):
    x = torch.tensor(rng.normal(size=(40, 12)) * np.arange(1, 13), dtype=torch.float32)
    ours = embedding_map(x, "pca", dims=dims).numpy()
    theirs = PCA(dims).fit_transform(x.double().numpy())
    assert np.allclose(abs(ours), abs(theirs), atol=1e-3)
    assert (
        abs(ours).argmax(0) == ours.argmax(0)
    ).all()  # the farthest point is on the positive side


def test_a_place_is_where_the_flat_map_has_it():
    x = spread(ring(40)) + 1
    place = MapPlace(x)
    between = (x[3] + x[4]) / 2
    off = between + 0.2 * torch.linalg.svd(x - x.mean(0)).Vh[-1]  # away from the plane
    facts = place.facts(torch.stack([x[7], between, off]), x[6])
    assert np.allclose(facts[0]["at"], place.points[7], atol=1e-4) and facts[0]["near"] == 7
    assert abs(facts[0]["pace"] - 1) < 1e-3 and facts[0]["far"] < 1e-4
    assert np.allclose(facts[1]["at"], place.points[3:5].mean(0), atol=1e-4)
    assert np.allclose(facts[1]["at"], facts[2]["at"], atol=1e-4), "the plane doesn't see it"
    assert facts[1]["far"] < 1e-3 and abs(facts[2]["far"] * place.usual - 0.2) < 1e-3


def trust_by_hand(x, y, k):
    "The formula of Venna and Kaski, with two loops."
    n = len(x)
    far = lambda z: np.linalg.norm(z[:, None] - z[None], axis=2) + np.diag([np.inf] * n)
    rank = far(x).argsort(1).argsort(1) + 1
    near = far(y).argsort(1)[:, :k]
    penalty = sum(max(0, rank[i, j] - k) for i in range(n) for j in near[i])
    return 1 - penalty * 2 / (n * k * (2 * n - 3 * k - 1))


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_map_can_be_trusted_and_repeated(method):
    x = spread(ring(60), noise=0.02)
    points = embedding_map(x, method, neighbors=8, seed=3)
    assert points.shape == (60, 2) and points.dtype == torch.float32
    theirs = trustworthiness(x.numpy(), points.numpy(), n_neighbors=5)
    assert (
        abs(trust_by_hand(x.numpy().astype(float), points.numpy().astype(float), 5) - theirs) < 1e-6
        and theirs > 0.95
    )
    assert torch.equal(points, embedding_map(x.numpy(), method, neighbors=8, seed=3))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("dims", [2, 3])
def test_few_frames(n, dims):
    x = spread(rng.normal(size=(n, 5)))
    assert embedding_map(x, "pca", dims=dims).shape == (n, dims)
    if n >= 4:
        assert embedding_map(x, "tsne", dims=dims, neighbors=15).isfinite().all()
    else:
        for method in ("tsne", "umap"):
            with pytest.raises(ValueError, match="at least 4"):
                embedding_map(x, method, dims=dims)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_a_still_clip_is_one_point(method):
    assert (embedding_map(torch.ones(10, 4), method) == 0).all()


@pytest.mark.parametrize(
    "change, words",
    [({"method": "isomap"}, "umap"), ({"dims": 1}, "dims"), ({"neighbors": 1}, "neighbors")],
)
def test_refused_settings(change, words):
    with pytest.raises(ValueError, match=words):
        embedding_map(spread(ring(20)), **{"method": "pca", **change})


@pytest.mark.parametrize(
    "x, words",
    [
        (torch.ones(5), "shape"),
        (torch.ones(1, 5), "at least 2"),
        (torch.full((5, 3), torch.nan), "NaN"),
    ],
)
def test_refused_embeddings(x, words):
    for use in (lambda: embedding_map(x, "pca"), lambda: recurrence(x)):
        with pytest.raises(ValueError, match=words):
            use()


@pytest.mark.parametrize("dims", [2, 3])
def test_a_hostile_caption_or_name_is_only_words(dims):
    evil = "<img src=x onerror=alert(1)> & <a href='javascript:alert(2)'>cat</a>"
    scene = clip(12)
    scene.name = evil
    scene.captions = [evil] * 12
    figure = plot_map(spread(rng.normal(size=(12, 3)))[:, :dims], scene)
    hover = "".join(str(text) for trace in figure.data for text in trace.text)
    assert "<br>" in hover and "&lt;img src=x onerror=alert(1)&gt; &amp; &lt;a href" in hover
    for text in (hover, figure.to_html(full_html=False, include_plotlyjs=False)):
        assert "<img" not in text and "<a href" not in text and "\\u003cimg" not in text
    # a Scene's name is escaped where it is shown
    assert animate_map(spread(rng.normal(size=(12, 3)))[:, :dims], scene).name == f"{evil} map"


def clip(n):
    return Scene(
        rng.integers(0, 255, (n, 16, 16, 3), dtype=np.uint8),
        10.0,
        captions=[f"a cat, moment {i}" for i in range(n)],
    )


@pytest.mark.parametrize("dims", [2, 3])
def test_the_interactive_map_holds_every_point(dims):
    points = torch.tensor(rng.normal(size=(30, dims)), dtype=torch.float32)
    figure = plot_map(points, clip(30), pictures=5)
    path, start, end = figure.data
    drawn = np.stack([getattr(path, axis) for axis in "xyz"[:dims]], 1)
    assert (
        np.array_equal(drawn, points.numpy())
        and "frame 7" in path.text[7]
        and "moment 7" in path.text[7]
        and "0.7 s" in path.text[7]
    )
    assert (start.x[0], end.x[0]) == (points[0, 0], points[-1, 0])
    assert len(figure.layout.images) == (5 if dims == 2 else 0)
    assert plot_map(points).data[0].text[3] == "frame 3"
    with pytest.raises(ValueError, match="30 points"):
        plot_map(points, clip(29))
    with pytest.raises(ValueError, match="time, 2"):
        plot_map(torch.ones(4, 5))


@pytest.mark.parametrize("dims", [2, 3])
def test_the_path_grows(dims):
    points = spread(ring(200), embed=dims)
    movie = animate_map(points, size=96)
    ink = (movie.frames < 250).any(3).sum((1, 2))
    assert (
        movie.frames.shape == (200, 96, 96, 3)
        and ink[0] < ink[60]
        and (dims == 3 or (ink[60] < ink[190]))
    )
    with_scene = animate_map(points[:30], clip(30), size=64)
    assert with_scene.fps == 10.0 and len(with_scene) == 30
    with pytest.raises(ValueError, match="32"):
        animate_map(points, size=5)


def test_a_point_far_away_and_a_map_of_one_point_can_be_drawn():
    assert len(animate_map(torch.zeros(3, 2))) == 3
    assert len(animate_map(torch.tensor([[0.0, 0], [1e6, 0]]))) == 2


def test_recurrence_is_its_definition():
    x = spread(rng.normal(size=(25, 6)))
    steps = [float((x[i + 1] - x[i]).norm()) for i in range(24)]
    same = recurrence(x, 0.9)
    limit = 0.9 * sorted(steps)[11]  # torch's median is the lower one
    for i in range(25):
        for j in range(25):
            apart = float((x[i] - x[j]).norm())
            if abs(apart - limit) > 1e-5:
                assert bool(same[i, j]) == (apart <= limit)
    with pytest.raises(ValueError, match="above 0"):
        recurrence(x, -1)
    assert plot_recurrence(x, fps=5.0).get_xlabel() == "second"


def test_a_ring_walked_twice_goes_on_the_same_way():
    found = crossings(spread(ring(120, rounds=2)))
    assert len(found["first"]) == 1 and found["second"][0] - found["first"][0] == 60
    assert found["agreement"][0] > 0.99 and found["distance"][0] < 0.01


def test_there_and_back_goes_the_opposite_way():
    there = np.stack([np.linspace(0, 1, 40), np.linspace(0, 1, 40) ** 2], 1)
    found = crossings(spread(np.concatenate([there, there[-2::-1]])))
    assert len(found["first"]) >= 1 and (found["agreement"] < -0.9).all()


def test_an_eight_crosses_once_at_a_right_angle():
    t = np.linspace(1, 1 + 2 * np.pi, 160, endpoint=False)[:-8]
    found = crossings(spread(np.stack([np.sin(t), np.sin(t) * np.cos(t)], 1)))
    assert len(found["first"]) == 1 and abs(found["agreement"][0]) < 0.25


def test_a_line_never_crosses():
    found = crossings(spread(np.linspace([0, 0], [1, 2], 50)))
    assert all(len(values) == 0 for values in found.values())
    with pytest.raises(ValueError, match="horizon"):
        crossings(spread(ring(30)), horizon=0)
    with pytest.raises(ValueError, match="at least 5"):
        crossings(spread(ring(4)))
