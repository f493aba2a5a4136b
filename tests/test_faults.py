"Nothing lost: kill -9, two at once, interrupts, a full disk. bench/faults.py does the first at 50 moments."

import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from alive_scene import behavior as room
from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.command import main
from alive_scene.rollout import rollout
from alive_scene.scene import Scene, write_video

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
import faults  # noqa: E402, the same machinery

posix = os.name != "nt"
noise = np.random.default_rng(0).integers(0, 255, (12, 64, 64, 3), dtype=np.uint8)


def test_killed_at_any_moment_nothing_is_damaged_and_the_next_run_ends_the_same():
    rows = list(faults.trials(4, seed=1))
    assert all(map(faults.good, rows)), rows
    assert [
        sum(row["killed"] for row in rows if row["work"] == work) for work in ("fit", "save")
    ] == [2, 2]


def sleeps(status, seconds):
    time.sleep(seconds)
    sys.exit(status)


def test_a_kill_that_came_too_late_is_none_and_a_run_that_failed_is_told():
    def begun(status, seconds):
        process = faults.context.Process(target=sleeps, args=(status, seconds))
        process.start()
        return process

    assert faults.kill(begun(0, 600), 0) and not faults.kill(begun(0, 0), 600)
    with pytest.raises(RuntimeError, match="exit 7"):
        faults.kill(begun(7, 0), 600)


def test_trials_go_on_until_enough_kills_landed(monkeypatch):
    "And give up if none does."
    monkeypatch.setattr(faults, "undisturbed", lambda folder: (b"", 1.0))
    monkeypatch.setattr(faults, "saved_again", lambda wanted: b"")
    landing = iter([False, True, False, False, True, True])
    monkeypatch.setattr(faults, "trial", lambda *_: dict(killed=next(landing)))
    assert (
        sum(row["killed"] for row in faults.trials(3)) == 3
        and next(landing, "all used") == "all used"
    )
    monkeypatch.setattr(faults, "trial", lambda *_: dict(killed=False))
    with pytest.raises(RuntimeError, match="nothing can be said"):
        list(faults.trials(2))


@pytest.mark.parametrize(
    "change, fine",
    [
        ({}, True),
        (dict(same=False), False),
        (dict(damaged=1), False),
        (dict(left=2), False),
        (dict(left=1), True),
        (dict(left=1, killed=False), False),
    ],
)
def test_what_is_wrong_after_a_kill_makes_it_fail(change, fine, monkeypatch, tmp_path):
    row = dict(dict(killed=True, damaged=0, left=0, same=True), **change)
    monkeypatch.setattr(
        faults, "trials", lambda *_: [dict(row, work=work) for work in ("fit", "save")]
    )
    assert (
        faults.main(2, 0, tmp_path / "faults.json") == (0 if fine else 1)
        and (tmp_path / "faults.json").exists()
    )


def test_two_fits_at_once_on_one_cache(tmp_path):
    "Two folders would be easy: these two begin together and write the same scene and the same cache entry."
    together = faults.context.Barrier(2)
    both = [faults.child(tmp_path, "fit", together) for _ in range(2)]
    for one in both:
        one.join(120)
    assert [one.exitcode for one in both] == [0, 0] and faults.whole(tmp_path) == ([], [])
    assert len(list((tmp_path / "cache" / "embeddings").iterdir())) == 1
    AliveScene.load(tmp_path / "cat.alive").render(
        AliveScene.load(tmp_path / "cat.alive").rollout(3)
    )


LEARN = """
import sys, warnings, torch
torch.set_num_threads(1)
from alive_scene.alive import AliveScene
from alive_scene.actors import napping_cat
warnings.simplefilter("always")
def begun(generator, share): print("begun", flush=True)
try:
    AliveScene.fit(
        napping_cat(4, 16), generator="siren", behavior="vae", seconds=600, progress=False, on_step=begun
    ).save(sys.argv[1])
except KeyboardInterrupt: sys.exit(3)
"""


def test_an_interrupted_fit_keeps_what_it_learned_and_saves_it(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", LEARN, str(tmp_path / "cat.alive")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, ALIVE_SCENE_CACHE=str(tmp_path / "cache")),
    )
    for _ in range(3):
        child.stdout.readline()
    if not posix:
        return child.kill()  # no SIGINT can be sent there
    child.send_signal(signal.SIGINT)
    threading.Thread(target=child.stdout.read, daemon=True).start()
    said = child.stderr.read()
    assert child.wait(120) == 0, said
    kept = AliveScene.load(tmp_path / "cat.alive")
    assert "resume=generator" in said and kept.render(kept.embeddings).shape == (4, 16, 16, 3)


def test_an_interrupted_behavior_keeps_what_it_learned(monkeypatch):
    "A true signal, in the third batch."
    path = torch.nn.functional.normalize(
        torch.randn(20, 16, generator=torch.Generator().manual_seed(0)).cumsum(0) + 3, dim=1
    )
    unroll = room.unrolled_loss
    calls = []

    def interrupted(*rest):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return unroll(*rest)

    monkeypatch.setattr(room, "unrolled_loss", interrupted)
    with pytest.warns(UserWarning, match="stopped after 2 of 50 batches; what was learned is kept"):
        made = MarkovBehavior.fit(path, rounds=50, progress=False)
    assert len(calls) == 3 and len(made.history) == 2 and rollout(made, path, 20).isfinite().all()


def test_interrupted_while_it_encodes_nothing_is_kept_and_the_next_time_all_is(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))
    scene = Scene(noise)
    eye = ClipEncoder()
    calls = []
    look = eye.model.encode_image

    def interrupted(pictures):
        calls.append(len(pictures))
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return look(pictures)

    size = eye.embed_dim  # known by now, so that it isn't counted
    monkeypatch.setattr(eye.model, "encode_image", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode_scene(scene, eye, batch=4)
    assert calls == [4, 4] and not [one for one in tmp_path.rglob("*") if one.is_file()]
    again = encode_scene(scene, eye, batch=4)
    assert (
        calls == [4, 4, 4, 4, 4]
        and again.shape == (12, size)
        and torch.equal(encode_scene(scene, eye, batch=4), again)
        and len(calls) == 5
    )


def test_an_interrupt_in_a_notebook_leaves_the_kernel_alive():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        cell = client.execute(
            "import torch\n"
            "from alive_scene.generator import SirenGenerator\n"
            "from alive_scene.actors import napping_cat\n"
            "e = torch.nn.functional.normalize(torch.randn(4, 512), dim=1)\n"
            "made = SirenGenerator.fit(napping_cat(4, 16).frames, e, "
            "seconds=600, progress=False, on_step=lambda *_: print('begun'))"
        )
        while (message := client.get_iopub_msg(timeout=120))["msg_type"] != "stream":
            pass
        time.sleep(0.5)
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != cell:
            pass
        assert reply["content"]["status"] == "ok" and message["content"]["name"] == "stdout"
        reply = client.execute_interactive(
            "assert made.render(e).shape == (4, 16, 16, 3)", timeout=60, output_hook=lambda _: None
        )
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def full_after(size):
    "No file may grow beyond so many bytes: what a full disk does, without filling one."
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores the signal, so that writing fails instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITERS = {
    "cat.alive": lambda alive, path: alive.save(path),
    "a.gif": lambda _, path: write_video(noise, path),
    "a.mp4": lambda _, path: write_video(noise, path),
    "a.webp": lambda _, path: write_video(noise, path),
}
if not posix:
    WRITERS = {}  # no such limit there


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("size", [0, 4096])
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing_half(name, size, alive, tmp_path):
    path = tmp_path / name
    path.write_text("what was there before")
    with (
        full_after(size),
        pytest.raises(OSError, match=rf"{re.escape(str(path))} can't be written \(.*\): make room"),
    ):
        WRITERS[name](alive, path)
    assert path.read_text() == "what was there before" and list(tmp_path.iterdir()) == [path]
    WRITERS[name](alive, path)
    assert path.stat().st_size > 4096 and list(tmp_path.iterdir()) == [path]


COMMANDS = {
    "cat.csv": ["vitals", "SAVED", "--steps", "200", "--csv", "OUT"],
    "out.gif": ["play", "SAVED", "--steps", "30", "-o", "OUT"],
    "out.mp4": ["play", "SAVED", "--steps", "300", "-o", "OUT"],
    "new.alive": ["fit", "CLIP", "--size", "32", "-o", "OUT"],
}
if not posix:
    COMMANDS = {}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_under_the_command_is_one_sentence(name, alive, tmp_path, monkeypatch, capsys):
    "The old file stays, nothing half is left, and there is no traceback."
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "cache"))
    saved = alive.save(tmp_path / "cat.alive")
    clip = write_video(noise, tmp_path / "clip.gif")
    path = tmp_path / name
    path.write_text("what was there before")
    words = [
        {"SAVED": str(saved), "OUT": str(path), "CLIP": str(clip)}.get(word, word)
        for word in COMMANDS[name]
    ]
    with warnings.catch_warnings(), full_after(2048):
        warnings.simplefilter("ignore")
        assert main(words) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("alive-scene")]
    assert len(said) == 1 and str(path) in said[0] and "make room" in said[0]
    assert path.read_text() == "what was there before" and {
        one.name for one in tmp_path.iterdir()
    } - {"cache"} == {"cat.alive", "clip.gif", name}
    assert not [one for one in tmp_path.rglob("*") if one.is_file() and one.name[0] == "."]


def test_a_full_disk_under_the_cache_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))
    scene = Scene(noise[:3])
    eye = ClipEncoder()
    with (
        warnings.catch_warnings(record=True) as said,
        full_after(10) if posix else warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        first = encode_scene(scene, eye)
    assert (
        not posix
        or "could not be cached" in str(said[-1].message)
        and not [p for p in tmp_path.rglob("*") if p.is_file()]
    )
    assert torch.equal(encode_scene(scene, eye), first) and torch.equal(
        encode_scene(scene, eye), first
    )


def test_interrupted_between_writing_and_moving(alive, tmp_path, monkeypatch):
    """The moment that kill -9 hardly ever meets, met on purpose.

    The new file is written, but not yet in place.
    """
    path = alive.save(tmp_path / "cat.alive")
    before = path.read_bytes()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        alive.save(path)
    with pytest.raises(KeyboardInterrupt):
        write_video(napping_cat(3, 16), path.with_suffix(".gif"))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
