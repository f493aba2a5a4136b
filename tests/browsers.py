"The browser that the tests and the measures use: the Chromium or Chrome of this machine, without a window."

import shutil
from pathlib import Path

names = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
flags = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def chromium():
    "Where it is, or None."
    return next(filter(None, map(shutil.which, names)), mac if Path(mac).exists() else None)


def launch(play):
    "Start it through Playwright."
    found = chromium()
    assert found, (
        "no Chromium or Chrome was found: apt-get install chromium, or install Google Chrome"
    )
    return play.chromium.launch(executable_path=found, args=flags)
