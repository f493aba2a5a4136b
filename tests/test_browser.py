"""The player in a real browser.

In JupyterLab it is turned by mouse and keyboard, interrupted, run again and closed. Nothing here depends on
the clock: frames are counted, and what must come is waited for. How fast it is, bench/player.py measures.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from functools import partial
from math import dist

import nbformat
import pytest
from browsers import in_order, limit, moved, patient, record, shown, stroll, ticks, until
from jupyter_client import BlockingKernelClient

harm = "<script>window.harm = 1</script><img src=x onerror='window.harm = 1'>"


# Part of each frame, 16 pixels high or wide, as a scene of its own.
shaped = """
from dataclasses import replace
from alive_scene.strokes import StrokeGenerator
def cut(axis, pixels):
    frames = alive.scene.frames[:, :pixels] if axis == 0 else alive.scene.frames[:, :, :pixels]
    drawn = StrokeGenerator.fit(frames, alive.embeddings, progress=False)
    return replace(alive, scene=replace(alive.scene, frames=frames), generator=drawn)
"""


# A cat that is large enough to be dragged; its behavior is fitted in seconds.
asked = """
from alive_scene.actors import napping_cat
from alive_scene.wish import Wish
cat = AliveScene.fit(napping_cat(120, size=96, seed=0), seconds=5, seed=0, progress=False)
"""


# A scene in 3D, trained until a body can be seen. At temperature 0 it comes to rest.
solid = """
from alive_scene.views import read_views
views = read_views('../data/creature', 32)
field = AliveScene.fit(views, generator='nerf', behavior='texture', steps=150, progress=False)
players.append(player := AlivePlayer(field))
player.temperature.value = 0
player
"""


def books(root, folder, alive):
    """The lesson without its outputs, and six notebooks made for these tests.

    One has two players and a map, one two views of a player and a map to start it from, one a behavior that
    is written in its cell, one a wide and a tall scene, one a cat that is asked for something, one a scene
    in 3D.
    """
    (folder / "nbs").mkdir()
    shutil.copytree(root / "data", folder / "data")
    book = nbformat.read(root / "nbs" / "70_player.ipynb", 4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    nbformat.write(book, folder / "nbs" / "70_player.ipynb")
    replace(alive, scene=replace(alive.scene, name=harm)).save(folder / "nbs" / "cat.alive")
    begin = (
        "from alive_scene.alive import AliveScene\n"
        "from alive_scene.explorer import MapExplorer\n"
        "from alive_scene.player import AlivePlayer\n"
        "alive,players = AliveScene.load('cat.alive'), []\n"
    )
    for name, cells in dict(
        two=[
            begin + "MapExplorer(alive)",
            "players.append(AlivePlayer(alive))\nplayers[-1]",
            "players.append(AlivePlayer(alive, seed=1))\nplayers[-1]",
        ],
        map=[
            begin + "players.append(player := AlivePlayer(alive))\nplayer",
            "MapExplorer(alive, player=player)",  # which holds the second view of it
        ],
        stroll=[
            begin + "from dataclasses import replace\n" + stroll(root),
            "strolling = replace(alive, behavior=Stroll.fit(alive.embeddings))\n"
            "AlivePlayer(strolling)",
        ],
        shapes=[
            begin + shaped,
            "AlivePlayer(cut(0, 16))",
            "AlivePlayer(cut(1, 16), view='four versions')",
            "MapExplorer(cut(0, 16))",
        ],
        asked=[
            begin + asked,
            "players.append(player := AlivePlayer(cat, wishes={'like frame 3': Wish.frames(cat, 3)}))\n"
            "player",
            "print('below')",
        ],
        solid=[begin + solid],
    ).items():
        nbformat.write(
            nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=book.metadata
            ),
            folder / "nbs" / f"{name}.ipynb",
        )


def late(delay, there):
    "Whatever goes through a WebSocket comes later, in order."
    here = there.connect_to_server()
    loop = asyncio.get_running_loop()
    there.on_message(lambda message: loop.call_later(delay, here.send, message))
    here.on_message(lambda message: loop.call_later(delay, there.send, message))


class Lab:
    "JupyterLab with folders of its own, on a copy of the lesson."

    def __init__(self, root, folder, alive):
        self.folder = folder
        self.root = root
        books(root, folder, alive)
        news = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
        news.mkdir(parents=True)
        (news / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False})
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        own = {
            name: str(folder / name.lower())
            for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        }
        env = {
            **os.environ,
            **own,
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "config" / "lab" / "user-settings"),
            "PYTHONPATH": str(root),
        }
        serve = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--LabApp.expose_app_in_browser=True",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--IdentityProvider.token=t",
            f"--notebook-dir={folder}",
            *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        ]
        with open(folder / "log", "w") as log:
            self.server = subprocess.Popen(serve, env=env, cwd=folder, stdout=log, stderr=log)
        for _ in range(2 * limit):
            try:
                self.ask("")
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((folder / "log").read_text()[-2000:])

    def ask(self, what, method="GET"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{what}?token=t",
            method=method,
            data=b"" if method == "POST" else None,
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def kernel(self, book):
        "Its id, and a client that can look into it."
        found = next(
            one["kernel"]["id"] for one in self.ask("sessions") if one["path"].endswith(book)
        )
        client = BlockingKernelClient(
            connection_file=str(self.folder / "jupyter_runtime_dir" / f"kernel-{found}.json")
        )
        client.load_connection_file()
        client.start_channels()
        return found, client

    def open(self, browser, book, delay=0, **options):
        """A tab in which all cells of a notebook were run, over a link that takes so many seconds each way.

        With it, lists that fill with its requests to others and its errors.
        """
        page = patient(
            browser.new_page(
                viewport={"width": 1300, "height": 1000 if book.startswith("7") else 2600},
                **options,
            )
        )
        outside = []
        errors = []
        page.add_init_script(patience)
        if delay:
            page.route_web_socket(lambda url: True, partial(late, delay))
        near = "http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"
        page.on(
            "request",
            lambda request: None if request.url.startswith(near) else outside.append(request.url),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(
            f"http://127.0.0.1:{self.port}/lab/workspaces/{time.monotonic_ns()}/tree/nbs/{book}?token=t"
        )
        until(page, "window.jupyterapp?.shell.currentWidget?.sessionContext !== undefined")
        page.evaluate(run_all)
        until(page, "window.ran")
        assert page.evaluate("ran") is True
        page.wait_for_selector(".alive-picture", state="attached")
        return page, outside, errors


@pytest.fixture(scope="module")
def lab(root, alive, tmp_path_factory):
    lab = Lab(root, tmp_path_factory.mktemp("lab"), alive)
    yield lab
    lab.server.terminate()
    lab.server.wait(20)


@pytest.fixture(autouse=True)
def closed(browser):
    "No tab plays on while the next test runs, whatever became of this one."
    yield
    for context in browser.contexts:
        context.close()


# anywidget lets a widget for ever go without messages if its script isn't there within 2 s.
patience = """
const soon = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = milliseconds => soon(100 * milliseconds);
"""

# Runs all cells of the notebook; then `ran` is true, or what went wrong.
run_all = """() => {
  const { context, sessionContext } = jupyterapp.shell.currentWidget;
  const ready = Promise.all([context.ready, sessionContext.ready]);
  ready.then(() => sessionContext.session.kernel.info)
    .then(() => jupyterapp.commands.execute('notebook:run-all-cells'))
    .then(() => true, String)
    .then(how => window.ran = how);
}"""

# Asks the kernel for nothing, after whatever was asked of it before; answered, `came` is true.
ask = """() => {
  window.came = false;
  jupyterapp.shell.currentWidget.sessionContext.session.kernel
    .requestExecute({ code: '' }).done.then(() => window.came = true);
}"""

# Whether the picture was rolled out at the temperature that the slider says, another than before.
turned = """before => {
  const slider = [...document.querySelectorAll('.widget-slider')]
    .find(one => one.textContent.includes('temperature'));
  const { temperature } = document.querySelector('.alive-picture').dataset;
  const says = slider.querySelector('.widget-readout').textContent;
  return +temperature !== before && Math.abs(temperature - says) < 1e-9;
}"""

both_play = (
    "[...document.querySelectorAll('.alive-picture')]"
    ".filter(one => one.dataset.index > 5).length == 2"
)

# What can be used and has no name that a screen reader could say.
unnamed = """() => [
  ...document.querySelectorAll('.jp-OutputArea :is(input, button, select, canvas, [role=slider])')
].filter(one => one.offsetParent && !one.closest('.modebar') && !(
  one.labels?.length || one.textContent.trim() || one.ariaLabel ||
  one.closest('.widget-inline-hbox')?.querySelector('label')?.textContent
)).map(one => one.outerHTML.slice(0, 200))"""

# Where on the screen the map's frames are, and the place farthest from them.
places = """() => {
  const plot = document.querySelector('.js-plotly-plot');
  const box = plot.getBoundingClientRect();
  const { xaxis: x, yaxis: y } = plot._fullLayout;
  const path = plot._fullData[1];
  const left = box.left + x._offset, top = box.top + y._offset;
  const frames = Array.from(path.x, (_, i) => [left + x.d2p(path.x[i]), top + y.d2p(path.y[i])]);
  let best = 0, empty;
  for (let i = 10; i < x._length - 10; i += 2) for (let j = 10; j < y._length - 10; j += 2) {
    const here = [left + i, top + j];
    const far = Math.min(...frames.map(one => Math.hypot(one[0] - here[0], one[1] - here[1])));
    if (far > best) [best, empty] = [far, here];
  }
  return [frames, empty];
}"""

# What the map says beside its picture.
words = """[...document.querySelectorAll('.widget-html-content')].map(one => one.textContent)"""

# What plotly holds the mouse to rest on: the number of the trace and of the point.
rests = """() => {
  const [found] = document.querySelector('.js-plotly-plot')._hoverdata ?? [];
  return found ? [found.curveNumber, found.pointNumber] : [];
}"""

# How much wider than high the map's picture is, and how much it is shown.
shape = """() => {
  const one = document.querySelector('img.widget-image');
  return [one.naturalWidth / one.naturalHeight, one.clientWidth / one.clientHeight];
}"""


def knob(page, name):
    """The handle of a slider, for the keyboard, and a function that presses its bar, for the mouse.

    It takes the place on the bar as a share of its length.
    """
    slider = page.locator(".widget-slider", has_text=name).first

    def press(share):
        bar, says = slider.locator(".noUi-base"), slider.locator(".widget-readout")
        before = says.text_content()
        # a press of a bar 4 pixels high can miss; once it moves, it must be answered
        for _ in range(5):
            box = bar.bounding_box()
            bar.click(position={"x": box["width"] * share, "y": box["height"] / 2})
            page.evaluate(ticks, 20)
            if says.text_content() != before:
                return
        raise AssertionError(f"five presses did not move the slider from {before}")

    return slider.get_by_role("slider"), press


def settle(page, frames=60):
    """The page and its kernel have had the time to do what they must not do.

    So many frames of the screen were drawn, and what the page asked meanwhile was answered.
    """
    page.evaluate(ticks, frames)
    page.evaluate(ask)
    until(page, "came")
    page.evaluate(ticks, 2)


def temperature_of(page):
    "At which the picture was rolled out."
    return float(page.locator(".alive-picture").first.get_attribute("data-temperature"))


def turn(page, by):
    "Do something to the temperature, and wait for a frame of the new one."
    before = temperature_of(page)
    by()
    page.wait_for_function(turned, arg=before)


def frames_of(page, temperature, frames, skip=0):
    "So many frames in order, all of one temperature, after some that are passed over."
    seen = shown(page, ".alive-picture", skip + frames)
    assert in_order(seen) and {frame["temperature"] for frame in seen} == {temperature}
    return seen[skip:]


def a_frame_moves_as_the_temperature_says(page, handle):
    "At 0 it comes to rest; at 3 a frame moves more than at .1."
    handle.focus()
    turn(page, lambda: page.keyboard.press("Home"))
    still = moved(frames_of(page, 0, 20, skip=80))
    for _ in range(2):
        turn(page, lambda: page.keyboard.press("ArrowRight"))
    lively = moved(frames_of(page, 0.1, 50))
    turn(page, lambda: page.keyboard.press("End"))
    wild = moved(frames_of(page, 3, 50))
    print(f"a frame moves {still:.2f} at temperature 0, {lively:.2f} at .1, {wild:.2f} at 3")
    assert 10 * still < lively and 2.5 * lively < wild


def each_turn_is_answered(page, handle, press):
    "By frames of the new setting, which go on from the one on the screen: none is lost, none comes twice."
    page.evaluate(record, ".alive-picture")
    for i in range(12):
        if i % 2:
            turn(page, lambda i=i: press(0.2 + 0.05 * i))
        else:
            handle.focus()
            turn(page, lambda: page.keyboard.press("ArrowLeft"))
    seen = page.evaluate("recorded")
    settings = [frame["temperature"] for frame in seen]
    changes = sum(one != other for one, other in zip(settings, settings[1:], strict=False))
    assert in_order(seen)
    assert changes in (11, 12)  # 11 if the first frame that was seen came after the first turn


def test_the_player_lives_in_jupyterlab(browser, lab):
    page, outside, errors = lab.open(browser, "70_player.ipynb")
    page.locator(".alive-screen").first.wait_for(state="attached")
    page.locator(".alive-screen").first.scroll_into_view_if_needed()
    until(page, "document.querySelector('.alive-picture').dataset.index > 5")
    handle, press = knob(page, "temperature")
    a_frame_moves_as_the_temperature_says(page, handle)
    each_turn_is_answered(page, handle, press)
    knob(page, "speed")[0].focus()
    page.keyboard.press("End")
    assert in_order(shown(page, ".alive-picture", 60))
    assert not outside and not errors
    page.close()


def test_a_behavior_from_a_notebook_cell_lives_in_the_player(browser, lab):
    page, outside, errors = lab.open(browser, "stroll.ipynb")
    seen = shown(page, ".alive-picture", 20)
    assert in_order(seen) and moved(seen) > 0
    assert not outside and not errors
    page.close()


def notes(say):
    "All players' lines of words say so."
    return f"[...document.querySelectorAll('.alive-note')].every(one => one.textContent.{say})"


class Two:
    "The notebook of two players, open in a tab, and a look into its kernel."

    def __init__(self, browser, lab):
        self.lab = lab
        self.page, self.outside, self.errors = lab.open(browser, "two.ipynb")
        until(self.page, both_play)
        self.kernel, self.client = lab.kernel("two.ipynb")
        self.first = self.page.locator(".alive-picture").first
        self.note = self.page.locator(".alive-note").first

    def see(self, what):
        reply = self.client.execute(
            "import asyncio, threading", user_expressions={"seen": what}, reply=True, timeout=limit
        )["content"]["user_expressions"]["seen"]
        return eval(reply["data"]["text/plain"])

    def comes_to(self, what, wanted):
        "An expression in the kernel has a value, in the end."
        given_up = time.monotonic() + limit
        while (found := self.see(what)) != wanted:
            assert time.monotonic() < given_up, f"{what} stays {found}, not {wanted}"
            time.sleep(0.2)

    def indices(self):
        "Of the last frame that each player made."
        return self.see("[player.live.index for player in players]")

    def all_go_on(self):
        self.comes_to(
            f"[player.live.index > was + 5 for player, was in zip(players, {self.indices()})]",
            [True] * len(self.indices()),
        )

    def all_stand(self):
        "No player is asked for more, though there was time."
        settle(self.page)
        before = self.indices()
        settle(self.page)
        assert self.indices() == before

    def index(self):
        "Of the frame that the first view shows."
        return int(self.first.get_attribute("data-index"))

    def goes_on_after(self, index):
        until(self.page, f"document.querySelector('.alive-picture').dataset.index > {index + 5}")

    def press_every_button(self):
        "Each player's, that plays or pauses it."
        for button in self.page.locator(".widget-toggle-button").all():
            button.click()


def paused_it_steps_by_key(two):
    two.first.focus()
    two.page.keyboard.press("Space")
    two.comes_to("players[0].playing.value", False)
    index = two.index()
    two.page.keyboard.press("ArrowRight")
    until(two.page, f"document.querySelector('.alive-picture').dataset.index == {index + 1}")
    settle(two.page)
    assert two.index() == index + 1
    two.page.keyboard.press("Space")
    two.goes_on_after(index)


def both_are_stopped_by_an_interrupt(two):
    "And say so; the play button goes on."
    until(two.page, notes("startsWith('Interrupted')"))
    two.all_stand()
    assert two.see("[player.playing.value for player in players]") == [False, False]
    two.press_every_button()
    two.all_go_on()
    until(two.page, notes("length === 0"))


def an_interrupt_stops_both_until_they_are_played(two):
    for _ in range(20):  # one that comes while the kernel reads a message is lost: once more
        two.lab.ask(f"kernels/{two.kernel}/interrupt", "POST")
        settle(two.page)
        if two.page.evaluate(notes("startsWith('Interrupted')")):
            break
    both_are_stopped_by_an_interrupt(two)


def an_interrupt_while_one_makes_frames_stops_both(two):
    two.client.execute(
        "def interrupted(*_, **__):\n"
        "    del live.go_on\n"
        "    raise KeyboardInterrupt\n"
        "live = players[0].live\n"
        "live.go_on = interrupted",
        reply=True,
    )
    both_are_stopped_by_an_interrupt(two)


def an_error_stops_both_and_is_told(two):
    two.client.execute("alive.behavior.step = lambda *_: 1/0", reply=True)
    until(two.page, notes("startsWith('division by zero')"))
    two.all_stand()
    assert two.note.text_content() == "division by zero"
    two.client.execute("del alive.behavior.step", reply=True)


def played_again_it_is_turned_and_stepped(two):
    two.press_every_button()
    two.client.execute("players[0].seed.value = 3; players[0].temperature.value = 2", reply=True)
    two.all_go_on()  # after a new life and a turned slider, one right after the other
    two.first.focus()
    two.page.keyboard.press("Space")
    two.comes_to("players[0].playing.value", False)
    settle(two.page)
    index = two.index()
    two.client.execute("for _ in range(3): players[0].step.click()", reply=True)
    two.comes_to("players[0].seen", index + 3)
    settle(two.page)
    assert two.index() == index + 3, "three steps are three"
    assert two.see("players[0].seen") == index + 3
    two.page.keyboard.press("Space")
    two.goes_on_after(index)


def its_cell_is_run_again(two):
    two.page.locator(".jp-CodeCell .cm-content").nth(1).click()
    two.page.keyboard.press("Shift+Enter")
    two.comes_to("len(players)", 3)
    # the old one, which nobody looks at any more, keeps no past; the other two play
    two.comes_to("[len(player.live.kept) == 1 for player in players]", [True, False, False])
    until(two.page, both_play)
    old, *_, new = two.indices()
    two.comes_to(f"players[2].live.index > {new + 20}", True)
    assert two.indices()[0] == old


def the_tab_is_closed(two):
    two.page.close()
    given_up = time.monotonic() + limit
    while two.lab.ask(f"kernels/{two.kernel}")["connections"]:
        assert time.monotonic() < given_up, "the server still holds a link to the tab"
        time.sleep(0.2)
    two.see("1")  # what was asked before is answered
    before = two.indices()
    time.sleep(2)  # in which those that played would be asked for twenty frames
    assert two.indices() == before, "nobody looks any more"
    rest = "threading.active_count(), len(asyncio.all_tasks())"
    left = two.see(rest)
    two.client.execute("[player.close() for player in players]; players.clear()", reply=True)
    assert two.see(rest) == left, "closing them ends no thread and no task, since there was none"


def test_what_stops_it_and_what_does_not(browser, lab):
    "One tab lives through it all, so that each thing meets what the one before it left."
    two = Two(browser, lab)
    two.all_go_on()
    paused_it_steps_by_key(two)
    an_interrupt_stops_both_until_they_are_played(two)
    an_interrupt_while_one_makes_frames_stops_both(two)
    an_error_stops_both_and_is_told(two)
    assert two.page.evaluate(unnamed) == []
    played_again_it_is_turned_and_stepped(two)
    its_cell_is_run_again(two)
    assert two.page.evaluate("window.harm") is None, "a scene's name was run"
    the_tab_is_closed(two)
    two.client.stop_channels()
    assert not two.outside and not two.errors


def test_less_motion(browser, lab):
    page, *_ = lab.open(browser, "two.ipynb", reduced_motion="reduce")
    until(page, "document.querySelector('.alive-note').textContent.includes('less motion')")
    settle(page)
    first = page.locator(".alive-picture").first
    assert int(first.get_attribute("data-index") or 0) <= 1
    first.focus()
    page.keyboard.press("Space")
    until(page, "document.querySelector('.alive-picture').dataset.index > 5")
    page.close()


def test_two_views_of_one_player_go_on_after_each_turn(browser, lab):
    page, outside, errors = lab.open(browser, "map.ipynb")
    until(page, both_play)
    found, client = lab.kernel("map.ipynb")

    def both(have):
        return (
            "[...document.querySelectorAll('.alive-picture')].map(one => one.dataset)"
            f".every((one, i) => {have})"
        )

    for i in range(12):
        warm = round(0.5 + 0.1 * i, 1)
        client.execute(f"player.temperature.value = {warm}", reply=True)
        if i % 3:  # every third is turned again at once
            until(page, both(f"one.temperature == {warm}"))
            page.evaluate(ticks, 3 * i)
    at = page.evaluate(
        "[...document.querySelectorAll('.alive-picture')].map(one => +one.dataset.index)"
    )
    until(page, both(f"one.index > {at}[i] + 5"))
    until(page, both(f"one.temperature == {warm}"))
    client.stop_channels()
    assert not outside and not errors
    page.close()


def pulls(page, name):
    "That is what pulls."
    until(page, f"document.querySelector('.alive-pulls').textContent === '{name}'")


def hold_and_pull(page, start, by):
    "Press at a point of the picture (y, x in 0..1), move, and look at the arrow; then let it go."
    box = page.locator(".alive-picture").bounding_box()
    y, x = box["y"] + start[0] * box["height"], box["x"] + start[1] * box["width"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[1] * box["width"], y + by[0] * box["height"], steps=6)
    line = page.locator(".alive-over").get_attribute("d")
    page.screenshot(path=str(page.photographs / "arrow.png"))
    assert line.startswith("M") and "L" in line
    page.mouse.up()
    assert page.locator(".alive-arrow").evaluate("one => one.style.display") == "none"


def test_the_cat_is_asked_in_jupyterlab(browser, lab):
    """In words, by buttons, by hand and by key; what lies below stays where it is.

    The photographs of before and after lie in the test's folder.
    """
    page, outside, errors = lab.open(browser, "asked.ipynb")
    page.photographs = lab.folder
    found, client = lab.kernel("asked.ipynb")
    until(page, "document.querySelector('.alive-picture').dataset.index > 5")
    page.locator(".alive-screen").scroll_into_view_if_needed()
    settle(page)
    below = """[...document.querySelectorAll('.widget-slider, .alive-picture, .alive-says')].map(
      one => one.getBoundingClientRect().top
    )"""
    before = page.evaluate(below)
    field = page.get_by_label("ask", exact=True)
    says = page.locator(".alive-says")
    field.fill("the price of gold in Paris")
    field.press("Enter")
    until(page, "document.querySelector('.alive-says').textContent.includes('says nothing here')")
    pulls(page, "nothing pulls")
    assert page.evaluate(below) == before, "words have moved the page"
    field.fill("<b>a cat</b> with its eyes closed|a cat with its eyes open")
    field.press("Enter")
    until(page, "document.querySelector('.alive-left').textContent.includes('half in 10 s')")
    assert "<b>a cat</b>" in says.text_content(), "markup is shown, not obeyed"
    until(page, "document.querySelector('.alive-pull meter').value < .9")
    button = page.get_by_role("button", name="less eyes closed")
    button.focus()
    page.keyboard.press("Enter")
    pulls(page, "less eyes closed")
    assert button.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="let go").click()
    pulls(page, "nothing pulls")
    page.get_by_role("button", name="like frame 3").click()
    pulls(page, "like frame 3")
    page.get_by_role("button", name="let go").click()
    pulls(page, "nothing pulls")
    assert page.evaluate(below) == before
    the_head_follows_the_hand(page, client)
    page.locator(".alive-picture").focus()
    index = "+document.querySelector('.alive-picture').dataset.index"
    page.get_by_role("button", name="let go").click()
    page.locator(".alive-picture").focus()
    page.keyboard.press("Shift+ArrowRight")
    until(page, "document.querySelector('.alive-says').textContent !== ''")
    at = page.evaluate(index)
    until(page, f"{index} > {at} + 5")
    assert client.execute("", reply=True)["content"]["status"] == "ok"
    assert page.evaluate(unnamed) == [] and page.evaluate(below) == before
    client.stop_channels()
    assert not outside and not errors
    page.close()


def the_head_follows_the_hand(page, client):
    "Pulled at the forehead, from a frame that looks straight, to one side and to the other."
    index = "+document.querySelector('.alive-picture').dataset.index"
    for side in (-1, 1):
        client.execute(
            "player.playing.value = False\n"
            "player.first.value = 40 + int(abs(cat.scene.states['tilt'][40:100]).argmin())\n"
            "player.restart()",
            reply=True,
        )
        settle(page)
        page.screenshot(path=str(page.photographs / f"before_{side}.png"))
        hold_and_pull(page, (0.14, 0.5), (0.0, 0.09 * side))
        pulls(page, "your pull")
        at = page.evaluate(index)
        client.execute("player.playing.value = True", reply=True)
        until(page, f"{index} > {at} + 60")
        page.screenshot(path=str(page.photographs / f"after_{side}.png"))
        reply = client.execute(
            "near = [step[0]['near'] for step in list(player.live.told)[-36:]]",
            user_expressions={"seen": "float(cat.scene.states['tilt'][near].mean())"},
            reply=True,
            timeout=limit,
        )
        seen = reply["content"]["user_expressions"]["seen"]["data"]["text/plain"]
        print(f"pulled to the {'right' if side > 0 else 'left'}: tilt {seen}")
        assert side * float(seen) > 0.2


def standing_alone(frames):
    "Which frames of the map have no other within 4 pixels."
    return [
        i
        for i, one in enumerate(frames)
        if min(dist(one, other) for j, other in enumerate(frames) if j != i) > 4
    ]


def says(page, pattern, seconds=limit):
    "Some line of words beside the map is such."
    until(page, f"{words}.some(text => /{pattern}/.test(text.trim()))", seconds)


def on_screen(page):
    "Where the map's frames are, and the place farthest from them, once the page lies still."
    before = None
    for _ in range(1000):
        now = page.evaluate(places)
        if now == before:
            return now
        before = now
        page.evaluate(ticks, 10)
    pytest.fail("the page never lies still")


def rest_on(page, trace, point=None):
    "The mouse on the map's floor (trace 0), or on a frame (trace 1); plotly has seen it."
    frames, empty = on_screen(page)
    x, y = empty if point is None else frames[point]
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=5)
    wanted = f"[0] === {trace}" if point is None else f".join() === '{trace},{point}'"
    until(page, f"({rests})(){wanted}")
    return x, y


def click(page, trace, point=None):
    "Where the mouse rests."
    x, y = rest_on(page, trace, point)
    page.wait_for_timeout(400)  # two clicks within 300 ms are a double one to plotly
    page.mouse.click(x, y)


def circle(page, side):
    "Draw around all frames to the left (-1) or to the right (1) of their middle; how many these are."
    frames, _ = on_screen(page)
    middle = sum(one[0] for one in frames) / len(frames)
    left = min(one[0] for one in frames) - 8
    right = max(one[0] for one in frames) + 8
    top = min(one[1] for one in frames) - 8
    bottom = max(one[1] for one in frames) + 8
    near, far = (min(max(middle + side * away, left), right) for away in (3, 400))
    corners = [(near, top), (far, top), (far, bottom), (near, bottom)]
    page.mouse.move(*corners[0])
    page.evaluate(ticks, 5)
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=20)
        page.evaluate(ticks, 5)
    page.mouse.up()
    return sum((one[0] - middle) * side > 3 for one in frames)


def two_regions_are_compared(page):
    """Each is circled; the words say of how many frames each is, the picture is undistorted.

    Now and then a drag of a mouse that no hand moves is lost on its way, so both are drawn again, as a
    user would, a few times: the last two regions count.
    """
    for _ in range(5):
        within = [circle(page, side) for side in (-1, 1)]
        wanted = "^" + " and ".join(f"the mean of {count} frames" for count in within) + "$"
        try:
            says(page, wanted, 20)
            break
        except TimeoutError:
            continue
    says(page, wanted, 1)
    until(page, f"Math.round(({shape})()[0]) === 2")
    there, seen = page.evaluate(shape)
    assert abs(there - seen) < 0.02, "undistorted"


def test_the_map_is_pointed_at(browser, lab):
    page, outside, errors = lab.open(browser, "map.ipynb")
    until(page, both_play)
    page.wait_for_selector(".js-plotly-plot .scatterlayer", state="attached")
    page.locator(".js-plotly-plot").scroll_into_view_if_needed()
    found, client = lab.kernel("map.ipynb")
    client.execute("player.playing.value = False", reply=True)
    plays = "document.querySelector('.widget-toggle-button').textContent.trim() == 'pause'"
    until(page, f"!({plays})")
    alone = standing_alone(on_screen(page)[0])
    assert len(alone) > 5
    for i in alone[1:6]:
        rest_on(page, 1, i)
        says(page, f"^frame {i}$")
    assert not page.evaluate(plays)
    click(page, 1, alone[2])
    says(page, f"^frame {alone[2]}$")
    until(page, plays)
    click(page, 0)
    says(page, "nearest to frame")
    two_regions_are_compared(page)
    client.stop_channels()
    assert not outside and not errors
    page.close()


# Keeps what the picture shows; from the second time on, how much it has changed since: the mean over pixels.
changed = """() => {
  const one = document.querySelector('.alive-picture');
  const now = one.getContext('2d').getImageData(0, 0, one.width, one.height).data, before = window.kept;
  window.kept = now;
  return before ? now.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0) / now.length : 0;
}"""

# Whether the browser's own menu is kept away from what a selector finds.
no_menu = """selector => !document.querySelector(selector).dispatchEvent(
  new MouseEvent('contextmenu', { bubbles: true, cancelable: true })
)"""


def pull_around(page, right, down):
    "Pull the picture with the right button, by parts of its width and height, and let it go."
    box = page.locator(".alive-picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x + right * box["width"], y + down * box["height"], steps=5)
    page.mouse.up(button="right")


def test_the_camera_goes_around_a_paused_scene(browser, lab):
    "By the right button and by the sliders; the picture is seen from there at once, though it is paused."
    page, outside, errors = lab.open(browser, "solid.ipynb")
    index = "+document.querySelector('.alive-picture').dataset.index"
    until(page, f"{index} > 40")  # at rest
    page.locator(".alive-screen").scroll_into_view_if_needed()
    found, client = lab.kernel("solid.ipynb")
    client.execute("player.playing.value = False", reply=True)
    settle(page)
    page.evaluate(changed)
    at = page.evaluate(index)
    page.get_by_role("button", name="one step").click()
    until(page, f"{index} > {at}")
    still = page.evaluate(changed)
    page.locator(".alive-picture").screenshot(path=str(lab.folder / "front.png"))
    says = {
        name: page.locator(".widget-slider", has_text=name).locator(".widget-readout")
        for name in ("around", "above")
    }
    at = page.evaluate(index)
    pull_around(page, -0.5, 0.1)
    until(page, f"{index} > {at}")
    settle(page)
    turned = page.evaluate(changed)
    assert not page.locator(".lm-Menu").count()  # JupyterLab's own menu stays closed
    page.locator(".alive-picture").screenshot(path=str(lab.folder / "side.png"))
    assert abs(float(says["around"].text_content()) - 90) <= 1
    assert abs(float(says["above"].text_content()) - 9) <= 1
    at = page.evaluate(index)
    page.locator(".alive-note").click(button="right", force=True)
    page.locator(".lm-Menu").first.wait_for()  # elsewhere its menu is as ever
    page.keyboard.press("Escape")
    knob(page, "around")[0].focus()
    page.keyboard.press("End")
    until(page, f"{index} > {at}")
    settle(page)
    behind = page.evaluate(changed)
    assert float(says["around"].text_content()) == 180
    print(
        f"a step changes it by {still:.2f}, the mouse by {turned:.2f}, the slider by {behind:.2f}"
    )
    assert min(turned, behind) > 1 and min(turned, behind) > 5 * still
    assert page.evaluate(no_menu, ".alive-picture")
    pulls(page, "nothing pulls")  # a right button is no drag
    client.stop_channels()
    assert not outside and not errors
    page.close()


# Of what a selector finds, each as [width, height] of its pixels and as it is shown.
sizes = """selector => [...document.querySelectorAll(selector)].map(one => [
  one.naturalWidth ?? one.width, one.naturalHeight ?? one.height, one.clientWidth, one.clientHeight
])"""


def test_a_wide_and_a_tall_scene_are_shown_undistorted(browser, lab):
    "Each as large as a square; the nearest frame beside it has its shape, and so has the explorer's picture."
    page, outside, errors = lab.open(browser, "shapes.ipynb")
    until(page, both_play)
    page.wait_for_selector("img.widget-image")
    wide, tall = page.evaluate(sizes, ".alive-picture")
    assert wide[:2] == [32, 16] and tall[:2] == [32, 64]
    small = page.evaluate(sizes, ".alive-near canvas")
    assert [one[0] / one[1] for one in small] == [2, 0.5]
    explored = page.evaluate(sizes, "img.widget-image")
    for width, height, across, down in [wide, tall, *small, *explored]:
        assert abs(across / down - width / height) < 0.05 * width / height
    for _, _, across, down in (wide, tall):
        assert abs(across * down / 480**2 - 1) < 0.2
    assert not outside and not errors
    page.close()


def test_a_slow_link_does_not_make_it_stutter(browser, lab, alive):
    "It asks for more while it still holds more frames than it shows until they come."
    delay = 0.1  # seconds each way, at least
    page, outside, errors = lab.open(browser, "two.ipynb", delay=delay)
    found, client = lab.kernel("two.ipynb")
    client.execute("for player in players[1:]: player.playing.value = False", reply=True)
    until(page, "document.querySelector('.alive-picture').dataset.index > 40")
    client.execute(
        "asked = []\n"
        "players[0].screen.on_msg(lambda screen, message, buffers: asked.append(message))",
        reply=True,
    )
    seen = shown(page, ".alive-picture", 120)
    reply = client.execute("", user_expressions={"seen": "asked"}, reply=True, timeout=limit)
    asked = eval(reply["content"]["user_expressions"]["seen"]["data"]["text/plain"])
    client.stop_channels()
    page.close()
    wants = [one for one in asked if one["kind"] == "want"]
    in_store = {}
    for one in wants:  # the first for each frame: without an answer for 3 s it asks again
        in_store.setdefault(one["after"], one["after"] - one["shown"])
    print(f"{delay:.1f} s each way: frames in store when it asked: {list(in_store.values())}")
    assert in_order(seen) and len(in_store) > 10
    assert min(in_store.values()) > 2 * delay * alive.scene.fps + 1
    assert not outside and not errors
