"""The exported page as a window: on a wall, on a phone, inside another page.

In a real browser: what fills it, what fades, what its address and the page around it may ask, what it
saves, and that it rests where nobody looks.
"""

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from browsers import ticks, until
from held import load
from PIL import Image
from test_export import index, plays_on, watched

from alive_scene.browser import export_html
from alive_scene.reader import read_scene
from alive_scene.wish import Wish

HARM = "<img src=x onerror=\"document.title='harm'\">"


@pytest.fixture(scope="module")
def alive():
    "A stored scene of 60 frames, drawn at 40×40: nothing is fitted here."
    return load("v2_60_patch_alive")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    "A web server on a folder of its own: the folder, and its port."
    folder = tmp_path_factory.mktemp("site")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    yield folder, server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(alive, server):
    "A page that hears pages of this server by its number, not by its name; it has one wish."
    folder, port = server
    return export_html(
        alive,
        folder / "cat.html",
        wishes={"awake": Wish.frames(alive, [3, 4])},
        origin=f"http://127.0.0.1:{port}",
        title=f"A nap {HARM}",
        caption=f"asleep </script> {HARM}",
    )


def opened(browser, page, asks="", **options):
    "A tab that shows the page at an address that asks for something; and its errors."
    tab, outside, errors = watched(browser, **options)
    tab.goto(page.as_uri() + asks)
    tab.evaluate("alive.ready")
    return tab, errors


def controls(tab):
    return tab.evaluate("document.querySelector('main').dataset.controls")


def box(tab, name):
    "Where an element is, in CSS pixels: left, top, width, height."
    found = tab.locator(f"#{name}").bounding_box()
    return tuple(found[side] for side in ("x", "y", "width", "height"))


# Nothing that is packed in the page is unpacked before open_gate().
gate = """
  const read = Response.prototype.arrayBuffer;
  const gate = new Promise(open => { window.open_gate = open; });
  Response.prototype.arrayBuffer = async function () { await gate; return read.call(this); };
"""

# The mean difference of the poster from what the picture shows, in 255ths.
apart = """() => {
  const canvas = document.getElementById('picture'), copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext('2d');
  const bytes = source => {
    pen.drawImage(source, 0, 0, copy.width, copy.height);
    return pen.getImageData(0, 0, copy.width, copy.height).data;
  };
  const [one, other] = [bytes(document.getElementById('poster')), bytes(canvas)];
  return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / one.length;
}"""


def test_a_poster_is_there_at_once_and_nothing_jumps(browser, page):
    tab, _, errors = watched(browser)
    tab.add_init_script(gate)
    tab.goto(page.as_uri())
    poster = "document.getElementById('poster')"
    assert tab.evaluate(f"{poster}.complete && {poster}.naturalWidth") == 40
    assert "Loading" in tab.locator("#note").inner_text() and index_of(tab) is None
    names = ("poster", "picture", "bar", "head")
    before = [box(tab, name) for name in names[1:]]
    assert box(tab, "poster") == before[0]
    tab.evaluate("open_gate()")
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    assert tab.evaluate(f"{poster}.hidden") and index(tab) == 0
    assert tab.evaluate(apart) < 6
    assert box(tab, "picture") == before[0] and box(tab, "head") == before[2]
    assert not errors
    tab.close()


def index_of(tab):
    return tab.locator("#picture").get_attribute("data-index")


@pytest.mark.parametrize(
    "width, height, ratio", [(1280, 800, 1), (390, 844, 3), (400, 400, 2), (3840, 2160, 1)]
)
def test_the_picture_fills_the_window_in_its_own_pixels(browser, page, width, height, ratio):
    tab, errors = opened(
        browser, page, "?play=0", device_scale_factor=ratio, reduced_motion="reduce"
    )
    tab.set_viewport_size(dict(width=width, height=height))
    side = min(width, height)
    until(tab, f"document.getElementById('screen').width === {side * ratio}")
    left, top, wide, high = box(tab, "picture")
    assert (wide, high) == (side, side)
    assert abs(left - (width - side) / 2) <= 0.5 and abs(top - (height - side) / 2) <= 0.5
    scroll = "document.documentElement.scrollWidth + document.documentElement.scrollHeight"
    assert tab.evaluate(scroll) == width + height
    tab.locator("#more").click()
    panel = box(tab, "panel")
    left, top, wide, high = box(tab, "picture")
    if side > 400 or ratio == 3:  # beside it, or below it
        assert left + wide <= panel[0] + 1 or top + high <= panel[1] + 1
    assert panel[0] >= 0 and panel[1] >= 0
    assert panel[0] + panel[2] <= width + 1 and panel[1] + panel[3] <= height + 1
    assert not errors
    tab.close()


@pytest.mark.parametrize("width, height", [(390, 844), (844, 390), (320, 568)])
def test_a_finger_finds_each_control(browser, page, width, height):
    "Each is 44 pixels high at least, and lies within the window or the panel that scrolls."
    tab, errors = opened(browser, page, "?panel", has_touch=True, is_mobile=True)
    tab.set_viewport_size(dict(width=width, height=height))
    small = tab.evaluate("""() => [...document.querySelectorAll('button, input')]
      .filter(one => one.getClientRects().length)
      .map(one => [one.id || one.textContent, one.getBoundingClientRect()])
      .filter(([, box]) => box.height < 44 || box.width < 44 || box.left < 0 || box.right > innerWidth)
      .map(([name, box]) => `${name}: ${box.width} × ${box.height} at ${box.left}`)""")
    assert not small
    assert box(tab, "bar")[1] + box(tab, "bar")[3] <= height + 1
    assert not errors
    tab.close()


def test_controls_fade_and_come_back(browser, page):
    "By themselves, while it plays; by a movement, a key and a touch; not while it is paused."
    tab, errors = opened(browser, page, has_touch=True)
    until(tab, "document.querySelector('main').dataset.controls === 'faded'")
    until(tab, "getComputedStyle(document.getElementById('bar')).opacity === '0'")
    tab.mouse.move(300, 300)
    tab.mouse.move(310, 300)
    assert controls(tab) == "shown"
    until(tab, "document.querySelector('main').dataset.controls === 'faded'")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert controls(tab) == "shown"
    assert tab.evaluate("document.getElementById('bar').contains(document.activeElement)")
    tab.evaluate("document.activeElement.blur()")
    until(tab, "document.querySelector('main').dataset.controls === 'faded'")
    left, top, wide, high = box(tab, "play")
    tab.touchscreen.tap(left + wide / 2, top + high / 2)
    assert controls(tab) == "shown"
    assert tab.locator("#play").inner_text() == "pause", "what nobody saw was pressed"
    tab.touchscreen.tap(left + wide / 2, top + high / 2)
    until(tab, "document.getElementById('play').textContent === 'play'")
    assert not errors
    tab.close()


def test_controls_stay_while_it_is_paused_or_used(browser, page):
    tab, _, errors = watched(browser)
    tab.clock.install()
    tab.goto(page.as_uri() + "?play=0")
    tab.evaluate("alive.ready")
    for _ in range(3):
        tab.clock.fast_forward(5000)
        assert controls(tab) == "shown"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.evaluate("alive.play(true)")
    for _ in range(3):
        tab.clock.fast_forward(5000)
        assert controls(tab) == "shown"
    tab.evaluate("document.activeElement.blur()")
    tab.clock.fast_forward(5000)
    assert controls(tab) == "faded" and not errors
    tab.close()


def test_f_fills_the_screen_and_leaves_it(browser, page):
    tab, errors = opened(browser, page, "?play=0&panel")
    for press in (
        lambda: tab.keyboard.press("f"),
        lambda: tab.locator("#full").click(),
    ):
        press()
        until(tab, "document.fullscreenElement === document.documentElement")
        press()
        until(tab, "document.fullscreenElement === null")
    tab.locator("#seed").focus()
    tab.keyboard.press("f")
    tab.evaluate(ticks, 30)
    assert tab.evaluate("document.fullscreenElement") is None, "a letter was taken from a field"
    assert not errors
    tab.close()


def test_a_click_plays_and_pauses_and_keys_work_everywhere(browser, page):
    tab, errors = opened(browser, page)
    says = "document.getElementById('play').textContent"
    tab.mouse.click(400, 300)
    until(tab, f"{says} === 'play'")
    tab.evaluate("document.activeElement.blur()")
    tab.evaluate(ticks, 30)
    at = index(tab)
    tab.keyboard.press("ArrowRight")
    until(tab, f"document.getElementById('picture').dataset.index == {at + 1}")
    tab.keyboard.press("Space")
    until(tab, f"{says} === 'pause'")
    tab.mouse.move(400, 300)
    tab.mouse.down()
    tab.mouse.move(460, 300, steps=3)
    tab.mouse.up()
    assert tab.evaluate(says) == "pause", "a drag is no click"
    assert not errors
    tab.close()


life = """async () => {
  alive.play(false);
  let sum = 0;
  await alive.restart();
  for (let i = 0; i < 10; i++) sum = (await alive.step()).reduce((a, b) => (31 * a + b) % 1e9, sum);
  return sum;
}"""

shows = """() => Object.fromEntries(['temperature', 'curing', 'speed', 'start', 'seed']
  .map(name => [name, +document.getElementById(name).value]))"""


def test_an_address_turns_each_control(browser, page):
    tab, errors = opened(
        browser,
        page,
        "?temperature=1.4&curing=0.35&speed=2&start=7&seed=9&play=0&panel=1&wish=awake",
    )
    wanted = dict(temperature=1.4, curing=0.35, speed=2, start=7, seed=9)
    assert tab.evaluate(shows) == wanted and index(tab) == 0
    assert tab.locator("#near").get_attribute("data-frame") == "7"
    assert tab.locator("output[for=temperature]").inner_text() == "1.40"
    assert tab.locator("#play").inner_text() == "play"
    assert tab.get_by_role("button", name="awake").get_attribute("aria-pressed") == "true"
    by_address = tab.evaluate(life)
    tab.goto(page.as_uri() + "?play=0&panel")
    tab.evaluate("alive.ready")
    for name, value in wanted.items():
        tab.locator(f"#{name}").fill(str(value))
    assert tab.evaluate(life) == by_address
    assert not errors
    tab.close()


def test_what_an_address_can_not_ask_is_left_out_with_a_note(browser, page):
    tab, _, errors = watched(browser)
    notes = []
    tab.on("console", lambda message: notes.append(message.text))
    asks = "temperature=9&seed=-1&start=1.5&curing=&speed=fast&ui=2&wish=asleep&nonsense=1"
    tab.goto(f"{page.as_uri()}?{asks}")
    tab.evaluate("alive.ready")
    assert tab.evaluate(shows) == dict(temperature=1, curing=0.1, speed=1, start=0, seed=0)
    assert controls(tab) == "shown"
    notes = [note for note in notes if note.startswith("ignored in the address")]
    assert len(notes) == 8 and not errors
    for name in ("temperature", "seed", "start", "curing", "speed", "ui", "wish", "nonsense"):
        assert any(name in note for note in notes), name
    tab.close()


def test_without_controls(browser, page):
    tab, errors = opened(browser, page, "?ui=0&panel")
    plays_on(tab, 3)
    for name in ("bar", "head", "panel"):
        assert not tab.locator(f"#{name}").is_visible()
    tab.mouse.move(300, 300)
    tab.mouse.move(310, 310)
    tab.mouse.click(310, 310)
    assert controls(tab) == "none" and tab.locator("#play").text_content().strip() == "pause"
    assert not errors
    tab.close()


# Counts how often the screen is asked to stay on; `lose` is what the system does with a hidden page.
wake_lock = """
  window.locks = [];
  Object.defineProperty(navigator, 'wakeLock', { value: { request: async kind => {
    const lock = { kind, released: false };
    window.locks.push(lock);
    return lock;
  } } });
"""

# As if the tab were hidden, or seen again.
hide = """on => {
  Object.defineProperty(document, 'hidden', { value: on, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_wall_shows_nothing_else_and_stays_on(browser, page):
    tab, _, errors = watched(browser, reduced_motion="reduce")
    tab.add_init_script(wake_lock)
    tab.goto(page.as_uri() + "?wall")
    tab.evaluate("alive.ready")
    plays_on(tab, 3)
    assert not any(tab.locator(f"#{name}").is_visible() for name in ("bar", "head", "panel"))
    assert tab.evaluate("getComputedStyle(document.getElementById('picture')).cursor") == "none"
    assert tab.evaluate("locks.map(one => one.kind)") == ["screen"]
    tab.evaluate("locks[0].released = true")
    tab.evaluate(hide, True)
    tab.evaluate(hide, False)
    assert tab.evaluate("locks.length") == 2
    plays_on(tab, 3)
    assert not errors
    tab.close()


def test_a_wall_comes_back_by_itself(browser, page):
    "After a picture that was lost with its context, and after it came to nothing."
    tab, _, errors = watched(browser)
    tab.clock.install()
    tab.goto(page.as_uri() + "?wall")
    tab.evaluate("alive.ready")
    plays_on(tab, 3)
    tab.evaluate("window.requestAnimationFrame = () => 0")  # it comes to nothing
    tab.evaluate("new Promise(done => setTimeout(done, 500))")
    dark = (
        "document.getElementById('screen').getContext('2d').getImageData(9, 9, 1, 1).data[3] === 0"
    )
    tab.evaluate("document.getElementById('screen').getContext('2d').clearRect(0, 0, 9999, 9999)")
    assert tab.evaluate(dark)
    tab.evaluate("document.getElementById('screen').dispatchEvent(new Event('contextrestored'))")
    until(tab, f"!({dark})")
    tab.evaluate("window.before = true")
    with tab.expect_event("framenavigated"):
        for _ in range(2):  # once it notes where it is, then it is still there
            tab.clock.fast_forward(61_000)
    until(tab, "!window.before && window.alive")
    tab.evaluate("alive.ready")
    assert not errors
    tab.close()


@pytest.mark.parametrize("way", ["hidden", "scrolled away"])
def test_it_rests_where_nobody_looks(browser, page, server, way):
    tab, _, errors = watched(browser)
    folder, port = server
    if way == "hidden":
        tab.goto(page.as_uri())
        frame = tab.main_frame
        leave, back = (partial(tab.evaluate, hide, on) for on in (True, False))
    else:
        (folder / "tall.html").write_text(
            '<!doctype html><link rel="icon" href="data:,">'
            '<iframe src="cat.html" style="width: 300px; height: 300px"></iframe>'
            '<div style="height: 5000px"></div>'
        )
        tab.goto(f"http://127.0.0.1:{port}/tall.html")
        frame = tab.frames[1]
        leave, back = (partial(tab.evaluate, f"scrollTo(0, {y})") for y in (4000, 0))
    frame.evaluate("alive.ready")
    at = "+document.getElementById('picture').dataset.index"
    moves = f"""(async () => {{
      const was = {at};
      while ({at} < was + 3) await new Promise(requestAnimationFrame);
    }})()"""
    frame.evaluate(moves)
    leave()
    tab.evaluate(ticks, 30)
    still = frame.evaluate(at)
    tab.evaluate(ticks, 60)
    assert frame.evaluate(at) == still
    back()
    frame.evaluate(moves)
    assert not errors
    tab.close()


outer = """<!doctype html><title>around</title><link rel="icon" href="data:,">
<iframe src="{src}" style="width: 300px; height: 300px"></iframe>
<script>
  window.heard = [];
  addEventListener('message', event => heard.push(event.data));
  window.send = message => document.querySelector('iframe').contentWindow.postMessage(message, '*');
  window.ask = async message => {{
    const before = heard.length;
    send(message);
    while (heard.length === before) await new Promise(requestAnimationFrame);
    return heard.at(-1);
  }};
</script>"""


def around(browser, server, src, host):
    "A page around a living one, served under a host's name: its tab, and the living frame."
    folder, port = server
    (folder / "outer.html").write_text(outer.format(src=src))
    tab, _, errors = watched(browser)
    tab.goto(f"http://{host}:{port}/outer.html")
    tab.frames[1].evaluate("alive.ready")
    return tab, tab.frames[1], errors


def test_messages_of_the_accepted_origin_are_heard(browser, page, server):
    tab, frame, errors = around(browser, server, "cat.html?play=0", "127.0.0.1")
    until(tab, "heard.length > 0")
    ready = tab.evaluate("heard[0]")
    assert ready["type"] == "ready" and ready["index"] == 0 and ready["wishes"] == ["awake"]

    def ask(**message):
        return tab.evaluate("ask", message)

    assert ask(type="set", temperature=2, curing=0.5)["temperature"] == 2
    assert frame.evaluate(shows)["curing"] == 0.5
    said = ask(type="set", seed=5, start=3)
    assert (said["seed"], said["start"], said["nearest"], said["index"]) == (5, 3, 3, 0)
    assert ask(type="step")["index"] == 1
    assert ask(type="restart")["index"] == 0
    assert ask(type="wish", name="awake")["pull"] > 0
    assert ask(type="release")["pull"] == 0
    assert ask(type="play")["playing"] is True
    assert ask(type="pause")["playing"] is False
    assert ask(type="state")["type"] == "state"
    for wrong, says in (
        (dict(type="set", temperature=4), "temperature must be a number from 0 to 3, got 4"),
        (dict(type="set", temperature=None), "temperature must be"),
        (dict(type="set", seed=1.5), "whole number"),
        (dict(type="set", ui=0), "set knows temperature"),
        (dict(type="wish", name="asleep"), "wish must be one of"),
        (dict(type="toString"), "type must be one of"),
    ):
        answer = ask(**wrong)
        assert answer["type"] == "error" and says in answer["text"], answer
    assert frame.evaluate(shows) == dict(temperature=2, curing=0.5, speed=1, start=3, seed=5)
    many = tab.evaluate("heard.length")
    tab.evaluate(
        "send('text'); send(null); send({ type: 3 }); send({ type: 'watch' }); send({ type: 'play' })"
    )
    until(tab, f"heard.length > {many + 8}")
    states = [one for one in tab.evaluate(f"heard.slice({many})") if one["type"] == "state"]
    assert max(one["index"] for one in states) >= 5
    tab.evaluate("ask({ type: 'pause' })")
    assert ask(type="watch", on=False)["type"] == "state"
    many = tab.evaluate("heard.length")
    frame.evaluate("alive.step()")
    tab.evaluate(ticks, 30)
    assert tab.evaluate("heard.length") == many and not errors
    tab.close()


@pytest.mark.parametrize("origin, heard", [("one", False), (None, False), ("*", True)])
def test_messages_of_others_are_not_heard(browser, alive, server, origin, heard):
    "The same server under another name is another origin; a page that names none hears none."
    folder, port = server
    origin = f"http://127.0.0.1:{port}" if origin == "one" else origin
    export_html(alive, folder / "other.html", origin=origin)
    host = "127.0.0.1" if origin is None else "localhost"
    tab, frame, errors = around(browser, server, "other.html?play=0", host)
    tab.evaluate("send({ type: 'set', temperature: 3 }); send({ type: 'state' })")
    tab.evaluate(ticks, 60)
    if heard:
        until(tab, "heard.some(one => one.temperature === 3)")
    assert frame.evaluate(shows)["temperature"] == (3 if heard else 1)
    assert bool(tab.evaluate("heard.length")) == heard
    assert not [error for error in errors if "target origin" not in error]
    tab.close()


def test_a_title_that_holds_html_is_shown_harmless(browser, page):
    tab, errors = opened(browser, page, "?play=0")
    assert tab.locator("h1").inner_text() == f"A nap {HARM}"
    assert tab.locator(".caption").inner_text() == f"asleep </script> {HARM}"
    assert tab.title() == f"A nap {HARM}, alive" and not errors
    tab.close()


def test_a_wish_may_be_called_anything(browser, alive, tmp_path):
    name = "</script><script>document.title = 'harm'</script>"
    wishes = {name: Wish.frames(alive, [3])}
    tab, errors = opened(browser, export_html(alive, tmp_path / "a.html", wishes=wishes), "?panel")
    assert tab.get_by_role("button", name=name).count() == 1
    assert "harm" not in tab.title() and not errors
    tab.close()


def test_it_saves_a_picture_and_a_film(browser, page, tmp_path):
    tab, errors = opened(browser, page, "?panel&play=0")
    with tab.expect_download() as found:
        tab.locator("#still").click()
    found.value.save_as(tmp_path / "still.png")
    assert found.value.suggested_filename.startswith("A_nap_")
    still = Image.open(tmp_path / "still.png")
    assert still.format == "PNG" and still.size == (720, 720)
    seen = tab.evaluate("""() => {
      const canvas = document.getElementById('picture');
      return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
    }""")
    seen = np.array(seen, float).reshape(40, 40, 4)[..., :3]
    small = np.asarray(still.convert("RGB").resize((40, 40), Image.Resampling.BOX))
    assert np.abs(small - seen).mean() < 5
    with tab.expect_download() as found:
        tab.locator("#film").click()
        assert "Recording" in tab.locator("#note").inner_text()
    film = tmp_path / found.value.suggested_filename
    found.value.save_as(film)
    assert film.suffix in (".webm", ".mp4")
    scene = read_scene(film, size=64, max_frames=300)
    print(dict(frames=len(scene), seconds=len(scene) / scene.fps, kind=film.suffix))
    assert len(scene) > 20 and scene.frames.std(0).max() > 1
    assert tab.locator("#film").inner_text() == "save ten seconds" and not errors
    tab.close()


def test_where_no_film_can_be_recorded_it_says_so(browser, page):
    tab, _, errors = watched(browser)
    tab.add_init_script("delete window.MediaRecorder")
    tab.goto(page.as_uri() + "?panel&play=0")
    tab.evaluate("alive.ready")
    tab.locator("#film").click()
    assert "can't record a film" in tab.locator("#note").inner_text()
    assert not errors
    tab.close()


def test_a_link_and_a_code_to_embed(browser, page, server):
    tab, errors = opened(browser, page, "?panel&play=0&temperature=1.4&seed=7&start=5")
    tab.locator("#surprise").click()
    until(tab, "document.getElementById('seed').value !== '7'")
    wanted = tab.evaluate(shows)
    tab.locator("#link").click()
    until(tab, "document.getElementById('note').textContent.includes('file on this computer')")
    link = tab.locator("#copied").input_value()
    asks = {name: float(value[0]) for name, value in parse_qs(urlsplit(link).query).items()}
    assert asks == {name: wanted[name] for name in ("temperature", "curing", "seed", "start")}
    tab.locator("#embed").click()
    until(tab, "document.getElementById('copied').value.startsWith('<iframe')")
    code = tab.locator("#copied").input_value()
    tab.goto(link)
    tab.evaluate("alive.ready")
    assert tab.evaluate(shows) == wanted
    (page.parent / "embeds.html").write_text(f"<!doctype html><title>around</title>{code}")
    tab.goto((page.parent / "embeds.html").as_uri())
    frame = tab.frames[1]
    frame.evaluate("alive.ready")
    assert frame.evaluate(shows) == wanted and frame.title() == f"A nap {HARM}, alive"
    assert not errors
    tab.close()


def test_the_dark_is_dark_and_an_embedded_page_is_no_hole(browser, page):
    for scheme, dark in (("light", False), ("dark", True)):
        tab, errors = opened(browser, page, "?play=0", color_scheme=scheme)
        behind = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        red = int(re.search(r"\d+", behind).group())
        assert "rgba" not in behind and (red < 60) == dark
        assert not errors
        tab.close()


@pytest.mark.parametrize("bad", [dict(title=5), dict(caption=["a"]), dict(origin="example.org")])
def test_bad_words(alive, tmp_path, bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} must be"):
        export_html(alive, tmp_path / "cat.html", **bad)
    assert not list(tmp_path.iterdir())


def test_four_lives_at_once(browser, page):
    "Four pictures, each of the seed or of the temperature that it names; and back to one."
    tab, errors = opened(browser, page, "?play=0&view=four+versions&seed=5")
    pixels = """(across) => {
      const canvas = document.getElementById('picture'), side = canvas.width / across;
      return [...Array(across ** 2).keys()].map(i => {
        const pen = canvas.getContext('2d'), at = [i % across * side, Math.floor(i / across) * side];
        return pen.getImageData(at[0] + side / 2, at[1] + side / 2, side / 2, side / 2).data.join();
      });
    }"""
    size = "[document.getElementById('picture').width, document.getElementById('picture').height]"
    turn = """settings => {
      for (const name in settings) document.getElementById(name).value = settings[name];
      for (const name in settings) document.getElementById(name).dispatchEvent(new Event('input'));
    }"""
    walk = "(async () => { for (let i = 0; i < 30; i++) await alive.step(); })()"
    assert tab.evaluate(size) == [80, 80] and tab.locator("#view").input_value() == "four versions"
    tab.evaluate(walk)
    four = tab.evaluate(pixels, 2)
    assert len(set(four)) == 4
    for seed, view, picture in ((5, "one", four[0]), (7, "one", four[2])):
        tab.evaluate(turn, dict(seed=seed, view=view))
        tab.evaluate(walk)
        assert tab.evaluate(size) == [40, 40] and tab.evaluate(pixels, 1) == [picture]
    tab.evaluate(turn, dict(seed=5, view="four temperatures", temperature=0))
    tab.evaluate(walk)
    assert len(set(tab.evaluate(pixels, 2))) == 1, "four times nothing is nothing"
    tab.evaluate(turn, dict(view="one", temperature=2))
    tab.evaluate(walk)
    warm = tab.evaluate(pixels, 1)
    tab.evaluate(turn, dict(view="four temperatures", temperature=1))
    tab.evaluate(walk)
    assert tab.evaluate(pixels, 2)[3] == warm[0], "the fourth is twice as warm"
    assert not errors
    tab.close()
