"""Nobody fooled: a row for each bad or odd input.

It works, or it is refused by one sentence that holds the words of the row's last column, names what is wrong,
and says what to do. No row may take longer than a minute, or leave or change anything. Every public function
has a row.
"""

import contextlib
import faulthandler
import gc
import importlib
import inspect
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import typing
import warnings
from dataclasses import replace
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
from alive_scene.actors import Camera, creature, look_at, napping_cat, orbit, portrait, stir
from alive_scene.alive import AliveScene, in_a_line, joined, thumbnail_sheet, thumbnails_of, typed
from alive_scene.behavior import MarkovBehavior, PrincipalSpace, pull, soft_clip
from alive_scene.browser import (
    export_html,
    page_game,
    page_origin,
    page_runtime,
    page_wishes,
    page_words,
)
from alive_scene.catalogue import add_scene, farthest_points, gallery_page, vetted
from alive_scene.clip import (
    ClipEncoder,
    best_device,
    checked_frames,
    checked_seed,
    encode_scene,
    load_model,
    load_tokenizer,
    load_weights,
    repeatable,
    training_of,
)
from alive_scene.codec import (
    PackedFrames,
    pack_frames,
    packed_planes,
    unpack_frames,
)
from alive_scene.command import main
from alive_scene.ethogram import (
    bouts,
    clip_sheet,
    cluster_states,
    filmed,
    imagined,
    jump_page,
    labels_of,
    plot_ethogram,
    read_labels,
    state_table,
    transition_counts,
    under_film,
    write_events,
    write_table,
)
from alive_scene.explorer import MapExplorer
from alive_scene.film import FilmGenerator
from alive_scene.flow import Motions, between, flow, flow_colors, sharpness
from alive_scene.gallery import (
    cluster_client,
    find_videos,
    fit_gallery,
    plan_jobs,
    run_stage,
    video_digest,
)
from alive_scene.generator import BaseGenerator, SirenGenerator, paired, train_timed
from alive_scene.graphs import export_onnx, scene_graphs, text_graph
from alive_scene.long_video import Piece, covering_stretches, fit_long, split_video, watch_piece
from alive_scene.maps import MapPlace
from alive_scene.morph import MorphGenerator
from alive_scene.nerf import Mesh, SceneField, render_view, surface, write_mesh
from alive_scene.path import as_embeddings, densify, motions, nearest, unit_vectors
from alive_scene.peers import FlowBehavior, LinearSystem, PeerState, VideoTexture
from alive_scene.plan import affinity, balance, plan, sparse_plan
from alive_scene.player import (
    AlivePlayer,
    Hearing,
    LiveRollout,
    named_wishes,
    within_reach,
)
from alive_scene.reader import read_scene
from alive_scene.reel import backward_messages, loop, resized, seam, write_film
from alive_scene.rollout import Force, Life, advance, cure, multiplied, rollout, starting_point
from alive_scene.scene import Scene, side_by_side, write_atomic, write_video
from alive_scene.segments import contact_sheet, read_segment, skim, survey, warn_lifeless
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import BehaviorModel, VaeBehavior, VaeState, bce_loss, mse_loss
from alive_scene.views import Views, hull_of, orbited, rays_of, read_views, stage_of, stratified
from alive_scene.vitals import TARGETS, missing, plot_vital_signs, response, vital_signs
from alive_scene.wish import Need, Wish, drag_scores, encoder_of, large, moved, text_scores, wander

pytestmark = pytest.mark.filterwarnings("ignore")
WORKS = ""  # in the last column: it must work


def gradient(time=6, height=48, width=64):
    "Frames that differ, redder to the right, greener downward."
    frames = np.zeros((time, height, width, 3), np.uint8)
    frames[..., 0] = np.linspace(0, 255, width)
    frames[..., 1] = np.linspace(0, 255, height)[:, None]
    frames[..., 2] = (np.arange(time) * 240 // max(1, time - 1))[:, None, None]
    return frames


def walk(time, embed, seed=0):
    return F.normalize(
        torch.randn(time, embed, generator=torch.Generator().manual_seed(seed)).cumsum(0) + 3, dim=1
    )


frames = gradient()
observed = walk(6, 512)
behavior = MarkovBehavior.fit(observed, rounds=2, progress=False)


def thin_fog():
    "A field that is fog of one small density."
    field = SceneField(4, 4, 512, 2, 2)
    with torch.no_grad():
        field.body[3] = -9
    return field


def white_views(count):
    "Three white pictures of each of so many cameras in a ring."
    clip = Scene(np.full((3, 16, 16, 3), 255, np.uint8))
    return Views([clip] * count, orbit(count))


published = VaeBehavior(512).eval()


# How the odd files come about

GIVEN = {}  # {path: what lies there}, of all that a row lays out before it asks


def lies(path):
    "What lies there: a file's bytes, or its kind."
    kind = os.lstat(path).st_mode
    return path.read_bytes() if stat.S_ISREG(kind) else stat.S_IFMT(kind)


def laid(path):
    "Laid out by the row itself; the same must lie there afterwards."
    whole = Path(path).absolute()
    GIVEN[whole] = lies(whole)
    return path


def clip(name="a.mp4"):
    return laid(write_video(frames, name))


def made(name, codec, pixels, frames=frames, source="rgb24", stamps=None, **options):
    "A video of any codec and pixel format; `stamps` are the frames' moments in hundredths."
    import av

    with av.open(name, "w") as file:
        stream = file.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        for t, picture in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(picture, format=source)
            picture.pts, picture.time_base = (
                (t, Fraction(1, 25)) if stamps is None else (stamps[t], Fraction(1, 100))
            )
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    return laid(name)


def empty_of_frames(name):
    import av

    with av.open(name, "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.height = 16
        stream.width = 16
        stream.pix_fmt = "yuv420p"
        file.start_encoding()
        file.mux(stream.encode())
    return laid(name)


def ramp(name="hdr.mp4", **options):
    "A ramp of light in steps that only 10 bits can tell from each other; read back, they are still there."
    import av

    light = (
        np.linspace(0, 65535, 512)
        .astype(np.uint16)[None, None, :, None]
        .repeat(3, 0)
        .repeat(48, 1)
        .repeat(3, 3)
    )
    made(name, pixels="yuv420p10le", frames=light, source="rgb48le", **options)
    with av.open(name) as file:
        plane = next(file.decode(video=0)).planes[0]
    levels = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)[0, :512]
    assert len(set(levels.tolist())) > 300, "no more than 8 bits are in it"
    return name


def rises(scene, least):
    "As many levels as 8 bits can keep, from dark to light."
    row = scene.frames[0][len(scene.frames[0]) // 2].astype(int).sum(1)
    assert (np.diff(row) >= 0).mean() > 0.95 and row[-1] - row[0] > least, row


def clear(seen=0):
    "Frames that are red on the left and, where nothing is to be seen, a hidden blue on the right."
    pictures = np.zeros((4, 48, 64, 4), np.uint8)
    pictures[:, :, :32] = (200, 0, 0, 255)
    pictures[:, :, 32:] = (0, 0, 250, seen)
    for t in range(4):
        pictures[t, :4, 4 * t : 4 * t + 4] = (0, 200, 0, 255)  # or they would be one
    return pictures


def on_white(scene, tolerance=6):
    "The red is there, and white where nothing is to be seen."
    left = scene.frames[:, :, 4 : scene.frames.shape[2] // 2 - 8]
    right = scene.frames[:, :, scene.frames.shape[2] // 2 + 8 :]
    assert (
        abs(left.mean((0, 1, 2)) - (200, 0, 0)).max() < tolerance and right.min() > 255 - tolerance
    ), (left.mean((0, 1, 2)), right.mean((0, 1, 2)))
    return scene


def animated(name, pictures, mode="RGB", **options):
    first, *more = (Image.fromarray(picture).convert(mode) for picture in pictures)
    first.save(name, save_all=True, append_images=more, duration=80, **options)
    return laid(name)


def renamed(name):
    os.replace(write_video(frames, "a.mp4"), name)
    return laid(name)


def written(name, data=b""):
    Path(name).write_bytes(data)
    return laid(name)


def pictured(name, mode, size, *color):
    Image.new(mode, size, *color).save(name)
    return laid(name)


def folder(name):
    os.mkdir(name)
    return laid(name)


def linked(name):
    os.symlink(name, name)
    return laid(name)


def piped(name):
    os.mkfifo(name)
    return laid(name)


def listening(name):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(name)
    return laid(name)


def saved(alive, name="b.alive"):
    return laid(alive.save(name))


def turned(turns):
    "A square video, white at its left, that says how it wants to be turned: (a, b) of the matrix."
    picture = np.zeros((4, 64, 64, 3), np.uint8)
    picture[:, :, :16] = 255
    path = write_video(picture, "turned.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = b"".join(
        int(v).to_bytes(4, "big", signed=True)
        for v in (*turns, 0, -turns[1], turns[0], 0, 0, 0, 1 << 30)
    )
    return written("turned.mp4", data)


def shape(scene, *expected):
    assert scene.frames.shape == expected, scene.frames.shape


def looks(scene, tolerance=12):
    "Still the gradient, in its middle square?"
    wanted = frames[:, :, 8:56].astype(float).mean((1, 2))
    assert np.abs(scene.frames.astype(float).mean((1, 2)) - wanted).max() < tolerance
    return scene


def dot(time):
    "A clip of one pixel."
    return Scene(np.arange(time * 3, dtype=np.uint8).reshape(time, 1, 1, 3))


def photo():
    Image.fromarray(frames[0]).save("a.png")
    return laid("a.png")


def with_alpha():
    "Frames with a fourth channel."
    return np.concatenate([frames, frames[..., :1]], 3)


def full(name):
    "A folder with something in it."
    folder(name)
    written(f"{name}/a.txt", b"here first")
    return name


def stretches(states):
    "The bouts of a letter a frame."
    return bouts(filmed(Scene(frames[: len(states)]), observed[: len(states)], states))


def labelled(data):
    return read_labels(written("a.csv", data), Scene(frames))


def sheet(columns):
    return contact_sheet(Scene(frames), survey(Scene(frames)), columns)


@contextlib.contextmanager
def nobody():
    "A folder that another user owns; whoever is root becomes nobody for a while."
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if root:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


@contextlib.contextmanager
def untouched(place):
    "Whatever happens, what lies in that folder afterwards is what lay there."
    before = {path: lies(path) for path in place.iterdir()}
    try:
        yield
    finally:
        assert {path: lies(path) for path in place.iterdir()} == before, (
            "something was left or changed"
        )


def secret(call, name="secret.mp4"):
    "A file that may not be read."
    with tempfile.TemporaryDirectory() as place, untouched(Path(place)):
        path = write_video(frames, Path(place) / name)
        os.chmod(place, 0o755)
        os.chmod(path, 0)
        try:
            with nobody():
                call(path)
        finally:
            os.remove(path)


def forbidden(call):
    "A folder that may not be written to."
    with nobody() as place, untouched(place):
        if os.geteuid() != 65534:
            os.chmod(place, 0o555)
        try:
            call(place)
        finally:
            if os.geteuid() != 65534:
                os.chmod(place, 0o755)


def asked(*words):
    "The command; what it says in one sentence becomes the error."
    import io

    said = io.StringIO()
    with (
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    if status:
        raise ValueError(said.getvalue().strip().splitlines()[-1])


def entered(path, error=None):
    "Write a file, whole or not at all."
    with write_atomic(path) as temporary:
        temporary.write_text("half of it")
        if error:
            raise error
    assert laid(path).read_text() == "half of it"


def stepped(state, one):
    rng = [torch.Generator().manual_seed(row) for row in range(len(state.embedding))]
    return one.step(state, 1.0, one.draw(rng, 1.0))


def advanced(temperature=1.0, curing=0.1, **more):
    "One step from the first frame."
    born = Life.begin(behavior, observed[:1], [0])
    asked = dict(temperature=temperature, curing=curing, **more)
    return advance(born, behavior, observed, **asked).state.embedding


def small():
    "What a wish asks of a scene: six embeddings, what moves them, the encoder's name."
    scene = Scene(napping_cat(6, 64).frames)
    return AliveScene(scene, observed, None, behavior)


def asked_of(alive, **message):
    life = Life.begin(alive.behavior, alive.embeddings[:1], [0])
    return Hearing(alive, {}).hear(message, life)


def neutral(wish):
    assert wish(0, 1.0) is None, "it wishes something"


def lived(*wishes):
    path = rollout(behavior, observed, 20, wishes=wishes)
    assert path.isfinite().all()


def forced(target, curing=0.1, scene=observed):
    "A rollout that a force takes to that place at once."
    return rollout(
        VideoTexture.fit(observed),
        scene,
        3,
        curing=curing,
        wishes=[Force(lambda embedding, index: target - embedding)],
    )


def same(one, other):
    assert torch.allclose(one, other, atol=1e-5), (one, other)


def chanced(seed):
    with repeatable(seed):
        return torch.rand(3)


class Hesitant(MarkovBehavior):
    "Asks of its data, so that no graph can hold it."

    def step(self, state, temperature, noise, wish=None):
        return super().step(state, temperature, noise) if noise["latent"].sum() > 0 else state


def hesitant(alive):
    behavior = Hesitant(**alive.behavior.config)
    behavior.load_state_dict(alive.behavior.state_dict())
    return replace(alive, behavior=behavior)


def trained_for(seconds):
    train_timed(
        lambda: torch.zeros(()),
        None,
        seconds=seconds,
        steps=None,
        start=0.0,
        progress=False,
        after_step=print,
    )


def standing(alive):
    "Where an embedding of a scene that stands still lies."
    still = replace(alive, embeddings=alive.embeddings[:1].expand(9, -1))
    facts = MapPlace(still.embeddings).facts(still.embeddings[:2], still.embeddings[0])
    assert all(np.isfinite([*fact["at"], fact["pace"], fact["far"]]).all() for fact in facts)


def before_it_began(player):
    "What was seen begins where the life began."
    assert isinstance(player.live, LiveRollout)
    player.advance(3)
    player.live.back_to(-5)
    assert (player.live.index, len(player.live.kept)) == (0, 1)
    return player.advance(2)


class Unlike(VideoTexture):
    kind = "unlike"


def nearly(time, embed):
    "As many frames as nothing can store."
    return Scene(np.zeros((time, 1, 1, 3), np.uint8))


def net(**sizes):
    return siren.Siren(**{"in_dim": 2, "hidden_dim": 8, **sizes})


def trained(values, **options):
    model = net()
    return siren.train(
        model,
        torch.optim.Adam(model.parameters()),
        siren.pixel_grid(4, 4),
        values,
        **{"nb_epochs": 2, "progress": False, **options},
    )


def lasts(scene, seconds, pictures):
    "It lasts as long as the file, and each picture of the file is in it."
    assert isclose(len(scene) / scene.fps, seconds, rel_tol=0.03), len(scene) / scene.fps
    assert len(set(scene.indices)) == pictures
    return scene


# The table: what is given, what is called, the words of the refusal

VIDEOS = [
    ("no frame in it", lambda: read_scene(empty_of_frames("a.mkv")), "can be read|no frame"),
    (
        "frames at uneven moments",
        lambda: lasts(
            read_scene(made("a.mkv", "ffv1", "yuv420p", stamps=[0, 1, 30, 31, 95, 100])), 1.02, 6
        ),
        WORKS,
    ),
    (
        "turned upside down",
        lambda: (
            lambda f: f[:, -16:].mean() > 200 > 20 > f[:, :64].mean() or pytest.fail("not turned")
        )(read_scene(turned((-65536, 0))).frames[0].astype(float)),
        WORKS,
    ),
    (
        "turned to the left",
        lambda: (lambda f: f[-16:].mean() > 200 > 20 > f[:64].mean() or pytest.fail("not turned"))(
            read_scene(turned((0, -65536))).frames[0].astype(float)
        ),
        WORKS,
    ),
    (
        "one pixel",
        lambda: shape(read_scene(pictured("a.png", "RGB", (1, 1), "red")), 1, 128, 128, 3),
        WORKS,
    ),
    (
        "one pixel that moves",
        lambda: shape(read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :1, :1])), 6, 128, 128, 3),
        WORKS,
    ),
    (
        "a row of pixels",
        lambda: shape(read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :1])), 6, 128, 228, 3),
        WORKS,
    ),
    (
        "8K",
        lambda: shape(
            read_scene(
                made("a.mp4", "mpeg4", "yuv420p", np.zeros((2, 4320, 7680, 3), np.uint8)), size=64
            ),
            2,
            64,
            114,
            3,
        ),
        WORKS,
    ),
    (
        "an 8K photograph",
        lambda: shape(
            read_scene(pictured("a.jpg", "RGB", (7680, 4320)), crop="none", size=90), 1, 90, 160, 3
        ),
        WORKS,
    ),
    (
        "10 bits, HDR",
        lambda: rises(
            read_scene(
                ramp(
                    codec="libx265",
                    **{
                        "x265-params": "log-level=none:colorprim=bt2020:"
                        "transfer=smpte2084:colormatrix=bt2020nc"
                    },
                ),
                crop="none",
                size=48,
            ),
            500,
        ),
        WORKS,
    ),
    ("10 bits", lambda: rises(read_scene(ramp(codec="libx264"), crop="none", size=48), 600), WORKS),
    ("8 bits as 10", lambda: looks(read_scene(made("a.mp4", "libx264", "yuv420p10le"))), WORKS),
    (
        "4:2:2 and 4:4:4",
        lambda: [looks(read_scene(made(f"{p}.mp4", "libx264", p))) for p in ("yuv422p", "yuv444p")],
        WORKS,
    ),
    (
        "with alpha, all to be seen",
        lambda: looks(read_scene(made("a.mov", "qtrle", "argb"))),
        WORKS,
    ),
    (
        "transparent, as a MOV",
        lambda: on_white(
            read_scene(made("a.mov", "qtrle", "argb", clear(), "rgba"), crop="none", size=48)
        ),
        WORKS,
    ),
    (
        "transparent, as an MKV",
        lambda: on_white(
            read_scene(made("a.mkv", "ffv1", "bgra", clear(), "rgba"), crop="none", size=48)
        ),
        WORKS,
    ),
    (
        "transparent, in 10 bits",
        lambda: on_white(
            read_scene(
                made("a.mov", "prores_ks", "yuva444p10le", clear(), "rgba"), crop="none", size=48
            )
        ),
        WORKS,
    ),
    (
        "half transparent",
        lambda: (
            read_scene(made("a.mkv", "ffv1", "bgra", clear(128), "rgba"), crop="none", size=48)
            .frames[0, 9, 60]
            .tolist()
            == [127, 127, 252]
            or pytest.fail("not laid on white")
        ),
        WORKS,
    ),
    (
        "an animated WebP",
        lambda: shape(looks(read_scene(animated("a.webp", frames, lossless=True))), 6, 128, 171, 3),
        WORKS,
    ),
    (
        "an animated PNG",
        lambda: shape(looks(read_scene(animated("a.png", frames))), 6, 128, 171, 3),
        WORKS,
    ),
    (
        "a transparent animated WebP",
        lambda: shape(
            on_white(
                read_scene(
                    animated("a.webp", clear(), "RGBA", lossless=True, exact=True),
                    crop="none",
                    size=48,
                )
            ),
            4,
            48,
            64,
            3,
        ),
        WORKS,
    ),
    (
        "a transparent animated PNG",
        lambda: shape(
            on_white(read_scene(animated("a.png", clear(), "RGBA"), crop="none", size=48)),
            4,
            48,
            64,
            3,
        ),
        WORKS,
    ),
    (
        "a transparent GIF",
        lambda: shape(
            on_white(
                read_scene(animated("a.gif", clear(), "RGBA", disposal=2), crop="none", size=48)
            ),
            4,
            48,
            64,
            3,
        ),
        WORKS,
    ),
    (
        "odd sides",
        lambda: shape(
            read_scene(made("a.mkv", "ffv1", "bgr0", frames[:, :47, :61]), crop="none", size=47),
            6,
            47,
            61,
            3,
        ),
        WORKS,
    ),
    (
        "900 million pixels in a thumbnail's room",
        lambda: read_scene(written("a.png", Image.new("1", (30000, 30000))._repr_png_())),
        "can be read.*limit",
    ),
    (
        "sound only",
        lambda: read_scene(
            written(
                "a.wav",
                b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0D\xac\0\0\x88X\1\0\2\0\x10\0data\0\0\0\0",
            )
        ),
        "can be read",
    ),
    (
        "a program in PostScript",
        lambda: read_scene(
            written(
                "a.png",
                b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) print\n%%EOF\n",
            )
        ),
        "PostScript",
    ),
    (
        "a playlist of other files",
        lambda: read_scene(
            written("a.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
        ),
        "can be read",
    ),
    (
        "a list that names other files",
        lambda: read_scene(written("a.mp4", b"ffconcat version 1.0\nfile /etc/hostname\n")),
        "can be read",
    ),
    ("zeros", lambda: read_scene(written("a.mp4", bytes(100_000))), "can be read"),
    (
        "noise",
        lambda: read_scene(written("a.webm", np.random.default_rng(0).bytes(100_000))),
        "can be read",
    ),
]

NAMES = [
    (
        "unicode, spaces and marks",
        lambda: looks(read_scene(renamed("naïve 猫 100% [1] 'x' & <b>.mp4"))),
        WORKS,
    ),
    ("like a pattern", lambda: looks(read_scene(renamed("all*.mp4"))), WORKS),
    ("like an option", lambda: looks(read_scene(renamed("-i.mp4"))), WORKS),
    (
        "like an address",
        lambda: [
            looks(read_scene(renamed(n)))
            for n in ("pipe:0", "http:a.mp4", "concat:b|c.mp4", "imageio:a.mp4", "file:a.mp4")
        ],
        WORKS,
    ),
    ("a line break", lambda: looks(read_scene(renamed("a\nb.mp4"))), WORKS),
    ("250 letters, written", lambda: write_video(frames, "ä" * 120 + ".gif"), WORKS),
    ("300 letters", lambda: read_scene("x" * 300 + ".mp4"), "too long"),
    ("300 letters, written", lambda: write_video(frames, "x" * 300 + ".gif"), "too long"),
    ("a zero byte", lambda: read_scene("a\0.mp4"), "check the name"),
    ("a zero byte, written", lambda: write_video(frames, "a\0.gif"), "leave out the zero byte"),
    ("a folder, to write to", lambda: write_video(frames, folder("a.gif")), "is a folder"),
    ("a folder, to write a text to", lambda: entered(folder("a.txt")), "is a folder"),
    ("a folder that isn't there, to write into", lambda: entered("no/a.txt"), "no folder no"),
    ("a file, written", lambda: entered(Path("a.txt")), WORKS),
    (
        "a file, half written",
        lambda: entered(written("a.txt"), ValueError("give up: a.txt")),
        "give up",
    ),
    (
        "a file, half written on a full disk",
        lambda: entered(written("a.txt"), OSError(28, "No space left on device")),
        r"a\.txt.*No space left.*make room",
    ),
    ("a pipe", lambda: read_scene(piped("a.mp4")), "pipe"),
    ("a device", lambda: read_scene("/dev/zero"), "device"),
    ("a socket", lambda: read_scene(listening("a.mp4")), "pipe or a device"),
    ("a link to itself", lambda: read_scene(linked("a.mp4")), "check the name"),
    ("what may not be read", lambda: secret(read_scene), "secret.mp4 may not be read.*allow it"),
    (
        "where nothing may be written",
        lambda: forbidden(lambda place: write_video(frames, place / "a.gif")),
        "a.gif can't be written.*denied.*allow it",
    ),
    (
        "where no scene may be written",
        lambda alive: forbidden(lambda place: alive.save(place / "a.alive")),
        "a.alive can't be written.*denied.*allow it",
    ),
    (
        "a scene that may not be read",
        lambda: secret(AliveScene.load),
        "secret.mp4 may not be read.*allow it",
    ),
    ("bytes", lambda: read_scene(b"a.mp4"), "str or a Path"),
    ("a pipe as a scene", lambda: AliveScene.load(piped("a.alive")), "no scene file a.alive"),
    ("a folder as a scene", lambda: AliveScene.load("."), "no scene file"),
    ("a video as a scene", lambda: AliveScene.load(clip()), "not a whole .alive"),
    ("a folder, to save to", lambda alive: alive.save(folder("a.alive")), "is a folder"),
    (
        "a pipe as weights",
        lambda: ClipEncoder("alive-tiny", checkpoint=piped("a.pt")),
        "no checkpoint file a.pt",
    ),
]

NUMBERS = [
    ("size of a word", lambda: read_scene(clip(), size="big"), "whole number"),
    ("size and a half", lambda: read_scene(clip(), size=20.5), "whole number"),
    ("size without end", lambda: read_scene(clip(), size=10**6), "at most 8192"),
    ("half a frame", lambda: read_scene(clip(), max_frames=2.5), "whole number"),
    ("a rate of NaN", lambda: read_scene(clip(), fps=nan), "fps must be above 0"),
    ("an endless rate", lambda: read_scene(clip(), fps=inf), "fps must be above 0"),
    ("a rate in letters", lambda: read_scene(clip(), fps="12"), "fps must be above 0"),
    ("a rate below all", lambda: shape(read_scene(clip(), fps=1e-9), 1, 128, 171, 3), WORKS),
    ("a start at NaN", lambda: read_scene(clip(), start=nan), "start must be"),
    ("a start at the end of time", lambda: read_scene(clip(), start=inf), "start must be"),
    ("a start in 30 years", lambda: read_scene(clip(), start=9.9e8), "earlier start|can be read"),
    ("a stop at NaN", lambda: read_scene(clip(), stop=nan), "later than start"),
    ("a scene without end of frames", lambda: Scene(frames, inf), "finite"),
    ("a scene's rate in letters", lambda: Scene(frames, "12"), "fps must be above 0"),
    (
        "a state that is a number",
        lambda: Scene(frames, states={"mood": 3}),
        "mood must have one entry",
    ),
    ("a GIF that lasts a year", lambda: write_video(frames, "a.gif", fps=1e-7), "can't hold"),
    ("an MP4 that lasts a year", lambda: write_video(frames, "a.mp4", fps=1e-7), "can't hold"),
    (
        "a picture too wide for WebP",
        lambda: write_video(np.zeros((1, 2, 20_000, 3), np.uint8), "a.webp"),
        "can't hold",
    ),
    (
        "a picture too wide for GIF",
        lambda: write_video(np.zeros((1, 2, 70_000, 3), np.uint8), "a.gif"),
        "can't hold",
    ),
    (
        "a picture too wide for MP4",
        lambda: write_video(np.zeros((1, 2, 70_000, 3), np.uint8), "a.mp4"),
        "a.mp4 can't hold it.*smaller frames",
    ),
    (
        "one pixel as MP4",
        lambda: shape(read_scene(write_video(frames[:, :1, :1], "a.mp4")), 6, 128, 128, 3),
        WORKS,
    ),
    ("no cat", lambda: napping_cat(0), "frames must be a whole number, at least 1"),
    ("a picture of grey, stirred", lambda: stir(frames[0, ..., 0]), "uint8"),
    (
        "a picture of 1 x 1, stirred",
        lambda: shape(stir(dot(1).frames[0], 3, 16), 3, 16, 16, 3),
        WORKS,
    ),
    ("a picture that is none, stirred", lambda: stir(written("a.png", b"no")), "can be read"),
    ("no frame of a picture", lambda: stir(frames[0], 0), "frames must be a whole number"),
    ("a clip, stirred", lambda: shape(stir(clip(), 3, 48), 3, 48, 64, 3), WORKS),
    ("a scene of 1 x 1 pixels, surveyed", lambda: survey(dot(40)), WORKS),
    ("a scene of one frame, surveyed", lambda: survey(Scene(frames[:1])), WORKS),
    ("a scene of two frames, surveyed", lambda: warn_lifeless(Scene(frames[:2])), WORKS),
    ("no frame to keep", lambda: survey(Scene(frames), most=0), "most must be a whole number"),
    ("a sheet of no columns", lambda: sheet(columns=0), "columns must be at least 1"),
    ("a sheet wider than its pictures", lambda: sheet(columns=99), WORKS),
    ("a clip of a few frames, for a segment", lambda: read_segment(clip()), WORKS),
    ("a segment of a still picture", lambda: read_segment(photo()), "--stir"),
    ("a segment that begins in letters", lambda: read_segment(clip(), start="1"), "start must be"),
    ("half a pixel to skim", lambda: skim(clip(), size=0.5), "size must be"),
    ("a command of nothing", lambda: typed() == "" or pytest.fail(), WORKS),
    ("less than no cat", lambda: napping_cat(-1), "frames must be a whole number, at least 1"),
    ("half a cat", lambda: napping_cat(2.5), "frames must be a whole number, at least 1"),
    (
        "a cat without end",
        lambda: napping_cat(3, 10**6),
        "size must be a whole number.*at most 8192",
    ),
    (
        "a cat of luck below 0",
        lambda: napping_cat(3, 16, seed=-1),
        "seed must be a whole number, at least 0",
    ),
    (
        "a portrait of half a seed",
        lambda: portrait(3, 16, seed=0.5),
        "seed must be a whole number, at least 0",
    ),
    ("a portrait of no size", lambda: portrait(3, 0), "size must be a whole number, at least 1"),
    ("a word beside a word", lambda: side_by_side("cat", "dog"), "uint8"),
    (
        "a device that isn't there",
        lambda: ClipEncoder("untrained", device="toaster"),
        "no device 'toaster'",
    ),
    (
        "a frame of one pixel",
        lambda: ClipEncoder("untrained").encode_frames(frames[:1, :1, :1]),
        WORKS,
    ),
    (
        "a text of 10,000 words, one of none, one of signs",
        lambda: ClipEncoder("untrained").encode_text(["cat " * 10_000, "", "🐈\0\n<b>"]),
        WORKS,
    ),
    (
        "an endless embedding, mapped",
        lambda: maps.embedding_map(observed * inf, "pca"),
        "NaN or infinity",
    ),
    ("a NaN on a map", lambda: maps.plot_map(observed[:, :2] * nan), "NaN or infinity"),
    ("nearness of NaN", lambda: maps.recurrence(observed, nan), "threshold"),
    ("a horizon beyond the clip", lambda: maps.crossings(observed, horizon=9), "at least 11"),
    ("flow of one frame", lambda: flow(frames[0], frames[1]), "a single one needs"),
    ("flow of floats", lambda: flow(frames / 255, frames / 255), "uint8"),
    ("flow to fewer frames", lambda: flow(frames, frames[:2]), "of one shape"),
    ("flow of no frames", lambda: flow(frames[:0], frames[:0]), WORKS),
    ("motions of floats", lambda: Motions(frames / 255), "uint8"),
    ("motions of no frames", lambda: Motions(frames[:0]), "1 frame and 1 key"),
    ("motions of a pixel", lambda: Motions(frames[:, :1, :1]).moved((0, 0), 1), WORKS),
    ("flow of a pixel", lambda: flow(frames[:, :1, :1], frames[:, :1, :1]), WORKS),
    (
        "a moment before the first",
        lambda: between(frames[:1], frames[1:2], -0.1),
        "from 0 to 1",
    ),
    ("a moment that is none", lambda: between(frames[:1], frames[1:2], nan), "from 0 to 1"),
    ("the colors of no motion", lambda: flow_colors(flow(frames[:1], frames[:1])), WORKS),
    ("colors up to NaN", lambda: flow_colors(flow(frames[:1], frames[1:2]), nan), "above 0"),
    ("sharpness of fewer", lambda: sharpness(frames[:1], frames), "as many drawn as filmed"),
    ("sharpness of nothing", lambda: sharpness(frames[:0], frames[:0]), "one by one"),
    ("packing a single picture", lambda: pack_frames(frames[0]), "frames must be uint8"),
    ("packing nothing", lambda: pack_frames(frames[:0]), "frames must be uint8"),
    ("packing floats", lambda: pack_frames(frames / 255), "frames must be uint8"),
    ("packing with no step", lambda: pack_frames(frames, 0), "step must be above 0"),
    ("packing with a step of NaN", lambda: pack_frames(frames, nan), "step must be above 0"),
    ("packing into a byte", lambda: pack_frames(frames, most=1), "hold no picture"),
    ("packing one frame", lambda: unpack_frames(pack_frames(frames[:1])), WORKS),
    (
        "unpacking another code",
        lambda: unpack_frames(PackedFrames(torch.ones(2, 1), torch.ones(9).byte(), 1.0, 8, 8)),
        "damaged",
    ),
    (
        "unpacking a code that holds more",
        lambda: packed_planes(replace(pack_frames(frames), height=8)),
        "damaged",
    ),
    (
        "a morph of one frame",
        lambda: MorphGenerator.fit(frames[:1], observed[:1]),
        "at least two frames",
    ),
    (
        "a morph of frames without their embeddings",
        lambda: MorphGenerator.fit(frames, observed[:2]),
        "each frame needs its embedding",
    ),
    (
        "a mended network of one frame",
        lambda: FilmGenerator.fit(frames[:1], observed[:1]),
        "at least two frames",
    ),
    (
        "a mended network in no time",
        lambda: FilmGenerator.fit(frames, observed, seconds=0),
        "seconds must be above 0",
    ),
    ("a camera without a place", lambda: Camera(np.eye(3)), "matrix of 4 × 4 numbers"),
    ("a camera of a scale of its own", lambda: Camera(2 * np.eye(4)), "to one scale"),
    ("a lens of no length", lambda: Camera(np.eye(4), 0.0), "focal must be from 0.05"),
    ("a camera that looks straight down", lambda: look_at((0, 3, 0), (0, 0, 0)), "upright"),
    ("an orbit of nobody", lambda: orbit(0), "at least one camera"),
    ("a creature that nobody films", lambda: creature(2, 16, cameras=[]), "at least one camera"),
    ("half a frame of a creature", lambda: creature(1.5), "frames must be a whole number"),
    ("clips without their cameras", lambda: Views([Scene(frames)], []), "needs its camera"),
    (
        "cameras out of step",
        lambda: Views([Scene(frames), Scene(frames[:1])], orbit(2)),
        "of one length and size",
    ),
    (
        "a folder that doesn't say where its cameras stood",
        lambda: read_views("."),
        "where each camera stood",
    ),
    ("a stage of one camera", lambda: stage_of(white_views(1)), "a field needs parallax"),
    ("a hull of nothing", lambda: hull_of(white_views(3)), "don't agree on one body"),
    (
        "a ray in no slices",
        lambda: stratified(torch.zeros(1), torch.ones(1), 0),
        "at least one sample",
    ),
    (
        "an orbit of NaN degrees",
        lambda: orbited(orbit(1)[0], torch.zeros(3), torch.ones(3), nan),
        "must be numbers of degrees",
    ),
    (
        "a field of no samples",
        lambda: SceneField(4, 4, 8, 2, 2, samples=0),
        "1 to 1,024 samples",
    ),
    (
        "a field of one camera's frames",
        lambda: SceneField.fit(frames, observed),
        "a field needs parallax",
    ),
    (
        "a field without its embeddings",
        lambda: SceneField.fit(white_views(4), observed[:2]),
        "each moment needs its embedding",
    ),
    ("a view that is no camera", lambda: rays_of("front", 2, 2), "a view is a Camera"),
    (
        "a view of no pixels",
        lambda: render_view(SceneField(4, 4, 512, 2, 2), observed[0], height=0),
        "from 1 to 2,048 pixels",
    ),
    (
        "the surface of fog",
        lambda: surface(thin_fog(), observed[0]),
        "nothing solid is there",
    ),
    (
        "a surface in too many cells",
        lambda: surface(SceneField(4, 4, 512, 2, 2), observed[0], cells=10_000),
        "cells must be from 8 to 512",
    ),
    (
        "a mesh of another kind",
        lambda: write_mesh(Mesh(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((0, 3))), "a.obj"),
        "must end in .ply or .glb",
    ),
    (
        "a picture from elsewhere, of a scene that has one view",
        lambda alive: alive.render(alive.embeddings[:1], view=orbit(1)[0]),
        "has one view",
    ),
    ("less than no pixels", lambda: siren.pixel_grid(-1, 3), "at least one pixel"),
    (
        "an error of NaN",
        lambda: siren.psnr(nan) != siren.psnr(nan) or pytest.fail("NaN passed for perfect"),
        WORKS,
    ),
    ("an error below 0", lambda: siren.psnr(-1e-9), "0 or more"),
    ("an endless error", lambda: siren.psnr(inf) == -inf or pytest.fail("not the worst"), WORKS),
    ("one channel for three", lambda: trained(torch.rand(16, 1)), r"must be that, got \(16, 1\)"),
    ("values of another picture", lambda: trained(torch.rand(9, 3)), r"must be that, got \(9, 3\)"),
    (
        "minus one step, drawn",
        lambda: StrokeGenerator.fit(frames, observed, steps=-1, progress=False),
        "at least 1",
    ),
    (
        "no steps, published",
        lambda: SirenGenerator.fit(frames, observed, steps=0, progress=False),
        "at least 1",
    ),
    (
        "minus one step, published",
        lambda: SirenGenerator.fit(frames, observed, steps=-1, progress=False),
        "at least 1",
    ),
    (
        "no seconds",
        lambda: SirenGenerator.fit(frames, observed, seconds=0, progress=False),
        "seconds must be above 0",
    ),
    (
        "seconds backward",
        lambda: SirenGenerator.fit(frames, observed, seconds=-1, progress=False),
        "seconds must be above 0",
    ),
    (
        "seconds of NaN",
        lambda: SirenGenerator.fit(frames, observed, seconds=nan, progress=False),
        "seconds must be above 0",
    ),
    (
        "seconds without end",
        lambda: SirenGenerator.fit(frames, observed, seconds=inf, progress=False),
        "seconds must be above 0",
    ),
    (
        "nothing to draw",
        lambda: (
            StrokeGenerator.fit(frames, observed, progress=False).render(observed[:0]).shape
            == (0, 48, 64, 3)
            or pytest.fail("not empty")
        ),
        WORKS,
    ),
    (
        "a random walk of unit vectors",
        lambda: rollout(MarkovBehavior.fit(walk(9, 3), rounds=2, progress=False), walk(9, 3), 50),
        WORKS,
    ),
    (
        "fewer rounds than none",
        lambda: rollout(MarkovBehavior.fit(observed, rounds=-1, progress=False), observed, 5),
        WORKS,
    ),
    (
        "another encoder's scene",
        lambda: rollout(behavior, walk(6, 768), 5),
        "fitted to embeddings of 512 numbers, these have 768",
    ),
    (
        "another encoder's scene, published",
        lambda: rollout(VaeBehavior(24), observed, 5),
        "fitted to embeddings of 24",
    ),
    (
        "another encoder's scene, textured",
        lambda: rollout(VideoTexture(6, 24), observed, 5),
        "fitted to embeddings of 24",
    ),
    (
        "another encoder's path",
        lambda: vital_signs(walk(50, 768), observed),
        r"one rollout \(steps, 512\)",
    ),
    (
        "resumed from another encoder",
        lambda: VaeBehavior.fit(observed, resume=VaeBehavior(8), epochs=1, progress=False),
        "8 numbers, got 512",
    ),
    (
        "another encoder's start",
        lambda alive: alive.rollout(3, start=torch.ones(768)),
        "768 numbers",
    ),
    ("another encoder's path, drawn", lambda alive: alive.render(walk(2, 768)), "have 512 numbers"),
    ("no seed", lambda: rollout(behavior, observed, 3, seed=[]), "empty list"),
    (
        "a seed beyond 64 bits",
        lambda: rollout(behavior, observed, 3, seed=2**70),
        "seed must be.*smaller",
    ),
    (
        "a seed beyond 64 bits, among others",
        lambda: rollout(behavior, observed, 3, seed=[1, 2**70]),
        "seed must be.*smaller",
    ),
    (
        "a seed beyond 64 bits, learned from",
        lambda: AliveScene.fit(Scene(frames), seed=2**70, progress=False),
        "seed must be.*smaller",
    ),
    (
        "a seed beyond 32 bits, mapped",
        lambda: maps.embedding_map(observed, "tsne", seed=2**32),
        "seed must be",
    ),
    ("a seed below 0", lambda: rollout(behavior, observed, 3, seed=-1), WORKS),
    ("a seed beyond 64 bits, checked", lambda: checked_seed(2**64), "seed must be.*smaller"),
    ("the largest seeds, checked", lambda: [checked_seed(s) for s in (2**64 - 1, -(2**63))], WORKS),
    ("a seed of NaN, checked", lambda: checked_seed(nan), "seed must be"),
    ("a seed beyond 64 bits, alone", lambda: chanced(2**70), "seed must be.*smaller"),
    ("a seed below 0, alone", lambda: same(chanced(-1), chanced(-1)), WORKS),
    ("three steps and a half", lambda: rollout(behavior, observed, 3.5), "whole number"),
    ("steps in letters", lambda: rollout(behavior, observed, "9"), "whole number"),
    (
        "a start at NaN, imagined",
        lambda: rollout(behavior, observed, 3, start=nan),
        "start must be a frame",
    ),
    ("a scene as an array of numpy", lambda: rollout(behavior, observed.numpy(), 3), WORKS),
    (
        "cured from another size",
        lambda: rollout(behavior, observed, 3, start=observed[0, :9]),
        "start has 9 numbers, the scene's embeddings have 512",
    ),
    ("cured toward nothing", lambda: rollout(behavior, observed[:0], 3), "observed has 0 frame"),
    (
        "cured toward one embedding",
        lambda: rollout(behavior, observed[0], 3),
        r"observed must be \(time, embed\)",
    ),
    (
        "cured by more than all",
        lambda: rollout(behavior, observed, 3, curing=1.1),
        "curing must be None, or between 0 and 1",
    ),
    ("cured by all", lambda: same(cure(observed + 1e-4, observed, 1.0), observed), WORKS),
    (
        "a force to NaN",
        lambda: forced(observed[0] * nan),
        r"at step 0 the path left for infinity: lower temperature \(1.0\) or set curing",
    ),
    (
        "a force to infinity, raw",
        lambda: forced(observed[0] * inf, curing=None),
        r"at step 0 the path left for infinity: lower temperature \(1.0\) or set curing",
    ),
    (
        "a force to nowhere",
        lambda: forced(0 * observed[0], curing=0.0),
        "at step 0 the prediction is zero or opposite.*no direction: change curing or start",
    ),
    (
        "a force to the other side of the sphere",
        lambda: forced(-observed[0], curing=0.5, scene=observed[:1]),
        "at step 0 the prediction is zero or opposite.*no direction: change curing or start",
    ),
    ("nothing, and what is nearest", lambda: nearest(observed[:0], observed).shape == (0,), WORKS),
    ("one step, cured by all", lambda: same(cure(advanced(), observed, 1), advanced(1, 1)), WORKS),
    ("one step without heat", lambda: same(advanced(0, None), observed[:1]), WORKS),
    (
        "one step, wished to nowhere more than elsewhere",
        lambda: same(advanced(wishes=[lambda index, heat: torch.full((1, 12), 1e-30)]), advanced()),
        WORKS,
    ),
    (
        "a hundred odds",
        lambda: multiplied([torch.tensor([[1e-30, 1e30]])] * 100).isfinite().all() or 1 / 0,
        WORKS,
    ),
    ("a wish in no words", lambda: Wish.text(small(), "  "), "1 to 1,000 characters, got 2"),
    (
        "a wish in 10,000 characters",
        lambda: Wish.text(small(), "asleep " * 1429),
        "1 to 1,000 characters, got 10003: say it in a sentence",
    ),
    ("a wish that is a number", lambda: Wish.text(small(), 7), "is a string, got 7"),
    ("a wish whose opposite is empty", lambda: Wish.text(small(), "a", [""]), "1 to 1,000"),
    ("a wish in another script", lambda: neutral(Wish.text(small(), "猫が寝ている 🐈 قطة")), WORKS),
    (
        "a wish in markup",
        lambda: neutral(Wish.text(small(), "<script>alert(1)</script><b>\0")),
        WORKS,
    ),
    ("scores of NaN", lambda: Wish.state(small(), [nan] * 6), "6 finite numbers, one a frame"),
    ("scores of too few", lambda: Wish.state(small(), [1.0]), "6 finite numbers.*got 1"),
    ("scores that are all alike", lambda: neutral(Wish.state(small(), [3.0] * 6)), WORKS),
    (
        "scores as large as they come",
        lambda: lived(Wish.state(small(), [3e38, *[-3e38] * 5])),
        WORKS,
    ),
    (
        "a wish of strength NaN",
        lambda: Wish.state(small(), range(6), strength=nan),
        "strength must be from -100 to 100, got nan",
    ),
    (
        "a wish that fades at once",
        lambda: Wish.state(small(), range(6), half_life=0),
        "half_life must be above 0 seconds, or None",
    ),
    (
        "a wish before the start",
        lambda: Wish.state(small(), range(6), onset=-1),
        "onset must be 0 seconds or more",
    ),
    ("no frames marked", lambda: Wish.frames(small(), []), "like is empty: mark one frame"),
    ("a frame marked that isn't", lambda: Wish.frames(small(), 6), "from 0 to 5, got 6"),
    ("half a frame marked", lambda: Wish.frames(small(), [0.5]), "from 0 to 5, got 0.5"),
    ("a picture without color", lambda: Wish.picture(small(), np.zeros((9, 9), np.uint8)), "shape"),
    (
        "a picture of floats",
        lambda: Wish.picture(small(), np.zeros((9, 9, 3))),
        "frames must be uint8",
    ),
    (
        "a drag from outside",
        lambda: drag_scores(frames, (1.2, 0), (0, 0.1)),
        r"the point \(1.2, 0\) lies outside the picture",
    ),
    ("a drag to NaN", lambda: drag_scores(frames, (0, 0), (nan, 0.1)), "finite, in -1..1"),
    ("a drag of three", lambda: drag_scores(frames, (0, 0, 0), (0, 0.1)), "a drag is"),
    ("a drag in no frame", lambda: drag_scores(frames, (0, 0), (0, 0.1), 99), "frame must be from"),
    (
        "a drag by nothing",
        lambda: neutral(Wish.drag(small(), (0, 0), (0, 0), frames=frames)),
        WORKS,
    ),
    ("a drag at the very corner", lambda: moved(frames, (1, 1), 0), WORKS),
    (
        "a hundred wishes at once",
        lambda: lived(*[Wish.state(small(), range(6), 9.0)] * 100),
        WORKS,
    ),
    (
        "a hundred wishes as one",
        lambda: lived(sum([Wish.state(small(), range(6), 100)] * 99, Wish.frames(small(), 1))),
        WORKS,
    ),
    (
        "words to no encoder",
        lambda: text_scores(observed, "no such", "a cat"),
        "open_clip knows no model 'no such': choose another",
    ),
    ("no encoder at all", lambda: encoder_of("no such"), "choose another"),
    ("a character without needs", lambda: wander(small(), {}, 9), "a character has needs"),
    (
        "a need that rises at once",
        lambda: Need(Wish.frames(small(), 1), 0, 1),
        "rises and falls in more than 0 seconds",
    ),
    ("no life at all", lambda: Life.begin(behavior, observed[:0], []), WORKS),
    (
        "a space of NaN",
        lambda: PrincipalSpace.of(observed * nan, 2, 8, 0),
        "embeddings .* hold NaN or infinity",
    ),
    (
        "a space of one frame",
        lambda: PrincipalSpace.of(observed[:1], 2, 8, 0),
        "at least 2 are needed",
    ),
    (
        "a space of one direction",
        lambda: same(
            PrincipalSpace.of(observed[:2], 2, 8, 0).restore(torch.zeros(1, 2)).norm(),
            torch.ones(()),
        ),
        WORKS,
    ),
    (
        "a scene that stands still, planned",
        lambda: plan(torch.zeros(4, 3), 0.08).isfinite().all() or pytest.fail(),
        WORKS,
    ),
    (
        "two frames, planned",
        lambda: balance(sum(affinity(observed[:2])), 50).isfinite().all() or pytest.fail(),
        WORKS,
    ),
    (
        "no motion, pulled and clipped",
        lambda: same(pull(soft_clip(torch.zeros(2, 3))), torch.zeros(2, 3)),
        WORKS,
    ),
    (
        "an endless motion, clipped",
        lambda: soft_clip(torch.full((1, 2), 1e18)).norm() <= 3.0001 or pytest.fail(),
        WORKS,
    ),
    (
        "another encoder's path, drawn in batches",
        lambda: SirenGenerator(4, 4, 9).render(observed),
        "must have 9 numbers a row, got 512",
    ),
    (
        "a NaN, drawn in batches",
        lambda: BaseGenerator.render(SirenGenerator(4, 4), observed * nan),
        "embeddings .* hold NaN or infinity",
    ),
    ("frames of one pixel, small", lambda: thumbnail_sheet(frames[:, :1, :1]), WORKS),
    (
        "an error without words",
        lambda: in_a_line(IndexError()) == "IndexError" or pytest.fail(),
        WORKS,
    ),
    (
        "what is no part, registered",
        lambda: AliveScene.register("odd", object),
        "must be a class and a torch.nn.Module",
    ),
    (
        "a part that lacks all, registered",
        lambda: AliveScene.register("line", torch.nn.Linear),
        "Linear is no generator: it lacks kind, colors, render, fit",
    ),
    (
        "under another name, registered",
        lambda: AliveScene.register("odd", Unlike),
        "Unlike.kind is 'unlike', not 'odd'",
    ),
    (
        "under a name of the kit, registered",
        lambda: AliveScene.register("texture", VideoTexture),
        "'texture' is a kind of the kit's own: choose another",
    ),
    (
        "a behavior that nobody registered",
        lambda: AliveScene.fit(Scene(frames), behavior="unlike", progress=False),
        "there is no behavior called 'unlike'; there are: 'alive', 'vae'",
    ),
    (
        "a generator that nobody registered",
        lambda: AliveScene.fit(Scene(frames), generator="gan", progress=False),
        "there is no generator called 'gan'; there are: 'film', 'morph', 'nerf', 'patch', 'siren'",
    ),
    (
        "a part that nobody registered, saved",
        lambda alive: replace(alive, behavior=Unlike(40, 512)).save("a.alive"),
        "Unlike, of the kind 'unlike', could not be loaded again",
    ),
    (
        "a temperature beyond the slider",
        lambda: within_reach(5, temperature=3.01, curing=0, seed=0, start=0),
        "temperature must be from 0 to 3, got 3.01",
    ),
    (
        "a curing of NaN, within reach",
        lambda: within_reach(5, temperature=1, curing=nan, seed=0, start=0),
        "curing must be from 0 to 1",
    ),
    (
        "a frame beyond the last, within reach",
        lambda: within_reach(5, temperature=1, curing=0, seed=0, start=6),
        "start must be from 0 to 5",
    ),
    ("a scene that stands still, placed", lambda alive: standing(alive), WORKS),
    ("back to before it began", lambda alive: before_it_began(AlivePlayer(alive)), WORKS),
    ("embeddings of a word", lambda: as_embeddings("a"), "must be numbers.*encode_scene"),
    ("embeddings too short", lambda: as_embeddings(observed, embed=9), "have 9 numbers a row"),
    ("vectors too long", lambda: unit_vectors(2 * observed), "must be unit vectors"),
    ("frames without theirs", lambda: paired(frames, observed[:1]), "each frame needs its"),
    ("a start too short", lambda: starting_point(observed[0, :9], observed), "has 9 numbers"),
    ("small pictures of others", lambda: thumbnails_of(thumbnail_sheet(frames), 99), "don't fit"),
    (
        "a wish by name that is a number",
        lambda alive: named_wishes(alive, {"a": 3}),
        "wishes by name are",
    ),
    ("an unknown wish", lambda alive: asked_of(alive, kind="wish", name="b"), "no wish called 'b'"),
    (
        "a drag to NaN, in a player",
        lambda alive: asked_of(alive, kind="drag", at=[0, 0], by=[nan, 0]),
        "a drag is",
    ),
    (
        "a page of a wish of another scene",
        lambda alive: page_wishes(alive, {"other": Wish.frames(small(), 1)}),
        "of a scene of 6 frames",
    ),
    (
        "graphs in a folder that isn't there",
        lambda alive: export_onnx(alive, "no/where"),
        "there is no folder",
    ),
    ("a game about nothing", lambda alive: page_game(alive, "asleep"), "a game's goal is"),
    (
        "a game of a scene without states",
        lambda: page_game(small(), "less ear"),
        "there is none: give wishes",
    ),
    (
        "sentences in a page, by another encoder",
        lambda alive: page_words(replace(alive, encoder="ViT-B-32/openai")),
        "give the sentences as wishes",
    ),
    ("a text tower nobody knows", lambda: text_graph("nobody"), "give the sentences as wishes"),
    ("the frames of a wish", lambda: large(small()), WORKS),
    ("a step that asks, as a graph", lambda alive: scene_graphs(hesitant(alive)), "in a page"),
    ("a folder without the program", lambda: page_runtime(Path.cwd()), "npm pack"),
    ("no seconds, by the clock", lambda: trained_for(0), "seconds must be above 0"),
    ("no seconds' end, by the clock", lambda: trained_for(inf), "seconds must be above 0"),
    ("frames of a word, seen", lambda: checked_frames("a"), "frames"),
    ("a model nobody knows", lambda: load_model("nobody"), "nobody"),
    ("a training nobody knows", lambda: training_of("ViT-B-32/nobody"), "no weights 'nobody'"),
    (
        "words for a model nobody knows",
        lambda: load_tokenizer("nobody", "local-dir:nowhere"),
        "nobody",
    ),
    (
        "weights of a word",
        lambda: load_weights("ViT-B-32", Path(written("a.safetensors", b"hello")), {}),
        "a.safetensors",
    ),
    (
        "temperatures below 0",
        lambda: response(behavior, observed, temperatures=[-1, 1], steps=10),
        "temperature must be 0 or more",
    ),
    (
        "a path of a word",
        lambda: motions(np.array([["a", "b"]])),
        "embeddings must be numbers.*encode_scene",
    ),
    ("a path of nothing", lambda: densify(None), "embeddings must be numbers.*encode_scene"),
    (
        "a map of a word",
        lambda: maps.embedding_map(["a", "b"], "pca"),
        "embeddings must be numbers.*encode_scene",
    ),
    (
        "a word, drawn",
        lambda alive: alive.render("cat"),
        "embeddings must be numbers.*encode_scene",
    ),
    (
        "a path beside another, plotted",
        lambda: plot_vital_signs(walk(50, 768), observed),
        r"one rollout \(steps, 512\)",
    ),
    (
        "a path of NaN, plotted",
        lambda: plot_vital_signs(walk(50, 512) * nan, observed),
        "path holds NaN",
    ),
    (
        "signs that nobody could tell",
        lambda: (
            missing(dict.fromkeys(TARGETS, nan)) == list(TARGETS)
            or pytest.fail("NaN passed for alive")
        ),
        WORKS,
    ),
    ("a loop of no time", lambda alive: loop(alive, 0), "seconds of a loop must be above 0"),
    ("a loop of NaN", lambda alive: loop(alive, nan), "seconds of a loop must be above 0"),
    ("a loop of a word", lambda alive: loop(alive, "4"), "seconds of a loop must be above 0"),
    ("a loop longer than sense", lambda alive: loop(alive, 1e7), "give from .* nobody waits"),
    ("a loop of a blink", lambda alive: loop(alive, 0.1), "give from"),
    ("a loop without heat", lambda alive: loop(alive, 4, temperature=0), "temperature of a loop"),
    ("a loop at NaN", lambda alive: loop(alive, 4, temperature=nan), "temperature of a loop"),
    ("a loop from nowhere", lambda alive: loop(alive, 4, start=999), "start must be a frame"),
    ("a loop, cured too much", lambda alive: loop(alive, 4, curing=2), "curing must be"),
    ("a loop on its frames", lambda alive: loop(alive, 4, curing=1.0), WORKS),
    ("a loop, raw", lambda alive: loop(alive, 4, curing=None), WORKS),
    ("a hot loop", lambda alive: loop(alive, 4, temperature=50.0), WORKS),
    (
        "a loop of what has no plan",
        lambda alive: loop(replace(alive, behavior=published), 4),
        "fit with behavior='alive'",
    ),
    ("no videos to join", lambda: joined([]), "no videos"),
    (
        "videos of two shapes",
        lambda: joined([Scene(frames), Scene(frames[:, :, ::2])]),
        "one shape and rate",
    ),
    (
        "paths of two videos, for a texture",
        lambda: AliveScene.learn(
            Scene(np.concatenate([frames, frames])),
            [observed, observed],
            behavior="texture",
            progress=False,
        ),
        "learns from one video",
    ),
    (
        "a path of one frame beside another",
        lambda: MarkovBehavior.fit([observed, observed[:1]]),
        "2",
    ),
    (
        "a sparse plan of what stands still",
        lambda: sparse_plan(torch.zeros(6, 3), 0.08, [3, 3])[1].isfinite().all() or pytest.fail(),
        WORKS,
    ),
    ("a folder of videos that is not there", lambda: find_videos("no"), "there is no folder no"),
    ("a folder of no video", lambda: find_videos(folder("a")), "a holds no video"),
    ("the digest of nothing", lambda: video_digest("no.mp4"), "there is no video no.mp4"),
    ("a gallery of a folder that is not there", lambda: fit_gallery("no", "out"), "there is no"),
    ("a gallery, colored", lambda: fit_gallery([clip()], "out", colour=1), "no option colour"),
    ("a gallery hardly vetted", lambda: fit_gallery([clip()], "out", vet=1), "vet must be"),
    ("a scene hardly vetted", lambda: vetted(small(), 3), "vet must be a whole number"),
    ("a scene outside", lambda: add_scene(small(), "out", "../a"), "name must be of letters"),
    ("a scene in the page's place", lambda: add_scene(small(), "out", "index"), "none of index"),
    (
        "a cluster that is nowhere",
        lambda: cluster_client("nowhere://1").__enter__(),
        "no scheduler answers at nowhere",
    ),
    ("a gallery by nobody", lambda: fit_gallery([clip()], "out", workers=0), "workers and ahead"),
    (
        "a job of an encoder",
        lambda: plan_jobs([clip()], "out", encoder=5),
        "encoder must be a name",
    ),
    ("a job of nothing", lambda: plan_jobs(["no.mp4"], "out"), WORKS),
    (
        "a stage that there isn't",
        lambda: run_stage(plan_jobs([clip()], "out")[0][0], "sing"),
        "stage must be one of watch",
    ),
    ("pieces of nothing", lambda: split_video("no.mp4", "."), "there is no video no.mp4"),
    ("pieces of no length", lambda: split_video(clip(), ".", 0), "seconds must be above 0"),
    ("pieces of a text", lambda: split_video(written("a.mp4"), "."), "can't be cut into pieces"),
    ("a piece that is none", lambda: watch_piece(written("a.mp4")), r"a\.mp4"),
    (
        "stretches of a blink",
        lambda: covering_stretches([Piece("a", observed[:4], ((0, 4),))]),
        "give a longer video",
    ),
    ("one long nothing", lambda: fit_long("no.mp4", workers=1), "there is no video no.mp4"),
    ("a wall of nothing", lambda: gallery_page(folder("a")), "a holds no scene"),
    ("no point to choose", lambda: farthest_points(observed[:0], 3), "points must be"),
    ("no points chosen", lambda: farthest_points(observed, 0), "count at least 1"),
    (
        "a scene learned by nothing known",
        lambda: AliveScene.learn(Scene(frames), observed, generator="cloud", progress=False),
        "there is no generator called 'cloud'",
    ),
    (
        "a scene learned from NaN",
        lambda: AliveScene.learn(Scene(frames), observed * nan, progress=False),
        "NaN|finite",
    ),
    ("the seam of two frames", lambda: seam(frames[:2]), "points must be at least 5"),
    ("the seam of a still film", lambda: seam(np.zeros((9, 4))), "points stand still"),
    (
        "messages of a chain that ends",
        lambda: backward_messages(
            torch.tensor([[0], [1]]), torch.zeros(2, 1), 3, torch.tensor([0])
        ),
        WORKS,
    ),
    ("a film for a typewriter", lambda: write_film(frames, "a.doc"), "name must end in .avif"),
    ("a film of nothing", lambda: write_film(frames[:0], "a.mp4"), "frames must not be empty"),
    ("a film of fractions", lambda: write_film(frames / 255, "a.mp4"), "frames must be uint8"),
    ("a film of a word", lambda: write_film("cat", "a.mp4"), "frames must be uint8"),
    ("a film at no rate", lambda: write_film(frames, "a.webm", fps=0), "fps must be above 0"),
    ("a film at NaN", lambda: write_film(frames, "a.mov", fps=nan), "fps must be above 0"),
    ("a film of a dot", lambda: write_film(frames, "a.mp4", size=1), "size must be"),
    ("a huge film", lambda: write_film(frames, "a.mp4", size=10**6), "size must be"),
    ("frames of half a pixel", lambda: resized(frames, 99.5), "size must be a whole number"),
    ("a film of an odd size", lambda: write_film(frames[:, :47, :63], "a.webm"), WORKS),
    ("alpha in an MP4", lambda: write_film(with_alpha(), "a.mp4"), "keeps no soft alpha"),
    ("alpha in a GIF", lambda: write_film(with_alpha(), "a.gif"), "keeps no soft alpha"),
    ("alpha in a JPEG", lambda: write_film(with_alpha(), "a_%d.jpg"), "keeps no alpha"),
    ("a GIF for nothing", lambda: write_film(frames, "a.gif", megabytes=0), "megabytes must be"),
    ("a GIF of NaN", lambda: write_film(frames, "a.gif", megabytes=nan), "megabytes must be"),
    (
        "a GIF too small to be",
        lambda: write_film(np.tile(frames, (1, 2, 2, 1)), "a.gif", megabytes=1e-4),
        "give more megabytes",
    ),
    ("a film into a full folder", lambda: write_film(frames, full("shots")), "choose a new folder"),
    ("a film into no folder", lambda: write_film(frames, "no/where/a.webm"), "make it first"),
    ("a sequence into no folder", lambda: write_film(frames, "no/where/shots"), "make it first"),
    ("a pattern of no number", lambda: write_film(frames, "a%.png"), "must hold one number"),
    ("a pattern of two", lambda: write_film(frames, "a%d_%d.png"), "must hold one number"),
    ("a pattern for a typewriter", lambda: write_film(frames, "a%d.doc"), "must end in .png"),
    ("a palette of one color", lambda: write_video(frames, "a.gif", colors=1), "colors must be"),
    (
        "states of another length",
        lambda: filmed(Scene(frames), observed, ["a"] * 5),
        "states must be one a frame",
    ),
    (
        "a life of another size",
        lambda: imagined(Scene(frames), observed, ["a"] * 6, walk(5, 9)),
        "path must be one rollout",
    ),
    (
        "a life of no steps",
        lambda: imagined(Scene(frames), observed, ["a"] * 6, observed[:0]),
        "path must be one rollout",
    ),
    ("a table of nothing", lambda: state_table([], ["a"]), "give those of a record"),
    ("one state only", lambda: state_table(stretches("aaaaaa"), ["a", "b"]), WORKS),
    ("a state without a name", lambda: transition_counts("ab", ["a"]), "names must hold"),
    ("labels of nobody", lambda: read_labels("a.csv", Scene(frames)), "check the name"),
    ("empty labels", lambda: labelled(b""), "holds no labels"),
    ("labels of a header", lambda: labelled(b"state\n"), "holds no labels"),
    ("labels of noise", lambda: labelled(bytes(range(256))), "save it as text"),
    ("labels of another column", lambda: labelled(b"mood\ncalm\n"), "one must be `state`"),
    ("labels of another length", lambda: labelled(b"state\na\nb\n"), "2 labels.*6 frames"),
    ("labels without a word", lambda: labelled(b"frame,state\n0,\n"), "row 1 has no state"),
    ("labels of other frames", lambda: labelled(b"frame,state\n99,a\n"), "names no frame"),
    ("labels of half frames", lambda: labelled(b"frame,state\n1.5,a\n"), "whole numbers"),
    ("a short row of labels", lambda: labelled(b"frame,state\n1\n"), "row 1 has no state"),
    ("a lasso outside", lambda: labels_of({"a": [9]}, 6), "frame 9"),
    ("two lassos on one frame", lambda: labels_of({"a": [1], "b": [1]}, 6), "choose one"),
    ("no rows", lambda: write_table([], "a.csv"), "nothing to write"),
    ("one cluster", lambda: cluster_states(observed, 1), "count must be from 2"),
    ("more clusters than frames", lambda: cluster_states(observed, 7), "count must be from 2"),
    ("half a cluster", lambda: cluster_states(observed, 2.5), "count must be from 2"),
    ("bands of nothing", lambda: plot_ethogram([], ["a"]), "records must hold one"),
    ("a band of another length", lambda: under_film(frames, ["a"], ["a"]), "one a frame"),
    (
        "a sheet of what never was",
        lambda: clip_sheet(frames, stretches("aaabbb"), "c"),
        "'c' never occurs .*choose a state",
    ),
    (
        "a film of another kind",
        lambda: jump_page(
            "a.avi", filmed(Scene(frames), observed, list("aaabbb")), ["a"], "a.html"
        ),
        "a film is NAME.mp4.*got 'a.avi'",
    ),
    (
        "no film to jump in",
        lambda: jump_page(
            "a.mp4", filmed(Scene(frames), observed, list("aaabbb")), ["a"], "a.html"
        ),
        "there is no film a.mp4",
    ),
    ("no events", lambda: write_events([], "a.boris", "a.mp4", 25), "there are no bouts"),
    ("events at no rate", lambda: write_events(stretches("aab"), "a.csv", "a.mp4", 0), "fps must"),
    ("events, elsewhere", lambda: write_events(stretches("aab"), "a.xls", "a.mp4", 9), "NAME.csv"),
    ("no signs", lambda: missing({"speed": 1.0}), "signs must be what vital_signs says, coverage"),
    (
        "three steps, answered",
        lambda: response(behavior, observed, steps=3),
        "steps must be at least 4",
    ),
    (
        "four frames, flowing",
        lambda: rollout(FlowBehavior.fit(walk(4, 9), rounds=1, progress=False), walk(4, 9), 5),
        WORKS,
    ),
    (
        "two frames, a linear system",
        lambda: LinearSystem.fit(observed[:2]),
        "at least 3 are needed",
    ),
    (
        "three frames, a linear system",
        lambda: rollout(LinearSystem.fit(walk(3, 9)), walk(3, 9), 5),
        WORKS,
    ),
    (
        "a feedback of more than all",
        lambda: LinearSystem.fit(observed, feedback=1.5),
        "a share of the way",
    ),
    (
        "a texture without a sigma",
        lambda: VideoTexture.fit(observed, sigma=0),
        "sigma must be above 0",
    ),
    (
        "a texture that fades backward",
        lambda: VideoTexture.fit(observed, fade=-1),
        "0 or more frames",
    ),
    (
        "a texture that fades for longer than the clip",
        lambda: rollout(VideoTexture.fit(observed, fade=99, apart=99), observed, 50),
        WORKS,
    ),
    (
        "three frames, flowing",
        lambda: FlowBehavior.fit(observed[:3], progress=False),
        "at least 4 are needed",
    ),
    (
        "another encoder's embedding, moved",
        lambda: BehaviorModel(8)(observed),
        "8 numbers, got 512: set input_dim",
    ),
    (
        "another encoder's state, moved",
        lambda: response(VaeBehavior(8).eval(), observed, steps=10),
        "fitted to embeddings of 8 numbers, these have 512",
    ),
    (
        "a state, moved backward",
        lambda: rollout(behavior, observed, 1, temperature=-1),
        "temperature must be 0 or more",
    ),
    (
        "two states, moved at once",
        lambda: same(
            stepped(VaeState(observed[:2]), published).embedding[:1],
            stepped(VaeState(observed[:1]), published).embedding,
        ),
        WORKS,
    ),
    (
        "a state at the end of time",
        lambda: (
            stepped(PeerState(observed[-1:], torch.tensor([[5, 5, 0]])), VideoTexture.fit(observed))
            .embedding.isfinite()
            .all()
            or pytest.fail()
        ),
        WORKS,
    ),
    (
        "motions of two shapes",
        lambda: mse_loss(observed, observed[0], observed, observed),
        "output and target must have one shape",
    ),
    (
        "motions of two shapes, squeezed",
        lambda: bce_loss(observed, observed[:, :3], observed, observed),
        "output and target must have one shape",
    ),
    (
        "a motion over 1, squeezed",
        lambda: bce_loss(observed * 9, observed, observed, observed),
        "within -1..1",
    ),
    (
        "a motion of NaN, squeezed",
        lambda: bce_loss(observed * nan, observed, observed, observed),
        "within -1..1",
    ),
    (
        "more frames than can be stored",
        lambda: AliveScene.fit(nearly(16384, 8), progress=False),
        "16384 frames.*max_frames, at most 16383",
    ),
    (
        "a layer of no width",
        lambda: siren.MLP(in_dim=0),
        "in_dim must be a whole number, at least 1",
    ),
    (
        "a layer of half a width",
        lambda: siren.MLP(hidden_dim=2.5),
        "hidden_dim must be a whole number, at least 1",
    ),
    (
        "a sine without a layer",
        lambda: net(hidden_dim=0),
        "hidden_dim must be a whole number, at least 1",
    ),
    ("a sine that stands still", lambda: net(w0=0), "w0 must be above 0"),
    ("a sine of NaN", lambda: siren.SineLayer(nan), "w0 must be above 0"),
    ("a sine without end", lambda: siren.SineLayer(inf), "w0 must be above 0"),
    (
        "a picture of two rows and a half",
        lambda: siren.pixel_grid(2.5, 3),
        "height and width must be whole",
    ),
    (
        "a picture of a row of words",
        lambda: siren.pixel_grid("2", 3),
        "height and width must be whole",
    ),
    (
        "as many waves as there are numbers for",
        lambda: (
            siren.positional_encoding(siren.pixel_grid(2, 2), 127).isfinite().all()
            or pytest.fail("overflow")
        ),
        WORKS,
    ),
    (
        "more waves than there are numbers for",
        lambda: siren.positional_encoding(siren.pixel_grid(2, 2), 128),
        "take fewer frequencies",
    ),
    (
        "waves of half a number",
        lambda: siren.positional_encoding(siren.pixel_grid(2, 2), 2.5),
        "frequencies must be whole",
    ),
    (
        "waves on NaN",
        lambda: siren.positional_encoding(siren.pixel_grid(2, 2), base=nan),
        "smaller base",
    ),
    (
        "no waves for a generator",
        lambda: SirenGenerator(4, 4, frequencies=0),
        "at least one frequency",
    ),
    (
        "a moving map of 31 pixels",
        lambda: maps.animate_map(observed[:, :2], size=31),
        "size must be at least 32",
    ),
    (
        "a moving map that stands",
        lambda: maps.animate_map(observed[:, :2], fps=0),
        "fps must be above 0",
    ),
    (
        "no nearness, plotted",
        lambda: maps.plot_recurrence(observed, 0),
        "threshold must be above 0",
    ),
    ("any device", lambda: torch.zeros(1, device=best_device()), WORKS),
    (
        "no frames at a time",
        lambda: encode_scene(Scene(frames), ClipEncoder("untrained"), batch=0),
        "batch must be at least 1",
    ),
    (
        "less than no pictures on a map",
        lambda: maps.plot_map(observed[:, :2], Scene(frames), pictures=-1),
        "pictures must be 0 or more",
    ),
    (
        "a moving map of half a pixel",
        lambda: maps.animate_map(observed[:, :2], size=40.5),
        "size must be at least 32",
    ),
    (
        "a seed beyond 64 bits, drawn from",
        lambda: SirenGenerator.fit(frames, observed, steps=1, seed=2**70, progress=False),
        "seed must be.*smaller",
    ),
    (
        "a seed beyond 64 bits, moved from",
        lambda: VaeBehavior.fit(observed, seed=2**70, epochs=1, progress=False),
        "seed must be.*smaller",
    ),
    (
        "a model of nothing",
        lambda: BehaviorModel(8, -1),
        "latent_dim must be a whole number, at least 1",
    ),
    ("two points and a half", lambda: densify(observed, points=2.5), "points must be at least 2"),
    (
        "clips that overlap",
        lambda: side_by_side(Scene(frames), Scene(frames), gap=-1),
        "a gap of 0 or more",
    ),
    ("nothing beside nothing", lambda: side_by_side(), "scenes of one height"),
    ("embeddings of whole numbers", lambda: densify(np.eye(3, dtype=int), points=5), WORKS),
    (
        "one frame to learn from",
        lambda: AliveScene.fit(Scene(frames[:1]), steps=1, progress=False),
        "at least 2 are needed",
    ),
    ("an array for a scene", lambda: AliveScene.fit(frames, steps=1, progress=False), "Scene"),
    ("an array to encode", lambda: encode_scene(frames, ClipEncoder("untrained")), "takes a Scene"),
    ("no steps to live on", lambda alive: AlivePlayer(alive).advance(0), "steps must be 1 or more"),
    (
        "a life from another encoder's embedding",
        lambda alive: AlivePlayer(alive).restart(torch.ones(7)),
        "7 numbers.*use the encoder",
    ),
    (
        "a region of frames that aren't there",
        lambda alive: MapExplorer(alive).compare([999]),
        "indices must be frames from 0 to",
    ),
    (
        "an empty region",
        lambda alive: MapExplorer(alive).compare([]),
        "indices must be frames from 0 to",
    ),
    ("no region to name", lambda alive: MapExplorer(alive).name_region("a"), "draw a lasso"),
    (
        "a map's labels as a picture",
        lambda alive: MapExplorer(alive).save_labels("nowhere/a.csv"),
        "nowhere",
    ),
    (
        "a seed beyond 64 bits, planned from",
        lambda: MarkovBehavior.fit(observed, seed=2**70, progress=False),
        "seed must be.*smaller",
    ),
    (
        "a map that isn't there",
        lambda alive: MapExplorer(alive, method="globe"),
        "'umap', 'tsne' or 'pca'",
    ),
    ("a place of NaN", lambda alive: MapExplorer(alive).go_to(nan, 0), "NaN"),
    ("a player that starts too late", lambda alive: AlivePlayer(alive, start=40), "from 0 to 39"),
    (
        "a page under a file",
        lambda alive: export_html(alive, written("a") + "/a.html"),
        "no folder",
    ),
    ("an origin without its scheme", lambda: page_origin("example.org"), "origin must be like"),
    (
        "a page that hears a file",
        lambda alive: export_html(alive, "a.html", origin="file:///b.html"),
        "origin must be like",
    ),
    ("a title of numbers", lambda alive: export_html(alive, "a.html", title=5), "must be text"),
]

COMMANDS = [
    ("a pipe, fitted", lambda: asked("fit", piped("a.mp4"), "-o", "a.alive"), "pipe"),
    ("a pattern spelled out", lambda: asked("fit", "a.png", "b.png", "-o", "a.alive"), "quotes"),
    ("a picture, fitted", lambda: asked("fit", photo(), "-o", "a.alive"), "--stir"),
    (
        "a part, stirred",
        lambda: asked("fit", photo(), "-o", "a.alive", "--stir", "--stop", 1),
        "--stop",
    ),
    ("a sheet in a document", lambda: asked("look", clip(), "-o", "a.doc"), "contact sheet"),
    ("a sheet in no folder", lambda: asked("look", clip(), "-o", "nowhere/a.png"), "no folder"),
    ("looking at nothing", lambda: asked("look", "nobody.mp4"), "nobody.mp4"),
    (
        "a folder without pictures, fitted",
        lambda: asked("fit", ".", "-o", "a.alive"),
        "holds no picture",
    ),
    (
        "a video, played as a scene",
        lambda: asked("play", clip(), "-o", "b.mp4"),
        "not a whole .alive",
    ),
    (
        "a video, exported as a scene",
        lambda: asked("export", clip(), "-o", "b.html"),
        "not a whole .alive",
    ),
    ("a size in letters", lambda: asked("fit", clip(), "-o", "a.alive", "--size", "big"), "--size"),
    (
        "a rate below 0",
        lambda: asked("fit", clip(), "-o", "a.alive", "--fps", -3),
        "fps must be above 0",
    ),
    (
        "a start at NaN, fitted",
        lambda: asked("fit", clip(), "-o", "a.alive", "--start", "nan"),
        "is no time",
    ),
    (
        "one frame, fitted",
        lambda: asked("fit", clip(), "-o", "a.alive", "--max-frames", 1),
        "at least",
    ),
    (
        "no seconds, fitted",
        lambda: asked("fit", clip(), "-o", "a.alive", "--seconds", -1, "--generator", "siren"),
        "seconds must be above 0",
    ),
    (
        "an endless temperature",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--temperature", "inf"),
        "finite",
    ),
    (
        "less than no steps",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--steps", -1),
        "one frame at least",
    ),
    (
        "no steps to measure",
        lambda alive: asked("vitals", saved(alive), "--steps", -1),
        "steps must be",
    ),
    (
        "a folder that isn't there, before anything is learned",
        lambda: asked("fit", clip(), "-o", "nowhere/a.alive"),
        "no folder nowhere",
    ),
    (
        "two steps, measured",
        lambda alive: asked("vitals", saved(alive), "--steps", 2),
        "at least 4",
    ),
    (
        "a loop of 0 seconds, played",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--loop", "0"),
        "seconds of a loop must be above 0",
    ),
    (
        "a loop of less than nothing, played",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--loop=-1"),
        "is no time: give seconds",
    ),
    (
        "a loop of a day, played",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--loop", "24:00:00"),
        "give from",
    ),
    (
        "a loop that is asked for more",
        lambda alive: asked(
            *("play", saved(alive), "-o", "a.gif", "--loop", "4", "--wish", "frame:3@1s")
        ),
        "leave out --wish",
    ),
    (
        "a GIF of no megabytes",
        lambda alive: asked("play", saved(alive), "-o", "a.gif", "--megabytes", "0"),
        "megabytes must be",
    ),
    (
        "labels of another clip",
        lambda alive: asked(
            *("vitals", saved(alive), "--of", "filmed"),
            *("--labels", written("a.csv", b"state\na\nb\n"), "--csv", "b.csv"),
        ),
        "2 labels.*40 frames",
    ),
    (
        "labels of one state only",
        lambda alive: asked(
            *("vitals", saved(alive), "--of", "both", "--steps", "50", "--states"),
            *("--transitions", "--labels", written("a.csv", b"state\n" + 40 * b"rest\n")),
        ),
        WORKS,
    ),
    (
        "labels and clusters",
        lambda alive: asked(
            *("vitals", saved(alive), "--of", "filmed", "--clusters", "3"),
            *("--labels", written("a.csv", b"state\na\n")),
        ),
        "give one of them",
    ),
    (
        "no clusters",
        lambda alive: asked("vitals", saved(alive), "--of", "filmed", "--clusters", "0"),
        "count must be from 2",
    ),
    (
        "a bout shorter than nothing",
        lambda alive: asked("vitals", saved(alive), "--of", "filmed", "--min-bout", "-1"),
        "--min-bout must be",
    ),
    (
        "events for a typewriter",
        lambda alive: asked("vitals", saved(alive), "--of", "filmed", "--events", "a.doc"),
        "NAME.boris",
    ),
    (
        "sheets of what is imagined",
        lambda alive: asked("vitals", saved(alive), "--sheets", "sheets", "--steps", "50"),
        "choose --of filmed",
    ),
    (
        "another suffix for a page",
        lambda alive: asked("export", saved(alive), "-o", "a.gif"),
        "NAME.html",
    ),
    ("no verb", lambda: asked(), "command"),
    ("a verb that isn't there", lambda: asked("dance"), "invalid choice"),
]

TABLE = VIDEOS + NAMES + NUMBERS + COMMANDS
if os.name == "nt":
    TABLE = VIDEOS + NUMBERS + COMMANDS[1:]  # other names and no pipes there


@pytest.fixture(autouse=True, scope="module")
def quick():
    "imageio collects garbage whenever it closes a video; what is here by now needs no second look."
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def limit(request):
    "Ten minutes: whoever hangs, even in C, ends the tests, and every thread says where it is."
    from _pytest.faulthandler import fault_handler_stderr_fd_key

    faulthandler.dump_traceback_later(
        600, exit=True, file=request.config.stash.get(fault_handler_stderr_fd_key, 2)
    )
    yield
    faulthandler.cancel_dump_traceback_later()


def test_a_hang_in_c_ends_the_tests(tmp_path):
    (tmp_path / "test_hang.py").write_text(
        "import ctypes\n"
        "from test_bad_input import faulthandler, limit\n"
        "later = faulthandler.dump_traceback_later\n"
        "faulthandler.dump_traceback_later = lambda seconds, **more: later(seconds/600, **more)\n"
        "def test_hang(limit): ctypes.PyDLL(None).sleep(600)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_hang.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        env=dict(
            os.environ,
            PYTHONPATH=os.pathsep.join(
                [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
            ),
        ),
    )
    assert ran.returncode == 1 and "Timeout" in ran.stderr and "test_hang" in ran.stderr, (
        ran.stdout + ran.stderr
    )


rooms = [
    importlib.import_module(f"alive_scene.{path.stem}")
    for path in sorted(
        Path(importlib.import_module("alive_scene").__file__).parent.glob("[a-z]*.py")
    )
]
public = {
    name: thing
    for room in rooms
    for name in room.__all__
    if callable(thing := getattr(room, name))
    and typing.get_origin(thing) is None  # the name of a type
    and not getattr(thing, "_is_protocol", False)  # nothing to call
}
# pure formulas and what they are kept in: whoever calls them has been asked already
FORMULAS = {
    *("temporal_components", "wave_basis"),
    *("frame_weights", "moment_of", "best_evenness", "alike_pairs", "common_shape"),
    "trusted_flow",
    *("Survey", "small_grey"),
    *("ConditionalVae", "MarkovState", "draw_place", "move", "there_and_back", "unrolled_loss"),
    *("Puppet", "describe", "as_input", "as_patches", "from_patches", "kl_divergence"),
    *("energy_distance",),
    *(
        "warp",
        "agreement",
        "distance_to_path",
        "project",
        "step_length",
        "matern",
        "whitened_axes",
        "whitening",
        "with_moved",
        "empty_places",
    ),
    *("alikeness", "desirability", "scaled", "transitions", "text_limits"),
    *("front_end", "PlayerCheck"),
    *("jpeg", "with_still", "rounded", "cache_file", "read_cache", "our_open_clip"),
    "texture_cost",
    *("Record", "Bout", "bouts", "smoothed", "source_of", "source_rate", "rows_of", "bout_rows"),
    *("caution", "color_of", "consistency", "entropy_rate", "shuffled_rate", "transition_shares"),
    *("bridge_way", "held"),
    *("Shots", "Stage", "Mesh", "silhouettes", "carve", "explained", "sphere_span", "composite"),
    "cell_numbers",
    *("Job", "Gallery", "Piece", "whole_record", "records", "place_hash", "path_ends", "video_of"),
}


def parameters():
    "What the public functions and methods call what they take."
    for thing in public.values():
        methods = (
            [
                getattr(thing, name)
                for name in vars(thing)
                if not name.startswith("_") or name == "__init__"
            ]
            if inspect.isclass(thing)
            else []
        )
        for one in filter(callable, [thing, *methods]):
            yield from inspect.signature(one).parameters


KNOWN = {
    *parameters(),
    "frame",
    "frames",
    "path",
    "device",
    "NaN",
    "map",
    "prediction",
    "mean squared error",
    "class",
    "PostScript",
    "command",
    "--size",
    "points",
}
FILE = r"[\w.-]\.(gif|mp4|webp|webm|avif|mov|png|csv|boris|alive|html|pt)(?!\w)"
REMEDY = (
    r"must|name a file|invalid int value|at least|at most|needs?\b|are needed|there (is|are)\b"
    r"|can be rolled|choose|give|check|leave|lower|use |ask for|allow|make|take|set |try |set:"
    r"|say|encode|play it|save it|fit it|got |fitted|end in|written as|invalid choice|required"
    r"|later|earlier|from 0 to|it lacks|change|fetch them"
)
RAW = (
    r"null byte|Generic error in an external library$|long long|dtype|NoneType"
    r"|not supported between|unexpected keyword|object is not|\[Errno|Traceback|tensor a \("
    r"|size mismatch"
)


def clear_words(said):
    "One sentence, of our own words, that names what is wrong and says what to do."
    assert len(said) < 900 and "\n" not in said.strip(), f"not one sentence: {said}"
    assert not re.search(RAW, said), f"a library's own words: {said}"
    assert any(
        re.search(rf"(?<!\w){re.escape(name)}s?(?!\w)", said)
        for name in {*KNOWN, *(path.name for path in GIVEN)}
    ) or re.search(FILE, said), f"nothing is named: {said}"
    assert re.search(REMEDY, said), f"nothing to do: {said}"


@pytest.mark.parametrize(
    "said",
    [
        "embedded null byte",
        "Overflow when unpacking long long",
        "could not do it",
        "seed is bad",
        "must be better",
        "size must be\nat least 3",
        "path must be numbers, got dtype('<U1')",
        "[Errno 13] Permission denied: must be path",
    ],
)
def test_words_that_are_not_clear(said):
    with pytest.raises(AssertionError):
        clear_words(said)


@pytest.mark.parametrize("name, call, words", TABLE, ids=[name for name, *_ in TABLE])
def test_bad_or_odd_input(name, call, words, alive, tmp_path, monkeypatch, limit):
    monkeypatch.chdir(tmp_path)
    GIVEN.clear()
    call = call if not call.__code__.co_argcount else lambda inner=call: inner(alive)
    if words:
        with pytest.raises((ValueError, TypeError, OSError), match=words) as told:
            call()
        clear_words(str(told.value))
    else:
        call()
    now = {path: lies(path) for path in tmp_path.rglob("*")}
    assert {path: now.get(path) for path in GIVEN} == GIVEN, "what was given has changed"
    assert not words or now == GIVEN, f"something was left: {set(now) - set(GIVEN)}"
    assert not [path for path in now if path.name[0] == "."], "something half written was left"


def called(code, seen=()):
    "The names that a row's code uses, and those that its helpers here use."
    for name in code.co_names:
        yield name
        helper = globals().get(name)
        if inspect.isfunction(helper) and helper.__module__ == __name__ and name not in seen:
            yield from called(helper.__code__, (*seen, name))
    for inner in code.co_consts:
        if inspect.iscode(inner):
            yield from called(inner, seen)


def test_every_public_function_has_a_row():
    rowed = {
        name for _, call, _ in VIDEOS + NAMES + NUMBERS + COMMANDS for name in called(call.__code__)
    }
    assert len(public) > 30 and FORMULAS < set(public) and not set(public) - rowed - FORMULAS, (
        f"no bad or odd input is tried on {sorted(set(public) - rowed - FORMULAS)}"
    )
    for name in FORMULAS:
        assert not re.search(r"\braises?\b", inspect.getsource(public[name]), re.I), name
    assert "nobody_calls_this" not in rowed and "read_scene" in set(
        called((lambda: looks(read_scene(clip()))).__code__)
    )


def test_the_table_is_long_and_its_rows_have_names():
    names = [name for name, *_ in TABLE]
    assert len(TABLE) >= 60 and len(set(names)) == len(names)


READ_IN_PART = {"mkv", "avi", "webm"}


@pytest.mark.parametrize(
    "suffix, codec, pixels",
    [
        ("mp4", "libx264", "yuv420p"),
        ("mkv", "ffv1", "yuv420p"),
        ("avi", "mpeg4", "yuv420p"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("gif", None, None),
        ("webp", None, None),
        ("png", None, None),
    ],
)
def test_cut_at_a_random_byte(suffix, codec, pixels, tmp_path, monkeypatch, limit):
    """Twenty cuts each: what is left is read, or refused in one sentence.

    A stream can be read as far as it goes; half of a picture, or of an MP4, whose index comes last, can not.
    """
    monkeypatch.chdir(tmp_path)
    name = f"a.{suffix}"
    if codec:
        made(name, codec, pixels)
    elif suffix == "png":
        one, *more = map(Image.fromarray, frames)
        one.save(name, save_all=True, append_images=more)
    else:
        write_video(frames, name)
    assert len(read_scene(name, size=16)) == 6
    data = Path(name).read_bytes()
    read = 0
    for at in np.random.default_rng(0).integers(1, len(data), 20):
        Path(name).write_bytes(data[:at])
        try:
            read += len(read_scene(name, size=16)) > 0
        except ValueError as error:
            assert name in str(error) and "\n" not in str(error)
    assert (
        list(tmp_path.iterdir()) == [tmp_path / name]
        and read < 20
        and (read > 0 or suffix not in READ_IN_PART)
    ), read


# Numbers nobody thought of

numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)
sane = settings(max_examples=60, deadline=None, derandomize=True, database=None)


anything = arrays(np.float32, array_shapes(min_dims=0, max_dims=3, max_side=5), elements=numbers)


def says_it(error):
    assert "\n" not in str(error) and not re.search(RAW, str(error)), error


def is_unit(path):
    return torch.allclose(path.norm(dim=1), torch.ones(len(path)), atol=1e-4)


@st.composite
def unit_paths(draw, least=2, most=12, embed=None):
    "Unit vectors in order; some of them alike."
    time = draw(st.integers(least, most))
    seed = draw(st.integers(0, 2**31))
    path = F.normalize(
        torch.randn(
            time, embed or draw(st.integers(2, 9)), generator=torch.Generator().manual_seed(seed)
        ),
        dim=1,
    )
    return path[
        torch.tensor(draw(st.lists(st.integers(0, time - 1), min_size=time, max_size=time)))
    ]


@sane
@given(anything)
def test_paths_of_any_numbers(path):
    "A sentence, or finite numbers."
    for call in (
        motions,
        lambda e: densify(e, points=7),
        lambda e: maps.embedding_map(e, "pca"),
        maps.recurrence,
        lambda e: maps.crossings(e)["agreement"],
    ):
        try:
            made = call(path)
        except ValueError as error:
            says_it(error)
        else:
            assert made.isfinite().all()


@sane
@given(unit_paths(), st.integers(2, 40), st.floats(0.01, 100))
def test_paths_of_unit_vectors(path, points, threshold):
    "Nothing is refused but what has no direction; unit vectors come out."
    assert torch.equal(motions(path), path[1:] - path[:-1])
    try:
        dense = densify(path, points=points)
    except ValueError as error:
        assert "opposite" in str(error)
    else:
        assert (
            is_unit(dense)
            and len(dense) == points
            and torch.allclose(dense[[0, -1]], path[[0, -1]], atol=1e-5)
        )
    assert maps.embedding_map(path, "pca").isfinite().all()
    same = maps.recurrence(path, threshold)
    assert torch.equal(same, same.T) and same.diagonal().all()


@sane
@given(unit_paths(5, 30), st.floats(0.1, 3), st.integers(1, 3))
def test_crossings_of_any_path(path, threshold, horizon):
    found = maps.crossings(path, threshold, horizon)
    assert len({len(column) for column in found.values()}) == 1
    assert (
        (found["first"] + horizon < len(path)).all()
        and (found["first"] < found["second"]).all()
        and (found["second"] + horizon < len(path)).all()
    )
    assert (found["distance"] <= threshold * (1 + 1e-4)).all() and (
        found["agreement"].abs() <= 1 + 1e-5
    ).all()


@settings(sane, max_examples=10)
@given(
    unit_paths(),
    st.floats(0, 1e6),
    st.one_of(st.none(), st.floats(0, 1)),
    st.integers(-(2**63), 2**63 - 1),
)
def test_behaviors_of_any_unit_vectors(path, temperature, curing, seed):
    "It stays finite and on the sphere, or says that it has no direction or left for infinity."
    for one in (
        MarkovBehavior.fit(path, rounds=1, progress=False),
        VideoTexture.fit(path),
        VaeBehavior.fit(path, epochs=1, points=40, progress=False),
    ):
        try:
            rolled = rollout(one, path, 5, temperature=temperature, curing=curing, seed=seed)
        except ValueError as error:
            assert any(word in str(error) for word in ("infinity", "direction"))
        else:
            assert rolled.isfinite().all() and (curing is None or is_unit(rolled))


@settings(sane, max_examples=40)
@given(unit_paths(2, 24, 5), unit_paths(4, 60, 5))
def test_vital_signs_of_any_paths(observed, path):
    "NaN where there is too little to say; else a finite number, 0 or more."
    try:
        signs = vital_signs(path, observed)
    except ValueError as error:
        assert "stands still" in str(error)
    else:
        assert len(signs) == 7 and all(
            value != value or -1e-6 <= value < inf for value in signs.values()
        ), signs


@settings(sane, max_examples=25)
@given(
    unit_paths(),
    st.lists(st.floats(0, 4), min_size=1, max_size=4),
    st.integers(2, 30),
    st.one_of(st.none(), st.floats(0, 1)),
    st.integers(0, 99),
)
def test_the_response_of_any_path(path, temperatures, steps, curing, seed):
    try:
        told = response(VideoTexture.fit(path), path, temperatures, steps, curing, seed)
    except ValueError as error:
        assert re.search("at least 4|stands still|direction", str(error)), error
    else:
        assert told["temperature"] == temperatures and all(
            0 <= value < inf for key in ("speed", "spread") for value in told[key]
        ), told


shapes = st.tuples(st.integers(1, 5), st.integers(1, 6))  # (batch, embed)


@st.composite
def to_cure(draw):
    "Predictions, most of them of small numbers; observed embeddings; a weight, most often from 0 to 1."
    observed = draw(unit_paths())
    odd = draw(st.integers(0, 9)) == 0
    shape = (draw(st.integers(1, 4)), observed.shape[1])
    return (
        draw(arrays(np.float32, shape, elements=numbers if odd else st.floats(-9, 9, width=32))),
        observed,
        draw(st.floats() if odd else st.floats(0, 1)),
    )


@sane
@given(to_cure())
def test_curing_anything(asked):
    "What a step predicts, a row for each life: cured to unit vectors, or refused by the rollout."
    predicted, observed, weight = asked
    predicted = torch.as_tensor(predicted)
    wishes = [Force(lambda embedding, index: predicted - embedding)]
    lives = range(len(predicted))
    texture = VideoTexture.fit(observed)
    try:
        cured = rollout(texture, observed, 1, curing=weight, seed=lives, wishes=wishes)[:, 0]
    except ValueError as error:
        says_it(error)
        fits = predicted.isfinite().all() and 0 <= weight <= 1
        assert not fits or "direction" in str(error), error
    else:
        assert is_unit(cured) and len(cured) == len(predicted)


@sane
@given(
    shapes.flatmap(
        lambda shape: st.tuples(
            *[arrays(np.float32, shape, elements=st.floats(-2, 2, width=32))] * 4
        )
    )
)
def test_losses_of_any_numbers(given_):
    "By the formulas, from double precision; binary cross-entropy refuses what lies outside -1..1."
    output, target, mean, log_variance = (torch.as_tensor(each) for each in given_)
    o, t, m, v = (each.double() for each in (output, target, mean, log_variance))
    apart = torch.distributions.kl_divergence(
        torch.distributions.Normal(m, (v / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    ).sum()
    assert isclose(
        mse_loss(output, target, mean, log_variance),
        (o - t).square().sum() + apart,
        rel_tol=1e-4,
        abs_tol=1e-3,
    )
    try:
        loss = bce_loss(output, target, mean, log_variance)
    except ValueError as error:
        assert max(o.abs().max(), t.abs().max()) > 1 and "-1..1" in str(error)
    else:
        p = (o + 1) / 2
        q = (t + 1) / 2
        assert max(o.abs().max(), t.abs().max()) <= 1
        assert isclose(
            loss,
            -(q * p.log().clamp(min=-100) + (1 - q) * (1 - p).log().clamp(min=-100)).sum() + apart,
            rel_tol=1e-3,
            abs_tol=1e-2,
        )


@settings(sane, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)), min_size=1, max_size=3
    ),
    st.integers(-1, 5),
    st.booleans(),
)
def test_clips_beside_each_other(sizes, gap, labelled):
    "As long as the shortest, as wide as all; refused if their heights differ."
    scenes = [Scene(np.full((*size, 3), 10 * i, np.uint8)) for i, size in enumerate(sizes)]
    try:
        both = side_by_side(*scenes, labels=["a"] * len(scenes) * labelled, gap=gap)
    except ValueError as error:
        assert len({size[1] for size in sizes}) > 1 or gap < 0, error
    else:
        assert both.frames.shape == (
            min(size[0] for size in sizes),
            sizes[0][1] + 14 * labelled,
            sum(size[2] for size in sizes) + gap * (len(sizes) - 1),
            3,
        )


drawers = [
    StrokeGenerator.fit(gradient(6, 5, 7), walk(6, 5), progress=False),
    SirenGenerator(3, 2, 5, hidden_dim=4),
]


@sane
@given(
    st.one_of(
        anything, arrays(np.float32, st.tuples(st.integers(0, 9), st.just(5)), elements=numbers)
    )
)
def test_drawing_any_numbers(embeddings):
    "Pictures, as many as embeddings; or a sentence, if they are of another size or hold what is no number."
    for drawer in drawers:
        height = drawer.config["height"]
        width = drawer.config["width"]
        try:
            drawn = drawer.render(torch.as_tensor(embeddings))
        except ValueError as error:
            says_it(error)
            assert embeddings.shape[1:] != (5,) or not np.isfinite(embeddings).all(), error
        else:
            assert drawn.dtype == np.uint8 and drawn.shape == (len(embeddings), height, width, 3)


@sane
@given(st.floats())
def test_psnr_of_any_number(mse):
    try:
        decibels = siren.psnr(mse)
    except ValueError:
        assert mse < 0
    else:
        assert (
            isnan(decibels)
            if isnan(mse)
            else decibels == (-inf if mse == inf else inf)
            if mse in (0, inf)
            else isclose(decibels, -10 * log10(mse), abs_tol=1e-9)
        )


@sane
@given(st.integers(-2, 40), st.integers(-2, 40))
def test_pixels_of_any_picture(height, width):
    try:
        grid = siren.pixel_grid(height, width)
    except ValueError:
        assert height < 1 or width < 1
    else:
        assert (
            grid.shape == (height * width, 2)
            and grid.abs().max() < 1
            and torch.allclose(grid, -grid.flip(0), atol=1e-6)
        )
        assert siren.positional_encoding(grid).abs().max() <= 1


@settings(sane, max_examples=10)
@given(
    arrays(
        np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.just(3))
    ),
    st.sampled_from(["gif", "mp4", "webp"]),
    st.floats(0.1, 100),
)
def test_any_small_clip_is_written_and_read(pictures, suffix, fps):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        back = read_scene(write_video(pictures, Path(folder) / f"a.{suffix}", fps), size=16)
        assert len(back) >= 1 and os.listdir(folder) == [f"a.{suffix}"]
