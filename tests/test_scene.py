import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from alive_scene.actors import CAT, WOMAN, napping_cat, portrait
from alive_scene.reader import read_scene
from alive_scene.scene import (
    Scene,
    side_by_side,
    write_atomic,
    write_video,
)


def gradient(n=6, height=48, width=64):
    "Frame t is t*20 bright, redder to the right, greener downward."
    frames = np.zeros((n, height, width, 3), dtype=np.uint8)
    frames[..., 0] = np.linspace(0, 255, width)
    frames[..., 1] = np.linspace(0, 255, height)[:, None]
    frames[..., 2] = (np.arange(n) * 240 // max(1, n - 1))[:, None, None]
    return frames


def pose(draw, **states):
    n = max(np.size(values) for values in states.values())
    rest = dict(breath=0, eyes_closed=0, ear=0, tilt=0, gaze=0, turn=0, smile=1, light=0.7) | states
    return draw(
        {
            name: np.broadcast_to(np.asarray(values, dtype=np.float32), n)
            for name, values in rest.items()
        },
        128,
    ).astype(float)


# What a scene is


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 8, 8, 3)),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.zeros((2, 8, 8, 4), np.uint8),
        [[1]],
        None,
    ],
)
def test_what_is_no_clip_is_refused(frames):
    with pytest.raises(ValueError, match="uint8"):
        Scene(frames)


def test_a_scene_agrees_with_itself():
    assert len(Scene(gradient(5))) == 5
    with pytest.raises(ValueError, match="fps"):
        Scene(gradient(), fps=0)
    with pytest.raises(ValueError, match="one entry a frame"):
        Scene(gradient(), states={"breath": np.zeros(5)})
    with pytest.raises(ValueError, match="one entry a frame"):
        Scene(gradient(), captions=["one"])


@pytest.mark.parametrize("shape", [(1, 16, 16), (8, 100, 150), (8, 16, 900), (3, 1, 1)])
def test_a_scene_shows_itself_small(shape):
    # noise: the worst there is to compress
    noise = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    gif = Scene(noise)._repr_png_()
    assert gif[:6] == b"GIF89a" or shape[0] == 1 and gif[:3] == b"GIF"
    assert len(gif) <= 100_000


# Files


def test_write_atomic_leaves_all_or_nothing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), write_atomic(path) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".txt" and temporary != path
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with write_atomic(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    with (
        pytest.raises(FileNotFoundError, match="make it first"),
        write_atomic(tmp_path / "no" / "a.txt"),
    ):
        pass


@pytest.mark.parametrize("suffix", ["gif", "mp4", "webp", "MP4"])
@pytest.mark.parametrize("shape", [(64, 64), (47, 65)])
def test_what_is_written_is_read(tmp_path, suffix, shape):
    frames = gradient(24, *shape)
    path = write_video(frames, tmp_path / f"clip.{suffix}", fps=12)
    back = read_scene(path, size=min(shape), crop="none")
    assert len(back) == 24 and abs(back.fps - 12) < 0.01 and back.name == "clip"
    height, width = back.frames.shape[1:3]
    off = abs(
        back.frames[:, : shape[0], : shape[1]].astype(float) - frames[:, :height, :width]
    ).mean()
    assert off < (12 if suffix == "gif" else 5)  # this clip has some 74,000 colors, a GIF 256
    assert list(tmp_path.iterdir()) == [path]


def test_gif_time_adds_up(tmp_path):
    """12 frames a second are 83.3 ms each, which a GIF cannot hold.

    24 frames must still last 2 s; a clip that stands still, too.
    """
    for frames in (gradient(24, 16, 16), np.repeat(gradient(3), 8, axis=0)):
        with Image.open(write_video(frames, tmp_path / "a.gif", fps=12)) as image:
            waits = []
            for i in range(image.n_frames):
                image.seek(i)
                waits.append(image.info["duration"])
        assert sum(waits) == 2000
        back = read_scene(tmp_path / "a.gif", size=16)
        assert abs(len(back) / back.fps - 2) < 0.01


def test_an_unknown_suffix_lists_what_works(tmp_path):
    with pytest.raises(ValueError, match=r"\.gif, \.mp4, \.webp"):
        write_video(gradient(), tmp_path / "clip.doc")
    with pytest.raises(ValueError, match="fps"):
        write_video(gradient(), tmp_path / "clip.gif", fps=-1)
    assert not list(tmp_path.iterdir())


# Reading


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.avi", "clip.mkv", "clip.mov"])
def test_containers(tmp_path, name):
    import imageio.v3 as iio

    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(name[5:], "libx264")
    iio.imwrite(
        tmp_path / name,
        gradient(10, 64, 96),
        plugin="pyav",
        codec=codec,
        fps=10,
        out_pixel_format="yuv420p",
    )
    scene = read_scene(tmp_path / name, size=32, crop="center")
    assert scene.frames.shape == (10, 32, 32, 3) and scene.fps == 10
    assert scene.frames[9, ..., 2].mean() > scene.frames[0, ..., 2].mean() + 150
    middle = gradient(10, 64, 96)[:, :, 16:80].astype(float).mean((1, 2))
    # the middle square, whole
    assert abs(scene.frames.astype(float).mean((1, 2)) - middle).max() < 20


def test_apng_and_suffix_that_lies(tmp_path):
    pictures = [Image.fromarray(frame) for frame in gradient(7)]
    pictures[0].save(tmp_path / "a.png", save_all=True, append_images=pictures[1:], duration=50)
    scene = read_scene(tmp_path / "a.png", size=16)
    assert len(scene) == 7 and scene.fps == 20
    write_video(gradient(), tmp_path / "a.mp4").rename(tmp_path / "really_a_video.gif")
    assert len(read_scene(tmp_path / "really_a_video.gif", size=16)) == 6


def test_folder_and_pattern_in_natural_order(tmp_path):
    for t in (2, 10, 1):
        Image.new("RGB", (40, 30 + t), (t * 20, 0, 0)).save(tmp_path / f"shot{t}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    for path in (tmp_path, str(tmp_path / "*.png"), tmp_path / "shot*.png"):
        scene = read_scene(path, size=16, fps=5)
        assert scene.frames[:, 8, 8, 0].tolist() == [20, 40, 200] and scene.fps == 5
    with pytest.raises(ValueError, match='crop="center"'):
        read_scene(tmp_path, crop="none")


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_kind_of_picture(tmp_path, mode):
    grey = np.full((33, 51), 100, np.uint8)
    name = tmp_path / ("a.tiff" if mode in ("CMYK", "I", "F") else "a.png")
    if mode in ("I;16", "I", "F"):
        deep = grey.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]) * (
            257 if mode != "F" else 257.0
        )
        Image.fromarray(deep.astype(np.uint16) if mode == "I;16" else deep).save(name)
    else:
        Image.fromarray(grey).convert("RGB").convert(mode, palette=Image.Palette.ADAPTIVE).save(
            name
        )
    frames = read_scene(name, size=16, crop="center").frames
    assert frames.shape == (1, 16, 16, 3) and frames.dtype == np.uint8
    if mode != "1":
        assert abs(frames.astype(int) - 100).max() <= 3


def test_what_is_transparent_lies_on_white(tmp_path):
    picture = np.zeros((32, 32, 4), np.uint8)
    picture[:, 16:] = (10, 20, 30, 255)
    Image.fromarray(picture).save(tmp_path / "a.png")
    frame = read_scene(tmp_path / "a.png", size=32).frames[0]
    assert frame[16, 4].tolist() == [255, 255, 255] and frame[16, 28].tolist() == [10, 20, 30]


def test_grey_video_and_portrait_format(tmp_path):
    import imageio.v3 as iio

    shades = np.linspace(0, 255, 120).astype(np.uint8)[None, :, None]
    tall = np.repeat(shades, 5, axis=0).repeat(50, axis=2)  # (5, 120, 50)
    ramp = tall[0, :, 0].astype(int)
    iio.imwrite(
        tmp_path / "grey.mp4",
        tall,
        plugin="pyav",
        codec="libx264",
        fps=5,
        in_pixel_format="gray",
        out_pixel_format="gray",
    )
    scene = read_scene(tmp_path / "grey.mp4", size=50, crop="center")
    assert (
        scene.frames.shape == (5, 50, 50, 3)
        and abs(scene.frames[..., 0].astype(int) - scene.frames[..., 2]).max() < 3
    )
    assert (
        abs(int(scene.frames[0, 0].mean()) - ramp[35]) < 12
        and abs(int(scene.frames[0, -1].mean()) - ramp[84]) < 12
    )
    assert read_scene(tmp_path / "grey.mp4", size=25, crop="none").frames.shape == (5, 60, 25, 3)


def test_a_phone_held_upright(tmp_path):
    """The file says 'turn me a quarter clockwise'.

    What is at the left of the stored picture is at the top of the shown one.
    """
    frames = np.zeros((4, 64, 64, 3), np.uint8)
    frames[:, :, :16] = 255
    path = write_video(frames, tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = b"".join(
        int(v).to_bytes(4, "big", signed=True) for v in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    )
    path.write_bytes(data)
    frame = read_scene(path, size=64).frames[0].astype(float)
    assert frame[4].mean() > 240 and frame[40:].mean() < 15


def test_a_photograph_taken_upright(tmp_path):
    picture = Image.new("RGB", (60, 40))
    picture.paste("white", (0, 0, 10, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    picture.save(tmp_path / "a.jpg", exif=exif)
    frame = read_scene(tmp_path / "a.jpg", size=40, crop="none").frames[0]
    assert frame.shape == (60, 40, 3) and frame[3].mean() > 200 and frame[40:].mean() < 20


def test_frames_of_uneven_length(tmp_path):
    """A GIF that shows its middle picture three times as long.

    Three frames of the same length are read in its place.
    """
    pictures = [Image.fromarray(frame) for frame in gradient(5)]
    pictures[0].save(
        tmp_path / "a.gif",
        save_all=True,
        append_images=pictures[1:],
        duration=[100, 100, 300, 100, 100],
    )
    scene = read_scene(tmp_path / "a.gif", size=32)
    assert (
        len(scene) == 7
        and abs(scene.fps - 10) < 1e-9
        and (scene.frames[2] == scene.frames[4]).all()
    )
    pictures[0].save(tmp_path / "b.gif", save_all=True, append_images=pictures[1:3], duration=0)
    assert len(read_scene(tmp_path / "b.gif")) == 3


def test_five_thousand_frames_with_start_stop_and_stride(tmp_path):
    """Each frame tells its number by its brightness in two blocks.

    The right ones must be read, wherever we start.
    """
    n = 5000
    frames = np.zeros((n, 32, 32, 3), np.uint8)
    frames[:, :, :16] = (np.arange(n) // 25)[:, None, None, None]
    frames[:, :, 16:] = (np.arange(n) % 25 * 10)[:, None, None, None]
    path = write_video(frames, tmp_path / "long.mp4", fps=25)

    def numbers(scene):  # of each frame, by its two blocks
        high, low = (
            scene.frames[:, 8:24, columns].astype(float).mean((1, 2, 3))
            for columns in (slice(4, 12), slice(20, 28))
        )
        return np.round(high) * 25 + np.round(low / 10)

    with pytest.warns(UserWarning, match="start, stop, fps or max_frames"):
        scene = read_scene(path, size=32)
    assert np.abs(numbers(scene) - np.arange(200)).max() <= 26 and len(scene) == 200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scene = read_scene(path, size=32, start=150, stop=158, fps=5)
    expected = np.arange(150 * 25, 158 * 25, 5)
    assert len(scene) == 40 and scene.fps == 5
    assert (np.abs(numbers(scene) - expected) % 25 < 2).mean() > 0.9 and abs(
        numbers(scene) - expected
    ).max() <= 27
    assert len(read_scene(path, size=32, start=199.5)) == 12  # the last half second
    with pytest.raises(ValueError, match="earlier start"):
        read_scene(path, start=1000)


def test_stride_is_a_whole_number(tmp_path):
    path = write_video(gradient(24), tmp_path / "a.gif", fps=20)
    for fps, step in ((20, 1), (9, 2), (7, 3), (60, 1)):
        scene = read_scene(path, size=16, fps=fps)
        assert len(scene) == -(-24 // step) and abs(scene.fps - 20 / step) < 0.01


def test_small_pictures_are_antialiased(tmp_path):
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "a.png")
    assert abs(read_scene(tmp_path / "a.png", size=32).frames.astype(int) - 127).max() <= 3


def test_only_what_is_kept_is_held(tmp_path):
    "Reading 5 small frames out of 150 large ones needs no memory for the large ones."
    import tracemalloc

    path = write_video(np.zeros((150, 480, 640, 3), np.uint8), tmp_path / "a.mp4")
    tracemalloc.start()
    read_scene(path, size=32, fps=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000  # the large ones are 138 million bytes


@pytest.fixture(scope="module")
def oddities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oddities")
    write_video(gradient(), folder / "clip.gif")
    for suffix in ("gif", "mp4"):
        whole = write_video(
            np.random.default_rng(0).integers(0, 255, (9, 64, 64, 3), dtype=np.uint8),
            folder / f"cut.{suffix}",
        )
        whole.write_bytes(whole.read_bytes()[: len(whole.read_bytes()) // 2])
        (folder / f"text.{suffix}").write_text("Dear diary")
    (folder / "empty.mp4").touch()
    for name in ("bare", "broken"):
        (folder / name).mkdir()
    (folder / "bare" / "notes.txt").write_text("no picture")
    (folder / "broken" / "a.png").write_text("no picture either")
    return folder


@pytest.mark.parametrize(
    "wrong, error, said",
    [
        (dict(path="missing.mp4"), FileNotFoundError, "check the name"),
        (dict(path="empty.mp4"), ValueError, "empty"),
        (dict(path="text.mp4"), ValueError, "play it"),
        (dict(path="text.gif"), ValueError, "play it"),
        (dict(path="cut.mp4"), ValueError, "play it"),
        (dict(path="cut.gif"), ValueError, "play it"),
        (dict(path="bare"), FileNotFoundError, "PNG or JPEG"),
        (dict(path="*.bmp"), FileNotFoundError, "check the name"),
        (dict(path="broken"), ValueError, "play it"),
        (dict(path="clip.gif", size=7), ValueError, "at least 16"),
        (dict(path="clip.gif", max_frames=0), ValueError, "at least 1"),
        (dict(path="clip.gif", fps=0), ValueError, "above 0"),
        (dict(path="clip.gif", start=99), ValueError, "earlier start"),
        (dict(path="clip.gif", start=-1), ValueError, "0 seconds or later"),
        (dict(path="clip.gif", start=2, stop=1), ValueError, "later than start"),
        (dict(path="clip.gif", crop="left"), ValueError, "center"),
    ],
)
def test_what_goes_wrong_is_told_in_one_sentence(oddities, wrong, error, said):
    with pytest.raises(error, match=said) as told:
        read_scene(**wrong | {"path": oddities / wrong["path"]})
    assert "\n" not in str(told.value) and len(str(told.value)) < 400
    if wrong["path"] != "clip.gif":
        assert wrong["path"] in str(told.value)


def test_an_array_is_no_path():
    with pytest.raises(TypeError, match="Scene"):
        read_scene(gradient())


# Side by side


def test_side_by_side():
    a = Scene(gradient(5, 20, 30), 10, "a")
    b = gradient(3, 20, 10)
    both = side_by_side(a, b)
    assert both.frames.shape == (3, 20, 44, 3) and both.fps == 10
    assert (
        (both.frames[:, :, :30] == a.frames[:3]).all()
        and (both.frames[:, :, 34:] == b).all()
        and (both.frames[:, :, 30:34] == 255).all()
    )
    named = side_by_side(a, b, labels=("one", "two"))
    assert (
        (named.frames[:, 14:] == both.frames).all()
        and named.frames[:, :14].min() < 100
        and named.name == "one | two"
    )
    with pytest.raises(ValueError, match="height"):
        side_by_side(a, gradient(3, 21))
    with pytest.raises(ValueError, match="label"):
        side_by_side(a, b, labels=("one",))
    with pytest.raises(ValueError, match="height"):
        side_by_side()


# The two characters


@pytest.mark.parametrize(
    "make, draw, names",
    [
        (napping_cat, CAT.draw, {"breath", "eyes_closed", "ear", "tilt", "light"}),
        (portrait, WOMAN.draw, {"eyes_closed", "gaze", "turn", "smile", "light"}),
    ],
)
def test_a_character_is_what_its_states_say(make, draw, names):
    scene = make(60, 48, seed=3)
    assert scene.frames.shape == (60, 48, 48, 3) and scene.fps == 12 and len(scene.captions) == 60
    assert set(scene.states) == names and all(
        values.shape == (60,) and values.dtype == np.float32 for values in scene.states.values()
    )
    for name, values in scene.states.items():
        assert (
            -1 <= values.min()
            and values.max() <= 1
            and (name in ("tilt", "gaze", "turn") or values.min() >= 0)
        )
    assert (draw(scene.states, 48) == scene.frames).all()  # the states are all there is
    again = make(60, 48, seed=3)
    other = make(60, 16, seed=4)
    longer = make(200, 16, seed=3)
    assert (again.frames == scene.frames).all() and again.captions == scene.captions
    assert any((other.states[name] != scene.states[name]).any() for name in names)
    # smooth: nothing jumps
    assert max(abs(np.diff(values)).max() for values in longer.states.values()) < 0.65
    for name, values in longer.states.items():
        assert np.ptp(values) > 0.6, f"{name} hardly changes in 200 frames"


@pytest.mark.parametrize(
    "draw, name, low",
    [
        (CAT.draw, "breath", 0),
        (CAT.draw, "eyes_closed", 0),
        (CAT.draw, "ear", 0),
        (CAT.draw, "tilt", -1),
        (CAT.draw, "light", 0),
        (WOMAN.draw, "eyes_closed", 0),
        (WOMAN.draw, "gaze", -1),
        (WOMAN.draw, "turn", -1),
        (WOMAN.draw, "smile", 0),
        (WOMAN.draw, "light", 0),
    ],
)
def test_each_state_is_seen(draw, name, low):
    "From one end to the other some part of the picture changes strongly, and the way there is gradual."
    ends = pose(draw, **{name: np.linspace(low, 1, 9)})
    assert np.sort(np.abs(ends[-1] - ends[0]).mean(-1), axis=None)[-100:].mean() > 50
    steps = np.abs(np.diff(ends, axis=0)).mean((1, 2, 3))
    assert steps.max() < 4 * steps.min() + 1


def test_closed_eyes_are_covered():
    opened, closed = pose(CAT.draw, eyes_closed=[0, 1])
    green = [
        int(((frame[..., 1] > frame[..., 0] * 0.9) & (frame[..., 1] > frame[..., 2] * 1.2)).sum())
        for frame in (opened, closed)
    ]
    assert green[0] > 80 and green[1] == 0


def test_left_is_left():
    "The eyes' line falls to the right when she tilts to the right; light is light."

    def eyes(frame):  # height of the green left and right of the middle
        green = (frame[..., 1] > frame[..., 0] * 0.9) & (frame[..., 1] > frame[..., 2] * 1.2)
        return [np.nonzero(half)[0].mean() for half in (green[:, :64], green[:, 64:])]

    left, right = (eyes(frame) for frame in pose(CAT.draw, tilt=[-1, 1]))
    assert right[1] - right[0] > left[1] - left[0] + 10
    dim, bright = pose(CAT.draw, light=[0, 1])
    assert bright.mean() > 1.8 * dim.mean()
    gaze = pose(WOMAN.draw, gaze=[-1, 1])
    dark = gaze[:, 66:78, 40:64].mean(-1) < 90  # one eye
    centers = [np.nonzero(frame)[1].mean() for frame in dark]
    assert centers[1] > centers[0] + 2


def test_captions_are_true():
    for make in (napping_cat, portrait):
        scene = make(120, 16, seed=1)
        for i, caption in enumerate(scene.captions):
            now = {name: values[i] for name, values in scene.states.items()}
            assert ("eyes closed" in caption) == (now["eyes_closed"] >= 0.7) and (
                "eyes open" in caption
            ) == (now["eyes_closed"] < 0.3)
            assert ("dim light" in caption) == (now["light"] < 0.3) and (
                "bright light" in caption
            ) == (now["light"] >= 0.7)
            for name, word in (("tilt", "tilted to the"), ("turn", "turned to the")):
                if name in now:
                    assert (f"{word} left" in caption, f"{word} right" in caption) == (
                        (now[name] + 1) / 2 < 0.3,
                        (now[name] + 1) / 2 >= 0.7,
                    )
            if "gaze" in now:
                assert ("looking to the left" in caption) == (
                    (now["gaze"] + 1) / 2 < 0.3 and now["eyes_closed"] < 0.7
                )
            if "smile" in now:
                assert ("broad smile" in caption) == (now["smile"] >= 0.7)
        assert len(set(scene.captions)) > 15


def test_recurs_but_is_not_periodic():
    cat = napping_cat(600, 16, seed=0)
    course = np.stack([(values - values.mean()) / values.std() for values in cat.states.values()])
    # a loop would give 1
    assert max((course[:, lag:] * course[:, :-lag]).mean() for lag in range(24, 500)) < 0.7
    asleep = np.flatnonzero(np.diff((cat.states["eyes_closed"] > 0.7).astype(int)) == 1)
    assert len(asleep) > 5 and len(set(np.diff(asleep))) > len(asleep) // 2


def test_importing_is_light():
    code = (
        "import sys, alive_scene.scene; "
        "print([name for name in ('torch', 'imageio', 'av', 'skimage', 'scipy', 'matplotlib') "
        "if name in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_a_shorter_clip_is_the_beginning_and_the_bundled_file_agrees(root):
    "So the truth of napping_cat(200) holds for the file, frame by frame."
    for make in (napping_cat, portrait):
        short = make(40, 96)
        whole = make(200, 96)
        assert (short.frames == whole.frames[:40]).all() and short.captions == whole.captions[:40]
        path = root / "data" / f"{make.__name__}.mp4"
        assert path.stat().st_size <= 1_000_000
        file = read_scene(path, size=96)
        off = np.abs(file.frames.astype(float) - whole.frames).mean((1, 2, 3))
        assert len(file) == 200 and off.max() < 3, off.max()
