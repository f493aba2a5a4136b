"""The exported page: what is refused, and what is in it.

In a real browser, offline: the pictures of Python on the same noise, its controls, what it hears, its game.
"""

import base64
import random
import re
import unicodedata
import warnings
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
import torch
from browsers import in_order, limit, moved, patient, shown, stroll, ticks, until
from held import play
from torch import Tensor, nn

from alive_scene.actors import napping_cat
from alive_scene.alive import REGISTERED, AliveScene, rounded
from alive_scene.behavior import MarkovBehavior
from alive_scene.browser import RUNTIME_FILES, export_html, page_runtime
from alive_scene.clip import ClipEncoder, encode_scene, load_tokenizer
from alive_scene.flow import Motions
from alive_scene.generator import SirenGenerator
from alive_scene.morph import MorphGenerator
from alive_scene.peers import VideoTexture
from alive_scene.player import DRAG, HALF_LIFE
from alive_scene.rollout import Life, advance
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior
from alive_scene.wish import Wish, large


@pytest.fixture(scope="module")
def scene(alive):
    "The small scene with the behavior that stays alive, and a name that would do harm."
    behavior = rounded(MarkovBehavior.fit(alive.embeddings, rounds=100, progress=False))
    named = replace(
        alive.scene,
        name="<script>document.title = 'harm'</script><img src=x onerror=\"document.title='harm'\">",
    )
    return replace(alive, scene=named, behavior=behavior)


@pytest.fixture(scope="module")
def vae(alive):
    return replace(
        alive, behavior=rounded(VaeBehavior.fit(alive.embeddings, epochs=5, progress=False))
    )


@pytest.fixture(scope="module")
def texture(alive):
    return replace(alive, behavior=rounded(VideoTexture.fit(alive.embeddings)))


@pytest.fixture(scope="module")
def siren(scene):
    return replace(
        scene,
        generator=rounded(
            SirenGenerator.fit(scene.scene.frames, scene.embeddings, steps=40, progress=False)
        ),
    )


def swaying(alive, kind, height, width):
    "A part of the scene, seen by a camera that sways: there a generator of a kind has much to move."
    there = [
        np.roll(frame, round(4 * np.sin(t / 2)), 1) for t, frame in enumerate(alive.scene.frames)
    ]
    frames = np.stack(there)[:, :height, :width]
    generator = rounded(kind.fit(frames, alive.embeddings, progress=False))
    return replace(alive, scene=replace(alive.scene, frames=frames), generator=generator)


@pytest.fixture(scope="module")
def morph(scene):
    return swaying(scene, MorphGenerator, 32, 32)


@pytest.fixture(scope="module")
def page(scene, tmp_path_factory):
    return export_html(scene, tmp_path_factory.mktemp("page") / "cat.html")


def course(alive, steps, temperature, curing, wishes=()):
    "A life on noise that is handed in: the noise of each step, as the page takes it, and the pictures."
    rng = np.random.default_rng(0)
    draw = dict(uniform=rng.random, normal=rng.standard_normal)
    asked = dict(temperature=temperature, curing=curing, wishes=wishes)
    life = Life(alive.behavior.start(alive.embeddings[:1]))
    noise = []
    path = []
    for _ in range(steps):
        drawn = {
            name: torch.tensor(draw[kind](size), dtype=torch.float32)[None]
            for name, (kind, size) in alive.behavior.noise.items()
        }
        life = advance(life, alive.behavior, alive.embeddings, noise=drawn, **asked)
        noise.append({name: value[0].tolist() for name, value in drawn.items()})
        path.append(life.state.embedding)
    return noise, alive.render(torch.cat(path))


def difference(tab, alive, steps, temperature, curing, wishes=()):
    "The greatest between Python's pictures and those of the page in a tab, in 255ths."
    noise, wanted = course(alive, steps, temperature, curing, wishes)
    got = np.frombuffer(
        base64.b64decode(tab.evaluate(play, [noise, temperature, curing])), np.uint8
    ).reshape(*wanted.shape[:3], 4)
    assert (got[..., 3] == 255).all()
    return np.abs(got[..., :3].astype(int) - wanted).max()


def compare(browser, address, alive, steps, temperature, curing):
    "The same for a page at an address."
    tab, *_ = watched(browser)
    tab.goto(address)
    found = difference(tab, alive, steps, temperature, curing)
    tab.close()
    return found


@pytest.mark.parametrize("temperature, curing", [(1, 0.1), (0.7, 0.1), (2, 0.3), (3, 0), (0, 0.5)])
def test_the_page_draws_what_python_draws(browser, scene, page, temperature, curing):
    found = compare(browser, page.as_uri(), scene, 100, temperature, curing)
    print(dict(temperature=temperature, curing=curing, difference=found))
    assert found <= 2


@pytest.mark.parametrize(
    "which, steps", [("vae", 100), ("texture", 100), ("siren", 20), ("morph", 100)]
)
def test_other_parts_too(browser, request, which, steps, tmp_path):
    alive = request.getfixturevalue(which)
    address = export_html(alive, tmp_path / f"{which}.html").as_uri()
    assert compare(browser, address, alive, steps, 1, 0.1) <= 2


@pytest.mark.parametrize(
    "kind, height, width",
    [(MorphGenerator, 16, 32), (MorphGenerator, 19, 31), (StrokeGenerator, 19, 31)],
)
def test_wide_and_odd_scenes_too(browser, scene, kind, height, width, tmp_path):
    "19 and 31 pixels are no number of patches, or of the cells of a field of motion."
    alive = swaying(scene, kind, height, width)
    address = export_html(alive, tmp_path / "cut.html").as_uri()
    assert alive.render(alive.embeddings[:1]).shape == (1, height, width, 3)
    assert compare(browser, address, alive, 40, 1.5, 0.1) <= 2


def test_what_a_page_is_compared_with_does_move(morph):
    "Without its motion the same scene is far from it, so a page that moves nothing would be noticed."
    still = deepcopy(morph)
    still.generator.motion.zero_()
    moved, unmoved = (course(alive, 100, 1, 0.1)[1].astype(int) for alive in (morph, still))
    assert np.abs(moved - unmoved).max() > 10


def watched(browser, **options):
    "A tab, and lists that fill with its requests to others and its errors."
    tab = patient(browser.new_page(viewport=dict(width=800, height=740), **options))
    tab.set_default_timeout(1000 * limit)
    outside = []
    errors = []
    near = "file:", "data:", "blob:", "http://127.0.0.1"
    tab.on(
        "request",
        lambda request: None if request.url.startswith(near) else outside.append(request.url),
    )
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    return tab, outside, errors


def index(tab):
    "Of the frame on the screen."
    return int(tab.locator("#picture").get_attribute("data-index"))


def plays_on(tab, frames=20):
    "The page shows so many frames by itself, in order."
    seen = shown(tab, "#picture", frames)
    assert in_order(seen)
    return seen


def the_temperature_is_heard(tab):
    "Turned by keyboard: at 0 it comes to rest, at 3 a frame moves more than at .1."
    temperature = tab.get_by_label("temperature")
    temperature.focus()
    tab.keyboard.press("Home")
    assert temperature.input_value() == "0"
    still = moved(plays_on(tab, 120)[100:])
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert temperature.input_value() == "0.1"
    lively = moved(plays_on(tab, 60)[2:])  # one may have begun before
    tab.keyboard.press("End")
    assert temperature.input_value() == "3"
    wild = moved(plays_on(tab, 60)[2:])
    print(dict(still=still, lively=lively, wild=wild))
    assert 10 * still < lively < wild / 2.5


def paused_it_steps_by_key(tab):
    "One frame may be under way when it is paused; then none comes until a key asks for it."
    at = tab.evaluate("""() => {
      document.getElementById('play').click();
      return +document.getElementById('picture').dataset.index;
    }""")
    tab.get_by_role("button", name="play").wait_for()
    tab.evaluate(ticks, 60)
    stopped = index(tab)
    assert stopped <= at + 1
    tab.evaluate(ticks, 60)
    assert index(tab) == stopped
    tab.locator("#picture").focus()
    tab.keyboard.press("ArrowRight")
    until(tab, f"document.getElementById('picture').dataset.index == {stopped + 1}")


def test_it_plays_offline_and_its_controls_work(browser, page):
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(page.as_uri() + "?panel")
    tab.evaluate("alive.ready")
    plays_on(tab)
    tab.get_by_label("speed").fill("4")
    the_temperature_is_heard(tab)
    paused_it_steps_by_key(tab)
    tab.get_by_label("seed").fill("7")
    until(tab, "document.getElementById('picture').dataset.index == 0")
    tab.locator("#map").click(position=dict(x=20, y=20))
    tab.locator("#picture").focus()
    tab.keyboard.press("Space")
    tab.get_by_role("button", name="pause").wait_for()
    plays_on(tab)
    assert not outside and not errors
    tab.close()


def test_a_turned_slider_is_felt_at_once(browser, page):
    "By the very next step: at rest at temperature 0, it is turned to 3."
    tab, *_ = watched(browser)
    tab.goto(page.as_uri())
    changes = tab.evaluate("""async () => {
      await alive.ready;
      alive.play(false);
      const changes = [];
      let before = await alive.restart();
      for (let i = 0; i <= 100; i++) {
        document.getElementById('temperature').value = i < 100 ? 0 : 3;
        const now = await alive.step();
        changes.push(now.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0));
        before = now;
      }
      return changes;
    }""")
    tab.close()
    assert 10 * changes[-2] < changes[-1]


def test_the_same_seed_lives_the_same_life(browser, page):
    tab, *_ = watched(browser)
    tab.goto(page.as_uri())
    life = """async seed => {
      await alive.ready;
      alive.play(false);
      document.getElementById('seed').value = seed;
      await alive.restart();
      let sum = 0;
      for (let i = 0; i < 20; i++)
        sum = (await alive.step()).reduce((a, b) => (31 * a + b) % 1e9, sum);
      return sum;
    }"""
    one, again, other = (tab.evaluate(life, seed) for seed in (3, 3, 4))
    tab.close()
    assert one == again != other


# The share of so many steps, by the page's own luck, whose nearest frame comes before another.
before = """async ([steps, frame, odds]) => {
  await alive.ready;
  alive.play(false);
  alive.wish(odds);
  await alive.restart();
  let count = 0;
  for (let i = 0; i < steps; i++) {
    await alive.step();
    count += +document.getElementById('says').textContent.match(/frame ([0-9]+)/)[1] < frame;
  }
  return count / steps;
}"""


def test_a_wish_is_heard(browser, scene, page):
    "The first half of the video is wished ten thousandfold; the same wish as Python's, and none at all."
    half = len(scene.embeddings) // 2
    odds = torch.where(scene.behavior.frame < half, 1e4, 1.0)
    tab, _, errors = watched(browser)
    tab.goto(page.as_uri())
    free, held = (tab.evaluate(before, [500, half, one]) for one in (None, odds.tolist()))
    print(dict(free=free, held=held))
    assert held > free + 0.2
    assert difference(tab, scene, 60, 1, 0.1, [lambda index, heat: odds[None]]) <= 2
    assert difference(tab, scene, 60, 1, 0.1) > 20, "the wish still stands"
    tab.evaluate("alive.wish(null)")
    assert difference(tab, scene, 60, 1, 0.1) <= 2
    assert not errors
    tab.close()


@pytest.fixture(scope="module")
def mine(scene):
    "A wish of two parts, one of which fades, and one is avoided."
    return Wish.frames(scene, [3, 4], [20], half_life=2, strength=1.5) + -Wish.frames(scene, 30)


@pytest.fixture(scope="module")
def asked(scene, mine, tmp_path_factory):
    "A page that can be asked: by the states of the scene, a wish with a name, and a hand."
    path = tmp_path_factory.mktemp("asked") / "cat.html"
    harm = "</script><script>document.title = 'harm'</script>"
    return export_html(scene, path, wishes={"<b>mine</b>": mine, harm: mine})


# The odds of a page at some steps and temperatures, after something was done.
odds_of = """([act, given, at]) => {
  alive.hearing[act](...given);
  return at.map(([index, heat]) => Array.from(alive.hearing.odds(index, heat) ?? []));
}"""


def as_close(got, wanted):
    "Whether odds are those of Python; none are none."
    if wanted is None:
        return got == []
    return np.allclose(np.log(got), np.log(wanted[0].numpy()), atol=2e-3)


def test_the_page_solves_what_python_solves(browser, scene, mine, asked):
    "A wish with a name while it fades, at each temperature a slider has, and drags: the same odds."
    tab, outside, errors = watched(browser)
    tab.goto(asked.as_uri() + "?panel")
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    assert tab.title().endswith(", alive"), "a name was run"
    at = [(index, heat) for index in (0, 7, 12, 40, 190) for heat in (0, 0.3, 1, 1.35, 2.6, 3)]
    got = tab.evaluate(odds_of, ["press", ["<b>mine</b>"], at])
    assert len(got[0]) == 80
    for odds, (index, heat) in zip(got, at, strict=True):
        assert as_close(odds, mine(index, heat)), (index, heat)
    motions = Motions(large(scene))
    while not motions.go_on(64):
        pass
    went = motions.step * motions.shift[motions.unlike[0].argmin()].float()
    went = went - went[0]  # (time, row, column, 2) from the first frame, which is shown
    far = went.norm(dim=-1).flatten().topk(400).indices[::80]
    rows, columns = went.shape[1:3]
    heard = 0
    for one in [*far.tolist(), 0, 1]:  # the farthest motions there are, and two of none
        row, column = one // columns % rows, one % columns
        where = ((2 * row + 1) / rows - 1, (2 * column + 1) / columns - 1)
        by = tuple(went.flatten(0, 2)[one].tolist()) if one > 1 else (0.1, 0.05)
        tab.evaluate("alive.hearing.letGo()")
        got = tab.evaluate(odds_of, ["drag", [where, by], [(0, 1.0), (30, 1.0)]])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            wish = Wish.drag(scene, where, by, 0, frames=motions, **DRAG)
        says = tab.locator(".alive-says").text_content()
        assert ("nothing is wished" in says) == bool(caught), (where, by)
        assert as_close(got[0], wish(0, 1.0)) and as_close(got[1], wish(30, 1.0)), (where, by)
        heard += not caught
    assert heard > 2 and not outside and not errors
    tab.close()


def test_a_page_that_is_asked_draws_what_python_draws(browser, scene, mine, asked):
    tab, _, errors = watched(browser)
    tab.goto(asked.as_uri() + "?panel")
    noise, wanted = course(scene, 60, 1, 0.1, [mine])
    pressed = play.replace(
        "await alive.restart();", "await alive.restart(); alive.hearing.press('<b>mine</b>');"
    )
    got = np.frombuffer(base64.b64decode(tab.evaluate(pressed, [noise, 1, 0.1])), np.uint8)
    got = got.reshape(*wanted.shape[:3], 4)[..., :3].astype(int)
    assert np.abs(got - wanted).max() <= 2
    assert difference(tab, scene, 60, 1, 0.1) <= 2, "a new life is not pulled"
    assert not errors
    tab.close()


def test_a_page_is_asked_by_mouse_finger_and_key(browser, asked):
    "And what lies below stays where it is; the bar falls while it plays."
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(asked.as_uri() + "?panel")
    below = (
        "[...document.querySelectorAll('#panel .setting, .alive-says')].map(one => one.offsetTop)"
    )
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    before = tab.evaluate(below)
    mine = tab.get_by_role("button", name="<b>mine</b>")
    mine.focus()
    tab.keyboard.press("Enter")
    assert mine.get_attribute("aria-pressed") == "true"
    tab.get_by_role("button", name="more eyes closed").click()
    assert mine.get_attribute("aria-pressed") == "false"
    left = "document.querySelector('.alive-pull meter').value"
    assert tab.evaluate(left) == 1
    tab.evaluate("(async () => { for (let i = 0; i < 60; i++) await alive.step(); })()")
    assert abs(tab.evaluate(left) - 2 ** (-60 / 120)) < 1e-6
    tab.get_by_role("button", name="let go").click()
    assert tab.evaluate(left) == 0
    box = tab.locator("#picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 60, y, steps=4)
    assert tab.locator(".alive-arrow").evaluate("one => one.style.display") == ""
    tab.mouse.up()
    says = tab.locator(".alive-says")
    said = "your pull|nothing is wished"
    assert re.search(said, says.text_content())
    for kind, x2 in (("touch", x + 40), ("pen", x + 4000)):
        tab.evaluate("alive.hearing.letGo()")
        tab.evaluate(pointer, [kind, [x, y], [x2, y]])
        assert re.search(said, says.text_content()), kind
    tab.evaluate("alive.hearing.letGo()")
    tab.evaluate(pointer, ["touch", [x, y], [x + 1, y]])
    assert says.text_content() == "", "a tap is no pull"
    tab.locator("#picture").focus()
    index_before = index(tab)
    tab.keyboard.press("Shift+ArrowLeft")
    assert re.search(said, says.text_content()) and index(tab) == index_before
    assert tab.evaluate(below) == before, "words have moved the page"
    assert not outside and not errors
    tab.close()


# A pointer of a kind goes down at one place of the screen and up at another.
pointer = """([pointerType, [x, y], [x2, y2]]) => {
  const picture = document.getElementById('picture');
  picture.setPointerCapture = () => {};
  const send = (kind, clientX, clientY) => picture.dispatchEvent(
    new PointerEvent(kind, { pointerType, clientX, clientY, pointerId: 7, bubbles: true })
  );
  send('pointerdown', x, y); send('pointermove', (x + x2) / 2, y2); send('pointerup', x2, y2);
}"""


def test_wishes_make_a_page_little_larger(page, asked):
    grown = asked.stat().st_size - page.stat().st_size
    print(f"{grown} bytes more")
    assert 0 < grown < 300_000


@pytest.fixture(scope="module")
def talking():
    "A cat that is long and large enough for sentences to say something."
    cat = napping_cat(120, size=64, seed=0)
    observed = encode_scene(cat, ClipEncoder("alive-tiny"))
    observed = torch.nn.functional.normalize(observed.half().float(), dim=1)
    behavior = rounded(MarkovBehavior.fit(observed, rounds=60, progress=False))
    drawn = rounded(StrokeGenerator.fit(cat.frames, observed, progress=False))
    return AliveScene(cat, observed, drawn, behavior)


@pytest.fixture(scope="module")
def spoken(talking, tmp_path_factory):
    "A page that reads sentences and has a game."
    path = tmp_path_factory.mktemp("spoken") / "cat.html"
    return export_html(talking, path, words=True, game="less eyes closed")


def test_sentences_make_a_page_little_larger(talking, spoken, tmp_path):
    silent = export_html(talking, tmp_path / "silent.html", wishes={})
    grown = spoken.stat().st_size - silent.stat().st_size
    print(f"{grown} bytes more")
    assert 0 < grown < 1_500_000


SENTENCES = [
    *("", "  ", "a cat", "The CAT’s asleep", "don't we've I'm they'll he'd you're 'ſ"),
    *("猫が寝ている", "кошка спит", "القط نائم", "เขานอน", "İstanbul ΣΑΣ ΟΔΟΣ", "K K Å Ω ℃"),
    *("<b>a cat</b>", "<script>alert(1)</script>", "<start_of_text> a <END_of_text> cat", "R & B"),
    *(
        "a cat " * 1700,
        "x" * 1500,
        "ab" * 5000,
        "a\nb\r\nc\u2028d\te",
        "\x1b[36mblue\x1b[0m",
        "a\0b\x1fc",
    ),
    *("café naïve Zürich", "cafe\u0301", "ＬＯＵＤ　ＮＯＩＳＥ ﾊﾝｶｸ", "ﬁne ﬂuﬃeﬆ ﬅ ŉ Ǆ ǆ"),
    *("😀😀 cat 👩‍👩‍👧", "\u0345 cat\u0345", "1234 ½ Ⅷ ٣", "“quoted” ‘single’ ʼ", "wait… — no"),
]


def odd_sentences(count):
    "Of letters that are cleaned, cut or joined, and of any letters at all."
    rng = random.Random(0)
    known = [chr(i) for i in range(32, 0x1FFFF) if unicodedata.category(chr(i)) not in ("Cn", "Cs")]
    odd = "abc xyz'’éÉÀàßøØñ¿¡«»“”ſKǅﬁ＆＜１２猫かяЖΣσςا😀<>/_-.,!?;#€°²½│œ™†٣İıŉ"
    odd += "\u0301\u0345\u200b\xa0\u3000\ufeff\t\n\x0c\x1b[0m"
    for i in range(count):
        yield "".join(rng.choices(odd if i % 2 else known, k=rng.randint(1, 30)))


def test_the_page_cuts_sentences_as_python_does(browser, spoken):
    "Token by token; what Python would mend or unescape first is refused, and only that."
    tab, _, errors = watched(browser)
    tab.goto(spoken.as_uri() + "?panel")
    tab.evaluate("alive.ready.then(() => alive.play(false))")
    cut = """texts => texts.map(text => {
      try { return alive.hearing.tokens(text); } catch (error) { return error.message; }
    })"""
    tokenizer = load_tokenizer("alive-tiny", "alive-tiny")
    for text, got in zip(SENTENCES, tab.evaluate(cut, SENTENCES), strict=True):
        assert got == tokenizer(text)[0].tolist(), text[:60]
    odd = list(odd_sentences(4000))
    refused = 0
    for text, got in zip(odd, tab.evaluate(cut, odd), strict=True):
        if isinstance(got, str):
            refused += 1
        else:
            assert got == tokenizer(text)[0].tolist(), ascii(text)
    print(f"{refused} of {len(odd)} are refused")
    assert refused < 0.6 * len(odd)
    for text, says in (("&amp; a cat", "behind the sign &"), ("cafÃ©", "copied wrongly")):
        assert says in tab.evaluate(cut, [text])[0]
    assert not errors
    tab.close()


def test_the_page_reads_what_python_reads(browser, talking, spoken):
    "The same odds, or in both none: with opposites and without, of what is seen here and of what isn't."
    tab, outside, errors = watched(browser)
    tab.goto(spoken.as_uri() + "?panel")
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    says = tab.locator(".alive-says")
    heard = 0
    for text in (
        *("the cat is asleep|the cat is awake", "a cat with its eyes closed", "the cat is asleep"),
        *("a cat in bright light|a cat in dim light", "a cat, straight|a cat, left|a cat, right"),
        *("the price of gold in Paris", "猫が寝ている", "<b>x</b>", "a cat " * 150, "blue paint"),
    ):
        tab.evaluate("alive.hearing.letGo()")
        got = tab.evaluate(
            """async text => {
              await alive.hearing.say(text);
              return [0, 60].map(step => Array.from(alive.hearing.odds(step, 1) ?? []));
            }""",
            text,
        )
        said, *unlike = text.split("|")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            wish = Wish.text(talking, said, unlike=unlike, half_life=HALF_LIFE)
        assert as_close(got[0], wish(0, 1.0)) and as_close(got[1], wish(60, 1.0)), text
        assert ("says nothing here" in says.text_content()) == bool(caught), text
        heard += not caught
    print(f"{heard} of 10 are heard")
    assert 0 < heard < 10 and not outside and not errors
    tab.close()


def test_a_page_is_asked_in_words(browser, spoken):
    "By its field; what says nothing leaves what pulled before; markup is shown, not obeyed."
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(spoken.as_uri() + "?panel")
    below = (
        "[...document.querySelectorAll('#panel .setting, .alive-says')].map(one => one.offsetTop)"
    )
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    before = tab.evaluate(below)
    field, says = tab.get_by_label("ask", exact=True), ".alive-says"
    for said, answer, pull in (
        ("a cat with its eyes closed|a cat with its eyes open", "asked: a cat with its eyes", 1),
        ("the price of gold in Paris", "says nothing here: to alive-tiny", 1),
        ("x" * 10_000, "1 to 1,000 characters, got 10000", 1),
        ("a cat| ", "1 to 1,000 characters, got 1", 1),
        ("&lt;b&gt;", "put a space behind the sign &", 1),
        ("<b>a cat</b> with its eyes closed|a cat with its eyes open", "asked: <b>a cat</b>", 1),
    ):
        field.fill(said)
        field.press("Enter")
        until(tab, f"document.querySelector('{says}').textContent.includes('{answer}')")
        assert tab.evaluate("document.querySelector('.alive-pull meter').value") == pull
    assert tab.evaluate(below) == before, "words have moved the page"
    assert not outside and not errors
    tab.close()


# A game by scripted strokes: so many sides of the picture each time, with so many steps between; how it ends.
game = """async ([stroke, steps, most]) => {
  const { game } = alive.hearing;
  await game.start();
  alive.play(false);
  await alive.step();
  while (!game.told().over && game.told().steps < most) {
    game.touch(stroke);
    for (let i = 0; i < steps; i++) await alive.step();
  }
  const { over, frights } = game.told();
  return [over, frights, document.querySelector('.alive-verdict').textContent];
}"""


def test_a_game_is_won_by_a_slow_hand_and_lost_by_a_quick_one(browser, spoken):
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(spoken.as_uri() + "?panel")
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    over, frights, says = tab.evaluate(game, [0.3, 4, 2000])
    assert (over, frights) == ("won", 0) and "It is awake" in says and "★★★" in says
    over, frights, says = tab.evaluate(game, [0.7, 1, 2000])
    assert (over, frights) == ("lost", 3) and "third time" in says
    over, *_ = tab.evaluate(game, [0.0, 20, 400])
    assert over == "", "left alone, it sleeps"
    assert not outside and not errors
    tab.close()


def test_a_game_is_played_by_mouse_finger_and_key(browser, spoken):
    tab, outside, errors = watched(browser, offline=True)
    tab.goto(spoken.as_uri() + "?panel")
    tab.evaluate("alive.ready.then(() => alive.play(false)).then(alive.restart)")
    begin = tab.get_by_role("button", name="play the game")
    begin.focus()
    tab.keyboard.press("Enter")
    until(tab, "alive.hearing.game.on()")
    tab.evaluate("alive.play(false)")
    assert tab.locator("#asks").evaluate("one => one.inert"), "no wish but the game's"
    until(tab, "document.activeElement.textContent === 'stroke'")
    tab.keyboard.press("Enter")
    warm = "alive.hearing.game.told().warmth"
    assert tab.evaluate(warm) > 0.2
    box = tab.locator("#picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind in ("touch", "pen"):
        tab.evaluate("alive.hearing.game.start().then(() => alive.play(false))")
        tab.evaluate(pointer, [kind, [x, y], [x + box["width"] / 4, y]])
        assert 0.1 < tab.evaluate(warm) <= 0.26, kind
    tab.evaluate("alive.hearing.game.start().then(() => alive.play(false))")
    tab.mouse.move(x, y)
    tab.mouse.down()
    for i in range(3):
        tab.mouse.move(x + (-1) ** i * box["width"] / 3, y)
    tab.mouse.up()
    assert tab.evaluate("alive.hearing.game.told().frights") == 1
    assert "Startled!" in tab.locator(".alive-verdict").text_content()
    assert tab.locator(".alive-says").text_content() == "", "a stroke is no drag"
    tab.get_by_role("button", name="stop the game").click()
    assert not tab.evaluate("alive.hearing.game.on()")
    tab.get_by_role("button", name="more eyes closed").click()
    assert tab.evaluate("document.querySelector('.alive-pull meter').value") == 1
    assert not outside and not errors
    tab.close()


def test_what_a_page_cant_hear_or_play_is_refused(scene, tmp_path):
    with pytest.raises(ValueError, match="less eyes closed"):
        export_html(scene, tmp_path / "cat.html", game="wake up")
    with pytest.raises(ValueError, match="give the sentences as wishes"):
        export_html(replace(scene, encoder="ViT-B-32/openai"), tmp_path / "cat.html", words=True)
    assert not list(tmp_path.iterdir())


def test_a_page_without_a_plan_cant_be_asked(vae, tmp_path):
    with pytest.raises(ValueError, match="VaeBehavior has no plan"):
        export_html(vae, tmp_path / "vae.html", wishes={})
    assert not list(tmp_path.iterdir())


def test_a_behavior_from_a_notebook_cell_lives_in_a_page(
    browser, alive, root, tmp_path, monkeypatch
):
    "Twenty lines, registered: saved, loaded, exported; it draws what Python draws, and plays by itself."
    monkeypatch.setitem(REGISTERED, "behavior", {})
    cell = {}
    exec(stroll(root), cell)
    AliveScene.register("stroll", cell["Stroll"])
    strolling = replace(alive, behavior=cell["Stroll"].fit(alive.embeddings))
    loaded = AliveScene.load(strolling.save(tmp_path / "stroll.alive"))
    assert loaded.parts == ("morph", "stroll")
    tab, outside, errors = watched(browser)
    tab.goto(export_html(loaded, tmp_path / "stroll.html").as_uri())
    tab.evaluate("alive.ready")
    assert moved(plays_on(tab)) > 0
    for temperature in (1, 0.4):
        assert difference(tab, loaded, 30, temperature, 0.1) <= 2
    assert not outside and not errors
    tab.close()


def test_a_name_that_holds_html_is_shown_harmless(browser, scene, page):
    tab, outside, errors = watched(browser)
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    assert tab.locator("h1").inner_text() == scene.scene.name
    assert tab.title() == f"{scene.scene.name}, alive" and not errors
    tab.close()


def test_less_motion_and_labels(browser, page):
    tab, *_ = watched(browser, reduced_motion="reduce", color_scheme="dark")
    tab.goto(page.as_uri())
    tab.evaluate("alive.ready")
    tab.evaluate(ticks, 60)
    assert index(tab) == 0
    assert "less motion" in tab.locator("#note").inner_text()
    tab.get_by_role("button", name="play").click()
    until(tab, "document.getElementById('picture').dataset.index > 2")
    unnamed = """[...document.querySelectorAll('input, button, canvas')].filter(
      one => !one.ariaHidden && !(one.labels?.length || one.textContent.trim() || one.ariaLabel)
    ).length"""
    assert tab.evaluate(unnamed) == 0 and tab.evaluate("document.documentElement.lang") == "en"
    tab.close()


@pytest.fixture
def site(tmp_path):
    "A web server on a folder of its own."

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_beside_a_shared_runtime(browser, scene, site, tmp_path):
    page = export_html(scene, tmp_path / "cat.html", runtime="beside")
    assert page.stat().st_size <= 2_000_000
    assert compare(browser, site + "cat.html", scene, 10, 1, 0.1) <= 2
    tab, outside, errors = watched(browser)
    tab.goto(page.as_uri())
    until(tab, "document.getElementById('note').textContent.includes('web server')")
    tab.close()


def test_size_and_secrets(scene, page, root):
    text = page.read_text(encoding="utf-8").replace(escape(scene.scene.name), "")
    assert page.stat().st_size <= 16_000_000
    assert not re.search(r"""(src|href)=["']?(?!data:)\w""", text), "the page asks for another file"
    assert str(root) not in text


def test_the_runtime_is_the_pinned_one(tmp_path, alive, monkeypatch):
    with pytest.raises(FileNotFoundError, match="npm pack onnxruntime-web"):
        page_runtime(tmp_path)
    for name in RUNTIME_FILES:
        (tmp_path / name).write_text("another")
    with pytest.raises(ValueError, match="SHA-256"):
        page_runtime(tmp_path)
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="npm .* not installed"):
        export_html(alive, tmp_path / "cat.html")
    assert not (tmp_path / "cat.html").exists()


def test_a_cache_that_is_half_filled_is_filled(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))
    whole = page_runtime(None)
    folder = next(tmp_path.iterdir())
    (folder / next(iter(whole))).unlink()
    assert page_runtime(None) == whole and (folder / next(iter(whole))).is_file()


def test_npm_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexec sleep 60\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr("alive_scene.browser.PATIENCE", 0.5)
    with pytest.raises(OSError, match="within 0.5 s; run `npm pack onnxruntime-web"):
        page_runtime(None)


@pytest.mark.parametrize(
    "bad",
    [
        dict(path="cat.gif"),
        dict(path="no/cat.html"),
        dict(runtime="cloud"),
        dict(temperature=3.1),
        dict(curing=float("nan")),
        dict(start=-1),
        dict(start=40),
        dict(seed=-1),
    ],
)
def test_bad_input(alive, tmp_path, bad):
    with pytest.raises((ValueError, FileNotFoundError), match="html|runtime|folder|must be from 0"):
        export_html(
            alive,
            **{
                "path": tmp_path / "cat.html",
                **bad,
                **({"path": tmp_path / bad["path"]} if "path" in bad else {}),
            },
        )
    assert not list(tmp_path.iterdir())


@dataclass(frozen=True)
class Place:
    "All that the two below remember."

    embedding: Tensor  # (batch, embed)


class Asking(nn.Module):
    "A behavior whose step branches on what the numbers are."

    kind = "asking"
    noise = {"coin": ("uniform", 1)}
    config = {}

    def start(self, embedding):
        return Place(embedding)

    def step(self, state, temperature, noise, wish=None):
        if float(noise["coin"].sum()) > 0.5:
            return Place(-state.embedding)
        return state


class Guessing(nn.Module):
    "A generator that does so."

    kind = "guessing"
    config = {}

    def colors(self, embedding, view=None):
        bright = 1.0 if float(embedding[0, 0]) > 0 else 0.0
        return torch.full((len(embedding), 8, 8, 3), bright)


@pytest.mark.parametrize("part", [dict(behavior=Asking()), dict(generator=Guessing())])
def test_what_has_no_graph_is_named(scene, tmp_path, part):
    name = type(next(iter(part.values()))).__name__
    with pytest.raises(ValueError, match=f"^{name} can't live in a page: it can't be traced"):
        export_html(replace(scene, **part), tmp_path / "cat.html")
    assert not list(tmp_path.iterdir())


def test_the_notice_of_the_runtime_goes_along(scene, page, tmp_path):
    wanted = "Copyright (c) Microsoft Corporation\n\nPermission is hereby granted"
    assert wanted in page.read_text(encoding="utf-8")
    export_html(scene, tmp_path / "cat.html", runtime="beside")
    assert wanted in next(tmp_path.glob("onnxruntime-web-*/LICENSE.txt")).read_text(
        encoding="utf-8"
    )
    assert wanted in (tmp_path / "cat.html").read_text(encoding="utf-8")
