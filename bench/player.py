"""How quick, how true, how small: `python bench/player.py` measures the player and the exported page.

It prints one table, in about five minutes. The bundled cat, 200 frames of 128×128, with the default parts.
The kernel's side: frames rolled out, drawn and packed in a second. In Chromium: JupyterLab plays it, its
speed slider at 4, one view and four; frames are counted as they are drawn. The temperature slider is moved 21
times by mouse and 21 times by keyboard, curing 21 times by mouse, each time until a frame is drawn that was
rolled out at the new setting. Then at its usual speed over a link of 100 ms each way. The page plays as fast
as it can, with the default generator and with the published one; parity is the greatest difference from
Python's pictures on the same noise, in 255ths. It borrows the tests' way of opening a browser.
`--save bench/player.json` keeps the figures for the lessons; `--pictures nbs/images` also writes player.png
and page.png, the screenshots of the README.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

from playwright.sync_api import sync_playwright

from alive_scene.alive import AliveScene
from alive_scene.browser import export_html
from alive_scene.generator import SirenGenerator
from alive_scene.player import AlivePlayer
from alive_scene.reader import read_scene

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import test_browser as notebook  # noqa: E402, it lies among the tests
import test_export as page  # noqa: E402
from browsers import launch  # noqa: E402

sys.path.insert(0, str(ROOT / "bench"))
from stamp import stamp  # noqa: E402

# When, in milliseconds, each frame was drawn.
beats = """async seconds => {
  const times = [];
  const seen = new MutationObserver(() => times.push(performance.now()));
  seen.observe(document.querySelector('.alive-picture'), { attributeFilter: ['data-index'] });
  await new Promise(done => setTimeout(done, 1000 * seconds));
  seen.disconnect();
  return times;
}"""

# Notes, for each key or press of the mouse, the milliseconds until a frame is drawn that was rolled out at
# another setting.
listen = """() => {
  const canvas = document.querySelector('.alive-picture');
  const at = () => `${canvas.dataset.temperature} ${canvas.dataset.curing}`;
  const again = window.waited;
  window.waited = [];
  if (again) return;
  for (const kind of ['keydown', 'pointerdown']) addEventListener(kind, () => {
    const from = performance.now(), was = at();
    const look = () => {
      if (at() !== was) waited.push(performance.now() - from);
      else requestAnimationFrame(look);
    };
    look();
  }, true);
}"""


def kernel(alive, seconds=5):
    "Frames in a second without a browser: rolled out, drawn, packed."
    player = AlivePlayer(alive)
    player.send_frames(player.live.index, 17)
    began = perf_counter()
    before = player.live.index
    while perf_counter() - began < seconds:
        player.send_frames(player.live.index, 17)
    return (player.live.index - before) / (perf_counter() - began)


def photograph(tab, path, box):
    "A screenshot of a part of the page, in few enough colors to be small."
    from PIL import Image

    tab.screenshot(path=str(path), clip=box)
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def waits(tab, name, by):
    "The milliseconds that each of 21 moves of a slider took, by mouse or by keyboard."
    handle, press = notebook.knob(tab, name)
    tab.evaluate(listen)
    for i in range(21):
        if by == "mouse":
            press(0.2 + 0.03 * (i % 2 * 7 + i))
        else:
            handle.focus()
            tab.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
        notebook.until(tab, f"waited.length == {i + 1}", 20)
        tab.wait_for_timeout(300 + 37 * (i % 5))
    return tab.evaluate("waited")


def over_a_slow_link(browser, lab):
    "The same for a link that takes 100 ms each way, by a name for each figure."
    tab, *_ = lab.open(browser, "two.ipynb", delay=0.1)
    notebook.until(tab, "document.querySelector('.alive-picture').dataset.index > 40")
    for other in tab.locator(".widget-toggle-button").all()[1:]:
        other.click()
    tab.wait_for_timeout(2000)
    times = tab.evaluate(beats, 10)
    tab.close()
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    return {
        "frames a second, drawn, 100 ms each way": len(times) / 10,
        "longest time between two frames, 100 ms each way, ms": max(gaps),
    }


def in_jupyterlab(browser, alive, folder, pictures):
    """Frames a second as drawn, one view and four, the milliseconds that each move of a slider took.

    And the figures of a slow link.
    """
    lab = notebook.Lab(ROOT, folder, alive)
    try:
        tab, *_ = lab.open(browser, "two.ipynb")
        notebook.until(tab, "document.querySelector('.alive-picture').dataset.index > 20")
        for other in tab.locator(".widget-toggle-button").all()[1:]:
            other.click()  # one player at a time
        if pictures:
            tab.wait_for_timeout(10_000)
            shown = tab.locator(".jp-OutputArea-output:has(.alive-screen)").first
            shown.evaluate("one => one.scrollIntoView()")  # the clicks above scrolled away from it
            tab.wait_for_timeout(1000)
            box = shown.bounding_box()
            photograph(tab, pictures / "player.png", {**box, "width": 736})
        waited = {
            f"{name}, {by}": waits(tab, name, by)
            for name, by in (("temperature", "mouse"), ("temperature", "key"), ("curing", "mouse"))
        }
        notebook.knob(tab, "speed")[0].focus()
        tab.keyboard.press("End")
        tab.wait_for_timeout(2000)
        one = len(tab.evaluate(beats, 8)) / 8
        tab.locator(".widget-dropdown select").first.select_option("four versions")
        tab.wait_for_timeout(3000)
        four = len(tab.evaluate(beats, 8)) / 8
        tab.close()
        return one, four, waited, over_a_slow_link(browser, lab)
    finally:
        lab.server.terminate()
        lab.server.wait(20)


# Frames in a second when the page takes no rest.
fast = """async seconds => {
  await alive.ready;
  alive.play(false);
  await alive.restart();
  let frames = 0;
  const from = performance.now();
  while (performance.now() - from < 1000 * seconds) {
    await alive.step();
    frames++;
  }
  return frames / seconds;
}"""

# The milliseconds from a turned slider to the next frame while the page plays.
turn = """async times => {
  const canvas = document.getElementById('picture');
  const slider = document.getElementById('temperature');
  const waited = [];
  alive.play(true);
  for (let i = 0; i < times; i++) {
    await new Promise(done => setTimeout(done, 300 + 37 * (i % 5)));
    slider.value = i % 2 ? 1 : 2;
    const from = performance.now(), at = canvas.dataset.index;
    while (canvas.dataset.index === at) await new Promise(requestAnimationFrame);
    waited.push(performance.now() - from);
  }
  return waited;
}"""


def in_page(browser, alive, folder, pictures):
    "The page's figures."
    inside = export_html(alive, folder / "cat.html")
    beside = export_html(alive, folder / "beside.html", runtime="beside")
    # steps=1: how well it is trained doesn't matter
    siren = SirenGenerator.fit(alive.scene.frames, alive.embeddings, steps=1, progress=False)
    published = replace(alive, generator=siren)
    slow = export_html(published, folder / "siren.html")
    parity = page.compare(browser, inside.as_uri(), alive, 100, 1, 0.1)
    window = dict(width=1000, height=640)
    tab = browser.new_page(viewport=window)
    tab.goto(inside.as_uri() + "?panel")
    if pictures:
        tab.evaluate("alive.ready")
        tab.wait_for_timeout(12_000)
        tab.mouse.move(300, 300)
        tab.mouse.move(310, 300)
        tab.wait_for_timeout(600)
        photograph(tab, pictures / "page.png", dict(x=0, y=0, **window))
    rate = tab.evaluate(fast, 8)
    turned = tab.evaluate(turn, 21)
    tab.goto(slow.as_uri())
    return {
        "frames a second": rate,
        "frames a second, published generator": tab.evaluate(fast, 8),
        "greatest difference from Python, of 255": int(parity),
        "slider to picture, median ms": median(turned),
        "slider to picture, longest ms": max(turned),
        "one file, MB": inside.stat().st_size / 1e6,
        "beside its runtime, MB": beside.stat().st_size / 1e6,
    }


def measure(pictures):
    "All of it."
    alive = AliveScene.fit(
        read_scene(ROOT / "data" / "napping_cat.mp4", size=128),
        encoder="alive-tiny",
        seed=0,
        progress=False,
    )
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary,
        sync_playwright() as play,
    ):
        folder = Path(temporary)
        browser = launch(play)
        player = {
            ".alive, MB": alive.save(folder / "cat.alive").stat().st_size / 1e6,
            "frames a second, kernel's side": kernel(alive),
        }
        own = folder / "lab"
        own.mkdir()
        one, four, waited, slow = in_jupyterlab(browser, alive, own, pictures)
        player |= {
            "frames a second, drawn, one view": one,
            "frames a second, drawn, four views": four,
            **slow,
        }
        for how, each in waited.items():
            player |= {
                f"{how}: to the picture, median ms": median(each),
                f"{how}: to the picture, longest of 21, ms": max(each),
            }
        figures = dict(**stamp(), player=player, page=in_page(browser, alive, folder, pictures))
        browser.close()
    return figures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", type=Path, help="a JSON file to keep all figures in")
    parser.add_argument("--pictures", type=Path, help="a folder for player.png and page.png")
    asked = parser.parse_args()
    figures = measure(asked.pictures)
    print(f"on {figures['cores']} cores, 128×128\n\n| | |\n|---|---|")
    for part in ("player", "page"):
        for what, value in figures[part].items():
            print(f"| {part}: {what} | {value:.3g} |")
    if asked.save:
        asked.save.write_text(
            json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
