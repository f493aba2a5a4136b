"""Nobody fooled: a row for each bad or odd input. It works, or it is refused by one sentence that holds the words of the row's last column.
No row may take longer than a minute or leave anything behind that it didn't write whole. What a room's own test holds is not repeated here."""
import contextlib
import gc
import os
import signal
import socket
import tempfile
import warnings
from fractions import Fraction
from math import inf, isclose, isnan, log10, nan
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from alive_scene import maps, siren
from alive_scene.alive import AliveScene
from alive_scene.behavior import Behavior, VideoTexture
from alive_scene.browser import export_html
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.command import main
from alive_scene.generator import Generator, SirenGenerator
from alive_scene.player import AlivePlayer, MapExplorer
from alive_scene.rollout import cure, response, rollout, vital_signs
from alive_scene.scene import Scene, napping_cat, portrait, read_scene, side_by_side, write_video
from alive_scene.vae import VaeBehavior, densify, motions

pytestmark = pytest.mark.filterwarnings("ignore")
WORKS = "" # in the last column: it must work


def gradient(time=6, height=48, width=64):
    "Frames that differ, redder to the right, greener downward."
    frames = np.zeros((time, height, width, 3), np.uint8)
    frames[..., 0], frames[..., 1] = np.linspace(0, 255, width), np.linspace(0, 255, height)[:, None]
    frames[..., 2] = (np.arange(time)*240//max(1, time-1))[:, None, None]
    return frames


def walk(time, embed, seed=0):
    return F.normalize(torch.randn(time, embed, generator=torch.Generator().manual_seed(seed)).cumsum(0)+3, dim=1)


frames, observed = gradient(), walk(6, 512)
behavior = Behavior.fit(observed, rounds=2, progress=False)


# How the odd files come about

def clip(name="a.mp4"): return write_video(frames, name)


def made(name, codec, pixels, frames=frames, source="rgb24", stamps=None, **options):
    "A video of any codec and pixel format; `stamps` are the frames' moments in hundredths."
    import av
    with av.open(name, "w") as file:
        stream = file.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], pixels
        if stamps is not None: stream.codec_context.time_base = Fraction(1, 100)
        for t, picture in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(picture, format=source)
            picture.pts, picture.time_base = (t, Fraction(1, 25)) if stamps is None else (stamps[t], Fraction(1, 100))
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    return name


def empty_of_frames(name):
    import av
    with av.open(name, "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = 16, 16, "yuv420p"
        file.start_encoding()
        file.mux(stream.encode())
    return name


def deep():
    "Frames with an eighth of light that only 10 bits can tell from its neighbors, as PQ on a wide gamut."
    return made("hdr.mp4", "libx265", "yuv420p10le", stamps=None, **{"x265-params": "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"})


def renamed(name): return os.replace(clip(), name) or name


def written(name, data=b""):
    Path(name).write_bytes(data)
    return name


def linked(name):
    os.symlink(name, name)
    return name


def piped(name):
    os.mkfifo(name)
    return name


def listening(name):
    with socket.socket(socket.AF_UNIX) as one: one.bind(name)
    return name


def turned(turns):
    "A square video, white at its left, that says how it wants to be turned: (a, b) of the matrix."
    picture = np.zeros((4, 64, 64, 3), np.uint8)
    picture[:, :, :16] = 255
    path = write_video(picture, "turned.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd")+44
    data[at:at+36] = b"".join(int(v).to_bytes(4, "big", signed=True) for v in (*turns, 0, -turns[1], turns[0], 0, 0, 0, 1 << 30))
    path.write_bytes(data)
    return path


def shape(scene, *expected): assert scene.frames.shape == expected, scene.frames.shape


def looks(scene, tolerance=12):
    "Still the gradient, in its middle square?"
    wanted = frames[:, :, 8:56].astype(float).mean((1, 2))
    assert np.abs(scene.frames.astype(float).mean((1, 2))-wanted).max() < tolerance
    return scene


@contextlib.contextmanager
def nobody():
    "A folder that another user owns; whoever is root becomes nobody for a while."
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if root: os.seteuid(65534)
        try: yield Path(folder)
        finally:
            if root: os.seteuid(0)


def secret(call):
    "A file that may not be read."
    with tempfile.TemporaryDirectory() as folder:
        path = write_video(frames, Path(folder)/"secret.mp4")
        os.chmod(folder, 0o755)
        os.chmod(path, 0)
        with nobody(): return call(path)


def forbidden(call):
    "A folder that may not be written to."
    with nobody() as folder:
        if os.geteuid() != 65534: os.chmod(folder, 0o555)
        try: return call(folder)
        finally: os.chmod(folder, 0o755) if os.geteuid() != 65534 else None


def asked(*words):
    "The command; what it says in one sentence becomes the error."
    import io
    with contextlib.redirect_stderr(said := io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try: status = main([str(word) for word in words])
        except SystemExit as end: status = end.code
    if status: raise ValueError(said.getvalue().strip().splitlines()[-1])


def net(**sizes): return siren.Siren(**{"in_dim": 2, "hidden_dim": 8, **sizes})


def trained(values, **options):
    model = net()
    return siren.train(model, torch.optim.Adam(model.parameters()), siren.pixel_grid(4, 4), values, **{"nb_epochs": 2, "progress": False, **options})


# The table: what is given, what is called, the words of the refusal

VIDEOS = [
    ("no frame in it", lambda: read_scene(empty_of_frames("a.mkv")), "can be read|no frame"),
    ("frames at uneven moments", lambda: shape(looks(read_scene(made("a.mkv", "ffv1", "yuv420p", stamps=[0, 1, 30, 31, 95, 100]))), 6, 128, 128, 3), WORKS),
    ("turned upside down", lambda: (lambda f: f[:, -16:].mean() > 200 > 20 > f[:, :64].mean() or pytest.fail("not turned"))(
        read_scene(turned((-65536, 0))).frames[0].astype(float)), WORKS),
    ("turned to the left", lambda: (lambda f: f[-16:].mean() > 200 > 20 > f[:64].mean() or pytest.fail("not turned"))(
        read_scene(turned((0, -65536))).frames[0].astype(float)), WORKS),
    ("one pixel", lambda: shape(read_scene(written("a.png", b"") and (Image.new("RGB", (1, 1), "red").save("a.png") or "a.png")), 1, 128, 128, 3), WORKS),
    ("one pixel that moves", lambda: shape(read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :1, :1])), 6, 128, 128, 3), WORKS),
    ("a row of pixels", lambda: shape(read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :1])), 6, 128, 128, 3), WORKS),
    ("8K", lambda: shape(read_scene(made("a.mp4", "mpeg4", "yuv420p", np.zeros((2, 4320, 7680, 3), np.uint8)), size=64), 2, 64, 64, 3), WORKS),
    ("an 8K photograph", lambda: shape(read_scene(Image.new("RGB", (7680, 4320)).save("a.jpg") or "a.jpg", crop="none", size=90), 1, 90, 160, 3), WORKS),
    ("10 bits, HDR", lambda: shape(looks(read_scene(deep()), 30), 6, 128, 128, 3), WORKS),
    ("10 bits", lambda: looks(read_scene(made("a.mp4", "libx264", "yuv420p10le"))), WORKS),
    ("4:2:2 and 4:4:4", lambda: [looks(read_scene(made(f"{p}.mp4", "libx264", p))) for p in ("yuv422p", "yuv444p")], WORKS),
    ("with alpha", lambda: looks(read_scene(made("a.mov", "qtrle", "argb"))), WORKS),
    ("odd sides", lambda: shape(read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :47, :61]), crop="none", size=47), 6, 47, 61, 3), WORKS),
    ("a million pixels in a thumbnail's room", lambda: read_scene(written("a.png", Image.new("1", (30000, 30000))._repr_png_())), "can be read.*limit"),
    ("sound only", lambda: read_scene(written("a.wav", b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0D\xac\0\0\x88X\1\0\2\0\x10\0data\0\0\0\0")), "can be read"),
    ("a program in PostScript", lambda: read_scene(written("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) print\n%%EOF\n")),
     "PostScript"),
    ("a playlist of other files", lambda: read_scene(written("a.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")), "can be read"),
    ("a list that names other files", lambda: read_scene(written("a.mp4", b"ffconcat version 1.0\nfile /etc/hostname\n")), "can be read"),
    ("zeros", lambda: read_scene(written("a.mp4", bytes(100_000))), "can be read"),
    ("noise", lambda: read_scene(written("a.webm", np.random.default_rng(0).bytes(100_000))), "can be read"),
]

NAMES = [
    ("unicode, spaces and marks", lambda: looks(read_scene(renamed("naïve 猫 100% [1] 'x' & <b>.mp4"))), WORKS),
    ("like a pattern", lambda: looks(read_scene(renamed("all*.mp4"))), WORKS),
    ("like an option", lambda: looks(read_scene(renamed("-i.mp4"))), WORKS),
    ("like an address", lambda: [looks(read_scene(renamed(n))) for n in ("pipe:0", "http:a.mp4", "concat:b|c.mp4", "imageio:a.mp4", "file:a.mp4")], WORKS),
    ("a line break", lambda: looks(read_scene(renamed("a\nb.mp4"))), WORKS),
    ("250 letters, written", lambda: write_video(frames, "ä"*120+".gif"), WORKS),
    ("300 letters", lambda: read_scene("x"*300+".mp4"), "too long"),
    ("300 letters, written", lambda: write_video(frames, "x"*300+".gif"), "too long"),
    ("a zero byte", lambda: read_scene("a\0.mp4"), "check the name"),
    ("a zero byte, written", lambda: write_video(frames, "a\0.gif"), "null byte"),
    ("a folder, to write to", lambda: write_video(frames, os.mkdir("a.gif") or "a.gif"), "is a folder"),
    ("a pipe", lambda: read_scene(piped("a.mp4")), "pipe"),
    ("a device", lambda: read_scene("/dev/zero"), "device"),
    ("a socket", lambda: read_scene(listening("a.mp4")), "pipe or a device"),
    ("a link to itself", lambda: read_scene(linked("a.mp4")), "check the name"),
    ("what may not be read", lambda: secret(read_scene), "denied.*secret.mp4"),
    ("where nothing may be written", lambda: forbidden(lambda folder: write_video(frames, folder/"a.gif")), "denied"),
    ("where no scene may be written", lambda alive: forbidden(lambda folder: alive.save(folder/"a.alive")), "denied"),
    ("a scene that may not be read", lambda: secret(AliveScene.load), "secret.mp4"),
    ("bytes", lambda: read_scene(b"a.mp4"), "str or a Path"),
    ("a pipe as a scene", lambda: AliveScene.load(piped("a.alive")), "no scene file a.alive"),
    ("a folder as a scene", lambda: AliveScene.load("."), "no scene file"),
    ("a video as a scene", lambda: AliveScene.load(clip()), "not a whole .alive"),
    ("a folder, to save to", lambda alive: alive.save(os.mkdir("a.alive") or "a.alive"), "is a folder"),
]

NUMBERS = [
    ("size of a word", lambda: read_scene(clip(), size="big"), "whole number"),
    ("size and a half", lambda: read_scene(clip(), size=20.5), "whole number"),
    ("size without end", lambda: read_scene(clip(), size=10**6), "at most 8192"),
    ("half a frame", lambda: read_scene(clip(), max_frames=2.5), "whole number"),
    ("a rate of NaN", lambda: read_scene(clip(), fps=nan), "fps must be above 0"),
    ("an endless rate", lambda: read_scene(clip(), fps=inf), "fps must be above 0"),
    ("a rate in letters", lambda: read_scene(clip(), fps="12"), "fps must be above 0"),
    ("a rate below all", lambda: shape(read_scene(clip(), fps=1e-9), 1, 128, 128, 3), WORKS),
    ("a start at NaN", lambda: read_scene(clip(), start=nan), "start must be"),
    ("a start at the end of time", lambda: read_scene(clip(), start=inf), "start must be"),
    ("a start in 30 years", lambda: read_scene(clip(), start=9.9e8), "earlier start|can be read"),
    ("a stop at NaN", lambda: read_scene(clip(), stop=nan), "later than start"),
    ("a scene without end of frames", lambda: Scene(frames, inf), "finite"),
    ("a scene's rate in letters", lambda: Scene(frames, "12"), "fps must be above 0"),
    ("a state that is a number", lambda: Scene(frames, states={"mood": 3}), "mood must have one entry"),
    ("a GIF that lasts a year", lambda: write_video(frames, "a.gif", fps=1e-7), "can't hold"),
    ("an MP4 that lasts a year", lambda: write_video(frames, "a.mp4", fps=1e-7), "can't hold"),
    ("a picture too wide for WebP", lambda: write_video(np.zeros((1, 2, 20_000, 3), np.uint8), "a.webp"), "can't hold"),
    ("a picture too wide for GIF", lambda: write_video(np.zeros((1, 2, 70_000, 3), np.uint8), "a.gif"), "can't hold"),
    ("a picture too wide for MP4", lambda: write_video(np.zeros((1, 2, 70_000, 3), np.uint8), "a.mp4"), "can't hold|Generic error"),
    ("one pixel as MP4", lambda: shape(read_scene(write_video(frames[:, :1, :1], "a.mp4")), 6, 128, 128, 3), WORKS),
    ("no cat", lambda: napping_cat(0), "at least 1 frame"),
    ("less than no cat", lambda: napping_cat(-1), "at least 1 frame"),
    ("a portrait of no size", lambda: portrait(3, 0), "at least 1 pixel"),
    ("a word beside a word", lambda: side_by_side("cat", "dog"), "uint8"),
    ("a device that isn't there", lambda: ClipEncoder("untrained", device="toaster"), "no device 'toaster'"),
    ("a frame of one pixel", lambda: ClipEncoder("untrained").encode_frames(frames[:1, :1, :1]), WORKS),
    ("a text of 10,000 words, one of none, one of signs", lambda: ClipEncoder("untrained").encode_text(["cat "*10_000, "", "🐈\0\n<b>"]), WORKS),
    ("an endless embedding, mapped", lambda: maps.embedding_map(observed*inf, "pca"), "NaN or infinity"),
    ("a NaN on a map", lambda: maps.plot_map(observed[:, :2]*nan), "NaN or infinity"),
    ("nearness of NaN", lambda: maps.recurrence(observed, nan), "threshold"),
    ("a horizon beyond the clip", lambda: maps.crossings(observed, horizon=9), "at least 11"),
    ("less than no pixels", lambda: siren.pixel_grid(-1, 3), "at least one pixel"),
    ("an error of NaN", lambda: siren.psnr(nan) != siren.psnr(nan) or pytest.fail("NaN passed for perfect"), WORKS),
    ("an error below 0", lambda: siren.psnr(-1e-9), "0 or more"),
    ("an endless error", lambda: siren.psnr(inf) == -inf or pytest.fail("not the worst"), WORKS),
    ("one channel for three", lambda: trained(torch.rand(16, 1)), r"must be that, got \(16, 1\)"),
    ("values of another picture", lambda: trained(torch.rand(9, 3)), r"must be that, got \(9, 3\)"),
    ("minus one step, drawn", lambda: Generator.fit(frames, observed, steps=-1, progress=False), "at least 1"),
    ("no steps, published", lambda: SirenGenerator.fit(frames, observed, steps=0, progress=False), "at least 1"),
    ("minus one step, published", lambda: SirenGenerator.fit(frames, observed, steps=-1, progress=False), "at least 1"),
    ("no seconds", lambda: SirenGenerator.fit(frames, observed, seconds=0, progress=False), "seconds must be above 0"),
    ("seconds backward", lambda: SirenGenerator.fit(frames, observed, seconds=-1, progress=False), "seconds must be above 0"),
    ("seconds of NaN", lambda: SirenGenerator.fit(frames, observed, seconds=nan, progress=False), "seconds must be above 0"),
    ("seconds without end", lambda: SirenGenerator.fit(frames, observed, seconds=inf, progress=False), "seconds must be above 0"),
    ("nothing to draw", lambda: Generator.fit(frames, observed, progress=False).render(observed[:0]).shape == (0, 48, 64, 3) or pytest.fail("not empty"), WORKS),
    ("a random walk of unit vectors", lambda: rollout(Behavior.fit(walk(9, 3), rounds=2, progress=False), walk(9, 3), 50), WORKS),
    ("fewer rounds than none", lambda: rollout(Behavior.fit(observed, rounds=-1, progress=False), observed, 5), WORKS),
    ("another encoder's scene", lambda: rollout(behavior, walk(6, 768), 5), "fitted to embeddings of 512 numbers, these have 768"),
    ("another encoder's scene, published", lambda: rollout(VaeBehavior(24), observed, 5), "fitted to embeddings of 24"),
    ("another encoder's scene, textured", lambda: rollout(VideoTexture(6, 24), observed, 5), "fitted to embeddings of 24"),
    ("another encoder's path", lambda: vital_signs(walk(50, 768), observed), r"one rollout \(steps, 512\)"),
    ("resumed from another encoder", lambda: VaeBehavior.fit(observed, resume=VaeBehavior(8), epochs=1, progress=False), "8 numbers, got 512"),
    ("another encoder's start", lambda alive: alive.rollout(3, start=torch.ones(768)), "768 numbers"),
    ("another encoder's path, drawn", lambda alive: alive.render(walk(2, 768)), "fitted to 512"),
    ("no seed", lambda: rollout(behavior, observed, 3, seed=[]), "empty list"),
    ("a seed beyond 64 bits", lambda: rollout(behavior, observed, 3, seed=2**70), "long long|seed"),
    ("a seed below 0", lambda: rollout(behavior, observed, 3, seed=-1), WORKS),
    ("three steps and a half", lambda: rollout(behavior, observed, 3.5), "whole number"),
    ("steps in letters", lambda: rollout(behavior, observed, "9"), "whole number"),
    ("a start at NaN, imagined", lambda: rollout(behavior, observed, 3, start=nan), "start must be a frame"),
    ("a scene as an array of numpy", lambda: rollout(behavior, observed.numpy(), 3), WORKS),
    ("cured toward another size", lambda: cure(observed[:, :9], observed), r"got \(6, 9\) and \(6, 512\)"),
    ("cured toward nothing", lambda: cure(observed, observed[:0]), "cure takes"),
    ("one embedding, cured", lambda: cure(observed[0], observed), "cure takes"),
    ("temperatures below 0", lambda: response(behavior, observed, temperatures=[-1, 1], steps=10), "temperature must be 0 or more"),
    ("a path of a word", lambda: motions(np.array([["a", "b"]])), "object|type|dtype"),
    ("embeddings of whole numbers", lambda: densify(np.eye(3, dtype=int), points=5), WORKS),
    ("one frame to learn from", lambda: AliveScene.fit(Scene(frames[:1]), steps=1, progress=False), "at least two frames"),
    ("an array for a scene", lambda: AliveScene.fit(frames, steps=1, progress=False), "Scene"),
    ("an array to encode", lambda: encode_scene(frames, ClipEncoder("untrained")), "takes a Scene"),
    ("a map that isn't there", lambda alive: MapExplorer(alive, method="globe"), "'umap', 'tsne' or 'pca'"),
    ("a place of NaN", lambda alive: MapExplorer(alive).go_to(nan, 0), "NaN"),
    ("a player that starts too late", lambda alive: AlivePlayer(alive, start=40), "from 0 to 39"),
    ("a page under a file", lambda alive: export_html(alive, written("a")+"/a.html"), "no folder"),
]

COMMANDS = [
    ("a pipe, fitted", lambda: asked("fit", piped("a.mp4"), "-o", "a.alive"), "pipe"),
    ("a folder without pictures, fitted", lambda: asked("fit", ".", "-o", "a.alive"), "holds no picture"),
    ("a video, played as a scene", lambda: asked("play", clip(), "-o", "b.mp4"), "not a whole .alive"),
    ("a video, exported as a scene", lambda: asked("export", clip(), "-o", "b.html"), "not a whole .alive"),
    ("a size in letters", lambda: asked("fit", clip(), "-o", "a.alive", "--size", "big"), "--size"),
    ("a rate below 0", lambda: asked("fit", clip(), "-o", "a.alive", "--fps", -3), "fps must be above 0"),
    ("a start at NaN, fitted", lambda: asked("fit", clip(), "-o", "a.alive", "--start", "nan"), "start must be"),
    ("one frame, fitted", lambda: asked("fit", clip(), "-o", "a.alive", "--max-frames", 1), "at least"),
    ("no seconds, fitted", lambda: asked("fit", clip(), "-o", "a.alive", "--seconds", -1, "--generator", "siren"), "seconds must be above 0"),
    ("an endless temperature", lambda alive: asked("play", alive.save("b.alive"), "-o", "a.gif", "--temperature", "inf"), "finite"),
    ("less than no steps", lambda alive: asked("play", alive.save("b.alive"), "-o", "a.gif", "--steps", -1), "steps must be"),
    ("two steps, measured", lambda alive: asked("vitals", alive.save("b.alive"), "--steps", 2), "at least 4"),
    ("another suffix for a page", lambda alive: asked("export", alive.save("b.alive"), "-o", "a.gif"), "NAME.html"),
    ("no verb", lambda: asked(), "command"),
    ("a verb that isn't there", lambda: asked("dance"), "invalid choice"),
]

TABLE = VIDEOS+NAMES+NUMBERS+COMMANDS
if os.name == "nt": TABLE = VIDEOS+NUMBERS+COMMANDS[1:] # other names and no pipes there


class TooLong(BaseException): pass


@pytest.fixture(autouse=True, scope="module")
def quick():
    "imageio collects garbage whenever it closes a video; what is here by now needs no second look."
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def limit():
    "A minute, where the system can count it."
    def ring(*_): raise TooLong
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name, call, words", TABLE, ids=[name for name, *_ in TABLE])
def test_bad_or_odd_input(name, call, words, alive, tmp_path, monkeypatch, limit):
    monkeypatch.chdir(tmp_path)
    call = call if not call.__code__.co_argcount else lambda inner=call: inner(alive)
    if not words: return call()
    with pytest.raises((ValueError, TypeError, OSError), match=words) as told: call()
    assert len(str(told.value)) < 900 and "\n" not in str(told.value).strip(), "not one sentence"
    left = {path.name for path in tmp_path.rglob("*")} - {"a.gif", "a.mp4", "a.webm", "a.wav", "a.png", "a.mkv", "a.alive", "b.alive", "a"}
    assert not left and not any(path.is_file() and name in ("a.gif", "a.alive") for name, path in ((p.name, p) for p in tmp_path.iterdir())), "something was left"


def test_the_table_is_long_and_its_rows_have_names():
    names = [name for name, *_ in TABLE]
    assert len(TABLE) >= 60 and len(set(names)) == len(names)


@pytest.mark.parametrize("suffix, codec, pixels", [("mp4", "libx264", "yuv420p"), ("mkv", "ffv1", "yuv420p"), ("avi", "mpeg4", "yuv420p"),
                                                   ("webm", "libvpx-vp9", "yuv420p"), ("gif", None, None), ("webp", None, None), ("png", None, None)])
def test_cut_at_a_random_byte(suffix, codec, pixels, tmp_path, monkeypatch, limit):
    "Twenty cuts each: what is left is read, or refused in one sentence."
    monkeypatch.chdir(tmp_path)
    name = f"a.{suffix}"
    if codec: made(name, codec, pixels)
    elif suffix == "png": (lambda one, *more: one.save(name, save_all=True, append_images=more))(*map(Image.fromarray, frames))
    else: write_video(frames, name)
    data, read = Path(name).read_bytes(), 0
    for at in np.random.default_rng(0).integers(1, len(data), 20):
        Path(name).write_bytes(data[:at])
        try: read += len(read_scene(name, size=16)) > 0
        except ValueError as error: assert name in str(error) and "\n" not in str(error)
    assert list(tmp_path.iterdir()) == [tmp_path/name] and read < 20


# Numbers nobody thought of

numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)
sane = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@sane
@given(arrays(np.float32, array_shapes(min_dims=0, max_dims=3, max_side=5), elements=numbers))
def test_paths_of_any_numbers(path):
    "Unit vectors come out, or a sentence."
    for call in (motions, lambda e: densify(e, points=7), lambda e: maps.embedding_map(e, "pca"), lambda e: maps.recurrence(e)):
        try: made = call(path)
        except ValueError as error: assert "\n" not in str(error)
        else: assert made.isfinite().all()


@st.composite
def unit_paths(draw, least=2):
    "Unit vectors in order; some of them alike."
    time, embed, seed = draw(st.integers(least, 12)), draw(st.integers(2, 9)), draw(st.integers(0, 2**31))
    path = F.normalize(torch.randn(time, embed, generator=torch.Generator().manual_seed(seed)), dim=1)
    return path[torch.tensor(draw(st.lists(st.integers(0, time-1), min_size=time, max_size=time)))]


@settings(sane, max_examples=10)
@given(unit_paths(), st.floats(0, 1e6), st.one_of(st.none(), st.floats(0, 1)), st.integers(-2**63, 2**63-1))
def test_behaviors_of_any_unit_vectors(path, temperature, curing, seed):
    "It stays finite and on the sphere, or says that it has no direction or left for infinity."
    for one in (Behavior.fit(path, rounds=1, progress=False), VideoTexture.fit(path), VaeBehavior.fit(path, epochs=1, points=40, progress=False)):
        try: rolled = rollout(one, path, 5, temperature=temperature, curing=curing, seed=seed)
        except ValueError as error: assert any(word in str(error) for word in ("infinity", "direction"))
        else: assert rolled.isfinite().all() and (curing is None or torch.allclose(rolled.norm(dim=1), torch.ones(5), atol=1e-4))


@settings(sane, max_examples=25)
@given(unit_paths(), unit_paths(4))
def test_vital_signs_of_any_paths(observed, path):
    try: signs = vital_signs(F.pad(path, (0, 9))[:, :observed.shape[1]], observed)
    except ValueError as error: assert "stands still" in str(error)
    else: assert all(value != value or value >= -1e-6 for value in signs.values())


@sane
@given(arrays(np.float32, array_shapes(min_dims=0, max_dims=3, max_side=4), elements=numbers), unit_paths(), st.floats())
def test_curing_anything(predicted, observed, weight):
    try: cured = cure(torch.as_tensor(predicted), observed, weight)
    except ValueError as error: assert "\n" not in str(error)
    else: assert torch.allclose(cured.norm(dim=1), torch.ones(len(cured)), atol=1e-4)


@sane
@given(st.floats())
def test_psnr_of_any_number(mse):
    try: decibels = siren.psnr(mse)
    except ValueError: assert mse < 0
    else: assert isnan(decibels) if isnan(mse) else decibels == (-inf if mse == inf else inf) if mse in (0, inf) else isclose(decibels, -10*log10(mse), abs_tol=1e-9)


@sane
@given(st.integers(-2, 40), st.integers(-2, 40))
def test_pixels_of_any_picture(height, width):
    try: grid = siren.pixel_grid(height, width)
    except ValueError: assert height < 1 or width < 1
    else:
        assert grid.shape == (height*width, 2) and grid.abs().max() < 1 and torch.allclose(grid, -grid.flip(0), atol=1e-6)
        assert siren.positional_encoding(grid).abs().max() <= 1


@settings(sane, max_examples=10)
@given(arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.just(3))), st.sampled_from(["gif", "mp4", "webp"]), st.floats(0.1, 100))
def test_any_small_clip_is_written_and_read(pictures, suffix, fps):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        back = read_scene(write_video(pictures, Path(folder)/f"a.{suffix}", fps), size=16)
        assert len(back) >= 1 and os.listdir(folder) == [f"a.{suffix}"]
