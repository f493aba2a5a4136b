"What cameras, phones, browsers, tapes and microscopes write, each file with what is right for it."

import warnings
from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from alive_scene.reader import read_scene
from alive_scene.scene import write_video


def grey(levels, height=64, width=64):
    "A frame of each level."
    return np.tile(np.uint8(levels)[:, None, None, None], (1, height, width, 3))


def film(path, frames, codec="libx264", pixels="yuv420p", stamps=None, unit=None, aspect=1, **more):
    "A video; `stamps` are in units of `unit`. `more` are the encoder's options."
    unit = unit or Fraction(1, 25)
    with av.open(path, "w", format=more.pop("container", None)) as file:
        rate = more.pop("rate", 25)
        stream = file.add_stream(codec, rate=rate, options=more.pop("options", {"crf": "6"}))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        stream.codec_context.time_base = unit
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        stream.metadata.update(more.pop("metadata", {}))
        for t, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format=more.get("source", "rgb24"))
            frame.pts = t if stamps is None else int(stamps[t])
            frame.time_base = unit
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def level(frame):
    return float(frame.mean())


def lasts(scene):  # seconds
    return len(scene) / scene.fps


# Time


def test_a_screen_recording_rests(tmp_path):
    "Bursts of 60 frames a second, then rests: seconds are those of the file, and the rests are in it."
    moments = [2.5 * burst + i / 60 for burst in range(5) for i in range(30)] + [12.5]
    path = film(
        tmp_path / "a.mp4",
        grey(np.arange(151) % 250),
        stamps=[round(6000 * moment) for moment in moments],
        unit=Fraction(1, 6000),
        rate=60,
        options={"bf": "0", "crf": "6"},
    )
    scene = read_scene(path, size=16, max_frames=2000)
    assert abs(lasts(scene) - 12.5) < 0.1 and abs(scene.fps - 60) < 1
    assert len(set(scene.indices)) == 151
    some = read_scene(path, size=16, start=5, stop=8, max_frames=2000)
    assert some.indices[0] == 60 and abs(level(some.frames[0]) - 60) < 2
    assert abs(some.seconds[0] - 5) < 0.01 and abs(lasts(some) - 3) < 0.1


def test_a_webcam_as_a_browser_writes_it(tmp_path):
    "WebM in whole milliseconds, at no even rate, and the header says nothing of one."
    ms = np.cumsum(np.r_[0, np.random.default_rng(1).integers(20, 48, 199)])
    path = film(
        tmp_path / "a.webm",
        grey(np.arange(200)),
        codec="libvpx",
        stamps=ms,
        unit=Fraction(1, 1000),
        rate=1000,
        options={"deadline": "realtime", "cpu-used": "8", "b": "500k"},
    )
    data = bytearray(path.read_bytes())
    at = data.find(b"\x23\xe3\x83")  # DefaultDuration becomes Void, of the same length
    if at >= 0:
        size = 4 + (data[at + 3] & 0x7F)
        data[at : at + size] = bytes([0xEC, 0x80 | (size - 2)]) + bytes(size - 2)
    path.write_bytes(data)
    scene = read_scene(path, size=16, max_frames=400)
    assert len(scene) == 200 and abs(scene.fps / (199 / ms[-1] * 1000) - 1) < 0.03
    late = read_scene(path, size=16, start=4, max_frames=400)
    assert abs(late.indices[0] - np.searchsorted(ms, 4000)) <= 1


def test_a_phone_in_the_dark(tmp_path):
    "30 frames a second, then 15."
    stamps = np.cumsum(np.r_[0, np.repeat([1, 2], [60, 30])])
    path = film(tmp_path / "a.mp4", grey(np.arange(91)), stamps=stamps, unit=Fraction(1, 30))
    scene = read_scene(path, size=16)
    assert abs(scene.fps - 30) < 0.2 and abs(lasts(scene) - 4) < 0.1
    assert (np.diff(scene.indices[:60]) == 1).all() and len(set(scene.indices[62:])) <= 31


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_a_first_stamp_that_is_not_zero(tmp_path, container):
    path = film(tmp_path / f"a.{container}", grey(np.arange(50) * 4), stamps=range(2500, 2550))
    scene = read_scene(path, size=16, start=1)
    assert len(scene) == 25 and scene.indices[0] == 25 and abs(level(scene.frames[0]) - 100) < 3
    assert scene.seconds.tolist() == pytest.approx(np.arange(25, 50) / 25)


@pytest.mark.parametrize(
    "name, codec, pixels",
    [("pi.h264", "libx264", "yuv420p"), ("pi.mjpg", "mjpeg", "yuvj420p")],
)
def test_a_bare_stream(tmp_path, name, codec, pixels):
    kind = {"libx264": "h264"}.get(codec, codec)
    path = film(
        tmp_path / name, grey(np.arange(75) * 3), codec, pixels, container=kind, options={"bf": "0"}
    )
    assert len(read_scene(path, size=16)) == 75
    scene = read_scene(path, size=16, start=2)
    assert len(scene) == 25 and abs(level(scene.frames[0]) - 150) < 4


def test_two_waits_in_equal_shares(tmp_path):
    pictures = [Image.fromarray(frame) for frame in grey([20, 60, 100, 140])]
    pictures[0].save(
        tmp_path / "a.png", save_all=True, append_images=pictures[1:], duration=[70, 140, 70, 140]
    )
    scene = read_scene(tmp_path / "a.png", size=16)
    assert scene.indices.tolist() == [0, 1, 1, 2, 3, 3] and abs(lasts(scene) - 0.42) < 0.01


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_late_beginning_is_no_damage(tmp_path, name):
    "Matroska and MP4 in fragments say when they end, not how long they last."
    with av.open(tmp_path / name, "w", options={"movflags": "frag_keyframe+empty_moov"}) as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for t, picture in enumerate(grey(np.arange(60) * 4)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 300 + t, Fraction(1, 30)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scene = read_scene(tmp_path / name, size=16)
    assert len(scene) == 60 and scene.fps == 30 and not scene.notes


def test_a_clock_that_was_set_anew_is_no_rest(tmp_path):
    stamps = np.r_[np.arange(25), 10_000_000 + np.arange(25)]
    path = film(tmp_path / "a.mkv", grey(np.arange(50) * 4), stamps=stamps)
    assert len(read_scene(path, size=16)) == 50


def test_a_gif_without_haste(tmp_path):
    "Browsers play delays of 0 and 10 ms as 100."
    pictures = [Image.fromarray(frame) for frame in grey(np.arange(10) * 20)]
    for wait in (0, 10):
        pictures[0].save(
            tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=wait
        )
        assert read_scene(tmp_path / "a.gif", size=16).fps == 10


@pytest.mark.parametrize("fps", [60, 240])
@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_a_fast_clip_keeps_its_length(tmp_path, fps, suffix):
    frames = np.zeros((120, 32, 32, 3), np.uint8)
    for t in range(120):
        frames[t, :, t % 30 : t % 30 + 2] = 255
    path = write_video(frames, tmp_path / f"a.{suffix}", fps=fps)
    with Image.open(path) as image:
        waits = [frame.load() and frame.info["duration"] for frame in ImageSequence.Iterator(image)]
    assert abs(sum(waits) / 1000 / (120 / fps) - 1) < 0.03 and min(waits) >= 20


def test_an_apng_hides_its_first_picture(tmp_path):
    pictures = [Image.new("RGB", (64, 64), (20 * i, 90, 40)) for i in range(10)]
    Image.new("RGB", (64, 64), "red").save(
        tmp_path / "a.png", save_all=True, append_images=pictures, duration=100, default_image=True
    )
    scene = read_scene(tmp_path / "a.png", size=16)
    assert len(scene) == 10 and scene.frames[0, 0, 0].tolist() == [0, 90, 40]


def test_a_stack_of_pictures_has_the_rate_one_gives(tmp_path):
    pictures = [Image.fromarray(frame) for frame in grey(np.arange(6) * 20)]
    pictures[0].save(tmp_path / "a.tif", save_all=True, append_images=pictures[1:])
    scene = read_scene(tmp_path / "a.tif", size=16, fps=25)
    assert len(scene) == 6 and scene.fps == 25


# Light

PATCHES = np.array(
    [
        (255, 255, 255),
        (128, 128, 128),
        (0, 0, 0),
        (200, 40, 40),
        (40, 180, 60),
        (40, 60, 200),
        (224, 172, 140),
        (230, 200, 30),
    ]
)


def as_hdr(curve):  # uint16 (plane, patch)
    "The patches in BT.2020, 10 bits, white at 203 cd/m2 (ITU-R BT.2408), by HLG or PQ."
    x = PATCHES / 255
    light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    light = light @ np.array(
        [[0.6274, 0.0691, 0.0164], [0.3293, 0.9195, 0.0880], [0.0433, 0.0114, 0.8956]]
    )
    weights = np.array([0.2627, 0.678, 0.0593])
    if curve == "arib-std-b67":
        shown = light * 0.203
        scene = shown * np.maximum(shown @ weights, 1e-9)[:, None] ** ((1 - 1.2) / 1.2)
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        bright = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    else:
        y = (light * 203 / 10_000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375
    luma = signal @ weights
    planes = [
        luma * 876 + 64,
        (signal[:, 2] - luma) / 1.8814 * 896 + 512,
        (signal[:, 0] - luma) / 1.4746 * 896 + 512,
    ]
    return np.clip(np.round(planes), 0, 1023).astype(np.uint16)


@pytest.mark.parametrize("curve, name", [("arib-std-b67", "HLG"), ("smpte2084", "PQ")])
def test_hdr_is_tone_mapped(tmp_path, curve, name):
    tags = f"log-level=none:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc:range=limited"
    with av.open(tmp_path / "a.mp4", "w") as file:
        stream = file.add_stream("libx265", rate=25, options={"crf": "6", "x265-params": tags})
        stream.width, stream.height, stream.pix_fmt = 512, 64, "yuv444p10le"
        for t in range(3):
            frame = av.VideoFrame(512, 64, "yuv444p10le")
            for plane, values in zip(frame.planes, as_hdr(curve), strict=True):
                plane.update(np.tile(values.repeat(64), (64, 1)).tobytes())
            frame.pts, frame.time_base = t, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    scene = read_scene(tmp_path / "a.mp4", size=64, crop="none")
    off = np.abs(scene.frames[1, 32, 32::64].astype(int) - PATCHES).max()
    assert off <= 25 and scene.notes == [f"tone-mapped from HDR ({name})"]


@pytest.mark.parametrize("height", [480, 720])
@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_matrix_and_range(tmp_path, height, tagged, full):
    "Tagged, or taken by the size of the picture: BT.709 of high definition, else BT.601."
    width = height * 4 // 3
    bars = PATCHES.repeat(width // 8, axis=0)[None].repeat(height, 0).astype(np.uint8)
    matrix, number = ("itu709", 1) if height >= 720 else ("itu601", 6)
    kind = "yuvj444p" if full else "yuv444p"
    tags = f"colormatrix={'bt709' if number == 1 else 'smpte170m'}"
    with av.open(tmp_path / "a.mp4", "w") as file:
        options = {"crf": "2", "x264-params": tags if tagged else ""}
        stream = file.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, kind
        frame = av.VideoFrame.from_ndarray(bars, format="rgb24")
        frame = frame.reformat(format=kind, dst_colorspace=matrix)
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    got = read_scene(tmp_path / "a.mp4", size=height, crop="none").frames[0]
    middles = (np.arange(8) + 0.5) * width / 8
    assert np.abs(got[height // 2, middles.astype(int)].astype(int) - PATCHES).max() <= 5


@pytest.mark.parametrize(
    "most, kind", [(65535, np.uint16), (4095, np.uint16), (1, np.float32), (255, np.float32)]
)
def test_deep_pictures_span_what_they_hold(tmp_path, most, kind):
    ramp = np.tile(np.linspace(0, 1, 128), (128, 1))
    for t in range(3):
        Image.fromarray((np.roll(ramp, 9 * t, 1) * most).astype(kind)).save(tmp_path / f"{t}.tif")
    frames = read_scene(tmp_path, size=128).frames
    assert frames.min() < 3 and frames.max() > 252 and abs(frames.mean() - 127) < 3


@pytest.mark.parametrize("low, high", [(-3, 1), (0, 1e6), (0, np.nan)])
def test_levels_of_nothing_known_are_refused(tmp_path, low, high):
    Image.fromarray(np.linspace(low, high, 4096).reshape(64, 64).astype(np.float32)).save(
        tmp_path / "a.tif"
    )
    with pytest.raises(ValueError, match="scale them"):
        read_scene(tmp_path / "a.tif")


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_a_webm_with_alpha_lies_on_white(tmp_path, codec):
    frames = np.zeros((6, 64, 64, 4), np.uint8)
    frames[..., 2] = 250  # the hidden color
    frames[:, 20:44, 20:44] = (200, 0, 0, 255)
    path = tmp_path / "a.webm"
    with av.open(path, "w") as file:
        stream = file.add_stream(codec, rate=25, options={"auto-alt-ref": "0", "crf": "10"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuva420p"
        stream.metadata["alpha_mode"] = "1"
        for t, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgba").reformat(format="yuva420p")
            frame.pts, frame.time_base = t, Fraction(1, 25)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    picture = read_scene(path, size=64).frames[3]
    assert picture[5, 5].min() > 249 and picture[32, 32, 0] > 180 > 40 > picture[32, 32, 2]


# Shape


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(64, 45), Fraction(3, 4)])
def test_a_circle_stays_round(tmp_path, aspect):
    y, x = np.mgrid[:240, :240]
    disk = ((x - 120) * float(aspect)) ** 2 + (y - 120) ** 2 < 70**2
    frames = np.uint8(disk[..., None] * np.array([255, 200, 0]))[None].repeat(3, 0)
    scene = read_scene(film(tmp_path / "a.mp4", frames, aspect=aspect), size=120)
    seen = scene.frames[1, ..., 0] > 128
    assert abs(seen.any(0).sum() / seen.any(1).sum() - 1) < 0.04
    assert any("made square" in note for note in scene.notes)


EIGHT = [m for m in product((-1, 0, 1), repeat=4) if abs(m[0] * m[3] - m[1] * m[2]) == 1 and 0 in m]


@pytest.mark.parametrize("matrix", [m for m in EIGHT if np.abs(m).sum() == 2])
def test_all_eight_display_matrices(tmp_path, matrix):
    "Where a marked corner of the stored picture is shown, by the matrix of ISO/IEC 14496-12."
    a, b, c, d = matrix
    frames = np.zeros((3, 64, 96, 3), np.uint8)
    frames[:, :16, :24] = 255
    path = film(tmp_path / "a.mp4", frames)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    numbers = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    data[at : at + 36] = b"".join(int(v).to_bytes(4, "big", signed=True) for v in numbers)
    path.write_bytes(data)
    shown = read_scene(path, size=64, crop="none").frames[1].astype(float)
    assert shown.shape[:2] == ((64, 96) if a else (96, 64))
    x, y = a * -1 + c * -1, b * -1 + d * -1  # the corner (-1, -1) of the stored picture
    top, left = y < 0, x < 0
    corner = shown[:12] if top else shown[-12:]
    corner = corner[:, :12] if left else corner[:, -12:]
    assert corner.mean() > 230 and shown.mean() < 40


def test_half_pictures_are_made_whole(tmp_path):
    frames = np.full((8, 128, 256, 3), 40, np.uint8)
    odd = np.arange(128) % 2 == 1
    for t in range(8):
        for half, rows in ((0, odd), (1, ~odd)):
            left = 40 + 16 * t + 8 * half
            frames[t, rows, left : left + 40] = 220
    options = {"flags": "+ilme+ildct", "qscale": "2"}
    path = film(tmp_path / "a.mpg", frames, codec="mpeg2video", options=options)

    def comb(frames):
        return np.abs(np.diff(frames.astype(float), axis=1)).mean()

    scene = read_scene(path, size=128, crop="none")
    assert scene.notes == ["deinterlaced"] and comb(scene.frames[2:]) < 0.2 * comb(frames)
    assert len(scene) == 8


@pytest.mark.parametrize("height, width", [(90, 160), (160, 90), (90, 90)])
def test_whole_pictures_up_to_16_to_9(tmp_path, height, width):
    path = write_video(grey(range(0, 60, 10), height, width), tmp_path / "a.gif")
    scene = read_scene(path, size=90)
    assert scene.frames.shape[1:3] == (height, width) and not scene.notes


@pytest.mark.parametrize("tall", [False, True])
def test_a_long_picture_is_cropped_to_where_it_moves(tmp_path, tall):
    frames = grey([60] * 12, 64, 256)
    for t in range(12):
        frames[t, 20:40, 180 + 4 * t : 200 + 4 * t] = 250
    if tall:
        frames = frames.swapaxes(1, 2)
    scene = read_scene(write_video(frames, tmp_path / "a.gif"), size=64)
    assert sorted(scene.frames.shape[1:3]) == [64, 114]
    assert ((scene.frames > 200).sum() / 3) == (frames > 200).sum() / 3
    assert "where most moves" in scene.notes[0]


def test_shapes_that_differ_become_squares(tmp_path):
    for t, shape in enumerate([(64, 80), (80, 64), (64, 64)]):
        Image.new("RGB", shape, (90, 20, t)).save(tmp_path / f"{t}.png")
    scene = read_scene(tmp_path, size=32)
    assert scene.frames.shape == (3, 32, 32, 3) and "different shapes" in scene.notes[-1]


# Which stream, which picture


def test_the_film_and_not_the_preview(tmp_path):
    with av.open(tmp_path / "a.mkv", "w") as file:
        streams = []
        for side in (32, 128):
            stream = file.add_stream("libx264", rate=25)
            stream.width = stream.height = side
            stream.pix_fmt = "yuv420p"
            streams.append(stream)
        for t, stream in product(range(10), streams):
            frame = av.VideoFrame.from_ndarray(
                grey([200 if stream.width > 100 else 20], stream.width, stream.width)[0]
            )
            frame.pts, frame.time_base = t, Fraction(1, 25)
            file.mux(stream.encode(frame))
        for stream in streams:
            file.mux(stream.encode())
    scene = read_scene(tmp_path / "a.mkv", size=16)
    assert len(scene) == 10 and level(scene.frames) > 190


def test_brackets_in_a_folders_name_and_files_left_out(tmp_path):
    folder = tmp_path / "shots [1]"
    folder.mkdir()
    for t in range(4):
        Image.new("RGB", (32, 32), (40 * t, 0, 0)).save(folder / f"{t}.png")
    assert len(read_scene(folder / "*.png", size=16)) == 4
    (folder / "IMG_1.HEIC").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"left out 1 .*IMG_1\.HEIC"):
        scene = read_scene(folder, size=16)
    assert len(scene) == 4 and "IMG_1.HEIC" in scene.notes[0]


# Damage


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moving")
    frames = np.random.default_rng(0).integers(0, 255, (60, 64, 64, 3), dtype=np.uint8)
    options = {"crf": "18", "g": "10"}
    film(folder / "a.mkv", frames, options=options)
    film(folder / "a.ts", frames, options=options)
    return folder


@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
def test_bytes_lost_in_the_middle(moving, tmp_path, name):
    data = bytearray((moving / name).read_bytes())
    at = len(data) // 2
    data[at : at + len(data) // 20] = bytes(len(data) // 20)
    (tmp_path / name).write_bytes(data)
    with pytest.warns(UserWarning, match="damaged"):
        scene = read_scene(tmp_path / name, size=16)
    assert len(scene) >= 25 and any(note.startswith("damaged") for note in scene.notes)


def test_an_end_that_is_missing(moving, tmp_path):
    data = (moving / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(data[: len(data) // 2])
    with pytest.warns(UserWarning, match=r"says it lasts 2\.4 s"):
        scene = read_scene(tmp_path / "a.mkv", size=16)
    assert 20 < len(scene) < 40
