"An ethogram: what is counted is what was there."

import csv
import json
from itertools import groupby

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from browsers import launch, patient, until
from playwright.sync_api import sync_playwright

from alive_scene.actors import napping_cat, portrait
from alive_scene.ethogram import (
    Bout,
    bouts,
    caution,
    clip_sheet,
    cluster_states,
    color_of,
    consistency,
    entropy_rate,
    filmed,
    imagined,
    jump_page,
    labels_of,
    plot_ethogram,
    read_labels,
    rows_of,
    shuffled_rate,
    smoothed,
    source_of,
    source_rate,
    state_table,
    transition_counts,
    transition_shares,
    under_film,
    write_events,
    write_table,
)
from alive_scene.scene import Scene, write_video


def walk(time, embed=16, seed=0):
    steps = torch.randn(time, embed, generator=torch.Generator().manual_seed(seed))
    return F.normalize(steps.cumsum(0) + 3, dim=1)


@pytest.fixture
def scene():
    "Sixty frames, every fifth of a file of 25 a second, from its fourth second on."
    count = np.arange(60)
    frames = np.zeros((60, 16, 16, 3), np.uint8)
    return Scene(frames, 5.0, seconds=4 + count / 5, indices=100 + 5 * count)


states = ["rest"] * 20 + ["walk"] * 25 + ["rest"] * 15


def test_rows_name_the_frame_and_the_second_of_the_source(scene):
    rows = rows_of(filmed(scene, walk(60), states))
    for k in (0, 7, 59):
        assert rows[k]["frame_index"] == 100 + 5 * k
        assert rows[k]["source_second"] == pytest.approx(4 + k / 5)
    assert [row["onset"] for row in rows] == [int(k in (0, 20, 45)) for k in range(60)]
    assert [row["bout"] for row in rows] == [0] * 20 + [1] * 25 + [2] * 15
    assert source_rate(scene) == 25
    assert source_of(Scene(scene.frames, 5.0))[1][-1] == pytest.approx(59 / 5)


def test_imagined_steps_have_the_state_of_the_nearest_frame(scene):
    path = walk(60)[[3, 3, 30, 31, 59]]
    record = imagined(scene, walk(60), states, path)
    assert record.states == ["rest", "rest", "walk", "walk", "rest"]
    assert record.nearest_frame.tolist() == [3, 3, 30, 31, 59]
    assert record.leap.tolist() == [False, False, True, False, True]
    assert record.distance.max() < 1e-5 and record.step_length[0] == record.step_length[1] == 0
    assert rows_of(record)[2]["second"] == pytest.approx(2 / 5)


def test_durations_are_those_of_time_stamps():
    seconds = np.array([0, 0.1, 0.2, 1.2, 1.3, 1.4])  # the third frame is shown for a second
    scene = Scene(np.zeros((6, 16, 16, 3), np.uint8), 10.0, seconds=seconds)
    found = bouts(filmed(scene, walk(6), list("aaabbb")))
    assert [bout.duration for bout in found] == pytest.approx([1.2, 0.3])


def test_a_table_of_states_by_hand(scene):
    rest, walking, never = state_table(
        bouts(filmed(scene, walk(60), states)), ["rest", "walk", "x"]
    )
    assert (rest["count"], walking["count"], never["count"]) == (2, 1, 0)
    assert rest["total"] == pytest.approx(7) and rest["share"] == pytest.approx(35 / 60)
    assert rest["rate"] == pytest.approx(10) and rest["mean"] == pytest.approx(3.5)
    assert rest["median"] == pytest.approx(3.5) and rest["longest"] == pytest.approx(4)
    assert rest["sd"] == pytest.approx(np.std([4, 3], ddof=1))
    assert walking["latency"] == pytest.approx(4) and np.isnan(walking["sd"])
    assert never["total"] == never["share"] == never["rate"] == 0 and np.isnan(never["mean"])


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = 0
    for seed in range(60):
        lengths = rng.exponential([2, 1], (30, 2)).flatten()
        ends = lengths.cumsum()
        made = [
            Bout("filmed", "ab"[i % 2], i, i, end - length, end, i, i)
            for i, (length, end) in enumerate(zip(lengths, ends, strict=True))
        ]
        row = state_table(made, ["a"], seed)[0]
        inside += row["share_low"] <= 2 / 3 <= row["share_high"]
    assert inside >= 48


def test_short_runs_go_to_the_longer_neighbor():
    assert smoothed(list("aabbbba"), 2) == list("aabbbbb")
    assert smoothed(list("abababab"), 3) in (["a"] * 8, ["b"] * 8)
    noisy = list("a" * 20 + "b" + "a" * 9 + "b" * 20)
    assert smoothed(noisy, 3) == ["a"] * 30 + ["b"] * 20
    for shortest in (1, 2, 5):
        rng = np.random.default_rng(shortest)
        some = rng.choice(list("abc"), 200).tolist()
        runs = [len(list(run)) for _, run in groupby(smoothed(some, shortest))]
        assert min(runs) >= shortest and sum(runs) == 200


def test_a_state_that_never_occurs_is_a_row_of_zeros():
    counts = transition_counts(list("abab"), ["a", "b", "c"])
    assert counts.tolist() == [[0, 2, 0], [1, 0, 0], [0, 0, 0]]
    assert transition_shares(counts)[2].tolist() == [0, 0, 0]
    assert transition_counts([], ["a"]).tolist() == [[0]]


def test_the_entropy_rate_of_known_chains():
    rng = np.random.default_rng(0)
    coin = rng.integers(0, 2, 20_000).astype(str).tolist()
    assert entropy_rate(coin) == pytest.approx(1, abs=0.01)
    assert shuffled_rate(coin) == pytest.approx(1, abs=0.01)
    turns = rng.random(20_000) < 0.1
    slow = (turns.cumsum() % 2).astype(str).tolist()
    wanted = -(0.1 * np.log2(0.1) + 0.9 * np.log2(0.9))
    assert entropy_rate(slow) == pytest.approx(wanted, abs=0.02) and shuffled_rate(slow) > 0.95


def test_labels_are_read_by_frame_or_in_order(scene, tmp_path):
    file = tmp_path / "labels.csv"
    write_table([dict(state=state) for state in states], file)
    assert read_labels(file, scene) == states
    write_table(
        [dict(frame_index=int(i), state="x") for i in scene.indices[10:20]],
        file,
    )
    assert read_labels(file, scene) == ["other"] * 10 + ["x"] * 10 + ["other"] * 40
    file.write_text("\ufeffframe,state\n3,a b\n", encoding="utf-8")
    assert read_labels(file, scene)[3] == "a b"
    assert labels_of({"x": range(10, 20)}, 60) == ["other"] * 10 + ["x"] * 10 + ["other"] * 40


def test_clusters_find_what_is_apart():
    middle = F.normalize(torch.randn(3, 16, generator=torch.Generator().manual_seed(1)), dim=1)
    noise = 0.05 * torch.randn(90, 16, generator=torch.Generator().manual_seed(2))
    truth = torch.arange(90) // 30
    points = F.normalize(middle[truth] + noise, dim=1)
    found = cluster_states(points, 3)
    assert len({(int(t), f) for t, f in zip(truth, found, strict=True)}) == 3
    assert consistency(points, 3, seeds=4) > 0.9
    cloud = F.normalize(torch.randn(90, 16, generator=torch.Generator().manual_seed(3)), dim=1)
    assert consistency(cloud, 8, seeds=4) < 0.8


def test_boris_and_simba_find_their_columns(scene, tmp_path):
    found = bouts(filmed(scene, walk(60), states))
    project = json.loads(
        write_events(found, tmp_path / "a.boris", "my film.mp4", 25).read_text("utf-8")
    )
    assert project["project_format_version"] == "7.0"
    assert [one["code"] for one in project["behaviors_conf"].values()] == ["rest", "walk"]
    [observation] = project["observations"].values()
    assert observation["file"]["1"] == ["my film.mp4"] and len(observation["events"]) == 6
    times = [event[0] for event in observation["events"]]
    assert times == sorted(times) == pytest.approx([4, 8, 8, 13, 13, 16])
    rows = list(csv.DictReader(write_events(found, tmp_path / "a.csv", "my film.mp4", 25).open()))
    read = ("Time", "Media file name", "Behavior", "Behavior type", "FPS", "Image index")
    assert set(read) <= set(rows[0])
    assert [row["Behavior type"] for row in rows] == ["START", "STOP"] * 3
    assert [int(row["Image index"]) for row in rows[:2]] == [100, 195]
    for name in ("rest", "walk"):
        own = [float(row["Time"]) for row in rows if row["Behavior"] == name]
        total = sum(b - a for a, b in zip(own[::2], own[1::2], strict=True))
        assert total == pytest.approx(state_table(found, [name])[0]["total"], abs=0.01)


@pytest.mark.parametrize("film", [napping_cat, portrait])
def test_the_truth_of_the_bundled_scenes_comes_back(film, tmp_path):
    "Shares, bouts and rates of a table from a CSV of labels are those of the truth itself."
    scene = film(frames=200, size=16)
    closed = scene.states["eyes_closed"] > 0.5
    truth = ["closed" if one else "open" for one in closed]
    file = write_table([dict(state=state) for state in truth], tmp_path / "labels.csv")
    row, _ = state_table(
        bouts(filmed(scene, walk(200), read_labels(file, scene))), ["closed", "open"]
    )
    onsets = int((np.diff(closed.astype(int), prepend=0) == 1).sum())
    assert row["count"] == onsets
    assert row["share"] == pytest.approx(closed.mean(), rel=0.05)
    assert row["rate"] == pytest.approx(60 * onsets / (200 / scene.fps), rel=0.05)


def test_pictures_show_what_they_are_of(scene):
    frames = scene.frames.copy()
    frames[:20] = 50
    found = bouts(filmed(scene, walk(60), states))
    sheet = clip_sheet(frames, found, "walk", columns=3, side=16)
    assert sheet.shape == (16, 48, 3) and not sheet.any()
    film = under_film(np.repeat(frames, 4, 2), states, ["rest", "walk"])
    assert film.shape[1] > 16 and len(film) == 60
    colors = color_of(["rest", "walk"])
    assert tuple(film[59][17, 30]) == colors["walk"] and tuple(film[59][17, 2]) == colors["rest"]
    assert len(plot_ethogram([filmed(scene, walk(60), states)], ["rest", "walk"]).axes) == 1
    assert "60 frames" in caution(60)


def test_a_click_on_a_bout_goes_to_its_moment(scene, tmp_path):
    "A film that begins at the source's fourth second; names that are HTML do nothing."
    shades = np.repeat(np.arange(60, dtype=np.uint8), 16 * 16 * 3).reshape(60, 16, 16, 3)
    film = tmp_path / "a.mp4"
    write_video(Scene(4 * shades, 5.0), film)
    names = ["<i>rest</i>", "walk"]
    record = filmed(scene, walk(60), [names[state == "walk"] for state in states])
    page = jump_page(film, record, names, tmp_path / "a.html")
    with sync_playwright() as play:
        browser = launch(play)
        tab = patient(browser.new_page())
        tab.goto(page.as_uri())
        until(tab, "film.readyState >= 1")
        boxes = [bout.bounding_box()["width"] for bout in tab.locator("#strip button").all()]
        np.testing.assert_allclose(
            np.divide(boxes, sum(boxes)), [20 / 60, 25 / 60, 15 / 60], atol=0.01
        )
        tab.locator("#strip button").nth(1).click()
        until(tab, "!film.seeking && says.textContent.startsWith('walk')")
        assert tab.evaluate("film.currentTime") == pytest.approx(4, abs=0.01)
        assert tab.locator("#says").inner_text() == "walk, 4.0 to 9.0 s"
        tab.locator("#strip button").nth(2).press("Enter")
        until(tab, "says.textContent.startsWith('<i>rest')")
        browser.close()
