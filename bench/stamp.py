"What a figure needs so that it can be measured again: machine, cores, versions, commit, date."

import os
import platform
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("alive-scene", "torch", "numpy", "scikit-image")


def processor():
    "The processor's name where the system tells it, else its kind."
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def commit():
    "The commit this was run from, with a + where files had changed since; none outside git."
    git = ["git", "-C", str(Path(__file__).parent)]
    told = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    if told.returncode:
        return None
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True
    )
    return told.stdout.strip() + ("+" if changed.stdout.strip() else "")


def stamp():
    "The row that every JSON of this folder keeps beside its figures."
    return {
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "commit": commit(),
        "date": date.today().isoformat(),
    }


if __name__ == "__main__":
    print(stamp())
