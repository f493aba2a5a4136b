"""A long video: cut into pieces that are the whole, learned from stretches that cover what is rare."""

import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

from alive_scene.actors import napping_cat, portrait
from alive_scene.long_video import covering_stretches, fit_long, split_video, watch_piece
from alive_scene.reader import read_scene
from alive_scene.scene import Scene, write_video


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    "Thirty seconds: two naps, and between them, after a cut, two seconds of somebody else."
    naps = [napping_cat(170, size=40, seed=seed).frames for seed in (1, 2)]
    frames = np.concatenate([naps[0], portrait(24, size=40, seed=0).frames, naps[1]])
    return write_video(Scene(frames), tmp_path_factory.mktemp("long") / "film.mp4")


def test_pieces_are_the_whole_and_can_be_read_alone(film, tmp_path):
    pieces = split_video(film, tmp_path, 1)
    parts = [read_scene(piece, size=40, max_frames=10_000).frames for piece in pieces]
    whole = read_scene(film, size=40, max_frames=10_000).frames
    assert len(pieces) > 1 and (np.concatenate(parts) == whole).all()


def test_stretches_cover_what_is_rare_and_hold_no_cut(film, tmp_path):
    pieces = [watch_piece(piece, size=40) for piece in split_video(film, tmp_path, 1)]
    at = torch.cat([piece.embeddings for piece in pieces])
    begin = np.cumsum([0, *(len(piece.embeddings) for piece in pieces)])
    chosen = covering_stretches(pieces, frames=96, long=12)
    taken = torch.cat([torch.arange(a, b) + int(begin[i]) for i, a, b in chosen])
    assert len(taken) <= 96 and len(taken.unique()) == len(taken)
    assert ((taken >= 170) & (taken < 194)).any(), "the two seconds of somebody else are left out"
    for i, a, b in chosen:
        assert any(first <= a and b <= behind for first, behind in pieces[i].parts), (
            "a cut is in it"
        )
    radius = torch.cdist(at, at[taken]).amin(1).max()
    first = torch.cdist(at, at[:96]).amin(1).max()
    assert radius < first / 2, "no better than the first so many frames"


def test_a_long_video_becomes_one_scene(film):
    here = dict(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0")
    with LocalCluster(**here) as cluster, Client(cluster) as client:
        life = fit_long(film, client, frames=72, chunk=1, size=40, generator="patch")
    assert len(life.embeddings) <= 72 and len(life.behavior.lengths) > 1
    assert "which cover 364" in life.scene.notes[-1] and life.scene.name == "film"
    assert life.rollout(200).isfinite().all()
