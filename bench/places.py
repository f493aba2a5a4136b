"""Where a player plays: a notebook with a check and a player, opened in a real browser.
Called as python bench/places.py [--save bench/places.json] [--pictures FOLDER]. It tries what is
installed (JupyterLab; `pip install notebook marimo` for the other two), and says of the rest that
it was not tried. The places that need an account or a program of their own stand in the list, too."""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from playwright.sync_api import sync_playwright
from stamp import stamp

root = Path(__file__).absolute().parent.parent
sys.path.insert(0, str(root / "tests"))
from browsers import launch, patient, until  # noqa: E402, what the tests share

ASKED = 90  # seconds that a place may take to begin
UNTRIED = ("Google Colab", "VS Code", "Binder")  # an account, or a program without a browser
CHECK = "from alive_scene.player import PlayerCheck\ncheck = PlayerCheck()\ncheck"
PLAYER = (
    "from alive_scene.alive import AliveScene\nfrom alive_scene.player import AlivePlayer\n"
    f"player = AlivePlayer(AliveScene.load({str(root / 'data' / 'napping_cat.alive')!r}))\nplayer"
)
RUN_ALL = "jupyterapp.commands.execute('notebook:run-all-cells')"
READY = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
ANSWERED = "document.body.innerText.includes('Players play here.')"
HELPED = "document.body.innerText.includes('What to do:')"
PLAYS = "document.querySelector('.alive-picture')?.dataset.index > 5"
STILL = '!!document.querySelector(\'img[src^="data:image/png"], img[src*=".png"]\')'


def notebook(folder):
    "The notebook for Jupyter."
    cells = [nbformat.v4.new_code_cell(text) for text in (CHECK, PLAYER)]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "python3", "display_name": "python3", "language": "python"}
    nbformat.write(book, folder / "check.ipynb")


def script(folder):
    "The same for marimo."
    cells = []
    for text in (CHECK, PLAYER):
        indented = "\n".join(f"    {line}" for line in text.splitlines())
        cells.append(f"@app.cell\ndef _():\n{indented}\n    return\n")
    body = "\n\n".join(cells)
    (folder / "check.py").write_text(f"import marimo\n\napp = marimo.App()\n\n\n{body}")


def jupyter(program, app, folder, port):
    "How a program of Jupyter's is begun, and where the notebook is then."
    notebook(folder)
    command = [
        *(sys.executable, "-m", program, "--no-browser", "--ip=127.0.0.1", f"--port={port}"),
        *("--IdentityProvider.token=t", f"--{app}.expose_app_in_browser=True"),
        f"--ServerApp.root_dir={folder}",
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    where = "lab/tree" if program == "jupyterlab" else "notebooks"
    return command, f"http://127.0.0.1:{port}/{where}/check.ipynb?token=t"


def marimo(folder, port):
    "The same of marimo, which runs every cell when it is opened."
    script(folder)
    command = [sys.executable, "-m", "marimo", "--quiet", "run", str(folder / "check.py")]
    command += ["--headless", "--no-token", "--host", "127.0.0.1", "-p", str(port)]
    return command, f"http://127.0.0.1:{port}/"


PLACES = {
    "JupyterLab": ("jupyterlab", lambda *at: jupyter("jupyterlab", "LabApp", *at)),
    "Notebook 7": ("notebook", lambda *at: jupyter("notebook", "JupyterNotebookApp", *at)),
    "marimo": ("marimo", marimo),
}


def begins(port):
    "Wait until somebody answers at a port."
    given_up = time.monotonic() + ASKED
    while time.monotonic() < given_up:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"nobody answered at port {port}")


def seen(tab, true):
    "Whether something comes to be seen in time."
    try:
        until(tab, true, ASKED)
    except TimeoutError:
        return False
    return True


def look(tab, address):
    "What a browser sees of the check and of the player."
    tab.goto(address)
    if "check.ipynb" in address:
        until(tab, READY)
        tab.evaluate(RUN_ALL)
    until(tab, f"{ANSWERED} || {HELPED}")
    answered = tab.evaluate(ANSWERED)
    until(tab, f"!!document.querySelector('.alive-picture') || {STILL}")
    plays = (
        seen(tab, PLAYS) if tab.evaluate("!!document.querySelector('.alive-picture')") else False
    )
    return {
        "check": "answers" if answered else "tells what to do",
        "player": "plays" if plays else "a still picture",
    }


def tried(name, browser, pictures):
    "A place: its version and what was seen, or why it was not tried."
    package, begin = PLACES[name]
    try:
        found = version(package)
    except PackageNotFoundError:
        return {"tried": False}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        command, address = begin(Path(folder), port)
        own = ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")
        env = {**os.environ, **{key: f"{folder}/{key}" for key in own}, "PYTHONPATH": str(root)}
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(command, env=env, cwd=folder, stdout=quiet, stderr=quiet)
        tab = patient(browser.new_page(viewport=dict(width=1280, height=1000)))
        try:
            begins(port)
            what = look(tab, address)
        finally:
            if pictures:
                tab.screenshot(path=pictures / f"{name.replace(' ', '_')}.png")
            tab.close()
            server.terminate()
            server.wait(30)
    return {"tried": True, "version": found, **what}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", type=Path, help="a JSON file for what was seen")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each place")
    asked = parser.parse_args()
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = launch(play)
        chromium = browser.version
        places = {name: tried(name, browser, asked.pictures) for name in PLACES}
        browser.close()
    places |= {name: {"tried": False} for name in UNTRIED}
    for name, row in places.items():
        what = f"{row['version']}: {row['check']}; {row['player']}" if row["tried"] else "not tried"
        print(f"{name:14} {what}")
    if asked.save:
        kept = {"measured": stamp(), "Chromium": chromium, "places": places}
        asked.save.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
