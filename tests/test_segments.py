"What of a clip is worth learning: cuts, black, frozen, stored twice, still; and what fit and look say of it."

import warnings

import numpy as np
import pytest
from PIL import Image

from alive_scene.actors import napping_cat, portrait, stir
from alive_scene.alive import AliveScene
from alive_scene.reader import read_scene
from alive_scene.scene import Scene, write_video
from alive_scene.segments import read_segment, survey, warn_lifeless

cat = napping_cat(90, 64)
woman = portrait(90, 64)
black = np.zeros((30, 64, 64, 3), np.uint8)


def clip(*parts, fps=12.0):
    return Scene(np.concatenate(parts), fps, "clip")


def faded(frames, long=20):
    "To black, over so many frames."
    frames = frames.astype(float)
    frames[-long:] *= np.linspace(1, 0, long)[:, None, None, None]
    return frames.round().astype(np.uint8)


def swings(time=60, over=200.0):
    "A camera that goes over a picture."
    from skimage.data import astronaut

    wide = Image.fromarray(astronaut())
    boxes = [(x, 40, x + 256, 296) for x in np.linspace(0, over, time)]
    return np.stack([np.asarray(wide.resize((64, 64), 2, box=box)) for box in boxes])


@pytest.mark.parametrize("scene", [cat, woman], ids=lambda scene: scene.name)
def test_a_clip_without_fault_is_kept_whole(scene):
    seen = survey(scene)
    assert seen.whole and not seen.faults and seen.repeats == 1
    assert seen.forecast == "it should live"
    with warnings.catch_warnings(action="error"):
        warn_lifeless(scene)


@pytest.mark.parametrize("what", ["black", "white", "blue"])
@pytest.mark.parametrize("where", ["begin", "middle", "end", "one frame first"])
def test_blank_stretches_are_left_out(what, where):
    blank = black.copy()
    blank[:] = {"black": 2, "white": 250, "blue": (10, 20, 200)}[what]
    parts = {
        "begin": (blank[:5], cat.frames),
        "middle": (cat.frames[:40], blank, cat.frames[40:]),
        "end": (cat.frames, blank),
        "one frame first": (blank[:1], cat.frames),
    }[where]
    scene = clip(*parts)
    seen = survey(scene)
    gone = np.flatnonzero(np.ptp(scene.frames.reshape(len(scene), -1, 3), axis=1).max(1) < 5)
    assert not set(seen.kept) & set(gone)
    assert len(seen.kept) >= (40 if where == "middle" else 88)
    assert [b - a for a, b in seen.blank] == [len(gone)] and "black or blank" in seen.faults[0]


def test_a_fade_goes_with_its_black():
    seen = survey(clip(faded(cat.frames), black))
    assert 68 <= len(seen.kept) <= 72, "the fade begins at frame 70"
    dark = clip(faded(cat.frames)[::-1], cat.frames)
    assert survey(clip(black, dark.frames)).kept[0] >= 30 + 15


def test_dark_is_no_fault_where_all_is_dark_and_a_flicker_is_none():
    assert survey(clip(cat.frames // 12)).whole
    flicker = cat.frames.copy()
    flicker[40] = 0
    assert survey(clip(flicker)).whole


def test_frozen_at_an_end_and_in_the_middle():
    held = np.repeat(cat.frames[39:40], 40, axis=0)
    seen = survey(clip(cat.frames[:40], held, cat.frames[40:]))
    assert seen.frozen == ((40, 80),) and len(seen.parts) == 1
    assert list(seen.kept) == [*range(40), *range(80, 130)]
    seen = survey(clip(cat.frames, np.repeat(cat.frames[-1:], 30, axis=0)))
    assert seen.frozen == ((90, 120),) and list(seen.kept) == list(range(90))
    seen = survey(clip(np.repeat(cat.frames[40:41], 30, axis=0), cat.frames[41:]))
    assert seen.frozen == ((0, 29),) and seen.kept[0] == 29
    sits = clip(cat.frames[:40], held[:15], cat.frames[40:])
    assert survey(sits).whole, "who sits still for a second is alive"


def test_a_hang_after_which_it_goes_on_elsewhere_is_a_cut():
    held = np.repeat(cat.frames[39:40], 40, axis=0)
    seen = survey(clip(cat.frames[:40], held, woman.frames))
    assert set(seen.kept) <= set(range(80, 170)) or set(seen.kept) <= set(range(40))


def test_cuts_are_found_and_nothing_else():
    edited = clip(cat.frames[:40], woman.frames[:50], swings(), cat.frames[50:])
    seen = survey(edited)
    assert seen.cuts == (40, 90, 150)
    for first, behind in seen.parts:
        assert not any(first < cut < behind for cut in seen.cuts)
    quick = survey(clip(cat.frames[:30], woman.frames[:4], cat.frames[40:70], fps=24))
    assert quick.cuts in ((30, 34), ()), "four frames are a flash or a part: never one cut"


@pytest.mark.parametrize("long", [1, 2, 3])
def test_a_flash_is_no_cut(long):
    lit = cat.frames.copy()
    lit[30 : 30 + long] = 255 - (255 - lit[30 : 30 + long]) // 8
    dim = cat.frames.copy()
    dim[50 : 50 + long] //= 8
    assert not survey(clip(lit)).cuts and not survey(clip(dim)).cuts


@pytest.mark.parametrize("time", [12, 25, 60, 150])
def test_a_moving_camera_is_no_cut_and_is_told(time):
    seen = survey(clip(swings(time)))
    assert not seen.cuts
    if time < 100:
        assert "a still camera helps" in seen.forecast and "one way" in seen.forecast


def test_a_shaken_camera_is_told_and_a_still_one_is_not():
    rng = np.random.default_rng(0)
    wide = Image.fromarray(np.concatenate([swings(2)[0], swings(2)[1]], axis=1))
    jitter = rng.normal(20, 3, (60, 2)).clip(0, 40)
    shaken = [np.asarray(wide.resize((64, 64), 2, box=(x, 4, x + 56, 60))) for x, _ in jitter]
    assert "to and fro" in survey(clip(np.stack(shaken))).forecast
    assert "camera" not in survey(cat).forecast


@pytest.mark.parametrize("times", [1.25, 1.5, 2, 2.5, 3, 4, 5])
@pytest.mark.parametrize("codec", ["exact", "h264"])
def test_stored_repeats_are_left_out(times, codec, tmp_path):
    index = (np.arange(int(60 * times)) / times).astype(int)
    scene = clip(cat.frames[20:80][index], fps=12 * times)
    if codec == "h264":
        scene = read_scene(write_video(scene, tmp_path / "a.mp4"), size=64, max_frames=400)
    seen = survey(scene, 400)
    assert seen.repeats == times
    which = index[seen.kept]
    assert len(set(which)) >= 57 and len(which) <= 63 and (np.diff(which) >= 0).all()
    assert abs(seen.lasts - 5) < 0.3


def test_repeats_in_another_phase_behind_a_cut_are_left_out():
    twice = np.repeat(np.concatenate([cat.frames[:41], woman.frames[:60]]), 2, axis=0)
    seen = survey(clip(np.delete(twice, 41, axis=0), fps=24))
    assert seen.repeats == 2 and len(seen.cuts) == 1


def test_a_strobe_is_told_and_is_no_repeat():
    strobe = cat.frames.copy()
    strobe[::4] //= 4
    strobe[1::4] //= 4
    seen = survey(clip(strobe))
    assert seen.repeats == 1 and not seen.cuts and seen.flashes >= 3
    assert survey(cat).flashes < 3
    fast = survey(clip(strobe, fps=24))
    assert "flashes" in fast.forecast


def test_of_a_long_clip_what_comes_back_is_kept():
    once = swings(200, over=256)  # it never comes back
    seen = survey(clip(once, cat.frames, cat.frames[::-1]), most=150)
    assert seen.cuts == (200,) and seen.kept[0] >= 200 and len(seen.kept) == 150
    again = survey(clip(woman.frames, black, woman.frames))
    assert again.kept[0] == 0 and len(again.kept) == 90, "of two that are as good, the first"


def test_what_survey_keeps_is_what_read_segment_reads(tmp_path):
    scene = clip(black, faded(woman.frames), black, cat.frames)
    path = write_video(scene, tmp_path / "film.mp4")
    with pytest.warns(UserWarning, match="black or blank.*choose others with start, stop"):
        read = read_segment(path, size=64)
    seen = survey(read_scene(path, size=64, max_frames=999))
    assert len(read) == len(seen.kept)
    off = np.abs(read.frames.astype(float) - scene.frames[seen.kept]).mean((1, 2, 3))
    assert off.max() < 6, "other frames than those chosen"
    assert any("kept" in note for note in read.notes)


def test_repeats_are_left_out_of_a_file(tmp_path):
    path = write_video(clip(np.repeat(cat.frames, 2, axis=0), fps=24), tmp_path / "twice.mp4")
    with pytest.warns(UserWarning, match="each picture is stored twice"):
        read = read_segment(path, size=64)
    assert len(read) == 90 and read.fps == pytest.approx(12)
    off = np.abs(read.frames.astype(float) - cat.frames).mean((1, 2, 3))
    assert np.median(off) < 6


def test_who_gives_a_part_has_chosen(tmp_path):
    path = write_video(clip(black, cat.frames), tmp_path / "a.mp4")
    for words, time in ((dict(start=0), 120), (dict(stop=4), 48), (dict(max_frames=50), 50)):
        with warnings.catch_warnings(action="ignore"):
            assert len(read_segment(path, size=64, **words)) == time
    with pytest.warns(UserWarning, match=r"start=2\.5.*--start 2\.5"):
        warn_lifeless(read_scene(path, size=64))


@pytest.mark.parametrize(
    "scene, says",
    [
        (clip(np.repeat(cat.frames, 2, axis=0), fps=24), r"twice.*--fps 12"),
        (clip(cat.frames, black), r"black.*--stop 7\.5"),
        (clip(cat.frames, woman.frames), r"cut at 7\.50.*--st"),
        (clip(cat.frames[:1].repeat(20, 0)), r"--stir"),
    ],
)
def test_a_scene_of_ones_own_is_told_and_never_cut(scene, says):
    with pytest.warns(UserWarning, match=says):
        alive = AliveScene.fit(scene, steps=1, progress=False)
    assert len(alive.embeddings) == len(scene)


def test_a_still_clip_and_a_picture_are_refused_with_the_remedy(tmp_path):
    still = write_video(clip(cat.frames[:1].repeat(40, 0)), tmp_path / "still.mp4")
    Image.fromarray(cat.frames[0]).save(tmp_path / "a.png")
    for path in (still, tmp_path / "a.png"):
        with pytest.raises(ValueError, match="--stir.*actors.stir"):
            AliveScene.fit(path, progress=False)
    assert len(stir(still, 5, 32)) == len(stir(tmp_path / "a.png", 5, 32)) == 5


@pytest.mark.parametrize("shape", [(48, 64), (64, 48), (20, 90), (3, 3)])
def test_a_stirred_picture_moves_within_its_frame(shape):
    rng = np.random.default_rng(0)
    picture = np.asarray(
        Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize(shape[::-1], 3)
    )
    scene = stir(picture, 30, 32, seed=1)
    height, width = scene.frames.shape[1:3]
    assert min(height, width) == 32 and abs(height / width - shape[0] / shape[1]) < 0.05
    assert "invented" in scene.notes[0] and not survey(scene).still
    assert (stir(picture, 30, 32, seed=1).frames == scene.frames).all()
    assert (stir(picture, 30, 32, seed=2).frames != scene.frames).any()
    level = scene.frames[:, [0, -1]].astype(float) / scene.frames[:, [0, -1]].mean()
    inside = scene.frames.std(0)[8:-8].mean()
    assert level.std(0).mean() * 128 < max(inside, 1) * 2, "the border stays"
