"The player in JupyterLab in a real browser, turned by mouse and keyboard. Its speed is measured in the pixels of the page."
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

names = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"
mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
flags = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync".split()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright
    found = next(filter(None, map(shutil.which, names)), mac if Path(mac).exists() else None)
    assert found, "no Chromium or Chrome was found: apt-get install chromium, or install Google Chrome"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(root, tmp_path_factory):
    "JupyterLab with folders of its own, open on a copy of the course; its address with the token."
    folder = tmp_path_factory.mktemp("lab")
    (folder / "nbs").mkdir()
    shutil.copytree(root / "data", folder / "data")
    book = nbformat.read(root / "nbs" / "70_player.ipynb", 4)
    for cell in book.cells: cell.update(outputs=[], execution_count=None) if cell.cell_type == "code" else None
    nbformat.write(book, folder / "nbs" / "70_player.ipynb")
    news = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    with socket.socket() as free: free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    env = {**os.environ, **own, "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTERLAB_SETTINGS_DIR": str(folder / "config" / "lab" / "user-settings"),
           "PYTHONPATH": str(root)}
    serve = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=t", f"--notebook-dir={folder}",
             *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    with open(folder / "log", "w") as log: server = subprocess.Popen(serve, env=env, cwd=folder, stdout=log, stderr=log)
    for _ in range(120):
        try: urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=t").close(); break
        except OSError: time.sleep(.5)
    else: pytest.fail((folder / "log").read_text()[-2000:])
    yield f"http://127.0.0.1:{port}/lab/tree/nbs/70_player.ipynb?token=t"
    server.terminate()
    server.wait(20)


# How much the picture changes, mean over pixels, between one frame and the next, and how many frames a second there are.
watch = """async seconds => {
  const canvas = document.querySelector('.alive-picture'), look = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const from = performance.now(), seen = new Set(); let change = 0, before = null, at = null;
  while (performance.now() - from < 1000 * seconds) {
    await new Promise(requestAnimationFrame);
    if (canvas.dataset.index === at) continue;
    const now = look(); at = canvas.dataset.index; seen.add(at);
    if (before) { let sum = 0; for (let i = 0; i < now.length; i++) sum += Math.abs(now[i] - before[i]); change += sum / now.length; }
    before = now;
  }
  return { change: change / seconds, frames: seen.size / seconds };
}"""


def test_the_player_lives_in_jupyterlab(browser, lab, tmp_path):
    page, outside, errors = browser.new_page(viewport={"width": 1300, "height": 1000}), [], []
    page.on("request", lambda request: None if request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")) else outside.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook", timeout=60_000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=60_000, state="attached")
    time.sleep(1.5)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector(".alive-picture", timeout=240_000, state="attached")
    page.locator(".jp-OutputArea-output >> text=ran in").last.wait_for(timeout=240_000, state="attached")
    player = page.locator(".alive-screen").first
    player.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.alive-picture').dataset.index > 5", timeout=30_000)
    page.screenshot(path=str(tmp_path / "player.png"))
    slider = page.locator(".widget-slider", has_text="temperature").first.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(4000)
    still = page.evaluate(watch, 3)
    box = slider.bounding_box() and page.locator(".widget-slider", has_text="temperature").first.locator(".noUi-base").bounding_box()
    page.mouse.click(box["x"] + box["width"] * .08, box["y"] + box["height"] / 2)
    page.wait_for_timeout(1000)
    lively = page.evaluate(watch, 5)
    slider.focus()
    for _ in range(30): page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1000)
    wild = page.evaluate(watch, 5)
    print(dict(still=still, lively=lively, wild=wild))
    assert still["change"] < lively["change"] < wild["change"]
    assert not outside and not errors
    page.close()
