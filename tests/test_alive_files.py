"""Files that are not, or not quite, a scene's.

Each is refused in one sentence that names it, without taking more memory than a scene would, or shown
harmless.
"""

import io
import json
import os
import pickle
import random
import struct
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from alive_scene.alive import FILE_VERSION, AliveScene, rounded, thumbnail_sheet, thumbnails_of
from alive_scene.command import main
from alive_scene.strokes import StrokeGenerator

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import endurance  # noqa: E402, how a process's memory is read

RUN = []


class Harm:
    "Runs when it is unpickled."

    def __reduce__(self):
        return RUN.append, (1,)


@pytest.fixture(scope="module")
def whole(alive, tmp_path_factory):
    return alive.save(tmp_path_factory.mktemp("whole") / "cat.alive").read_bytes()


def most():
    """Bytes: the most memory this process held.

    On Linux since it was told to forget; on Windows nobody counts.
    """
    return 0 if os.name == "nt" else endurance.memory()[1]


def refused(path, says=""):
    "The file is refused in one sentence that names it, soon and in little memory."
    endurance.forget_peak()
    began = time.process_time()
    before = most()
    with pytest.raises(ValueError) as caught:
        AliveScene.load(path)
    said = str(caught.value)
    grown = most() - before
    assert path.name in said and says in said and "\n" not in said and len(said) < 600, said
    assert grown < 3e8 and time.process_time() - began < 20, (
        f"{grown / 1e6:.0f} MB more, {time.process_time() - began:.0f} s"
    )
    return said


@pytest.mark.parametrize(
    "share", [0, 0.00001, 0.0001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.99999]
)
def test_truncated(whole, tmp_path, share):
    path = tmp_path / "half.alive"
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "not a whole .alive file")


def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("scene", content)
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../scene"))
    return file.getvalue()


def with_header(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def declares(shape, kind="F32", until=None):
    size = int(np.prod(shape, dtype=object)) * 4 if until is None else until
    return with_header(
        json.dumps(
            {"embeddings": {"dtype": kind, "shape": shape, "data_offsets": [0, size]}}
        ).encode()
    )


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Harm()),
        zipped(pickle.dumps(Harm())),
        zipped(bytes(50_000_000)),
        tarred(),
        b"\x00" * 1000,
        b"\xff" * 1000,
        b"<html>" * 200,
        declares([2**38]),
        declares([2**62, 2**62], until=16),
        declares([1000, 512], until=4),
        declares([-1]),
        declares([4], "PICKLE"),
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2**64 - 1) + b"{}",
        with_header(b"[" * 200_000),
        with_header(b"{" * 100 + b"\xff\xfe"),
        with_header(b"null"),
        with_header(json.dumps({"__metadata__": {"alive_scene": "[" * 100_000}}).encode()),
        with_header(
            json.dumps(
                {"__metadata__": {"alive_scene": '{"version": ' + "9" * 5000 + "}"}}
            ).encode()
        ),
    ],
    ids=[
        "pickle",
        "torch.save's zip",
        "zip bomb",
        "tar",
        "zeros",
        "ones",
        "html",
        "a terabyte",
        "an overflow",
        "too few bytes",
        "negative",
        "unknown kind",
        "a header of a terabyte",
        "a header without end",
        "a nested header",
        "not text",
        "null",
        "nested metadata",
        "a long number",
    ],
)
def test_another_file_renamed(tmp_path, content):
    path = tmp_path / "evil.alive"
    path.write_bytes(content)
    refused(path, "not a whole .alive file")
    assert not RUN, "something was unpickled"


def test_larger_than_any_scene(tmp_path):
    path = tmp_path / "huge.alive"
    with open(path, "wb") as file:
        file.write(declares([2**36]))
        file.truncate(2**38)  # a hole: it takes no room on the disk
    refused(path, "gigabyte")


def rewritten(whole, path, change):
    "The same file, changed in its header or its numbers."
    path.write_bytes(whole)
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["alive_scene"])
    tensors = load_file(path)
    change(about, tensors)
    save_file(tensors, path, metadata={"alive_scene": json.dumps(about)})
    return path


def set_in(part, **values):
    return lambda about, tensors: about["configs"][part].update(values)


@pytest.mark.parametrize(
    "change",
    [
        *[
            (lambda about, tensors, name=name, value=value: about.update({name: value}))
            for name, values in dict(
                name=[5, None, ["cat"], {}, "x" * 2000],
                encoder=[None, 7],
                fps=["12", None, 0, -1, float("nan"), float("inf"), 1e300, [12]],
                parts=[
                    "patch",
                    ["patch"],
                    [["patch"], "alive"],
                    {"patch": 1, "alive": 2},
                    ["alive", "patch"],
                    [None, None],
                ],
                title=[None, 5, ["a"], "x" * 2000],
                caption=[None, 5, {}, "x" * 2000],
                notes=[None, "a note", [5], [["a"]], {"a": 1}, ["x" * 2000], ["a"] * 2000],
                configs=[None, [], [{}, {}], ["a", "b"], [[1], [2]], [{"size": 3}, {}]],
            ).items()
            for value in values
        ],
        *[
            (lambda about, tensors, name=name: about.pop(name))
            for name in ("name", "fps", "encoder", "parts", "configs", "title", "caption", "notes")
        ],
        *[
            (lambda about, tensors, name=name, value=value: tensors.update({name: value}))
            for name, values in {
                "scene.seconds": [
                    torch.zeros(39, dtype=torch.float64),
                    torch.zeros(40),
                    torch.zeros(40, 1, dtype=torch.float64),
                    torch.zeros(40, dtype=torch.int64),
                    torch.full((40,), float("nan"), dtype=torch.float64),
                    torch.full((40,), float("inf"), dtype=torch.float64),
                    torch.tensor(1.0, dtype=torch.float64),
                ],
                "scene.indices": [
                    torch.zeros(41, dtype=torch.int64),
                    torch.zeros(40, dtype=torch.int32),
                    torch.zeros(40, dtype=torch.float64),
                    torch.zeros(40, 40, dtype=torch.int64),
                ],
            }.items()
            for value in values
        ],
        *[
            (lambda about, tensors, name=name: tensors.pop(name))
            for name in ("embeddings", "thumbnails", "generator.motion", "behavior.onward")
        ],
        *[
            set_in(0, **{name: value})
            for name in ("height", "width", "components", "code", "shapes", "cell")
            for value in (10**6, 10**30, -1, 0, "128", 1.5, None)
        ],
        *[set_in(0, step=value) for value in (10**6, 10**30, -1, 0, "128", None, float("nan"))],
        *[
            (lambda about, tensors, code=code: tensors.update({"generator.code": code(tensors)}))
            for code in (
                lambda tensors: tensors["generator.code"].flip(0),
                lambda tensors: tensors["generator.code"] * 0,
            )
        ],
        *[
            set_in(1, **{name: value})
            for name in ("time", "embed", "dims")
            for value in (10**9, -1, "40", None)
        ],
        lambda about, tensors: tensors.update(embeddings=tensors["embeddings"] * float("nan")),
        lambda about, tensors: tensors.update(
            embeddings=tensors["embeddings"][:, :100].contiguous()
        ),
        lambda about, tensors: tensors.update(embeddings=tensors["embeddings"].flatten()),
        lambda about, tensors: tensors.update(thumbnails=tensors["thumbnails"].float()),
        lambda about, tensors: tensors.update({"behavior.pace": tensors["behavior.pace"] * 0}),
    ],
)
def test_a_header_or_numbers_that_lie(whole, tmp_path, change):
    refused(rewritten(whole, tmp_path / "liar.alive", change))


@pytest.fixture(scope="module")
def painted(alive, tmp_path_factory):
    "The scene as strokes, saved."
    drawn = rounded(StrokeGenerator.fit(alive.scene.frames, alive.embeddings, progress=False))
    scene = replace(alive, generator=drawn)
    return scene.save(tmp_path_factory.mktemp("p") / "painted.alive").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda about, tensors: tensors.pop("generator.where"),
        *[
            set_in(0, **{name: value})
            for name in ("height", "width", "features", "strokes", "patch")
            for value in (10**6, 10**30, -1, 0, "128", 1.5, None)
        ],
        lambda about, tensors: tensors.update(
            {"generator.where": tensors["generator.where"] + 10**6}
        ),
    ],
)
def test_strokes_that_lie(painted, tmp_path, change):
    refused(rewritten(painted, tmp_path / "liar.alive", change))


def test_frames_that_store_nothing_but_ask_for_much(whole, tmp_path):
    def change(about, tensors):
        about["configs"][0].update(height=10**5, width=10**5, cell=10**5, components=1, shapes=1)
        time = len(tensors["embeddings"])
        for name, shape in dict(scores=(time, 1), shape=(time, 1), motion=(1, 2)).items():
            tensors[f"generator.{name}"] = tensors[f"generator.{name}"].new_zeros(shape)

    refused(rewritten(whole, tmp_path / "liar.alive", change), "GB of memory")


def test_a_part_that_stores_nothing_but_asks_for_much(painted, tmp_path):
    def change(about, tensors):
        about["configs"][0].update(strokes=0, patch=10**5)
        for name, shape in dict(
            size=(0,), mix=(0, about["configs"][0]["features"]), stroke=(0, 3 * 10**10), where=(0,)
        ).items():
            tensors[f"generator.{name}"] = tensors[f"generator.{name}"].new_zeros(shape)

    refused(rewritten(painted, tmp_path / "liar.alive", change), "GB of memory")


def test_thumbnails_of_another_kind(whole, alive, tmp_path):
    def webp(size, **options):
        file = io.BytesIO()
        Image.new("RGB", size).save(file, **options)
        return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)

    for data in (
        webp((16383, 200), format="WEBP", method=0),
        webp((32, 40 * 32), format="PNG"),
        webp((32, 32), format="WEBP"),
        webp((32, 39 * 32), format="WEBP"),
        webp((65, 40 * 32), format="WEBP"),
        webp((32, 40 * 65), format="WEBP"),
    ):
        refused(
            rewritten(
                whole,
                tmp_path / "liar.alive",
                lambda about, tensors, data=data: tensors.update(thumbnails=data),
            )
        )


def test_an_older_file_has_square_thumbnails(whole, alive, tmp_path):
    "They can't be another shape there; and what only newer ones say is not asked of it."
    wide = np.zeros((40, 32, 57, 3), np.uint8)

    def older(about, tensors, frames):
        about.update(version=2)
        for name in ("title", "caption", "notes"):
            about.pop(name)
        tensors.update(thumbnails=thumbnail_sheet(frames))

    path = tmp_path / "older.alive"
    square = lambda about, tensors: older(about, tensors, wide[:, :, :32])
    assert AliveScene.load(rewritten(whole, path, square)).scene.frames.shape == (40, 32, 32, 3)
    refused(rewritten(whole, path, lambda about, tensors: older(about, tensors, wide)), "square")


@pytest.mark.parametrize(
    "said",
    [
        dict(name="x" * 1001),
        dict(title="x" * 1001),
        dict(caption="x" * 1001),
        dict(notes=["x" * 1001]),
        dict(fps=1001.0),
        dict(seconds=np.full(40, np.nan)),
    ],
)
def test_what_could_not_be_read_again_is_not_written(alive, tmp_path, said):
    with pytest.raises(ValueError, match=next(iter(said))):
        replace(alive, scene=replace(alive.scene, **said)).save(tmp_path / "a.alive")
    assert not list(tmp_path.iterdir())


def test_bytes_changed_by_chance(whole, tmp_path):
    "Whatever is changed in the header: refused in a sentence, or a scene that can be played."
    luck = random.Random(0)
    path = tmp_path / "flipped.alive"
    length = 8 + struct.unpack("<Q", whole[:8])[0]
    opened = 0
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(luck.choice((1, 1, 3))):
            data[luck.randrange(length)] = luck.randrange(256)
        path.write_bytes(data)
        try:
            scene = AliveScene.load(path)
        except ValueError as error:
            assert path.name in str(error) and "\n" not in str(error)
        else:
            opened += 1
            assert scene.render(scene.rollout(2)).dtype == np.uint8
    assert opened < 150


def test_a_file_of_a_kit_to_come_and_of_one_before(whole, alive, tmp_path):
    ahead = rewritten(
        whole,
        tmp_path / "ahead.alive",
        lambda about, tensors: about.update(version=FILE_VERSION + 1),
    )
    assert f"format version {FILE_VERSION + 1}" in refused(ahead, "update alive_scene")
    before = rewritten(
        whole, tmp_path / "before.alive", lambda about, tensors: about.update(version=1)
    )
    path = alive.rollout(5)
    assert (AliveScene.load(before).render(path) == alive.render(path)).all(), (
        "what fits is read as ever"
    )

    def trained(about, tensors):  # the first "patch" was a network
        about.update(
            version=1,
            configs=[
                dict(height=32, width=32, embed=512, dims=16, patch=4, hidden=64, layers=3, w0=20),
                about["configs"][1],
            ],
        )

    refused(rewritten(whole, tmp_path / "old.alive", trained), "of an older alive_scene")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\cat",
        "/tmp/cat",
        "a\nb\x1b[31m",
        "",
        "naïve 猫",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_a_strange_name_is_only_a_name(whole, tmp_path, name, capsys, monkeypatch):
    path = rewritten(whole, tmp_path / "cat.alive", lambda about, tensors: about.update(name=name))
    monkeypatch.chdir(tmp_path)
    assert AliveScene.load(path).scene.name == name
    assert main(["play", "cat.alive", "-o", "out.gif", "--steps", "3"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.alive", "out.gif"]
    assert "\x1b" not in capsys.readouterr().out


def test_the_command_says_it_in_one_line(tmp_path, capsys):
    path = tmp_path / "evil.alive"
    path.write_bytes(pickle.dumps(Harm()))
    assert main(["play", str(path), "-o", str(tmp_path / "out.gif")]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not RUN


def test_many_frames_have_small_pictures_too():
    frames = np.zeros((700, 40, 40, 3), np.uint8)
    assert thumbnails_of(thumbnail_sheet(frames), 700).shape == (700, 23, 23, 3)
