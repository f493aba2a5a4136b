import base64
import json
import sys
import threading
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from alive_scene.ethogram import read_labels
from alive_scene.explorer import MapExplorer, empty_places
from alive_scene.player import AlivePlayer, PlayerCheck, jpeg
from alive_scene.reader import read_scene
from alive_scene.wish import Wish


def where(player):
    "The embedding (1, embed) of the player's first life."
    return player.live.courses[0].life.state.embedding


class Browser:
    "What the screen does, without a browser: it asks for frames and keeps what comes."

    def __init__(self, player):
        self.player = player
        self.got = []
        self.newest = None
        self.epoch = None
        player.screen.send = self.receive
        self.say(kind="hello")

    def say(self, **message):
        self.player.answer(self.player.screen, message, [])

    def receive(self, message, buffers=None):
        self.got.append((message, buffers))
        if message["kind"] == "flush":
            self.epoch = message["epoch"]
            self.newest = message["index"] if not message["keep"] else self.newest
        if message["kind"] == "frames":
            self.newest = message["first"] + len(buffers) - 1

    def want(self, frames, after=None, shown=None):
        after = self.newest if after is None else after
        self.say(
            kind="want",
            epoch=self.epoch,
            after=after,
            shown=after if shown is None else shown,
            frames=frames,
        )
        return self.got[-1]


def test_it_plays_what_a_rollout_would(alive):
    player = AlivePlayer(alive, seed=5, start=3)
    path = alive.rollout(10, seed=5, start=3)
    frames = player.advance(10)
    assert torch.equal(where(player)[0], path[-1])
    assert (frames == alive.render(path)).all()


def test_the_browser_gets_the_frames_and_the_facts(alive):
    player = AlivePlayer(alive, seed=2)
    path = alive.rollout(5, seed=2)
    message, pictures = Browser(player).want(5)
    for picture, frame in zip(pictures, alive.render(path), strict=True):
        assert (
            np.abs(np.asarray(Image.open(BytesIO(picture))).astype(int) - frame.astype(int)).mean()
            < 6
        )
    near = torch.cdist(path, alive.embeddings, compute_mode="donot_use_mm_for_euclid_dist").argmin(
        1
    )
    assert [step[0]["near"] for step in message["steps"]] == near.tolist()


def test_a_turned_slider_goes_on_from_the_frame_on_the_screen(alive):
    player = AlivePlayer(alive, seed=2)
    path = alive.rollout(3, seed=2)
    browser = Browser(player)
    browser.want(8)
    shown = browser.newest - 5
    player.temperature.value = player.curing.value = 0
    message, _ = browser.want(2, after=shown)
    assert message["first"] == shown + 1
    assert torch.allclose(where(player)[0], path[2], atol=1e-6), (
        "nothing moves at 0, so it must still be where the screen was"
    )


@pytest.mark.parametrize("stored", [2, 3, 8])
def test_seed_start_and_what_you_turn_decide_everything(alive, stored):
    player = AlivePlayer(alive, seed=2)
    browser = Browser(player)
    browser.want(stored)
    player.temperature.value = 2
    browser.want(4, after=2)
    lucky = AlivePlayer(alive, seed=2)
    lucky.advance(2)
    lucky.temperature.value = 2
    lucky.advance(4)
    assert torch.equal(where(player), where(lucky)), (
        f"it depends on the {stored} frames that were in store"
    )


def test_a_new_life_and_a_turned_slider_at_once_are_answered(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(6)
    player.seed.value = 3
    player.temperature.value = 2
    message, _ = browser.want(2)
    assert message["kind"] == "frames" and message["first"] == 7


def test_after_a_turned_slider_the_screen_that_is_ahead_is_answered_too(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(8)
    player.temperature.value = 2
    assert browser.want(2, after=3)[0]["first"] == 4
    assert browser.want(2, after=6)[0]["first"] == 6, (
        "what it hasn't seen, 7, comes with what it has"
    )


def test_an_answer_that_broke_while_it_was_sent_is_made_again(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)

    def interrupt(message, buffers=None):
        player.screen.send = browser.receive
        raise KeyboardInterrupt

    player.screen.send = interrupt
    assert browser.want(4)[0]["kind"] == "note"
    assert browser.want(4)[0]["first"] == 1


def test_one_thread_at_a_time(alive):
    """A slider is turned by another thread while an answer is made.

    The flush waits, and the answer says what it was made with.
    """
    player = AlivePlayer(alive, temperature=0.5)
    browser = Browser(player)
    go_on = player.live.go_on
    turned = threading.Event()

    def turn():
        player.temperature.value = 2
        turned.set()

    def slow(*args, **knobs):
        threading.Thread(target=turn).start()
        assert not turned.wait(0.2), "the slider didn't wait"
        return go_on(*args, **knobs)

    player.live.go_on = slow
    browser.want(2)
    assert turned.wait(120)
    frames, flush = browser.got[-2:]
    assert (
        [frames[0]["kind"], flush[0]["kind"]] == ["frames", "flush"]
        and frames[0]["temperature"] == 0.5
        and frames[0]["epoch"] == flush[0]["epoch"] - 1
    )


def test_when_nobody_looks_any_more_the_past_is_let_go(alive):
    player = AlivePlayer(alive, seed=2)
    path = alive.rollout(8, seed=2)
    browser = Browser(player)
    browser.want(6)
    browser.say(kind="bye")
    assert len(player.live.kept) == 1
    browser.say(kind="hello")
    browser.want(2)
    assert torch.equal(where(player)[0], path[-1]), "it goes on when someone comes back"


def test_what_is_out_of_date_is_not_answered(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(4)
    index = player.live.index
    count = len(browser.got)
    browser.say(kind="want", epoch=player.epoch - 1, after=index, frames=4)
    browser.say(kind="want", epoch=player.epoch, after=index - 2, frames=4)
    assert (player.live.index, len(browser.got)) == (index, count)


def test_two_screens_of_one_player_share_its_life(alive):
    player = AlivePlayer(alive)
    one = Browser(player)
    one.want(4)
    one.want(4, after=0)  # the other screen is late
    assert player.live.index == 4


@pytest.mark.parametrize("view", ["four versions", "four temperatures"])
def test_four_at_once(alive, view):
    player = AlivePlayer(alive, seed=1, view=view)
    frames = player.advance(6)
    side = alive.render(alive.embeddings[:1]).shape[1]
    assert frames.shape == (6, 2 * side, 2 * side, 3)
    last = [course.life.state.embedding[0] for course in player.live.courses]
    alone = [
        alive.rollout(6, seed=1 + i)
        if view == "four versions"
        else alive.rollout(6, seed=1, temperature=w)
        for i, w in enumerate((0.25, 0.5, 1, 2))
    ]
    assert all(torch.equal(one, path[-1]) for one, path in zip(last, alone, strict=True))


def test_two_players_do_not_disturb_each_other_and_leave_no_thread(alive):
    threads = threading.active_count()
    one = AlivePlayer(alive, seed=1)
    two = AlivePlayer(alive, seed=1)
    for _ in range(3):
        one.advance()
    for _ in range(3):
        two.advance()
    assert torch.equal(where(one), where(two))
    assert threading.active_count() == threads


def test_buttons(alive, tmp_path):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(12)
    browser.want(4, shown=9)
    player.name.value = str(tmp_path / "<b>.nothing")
    player.record.click()
    assert "&lt;b&gt;" in player.said.value, "names are shown, never run"
    player.name.value = str(tmp_path / "life.gif")
    player.record.click()
    assert Image.open(tmp_path / "life.gif").n_frames == 9 and "saved 9" in player.said.value, (
        "what was seen, not what waits"
    )
    before = player.live.index
    player.surprise.click()
    assert len(player.live.kept) == 1 and player.live.index == before, "another life begins"
    assert (player.playing.description, player.playing.icon) == ("pause", "pause")
    player.step.click()
    assert not player.screen.playing and browser.got[-1][0] == {"kind": "step"}
    assert (player.playing.description, player.playing.icon) == ("play", "play")


@pytest.mark.parametrize("speed", [0.5, 2])
def test_ten_seconds_are_saved_as_mp4_at_any_speed(alive, tmp_path, speed):
    player = AlivePlayer(alive)
    player.speed.value = speed
    player.name.value = str(tmp_path / "life.mp4")
    frames = player.advance(round(11 * alive.scene.fps * speed))
    player.record.click()
    saved = read_scene(tmp_path / "life.mp4", size=frames.shape[1], max_frames=1000)
    assert saved.fps == alive.scene.fps * speed and len(saved.frames) == round(10 * saved.fps)
    assert np.abs(saved.frames.astype(int) - frames[-len(saved.frames) :]).mean() < 8


def test_an_error_is_told_and_stops(alive, monkeypatch):
    player = AlivePlayer(alive)
    browser = Browser(player)

    def fail(*args):
        raise ValueError("the path left for infinity")

    monkeypatch.setattr(alive.behavior, "step", fail, raising=False)
    message, _ = browser.want(2)
    assert (
        message == {"kind": "note", "text": "the path left for infinity"}
        and not player.playing.value
    )


def test_a_page_without_a_kernel_shows_a_picture(alive):
    for widget in (AlivePlayer(alive), MapExplorer(alive)):
        bundle = widget._repr_mimebundle_()
        assert (
            "application/vnd.jupyter.widget-view+json" in bundle
            and "make lab" in bundle["text/plain"]
        )
        Image.open(BytesIO(base64.b64decode(bundle["image/png"]))).verify()


@pytest.mark.parametrize(
    "place, says",
    [("google.colab", "enable_custom_widget_manager"), ("marimo", "export"), ("", "pip")],
)
def test_the_check_says_what_to_do_where_nothing_answers(monkeypatch, place, says):
    if place:
        monkeypatch.setitem(sys.modules, place, SimpleNamespace(running_in_notebook=lambda: True))
    check = PlayerCheck()
    bundle = check._repr_mimebundle_()
    assert says in bundle["text/plain"] and says in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle and not check.answered
    check.screen.answered = True  # as a browser says
    assert check.answered


def test_the_map_draws_any_place_and_starts_the_player_there(alive):
    player = AlivePlayer(alive)
    explorer = MapExplorer(alive, player=player)
    x, y = explorer.points[2].tolist()
    explorer.go_to(x, y, walk=False)
    assert torch.equal(where(player)[0], alive.embeddings[0])
    explorer.go_to(x, y)
    assert torch.allclose(where(player)[0], alive.embeddings[2], atol=1e-4)
    explorer.compare([0, 1])
    explorer.compare([2, 3, 4])
    assert "mean of 2 frames and the mean of 3" in explorer.says.value
    wide, high = Image.open(BytesIO(explorer.picture.value)).size
    assert int(explorer.picture.width) / int(explorer.picture.height) == wide / high == 2, (
        "a wide picture stays wide"
    )


def test_on_a_frame_the_map_shows_the_frame_and_a_click_starts_the_player(alive):
    player = AlivePlayer(alive)
    explorer = MapExplorer(alive, player=player)
    player.playing.value = False
    explorer.frame.value = 7
    assert (
        explorer.says.value == "frame 7"
        and explorer.picture.value == jpeg(alive.render(alive.embeddings[[7]])[0])
        and not player.playing.value
    )
    explorer.go_to(*explorer.points[9].tolist())
    assert explorer.says.value == "frame 9" and player.playing.value
    assert torch.equal(where(player)[0], alive.embeddings[9])


def test_the_floor_leaves_the_frames_their_place(alive):
    points = MapExplorer(alive).points
    wide = points.amax(0) - points.amin(0)
    assert torch.cdist(empty_places(points) / wide, points / wide).min() > 1 / 48
    assert len(empty_places(torch.zeros(3, 2))) > 2000, "a scene that stands still has a floor too"


@pytest.mark.parametrize(
    "bad",
    [
        dict(start=-1),
        dict(start=10**6),
        dict(view="five"),
        dict(temperature=9),
        dict(curing=5),
        dict(seed=-1),
        dict(temperature=float("nan")),
    ],
)
def test_bad_input(alive, bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} must be"):
        AlivePlayer(alive, **bad)


def test_the_recording_is_made_once(alive, monkeypatch):
    player = AlivePlayer(alive)
    first = player._repr_mimebundle_()
    monkeypatch.setattr(type(alive), "rollout", None)
    assert player._repr_mimebundle_()["image/png"] == first["image/png"]


def told(browser):
    "What was said last of what was asked."
    return [message for message, _ in browser.got if message["kind"] == "heard"][-1]


def test_what_is_asked_is_heard_from_the_frame_on_the_screen_on(alive):
    player = AlivePlayer(alive, seed=2)
    browser = Browser(player)
    browser.want(12)
    browser.say(kind="wish", name="more eyes closed", shown=5)
    heard = told(browser)
    assert heard["text"] == "asked: more eyes closed" and heard["pull"]["onset"] == 5
    message, _ = browser.want(6, after=5)
    assert message["first"] == 6
    wish = Wish.state(alive, torch.tensor(alive.scene.states["eyes_closed"]), half_life=10)
    path = alive.rollout(11, seed=2, wishes=[wish.begin(5)])
    assert torch.equal(where(player)[0], path[-1])
    browser.say(kind="let go", shown=11)
    assert told(browser)["pull"] is None and not player.hearing.wishes


def test_a_new_life_is_not_pulled(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(4)
    browser.say(kind="wish", name="less tilt", shown=2)
    player.seed.value = 3
    assert told(browser)["pull"] is None
    browser.want(5)
    assert torch.equal(where(player)[0], alive.rollout(5, seed=3)[-1])


def test_wishes_by_name_are_buttons_and_others_are_heard_all_the_time(alive):
    mine = Wish.frames(alive, [3, 4], strength=2)
    player = AlivePlayer(alive, wishes={"<b>mine</b>": mine})
    assert player.wishes == () and player.screen.buttons[0]["name"] == "<b>mine</b>"
    browser = Browser(player)
    browser.want(2)
    browser.say(kind="wish", name="<b>mine</b>", shown=0)
    assert told(browser)["pull"] == dict(name="<b>mine</b>", strength=2.0, half_life=None, onset=0)
    heard = AlivePlayer(alive, wishes=[mine])
    heard.advance(6)
    assert torch.equal(where(heard)[0], alive.rollout(6, wishes=[mine])[-1])


def test_the_bar_says_what_the_wish_is(alive):
    "The name goes to the browser as JSON, which knows no infinity."
    player = AlivePlayer(alive, wishes={"mine": Wish.frames(alive, [3, 4])})
    browser = Browser(player)
    browser.want(20)
    browser.say(kind="drag", at=[0.1, 0.1], by=[0.0, 0.2], shown=12)
    for name in ("mine", "more ear"):
        browser.say(kind="wish", name=name, shown=12)
        json.dumps(told(browser), allow_nan=False)
        wish = player.hearing.wish
        pull = told(browser)["pull"]
        if pull["half_life"] is not None:
            later = 12 + round(pull["half_life"])
            assert abs(wish.levels(later)[0] - pull["strength"] / 2) < 0.05


nan = float("nan")


@pytest.mark.parametrize(
    "message, says",
    [
        (dict(kind="ask", text=""), "1 to 1,000 characters, got 0"),
        (dict(kind="ask", text="   "), "1 to 1,000 characters"),
        (dict(kind="ask", text="x" * 10_000), "1 to 1,000 characters, got 10000"),
        (dict(kind="ask", text="|asleep"), "1 to 1,000 characters"),
        (dict(kind="ask", text=None), "a wish in words is a string"),
        (dict(kind="ask", text=["asleep"]), "a wish in words is a string"),
        (dict(kind="ask"), "text"),
        (dict(kind="ask", text="<img src=x onerror=alert(1)>"), "says nothing here"),
        (dict(kind="ask", text="猫が寝ている"), "says nothing here"),
        (dict(kind="ask", text="قطة \u202e نائمة \0"), "says nothing here"),
        (dict(kind="wish", name="nobody"), "no wish called 'nobody'"),
        (dict(kind="wish", name=["less ear"]), "unhashable"),
        (dict(kind="drag", at=[1.4, 0], by=[0, 0.2]), "outside the picture"),
        (dict(kind="drag", at=[nan, 0], by=[0, 0.2]), "finite, in -1..1"),
        (dict(kind="drag", at=[0, 0], by=[0, float("inf")]), "finite, in -1..1"),
        (dict(kind="drag", at=[0, 0], by=[0, 9]), "finite, in -1..1"),
        (dict(kind="drag", at=[0, 0, 0], by=[0, 0.2]), "a drag is"),
        (dict(kind="drag", at=[0, 0], by=[0, 0]), "in no frame"),
        (dict(kind="drag", at=0, by=None), "not iterable"),
        (dict(kind="drag", at=[0, 0], by=[0, 0.2], life=7), "index out of range"),
        (dict(kind="drag", at=[0, 0], by=[0, 0.2], shown=nan), "NaN"),
        (dict(kind="drag", at=[0, 0], by=[0, 0.2], shown=None), "NoneType"),
    ],
)
def test_what_cant_be_asked_is_told_and_nothing_breaks(alive, message, says):
    player = AlivePlayer(alive, seed=2)
    browser = Browser(player)
    browser.want(6)
    browser.say(**{"shown": 3, **message})
    assert says in told(browser)["text"] and told(browser)["pull"] is None
    assert len(told(browser)["text"]) < 500
    browser.want(4)
    assert player.playing.value and torch.equal(where(player)[0], alive.rollout(10, seed=2)[-1])


def test_what_says_nothing_leaves_what_pulls(alive):
    player = AlivePlayer(alive)
    browser = Browser(player)
    browser.want(4)
    browser.say(kind="wish", name="more light", shown=1)
    browser.say(kind="ask", text="seven plus five", shown=2)
    assert told(browser)["pull"]["name"] == "more light" and "nothing here" in told(browser)["text"]


def test_a_hundred_wishes_at_once_are_harmless(alive):
    "The last one pulls; no answer is lost, and no frame comes twice."
    player = AlivePlayer(
        alive, wishes={f"wish {i}": Wish.frames(alive, i % 40) for i in range(100)}
    )
    browser = Browser(player)
    browser.want(4)
    for i in range(100):
        browser.say(kind="wish", name=f"wish {i}", shown=2)
    assert told(browser)["pull"]["name"] == "wish 99"
    message, _ = browser.want(3, after=2)
    assert message["first"] == 3 and len(message["steps"]) == 3


def test_it_looks_around_while_it_plays(alive):
    "Bit by bit, from pictures drawn anew where only small ones were kept; then a drag need not wait."
    player = AlivePlayer(alive)
    browser = Browser(player)
    for _ in range(11):
        browser.want(1)
    assert player.hearing.ready and 40 <= player.hearing.motions.done < 60
    player.hearing.look_around = None  # a drag asks for no more
    browser.say(kind="drag", at=[0.0, 0.0], by=[0.1, 0.1], shown=4)
    assert "not callable" not in told(browser)["text"]


def test_a_drag_that_has_to_wait_is_told_so(alive):
    "Before anything is looked at; once it is known, a drag is answered without the note."
    player = AlivePlayer(alive)
    browser = Browser(player)
    notes = []
    look = player.hearing.look_around

    def looked(frames=8):
        notes.append(told(browser)["text"])
        look(frames)

    player.hearing.look_around = looked
    browser.want(1)
    notes.clear()
    browser.say(kind="drag", at=[0.0, 0.0], by=[0.1, 0.1], shown=1)
    assert notes and set(notes) == {"looking where the pixels go …"}
    assert player.hearing.ready and "looking" not in told(browser)["text"]
    before = len(browser.got)
    browser.say(kind="drag", at=[0.0, 0.0], by=[0.1, 0.1], shown=1)
    assert not any("looking" in message.get("text", "") for message, _ in browser.got[before:])


@pytest.mark.parametrize(
    "wishes, error, says",
    [
        ({"a": 3}, TypeError, "wishes by name"),
        ({3: None}, TypeError, "wishes by name"),
        ({" ": "mine"}, ValueError, "1 to 100 characters"),
        ({"other": "other"}, ValueError, "of a scene of 9 frames"),
    ],
)
def test_wishes_by_name_that_are_none(alive, wishes, error, says):
    few = replace(alive, embeddings=alive.embeddings[:9])
    made = {"mine": Wish.frames(alive, 3), "other": Wish.frames(few, 3)}
    with pytest.raises(error, match=says):
        AlivePlayer(alive, wishes={name: made.get(one, one) for name, one in wishes.items()})


class Breaks:
    "A behavior that stops working after some steps."

    def __init__(self, whole, error, after):
        self.whole = whole
        self.start = whole.start
        self.draw = whole.draw
        self.error = error
        self.left = after

    def step(self, *args):
        self.left -= 1
        if self.left < 0:
            raise self.error
        return self.whole.step(*args)


@pytest.mark.parametrize(
    "error, says",
    [
        (KeyboardInterrupt(), "Interrupted; the play button goes on."),
        (ZeroDivisionError("division by zero"), "division by zero"),
        (RuntimeError("two\n  lines"), "two lines"),
        (IndexError(), "IndexError"),
    ],
)
def test_whatever_breaks_an_answer_pauses_and_is_told(alive, error, says):
    breaks = Breaks(alive.behavior, error, 6)
    player = AlivePlayer(replace(alive, behavior=breaks), seed=2)
    path = alive.rollout(4, seed=2)
    browser = Browser(player)
    browser.want(4)
    message, _ = browser.want(4)
    assert message == {"kind": "note", "text": says} and not player.playing.value
    assert player.live.index == 4 and torch.equal(where(player)[0], path[-1]), (
        "it stands where the last whole answer ended"
    )
    breaks.left = 10
    player.playing.value = True
    assert browser.want(4)[0]["first"] == 5


def test_a_closed_player_answers_nobody_and_leaves_nothing(alive):
    threads = threading.active_count()
    player = AlivePlayer(alive)
    Browser(player).want(4)
    for widget in (player, player.screen):
        widget.close()
    player.advance(2)
    assert threading.active_count() == threads
    assert player.live.index == 6


def test_the_frames_say_at_which_temperature_they_were_rolled_out(alive):
    player = AlivePlayer(alive, temperature=0.5)
    browser = Browser(player)
    assert browser.want(2)[0]["temperature"] == 0.5
    player.temperature.value = 2
    assert browser.want(2)[0]["temperature"] == 2


def test_a_click_on_the_players_map_starts_there(alive):
    player = AlivePlayer(alive)
    player.answer(player.screen, {"kind": "start", "frame": 9})
    assert player.first.value == 9 and torch.equal(where(player)[0], alive.embeddings[9])


def test_a_region_of_the_map_gets_a_name_and_is_saved(alive, tmp_path):
    "A frame has the name that it got last; what has none is told, and changes nothing."
    explorer = MapExplorer(alive, player=AlivePlayer(alive))
    explorer.call.click()
    assert "draw a lasso" in explorer.says.value
    explorer.compare([0, 1, 2, 3])
    explorer.call.click()
    assert "must be said" in explorer.says.value and not explorer.named
    explorer.called.value = "<asleep>"
    explorer.call.click()
    explorer.compare([3, 4])
    explorer.name_region("awake")
    assert explorer.named == {"<asleep>": [0, 1, 2], "awake": [3, 4]}
    assert explorer.says.value == "&lt;asleep&gt;: 3 frames, awake: 2 frames"
    rest = len(alive.embeddings) - 5
    states = read_labels(explorer.save_labels(tmp_path / "states.csv"), alive.scene)
    assert states == ["<asleep>"] * 3 + ["awake"] * 2 + ["other"] * rest
    x, y = explorer.points[2].tolist()
    explorer.go_to(x, y)
    assert (explorer.figure.data[-1].x, explorer.figure.data[-1].y) == ((x,), (y,))
