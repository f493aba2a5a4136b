"""Does a broken file ever do more than be refused? Mutation fuzzing of both readers.

python bench/fuzz.py [SECONDS each] [SEED] [--only video|scene] [--save FILE.json]
Every try is a seed: bytes flipped, overwritten, cut, doubled, left out; in a scene file also the numbers and
words of its headers. A child process reads it, with 3 GB of memory more than it starts with and 30 seconds a
try; an error that hides that it ran out of memory is none of a sentence's. Only the reading is timed, not the
start. Prints a table, and the seeds of what should not be; `--save` keeps it as JSON, beside what the file
held of the other reader.
python bench/fuzz.py --try READER SEED FOLDER writes that file and reads it here.
"""

import argparse
import io
import json
import multiprocessing
import os
import struct
import sys
import tempfile
import time
import warnings
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from stamp import stamp  # noqa: E402

ODD = [0, 1, -1, 2, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 10**9, 10**12, 2**63]


def videos(folder):
    "Small whole files of every kind."
    import av
    from PIL import Image

    from alive_scene.scene import write_video

    frames = (
        np.random.default_rng(0)
        .integers(0, 255, (5, 6, 8, 3), dtype=np.uint8)
        .repeat(8, 1)
        .repeat(8, 2)
    )
    for name, codec, pixels in (
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "ffv1", "yuv420p"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("b.avi", "mpeg4", "yuv420p"),
        ("c.mov", "qtrle", "rgb24"),
        ("d.avi", "mjpeg", "yuvj420p"),
    ):
        with av.open(str(folder / name), "w") as file:
            stream = file.add_stream(codec, rate=25)
            stream.height = 48
            stream.width = 64
            stream.pix_fmt = pixels
            for frame in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            file.mux(stream.encode())
    for name in ("a.gif", "a.webp"):
        write_video(frames, folder / name)
    first, *more = map(Image.fromarray, frames)
    first.save(folder / "a.png", save_all=True, append_images=more)
    for name in ("a.jpg", "a.tiff", "a.bmp"):
        first.save(folder / name)
    return sorted(folder.iterdir())


def scenes(folder):
    "Both behaviors, taught for a moment: whether they know anything is no matter here."
    from dataclasses import replace

    from alive_scene.actors import napping_cat
    from alive_scene.alive import AliveScene
    from alive_scene.vae import VaeBehavior

    alive = AliveScene.fit(napping_cat(3, 16), steps=1, progress=False)
    alive.save(folder / "alive.alive")
    published = VaeBehavior.fit(alive.embeddings, epochs=1, points=40, progress=False)
    replace(alive, behavior=published).save(folder / "vae.alive")
    return sorted(folder.iterdir())


def mutated(data, rng):
    "The bytes, in one to four places other than they were; often near the beginning, where headers are."
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at = int(
            rng.integers(len(data))
            if rng.random() < 0.5
            else min(len(data) - 1, rng.exponential(300))
        )
        kind = rng.integers(6)
        if kind == 0:
            data[at] ^= 1 << rng.integers(8)
        elif kind == 1:
            data[at : at + 8] = rng.bytes(int(rng.integers(1, 9)))
        elif kind == 2:
            data[at : at + 4] = struct.pack(
                rng.choice([">I", "<I"]), int(rng.choice(ODD[:11])) % 2**32
            )
        elif kind == 3:
            data = data[: max(1, at)]
        elif kind == 4:
            data[at:at] = data[at : at + int(rng.integers(1, 200))]
        else:
            del data[at : at + int(rng.integers(1, 200))]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def changed(thing, rng):
    "A word, a number, a list or an object of JSON, changed somewhere inside."
    if isinstance(thing, dict) and thing and rng.random() < 0.9:
        key = list(thing)[rng.integers(len(thing))]
        if rng.random() < 0.1:
            return {k: v for k, v in thing.items() if k != key}
        return thing | {key: changed(thing[key], rng)}
    if isinstance(thing, list) and thing and rng.random() < 0.9:
        at = int(rng.integers(len(thing)))
        return thing[:at] + [changed(thing[at], rng)] + thing[at + 1 :]
    if isinstance(thing, str) and thing.startswith("{") and rng.random() < 0.9:
        return json.dumps(changed(json.loads(thing), rng))
    if isinstance(thing, int) and not isinstance(thing, bool) and rng.random() < 0.5:
        return thing + int(rng.integers(-3, 4))
    return [
        *ODD,
        0.5,
        float("nan"),
        float("inf"),
        "",
        "../x",
        "<b>",
        None,
        [],
        {},
        True,
        "F64",
        "patch",
        "vae",
        "eval",
    ][rng.integers(len(ODD) + 14)]


def scene_mutated(data, rng):
    "Bytes, or what the two headers say."
    if rng.random() < 0.3:
        return mutated(data, rng)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    for _ in range(rng.integers(1, 3)):
        ours = header["__metadata__"]
        if rng.random() < 0.7:
            header["__metadata__"] = ours | {"alive_scene": str(changed(ours["alive_scene"], rng))}
        elif isinstance(other := changed(header, rng), dict):
            header = other | {"__metadata__": ours}
        else:
            header = other
            break
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def read_video(path):
    from alive_scene.reader import read_scene

    read_scene(path, size=16, max_frames=9)


def read_scene_file(path):
    "Reading alone isn't enough: it must also live."
    from alive_scene.alive import AliveScene

    alive = AliveScene.load(path)
    alive.render(alive.rollout(2))


READERS = {
    "video": (videos, mutated, read_video),
    "scene": (scenes, scene_mutated, read_scene_file),
}


def example(reader, seed, files, folder):
    "The file that a seed means."
    rng = np.random.default_rng(seed)
    path = files[rng.integers(len(files))]
    made = folder / f"try{path.suffix}"
    made.write_bytes(READERS[reader][1](path.read_bytes(), rng))
    return made


def behind(error):
    "An error and all that it came from."
    found = []
    more = [error]
    while more:
        if (one := more.pop()) is not None and one not in found:
            found.append(one)
            more += [one.__cause__, one.__context__]
    return found


def too_much(error):
    "Was it out of memory or of stack? torch says the first in words only."
    return (
        isinstance(error, (MemoryError, RecursionError))
        or isinstance(error, RuntimeError)
        and "allocate" in str(error)
    )


def outcome(reader, path):
    "'read', 'refused', or what else happened."
    try:
        READERS[reader][2](path)
    except Exception as error:
        said = str(error)
        true = next(filter(too_much, behind(error)), error)
        if true is not error or too_much(error) or not isinstance(error, (ValueError, OSError)):
            return f"other: {type(true).__name__}: {str(true)[:150]}"
        return (
            "refused"
            if path.name in said and "\n" not in said and len(said) < 900
            else f"unclear: {type(error).__name__}: {said[:150]}"
        )
    return "read"


def work(reader, folder, seeds, pipe):
    "A child: says which seed it tries, then what came of it."
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # ffmpeg talks
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    files = sorted((folder / "whole").iterdir())
    for path in files:
        READERS[reader][2](path)  # everything is imported, and the whole ones can be read
    if sys.platform == "linux":
        import resource

        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 3 * 2**30, resource.RLIM_INFINITY))
    pipe.send("ready")
    for seed in seeds:
        pipe.send(seed)
        path = example(reader, seed, files, folder)
        with redirect_stderr(io.StringIO()):
            pipe.send(outcome(reader, path))
    pipe.send(None)


def begun(reader, folder, seeds):
    """A child that is ready, and the pipe to it.

    Raises RuntimeError if there is none within five minutes: then nothing can be said.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(reader, folder, seeds, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        if ours.poll(300) and ours.recv() == "ready":
            return child, ours
    except EOFError:
        pass
    child.kill()
    child.join()
    raise RuntimeError(f"the child that reads never began (exit {child.exitcode})")


def attempts(child, pipe, until, patience):
    "(seed, outcome) of each try until that moment, or until the child is done, dies or hangs."
    seed = None
    try:
        while time.monotonic() < until and (seed := pipe.recv()) is not None:
            yield seed, pipe.recv() if pipe.poll(patience) else f"hung: over {patience} s"
    except EOFError:
        child.join(10)
        if seed is None:
            raise RuntimeError(
                f"the child that reads died before it tried (exit {child.exitcode})"
            ) from None
        yield seed, f"crashed: exit {child.exitcode}"


def fuzz(reader, seconds=None, tries=None, seed=0, patience=30):
    "Counts of outcomes, and (seed, what) of each that should not be. A child that dies or hangs is replaced."
    counts = dict(tries=0, refused=0, read=0)
    wrong = []
    left = float("inf") if seconds is None else seconds
    next_seed = seed * 10**6
    last = next_seed + (tries if tries is not None else 10**6)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "whole").mkdir()
        READERS[reader][0](folder / "whole")
        while next_seed < last and left > 0:
            child, pipe = begun(reader, folder, range(next_seed, last))
            begin = time.monotonic()
            for trying, what in attempts(child, pipe, begin + left, patience):
                next_seed = trying + 1
                counts["tries"] += 1
                if what in counts:
                    counts[what] += 1
                else:
                    wrong.append((trying, what))
                if what.startswith("hung"):
                    break
            left -= time.monotonic() - begin
            child.kill()
            child.join()
    return counts, wrong


def main(seconds=300, seed=0, only=None, save=None):
    print(
        "| reader | seconds | tries | refused in a sentence | read | crashed, hung or other |\n"
        "|---|---|---|---|---|---|",
        flush=True,
    )
    found = {}
    rows = []
    for reader in READERS if only is None else [only]:
        counts, found[reader] = fuzz(reader, seconds, seed=seed)
        rows.append(
            dict(reader=reader, seconds=seconds, seed=seed, **counts, wrong=len(found[reader]))
        )
        print(
            f"| {reader} | {seconds} | {counts['tries']} | {counts['refused']} | {counts['read']} "
            f"| {len(found[reader])} |",
            flush=True,
        )
    for reader, wrong in found.items():
        for one, what in wrong:
            print(f"\n{reader}, seed {one}: {what}")
    kept = json.loads(Path(save).read_text()) if save and Path(save).is_file() else {}
    if save:
        Path(save).write_text(
            json.dumps({**kept, **{row["reader"]: row | stamp() for row in rows}}, indent=1) + "\n"
        )
    return 1 if any(found.values()) or not all(row["tries"] for row in rows) else 0


def again(reader, seed, folder):
    "The file of one seed, written and read here."
    folder = Path(folder)
    (folder / "whole").mkdir(parents=True, exist_ok=True)
    READERS[reader][0](folder / "whole")
    path = example(reader, int(seed), sorted((folder / "whole").iterdir()), folder)
    print(path, outcome(reader, path))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--try"]:
        sys.exit(again(*sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=int, nargs="?", default=300)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--only", choices=list(READERS))
    parser.add_argument("--save", help="a JSON file to keep the table in")
    sys.exit(main(**vars(parser.parse_args())))
