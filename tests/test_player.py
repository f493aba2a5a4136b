import base64
import threading
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from alive_scene.player import AlivePlayer, MapExplorer


class Browser:
    "What the screen does, without a browser: it asks for frames and keeps what comes."
    def __init__(self, player):
        self.player, self.got, self.newest, self.epoch = player, [], None, None
        player.screen.send = self.receive
        self.say(kind="hello")
    def say(self, **message): self.player._answer(self.player.screen, message, [])
    def receive(self, message, buffers=None):
        self.got.append((message, buffers))
        if message["kind"] == "flush": self.epoch, self.newest = message["epoch"], message["index"] if not message["keep"] else self.newest
        if message["kind"] == "frames": self.newest = message["first"]+len(buffers)-1
    def want(self, frames, after=None):
        self.say(kind="want", epoch=self.epoch, after=self.newest if after is None else after, frames=frames)
        return self.got[-1]


def test_it_plays_what_a_rollout_would(alive):
    player, path = AlivePlayer(alive, seed=5, start=3), alive.rollout(10, seed=5, start=3)
    frames = player.advance(10)
    assert torch.equal(player.lives[0].state.embedding[0], path[-1])
    assert (frames == alive.render(path)).all()


def test_the_browser_gets_the_frames_and_the_facts(alive):
    player, path = AlivePlayer(alive, seed=2), alive.rollout(5, seed=2)
    message, pictures = Browser(player).want(5)
    for picture, frame in zip(pictures, alive.render(path), strict=True):
        assert np.abs(np.asarray(Image.open(BytesIO(picture))).astype(int) - frame.astype(int)).mean() < 6
    near = torch.cdist(path, alive.embeddings, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
    assert [step[0]["near"] for step in message["steps"]] == near.tolist()


def test_a_turned_slider_goes_on_from_the_frame_on_the_screen(alive):
    player, path = AlivePlayer(alive, seed=2), alive.rollout(3, seed=2)
    browser = Browser(player)
    browser.want(8)
    shown = browser.newest-5
    player.temperature.value = player.curing.value = 0
    message, _ = browser.want(2, after=shown)
    assert message["first"] == shown+1
    assert torch.allclose(player.lives[0].state.embedding[0], path[2], atol=1e-6), "nothing moves at 0, so it must still be where the screen was"


def test_what_is_out_of_date_is_not_answered(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(4)
    index, count = player.index, len(browser.got)
    browser.say(kind="want", epoch=player.epoch-1, after=index, frames=4)
    browser.say(kind="want", epoch=player.epoch, after=index-2, frames=4)
    assert (player.index, len(browser.got)) == (index, count)


def test_two_screens_of_one_player_share_its_life(alive):
    player = AlivePlayer(alive)
    one = Browser(player)
    one.want(4)
    one.want(4, after=0)  # the other screen is late
    assert player.index == 4


@pytest.mark.parametrize("view", ["four versions", "four temperatures"])
def test_four_at_once(alive, view):
    player = AlivePlayer(alive, seed=1, view=view)
    frames = player.advance(6)
    side = alive.render(alive.embeddings[:1]).shape[1]
    assert frames.shape == (6, 2*side, 2*side, 3)
    last = [life.state.embedding[0] for life in player.lives]
    alone = [alive.rollout(6, seed=1+i) if view == "four versions" else alive.rollout(6, seed=1, temperature=w) for i, w in enumerate((.25, .5, 1, 2))]
    assert all(torch.equal(one, path[-1]) for one, path in zip(last, alone, strict=True))


def test_two_players_do_not_disturb_each_other_and_leave_no_thread(alive):
    threads = threading.active_count()
    one, two = AlivePlayer(alive, seed=1), AlivePlayer(alive, seed=1)
    for _ in range(3): one.advance()
    for _ in range(3): two.advance()
    assert torch.equal(one.lives[0].state.embedding, two.lives[0].state.embedding)
    assert threading.active_count() == threads


def test_buttons(alive, tmp_path):
    player = AlivePlayer(alive)
    Browser(player).want(12)
    player.name.value = str(tmp_path/"<b>.nothing")
    player.record.click()
    assert "&lt;b&gt;" in player.said.value, "names are shown, never run"
    player.name.value = str(tmp_path/"life.gif")
    player.record.click()
    assert Image.open(tmp_path/"life.gif").n_frames == 12 and "saved 12" in player.said.value
    before = player.index
    player.surprise.click()
    assert len(player.kept) == 1 and player.index == before, "another life begins"
    player.playing.value = False
    assert not player.screen.playing


def test_an_error_is_told_and_stops(alive, monkeypatch):
    player = AlivePlayer(alive)
    browser = Browser(player)
    def fail(*args): raise ValueError("the path left for infinity")
    monkeypatch.setattr(alive.behavior, "step", fail, raising=False)
    message, _ = browser.want(2)
    assert message == {"kind": "note", "text": "the path left for infinity"} and not player.playing.value


def test_a_page_without_a_kernel_shows_a_picture(alive):
    for widget in (AlivePlayer(alive), MapExplorer(alive)):
        bundle = widget._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle and "make lab" in bundle["text/plain"]
        Image.open(BytesIO(base64.b64decode(bundle["image/png"]))).verify()


def test_the_map_draws_any_place_and_starts_the_player_there(alive):
    player = AlivePlayer(alive)
    explorer = MapExplorer(alive, player=player)
    x, y = explorer.points[2].tolist()
    explorer.go_to(x, y, walk=False)
    assert torch.equal(player.lives[0].state.embedding[0], alive.embeddings[0])
    explorer.go_to(x, y)
    assert torch.allclose(player.lives[0].state.embedding[0], alive.embeddings[2], atol=1e-4)
    explorer.compare([0, 1]); explorer.compare([2, 3, 4])
    assert "mean of 2 frames and the mean of 3" in explorer.says.value


@pytest.mark.parametrize("bad", [dict(start=-1), dict(start=10**6), dict(view="five")])
def test_bad_input(alive, bad):
    with pytest.raises(ValueError, match="start|view"): AlivePlayer(alive, **bad)


class Breaks:
    "A behavior that stops working after some steps."
    def __init__(self, whole, error, after): self.whole, self.start, self.error, self.left = whole, whole.start, error, after
    def step(self, *args):
        self.left -= 1
        if self.left < 0: raise self.error
        return self.whole.step(*args)


@pytest.mark.parametrize("error, says", [(KeyboardInterrupt(), "Interrupted; the play button goes on."), (ZeroDivisionError("division by zero"), "division by zero"),
                                         (RuntimeError("two\n  lines"), "two lines"), (IndexError(), "IndexError")])
def test_whatever_breaks_an_answer_pauses_and_is_told(alive, error, says):
    breaks = Breaks(alive.behavior, error, 6)
    player, path = AlivePlayer(replace(alive, behavior=breaks), seed=2), alive.rollout(4, seed=2)
    browser = Browser(player)
    browser.want(4)
    message, _ = browser.want(4)
    assert message == {"kind": "note", "text": says} and not player.playing.value
    assert player.index == 4 and torch.equal(player.lives[0].state.embedding[0], path[-1]), "it stands where the last whole answer ended"
    breaks.left = 10
    player.playing.value = True
    assert browser.want(4)[0]["first"] == 5


def test_a_closed_player_answers_nobody_and_leaves_nothing(alive):
    threads = threading.active_count()
    player = AlivePlayer(alive)
    Browser(player).want(4)
    for widget in (player, player.screen): widget.close()
    player.advance(2)
    assert threading.active_count() == threads
    assert player.index == 6


def test_the_frames_say_at_which_temperature_they_were_rolled_out(alive):
    player = AlivePlayer(alive, temperature=.5)
    browser = Browser(player)
    assert browser.want(2)[0]["temperature"] == .5
    player.temperature.value = 2
    assert browser.want(2)[0]["temperature"] == 2
