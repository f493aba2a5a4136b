"The package as it is published: wheel and source distribution are built, installed, and fit a scene."

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from alive_scene.actors import napping_cat
from alive_scene.scene import write_video


def run(*words, **options):
    "What a command says; its last words if it fails."
    ran = subprocess.run(list(map(str, words)), capture_output=True, text=True, **options)
    assert not ran.returncode, f"{' '.join(map(str, words))}\n{(ran.stdout + ran.stderr)[-3000:]}"
    return ran.stdout


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    "A folder with both, made of what git knows in this checkout: nothing else lies about."
    source, dist = (tmp_path_factory.mktemp(name) for name in ("source", "dist"))
    for name in run("git", "ls-files", "-co", "--exclude-standard", cwd=root).splitlines():
        if (root / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((root / name).read_bytes())
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, source)
    return dist


def environment(folder):
    "The interpreter of a new environment that has all that this one has, but for the kit itself."
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    place = "Scripts" if os.name == "nt" else "bin"
    python = next((folder / place).glob("python*"))
    paths = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(paths) / "others.pth").write_text(sysconfig.get_path("purelib"))
    look = "import importlib.util; print(importlib.util.find_spec('alive_scene'))"
    absent = run(python, "-c", look, cwd=folder)
    assert absent.strip() == "None", "the kit was there before it was installed"
    return python


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_installs_and_fits_a_scene(kind, built, tmp_path):
    python = environment(tmp_path / "env")
    (package,) = built.glob(kind)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--no-deps", "--no-build-isolation", "--force-reinstall", package)
    write_video(napping_cat(20, 32), tmp_path / "cat.mp4")
    command = python.parent / ("alive-scene.exe" if os.name == "nt" else "alive-scene")
    run(command, "fit", "cat.mp4", "-o", "cat.alive", "--size", "32", cwd=tmp_path)
    run(command, "play", "cat.alive", "-o", "out.gif", "--steps", "5", cwd=tmp_path)
    assert (tmp_path / "out.gif").stat().st_size > 1000
    where = run(python, "-c", "import alive_scene; print(alive_scene.__file__)", cwd=tmp_path)
    assert (tmp_path / "env") in Path(where.strip()).parents
