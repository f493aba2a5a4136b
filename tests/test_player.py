import threading
from io import BytesIO

import numpy as np
import torch
from PIL import Image

from alive_scene.player import AlivePlayer


def test_it_plays_what_a_rollout_would(alive):
    player, path = AlivePlayer(alive, seed=5, start=3), alive.rollout(10, seed=5, start=3)
    frames = []
    for _ in range(10):
        frames.append(player.advance())
    assert torch.equal(player.state.embedding[0], path[-1])
    assert (np.stack(frames) == alive.render(path)).all()


def test_sliders_are_felt_at_the_next_step(alive):
    player = AlivePlayer(alive)
    player.advance()
    player.temperature.value = 0
    player.curing.value = 0
    before = player.state.embedding
    player.clock.value += 1
    assert torch.allclose(player.state.embedding, before, atol=1e-6)
    player.temperature.value = 2
    player.clock.value += 1
    assert not torch.allclose(player.state.embedding, before, atol=1e-3)


def test_the_picture_sent_is_the_frame(alive):
    player = AlivePlayer(alive)
    shown = np.asarray(Image.open(BytesIO(player.picture.value)))
    assert np.abs(shown.astype(int) - alive.render(alive.embeddings[:1])[0].astype(int)).mean() < 6


def test_two_players_do_not_disturb_each_other_and_leave_no_thread(alive):
    threads = threading.active_count()
    one, two = AlivePlayer(alive, seed=1), AlivePlayer(alive, seed=1)
    for _ in range(3): one.advance()
    for _ in range(3): two.advance()
    assert torch.equal(one.state.embedding, two.state.embedding)
    assert threading.active_count() == threads
