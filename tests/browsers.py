"""What the tests in a browser and the measures share.

The Chromium or Chrome of this machine, without a window; conditions to wait for; what a picture shows frame
by frame; and the behavior that a lesson writes in one cell.
"""

import shutil
import time
from pathlib import Path

import nbformat

names = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
flags = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
limit = 300  # seconds until what must come is given up: a busy machine takes its time


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


def patient(tab):
    "The same tab, which waits as long as a busy machine needs; Playwright's own limit is half a minute."
    tab.set_default_timeout(1000 * limit)
    return tab


def until(tab, true, seconds=limit):
    """Wait until an expression is true in a tab.

    Playwright's own way of waiting evaluates text, which an exported page's policy forbids.
    """
    given_up = time.monotonic() + seconds
    while not tab.evaluate(true):
        if time.monotonic() > given_up:
            raise TimeoutError(f"never true in {seconds} s: {true}")
        tab.wait_for_timeout(50)


# So many frames of the screen: time in which a page that would do something does it.
ticks = "async many => { for (let i = 0; i < many; i++) await new Promise(requestAnimationFrame); }"

# Keeps of each frame that a canvas shows from now on what it says of itself, and how much it differs from
# the one before: the mean over pixels, 0 for the first.
record = """selector => {
  const canvas = document.querySelector(selector), pen = canvas.getContext('2d');
  let before = null;
  window.recorder?.disconnect();
  window.recorded = [];
  window.recorder = new MutationObserver(() => {
    const now = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    let change = 0;
    if (before) for (let i = 0; i < now.length; i++) change += Math.abs(now[i] - before[i]);
    before = now;
    const { index, temperature, curing } = canvas.dataset;
    window.recorded.push({
      index: +index, temperature: +temperature, curing: +curing, change: change / now.length
    });
  });
  window.recorder.observe(canvas, { attributeFilter: ['data-index'] });
}"""


def shown(tab, selector, frames):
    "The next so many frames of a canvas, as `record` keeps them."
    tab.evaluate(record, selector)
    until(tab, f"recorded.length >= {frames}")
    return tab.evaluate("recorded")


def in_order(frames):
    "No frame is skipped, repeated, or comes before its turn."
    indices = [frame["index"] for frame in frames]
    return indices == list(range(indices[0], indices[0] + len(indices)))


def moved(frames):
    "How much the picture changes from one frame to the next, on average."
    return sum(frame["change"] for frame in frames[1:]) / (len(frames) - 1)


def stroll(root):
    "The behavior that 50_rollout writes in one of its cells, with what it imports, as text."
    book = nbformat.read(root / "nbs" / "50_rollout.ipynb", 4)
    cell = next(
        cell.source
        for cell in book.cells
        if cell.cell_type == "code" and "class Stroll(" in cell.source
    )
    written, _ = cell.split("\nstroll = Stroll.fit(observed)")
    imports = (
        "from dataclasses import dataclass\n"
        "import torch\n"
        "from torch import Tensor, nn\n"
        "from alive_scene.path import nearest\n"
    )
    return imports + written + "\n"
