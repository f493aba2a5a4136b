"""A gallery: workers and a scheduler that are killed, a folder that two runs share, a disk that is full."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from errno import ENOSPC
from functools import partial

import pytest
import torch
from distributed import Client, LocalCluster

from alive_scene import catalogue
from alive_scene.actors import napping_cat
from alive_scene.alive import AliveScene
from alive_scene.catalogue import place_hash, whole_record
from alive_scene.command import main
from alive_scene.gallery import STAGES, find_videos, fit_gallery, plan_jobs, run_stage, video_digest
from alive_scene.scene import write_video

WORDS = dict(vet=200, size=40, generator="patch", behavior="texture", progress=False)
HARM = "<img src=x onerror=\"document.title='harm'\">"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    "Three videos in two folders, and a file that is none."
    folder = tmp_path_factory.mktemp("clips")
    (folder / "more").mkdir()
    for seed, name in enumerate(["a.mp4", "b.gif", "more/a.mp4"]):
        write_video(napping_cat(24, size=40, seed=seed), folder / name)
    (folder / "broken.mp4").write_bytes(b"no video" * 100)
    (folder / "readme.txt").write_text("no video either")
    return folder


def done(out):
    "What the log says was done, stage by stage; a last line may be on its way."
    try:
        lines = (out / ".work" / "log.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(told["name"], told["stage"]) for told in map(json.loads, lines)]


def until_done(out, count):
    given_up = time.monotonic() + 300
    while len(done(out)) < count:
        assert time.monotonic() < given_up, f"{count} stages never were done"
        time.sleep(0.05)


def beside(work):
    "Do something beside the test: a thread, and what it came to."
    came = {}

    def run():
        try:
            came["result"] = work()
        except BaseException as error:
            came["error"] = error

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


def threads_only(**words):
    "A cluster within this process, so that what a test replaces is replaced in it, too."
    return LocalCluster(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0", **words
    )


@pytest.fixture(scope="module")
def made(clips, tmp_path_factory):
    "A gallery during whose making a worker was killed: its folder, and what fit_gallery answered."
    out = tmp_path_factory.mktemp("gallery") / "site"
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())
        thread, came = beside(lambda: fit_gallery(clips, out, client, **WORDS))
        until_done(out, 2)
        os.kill(pids[0], signal.SIGKILL)
        thread.join()
        assert pids[0] not in client.run(os.getpid).values()
    assert "error" not in came, came
    return out, came["result"]


def test_a_killed_worker_loses_its_task_alone(made):
    out, gallery = made
    assert len(gallery.scenes) == 3 and gallery.skipped == ()
    stages = done(out)
    assert len(stages) == len(set(stages)) == 3 * len(STAGES), "something was done twice, or never"
    for name in gallery.scenes:
        assert whole_record(out / f"{name}.json")
        AliveScene.load(out / f"{name}.alive").rollout(4)
    left = [path.name for path in (out / ".work").iterdir()]
    assert left == ["log.jsonl"], "what was on its way is still there"


def test_a_broken_video_is_told_and_stops_nothing(made, clips):
    out, gallery = made
    assert list(gallery.failed) == [str(clips / "broken.mp4")], gallery.failed
    assert "no video" in gallery.failed[str(clips / "broken.mp4")]
    assert "broken.mp4" in str(gallery) and "broken.mp4" in (out / "index.html").read_text()


def test_what_is_there_and_whole_is_kept(made, clips):
    out, gallery = made
    good = [path for path in find_videos(clips) if path.name != "broken.mp4"]
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.alive")}
    again = fit_gallery(good, out, **WORDS)  # nothing to do: no cluster is started
    assert set(again.skipped) == set(gallery.scenes) and not again.failed
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("*.alive")}
    assert len(done(out)) == 3 * len(STAGES)


def test_what_is_damaged_is_made_again(made, clips, tmp_path):
    out, gallery = made
    copy = tmp_path / "site"
    name = next(iter(gallery.scenes))
    copy.mkdir()
    for path in out.glob("*.*"):
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    (copy / f"{name}.html").write_text("cut off")
    good = [video for video in find_videos(clips) if video.stem != "broken"]
    with threads_only() as cluster, Client(cluster) as client:
        again = fit_gallery(good, copy, client, **WORDS)
    assert set(again.skipped) == set(gallery.scenes) - {name}
    assert {told for told, _ in done(copy)} == {name} and whole_record(copy / f"{name}.json")


def test_a_scene_is_what_fit_makes(made, clips):
    "The same bytes as AliveScene.fit in one go, but for the small pictures' WebP."
    out, gallery = made
    name, record = next(iter(gallery.scenes.items()))
    words = {word: value for word, value in WORDS.items() if word != "vet"}
    [video] = [one for one in find_videos(clips) if place_hash(one) == record["place"]]
    whole = AliveScene.fit(video, **words)
    ours = AliveScene.load(out / f"{name}.alive")
    assert torch.equal(ours.embeddings, whole.embeddings)
    path = whole.rollout(20)
    assert torch.equal(ours.rollout(20), path)
    assert (ours.render(path) == whole.render(path)).all()


def test_two_runs_on_one_folder_do_not_hurt_each_other(clips, tmp_path):
    "Each with a cluster of its own, at once: all scenes are whole, whoever made them."
    out = tmp_path / "site"
    videos = [clips / "a.mp4", clips / "b.gif"]
    with threads_only() as one, threads_only() as other, Client(one) as a, Client(other) as b:
        runs = [beside(partial(fit_gallery, videos, out, client, **WORDS)) for client in (a, b)]
        for thread, _ in runs:
            thread.join()
    for _, came in runs:
        assert "error" not in came, came
        assert len(came["result"].scenes) == 2 and not came["result"].failed
    assert all(whole_record(file) for file in out.glob("[ab].json"))
    assert [path.name for path in (out / ".work").iterdir()] == ["log.jsonl"]


def test_two_clients_of_one_cluster_share_the_work(clips, tmp_path):
    out = tmp_path / "site"
    with threads_only() as cluster, Client(cluster) as a, Client(cluster) as b:
        work = [partial(fit_gallery, [clips / "a.mp4"], out, client, **WORDS) for client in (a, b)]
        runs = list(map(beside, work))
        for thread, _ in runs:
            thread.join()
    assert all("error" not in came for _, came in runs), runs
    assert sorted(done(out)) == sorted(("a", stage) for stage in STAGES)


def test_a_full_disk_is_told_and_what_is_done_is_kept(clips, tmp_path, monkeypatch):
    out = tmp_path / "site"

    def full(*args, **words):
        raise OSError(ENOSPC, "No space left on device")

    with threads_only() as cluster, Client(cluster) as client:
        with monkeypatch.context() as patched:
            patched.setattr(catalogue, "export_html", full)
            with pytest.raises(OSError, match=r"no room for a in .*make room and call it again"):
                fit_gallery([clips / "a.mp4"], out, client, **WORDS)
        assert done(out) == [("a", "watch"), ("a", "learn"), ("a", "vet")]
        fit_gallery([clips / "a.mp4"], out, client, **WORDS)
    assert done(out)[3:] == [("a", "publish")] and whole_record(out / "a.json")


def start(*words):
    "A part of a cluster, as a process of its own."
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def cluster_of_processes(port, folder):
    "A scheduler and a worker, without anybody who would start them again."
    here = f"tcp://127.0.0.1:{port}"
    scheduler = start(
        *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port),
        "--no-dashboard",
    )
    worker = start(
        *("distributed.cli.dask_worker", here, "--nthreads", 1, "--no-dashboard", "--no-nanny"),
        *("--local-directory", folder),
    )
    return scheduler, worker


def test_a_scheduler_that_is_killed_and_started_again(clips, tmp_path):
    "Scheduler and worker are gone with kill -9; others come at the same address: nothing is done twice."
    out = tmp_path / "site"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    videos = [clips / "a.mp4", clips / "b.gif"]
    processes = [*cluster_of_processes(port, tmp_path / "one")]
    try:
        with Client(f"tcp://127.0.0.1:{port}", timeout=300) as client:
            client.wait_for_workers(1)
            thread, came = beside(lambda: fit_gallery(videos, out, client, **WORDS))
            until_done(out, 3)
            for process in processes:
                process.kill()
            processes += cluster_of_processes(port, tmp_path / "two")
            thread.join()
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert "error" not in came, came
    assert len(came["result"].scenes) == 2
    stages = done(out)
    assert len(stages) == len(set(stages)) == 2 * len(STAGES)


def test_resources_are_named(clips, tmp_path):
    "Where workers have a GPU, encoding and learning wait for it; what no worker has is refused."
    with threads_only() as cluster, Client(cluster) as client:
        with pytest.raises(ValueError, match="what workers have"):
            fit_gallery(
                [clips / "a.mp4"], tmp_path, client, resources={"learn": {"GPU": 1}}, **WORDS
            )
    asked = []
    with threads_only(resources={"GPU": 1}) as cluster, Client(cluster) as client:
        submit = client.submit
        client.submit = lambda *args, **words: asked.append(words) or submit(*args, **words)
        fit_gallery([clips / "a.mp4"], tmp_path, client, **WORDS)
    told = {words["key"].split("-")[0]: words["resources"] for words in asked}
    assert told == dict(watch={"GPU": 1}, learn={"GPU": 1}, vet=None, publish=None)


def test_names_are_kept_and_none_is_given_twice(made, clips, tmp_path):
    out, gallery = made
    jobs, failed = plan_jobs([*find_videos(clips), tmp_path / "not there.mp4"], out, 200)
    names = {job.video: job.name for job in jobs}
    assert names[str(clips / "a.mp4")] == "a"
    assert re.fullmatch(r"a_[0-9a-f]{8}", names[str(clips / "more" / "a.mp4")])
    assert set(gallery.scenes) <= set(names.values()) and len(set(names.values())) == len(names)
    assert "look at its name" in failed[str(tmp_path / "not there.mp4")]
    for odd in ("index.mp4", "Ä b&<c>.mp4", "...mp4", "words.mp4"):
        (tmp_path / odd).write_bytes(b"1")
        [job], _ = plan_jobs([tmp_path / odd], out)
        assert re.fullmatch(r"[\w-]+", job.name) and job.name not in ("index", "words", "places")


def test_a_video_is_known_by_what_it_holds(tmp_path):
    one, other = tmp_path / "1.mp4", tmp_path / "2.mp4"
    one.write_bytes(bytes(range(256)) * 20_000)
    other.write_bytes(one.read_bytes())
    assert video_digest(one) == video_digest(other)
    changed = bytearray(one.read_bytes())
    changed[-1] ^= 1
    other.write_bytes(changed)
    assert video_digest(one) != video_digest(other)
    jobs = [plan_jobs([one], tmp_path, size=size)[0][0] for size in (64, 64, 128)]
    assert jobs[0].key == jobs[1].key != jobs[2].key


def test_a_stage_that_fails_is_told_to_the_next(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    [job], _ = plan_jobs([tmp_path / "a.mp4"], tmp_path / "out")
    told = run_stage(job, "learn")
    assert told["stage"] == "learn" and "no video" in told["failed"] and not told["full"]
    assert run_stage(job, "publish", told) is told


# From a terminal


def test_the_command(clips, tmp_path, capsys):
    words = ["--size", "40", "--generator", "patch", "--behavior", "texture", "--steps", "200"]
    with threads_only() as cluster:
        to = ["-o", str(tmp_path / "site"), "--scheduler", cluster.scheduler_address]
        one = tmp_path / "one"
        one.mkdir()
        (one / "b.gif").write_bytes((clips / "b.gif").read_bytes())
        assert main(["gallery", str(one), *to, *words, "--title", "Cats"]) == 0
    assert "1 scenes" in capsys.readouterr().out
    assert "<h1>Cats</h1>" in (tmp_path / "site" / "index.html").read_text()
    assert main(["gallery", str(tmp_path / "nowhere"), "-o", str(tmp_path / "site")]) == 2
    assert "there is no folder" in capsys.readouterr().err
