"""The site, built and read in a real browser.

No broken link, no outside request, no console error, nothing wider than the screen, words for every picture.
"""

import importlib
import re
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import yaml
from browsers import limit, patient, ticks, until
from PIL import Image
from test_wall import gate

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "nbs"))
import make_readme  # noqa: E402, scripts beside the lessons
import make_site  # noqa: E402
import site_finish  # noqa: E402
import site_pages  # noqa: E402
from make_readme import moved, published, readme  # noqa: E402
from make_site import asks_outside, build, formulas, link, prose  # noqa: E402
from site_pages import built  # noqa: E402

from alive_scene._modidx import d as index  # noqa: E402

redirects = {f"{room}.html" for room in built}
ADDRESS = "https://example.org/alive"
axe = (Path(find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text("utf-8")


class Reader(HTMLParser):
    "What a page links to, the places in it, and its pictures."

    def __init__(self, path):
        super().__init__()
        self.links = []
        self.places = set()
        self.pictures = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places |= {attrs[key] for key in ("id", "name") if key in attrs}
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]
        if tag == "img":
            self.pictures.append(attrs)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "docs"
    build(out, tiny=True, address=ADDRESS)
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {path.name: Reader(path) for path in site.glob("*.html")}


@contextmanager
def served(folder):
    "The address at which a folder is served meanwhile."

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    class Patient(ThreadingHTTPServer):
        def handle_error(self, *_):
            pass  # a page that was left before all of it had come

    server = Patient(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


@pytest.fixture(scope="module")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture
def opened(browser):
    "Opens pages that wait as long as a busy machine takes, and closes them, whatever comes."
    pages = []

    def opens(**options):
        pages.append(patient(browser.new_page(**options)))
        pages[-1].set_default_timeout(1000 * limit)
        return pages[-1]

    yield opens
    for page in pages:
        page.close()


def test_every_source_has_its_page(pages):
    sources = [*(root / "nbs").glob("*.ipynb"), *(root / "nbs").glob("*.qmd")]
    assert set(pages) >= {f"{source.stem}.html" for source in sources} | {
        f"api_{room}.html" for room in built
    }
    assert set(pages) >= {
        "contributing.html",
        "changes.html",
        "data.html",
        "model_card.html",
        "api.html",
    }


def test_every_page_is_in_the_sidebar(pages):
    def hrefs(entry):
        if isinstance(entry, list):
            return [name for each in entry for name in hrefs(each)]
        return [entry["href"]] if "href" in entry else hrefs(entry["contents"])

    sidebar = hrefs(
        yaml.safe_load((root / "_quarto.yml").read_text(encoding="utf-8"))["website"]["sidebar"][
            "contents"
        ]
    )
    assert len(sidebar) == len(set(sidebar))
    assert {re.sub(r"\.\w+$", ".html", name) for name in sidebar} == set(pages) - redirects


def test_no_link_is_broken(site, pages):
    broken = []
    for name, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = unquote(parts.path) or name
            place = unquote(parts.fragment)
            if target in (".", "./"):
                target = "index.html"
            if not (site / target).is_file():
                broken.append(f"{name}: {address}")
            elif place and target in pages and place not in pages[target].places:
                broken.append(f"{name}: no place {address}")
    assert not broken, "\n".join(sorted(set(broken)))


def test_each_cross_link_of_nbdev_leads_to_its_name(pages):
    """What nbdev says of each public name, by which other projects link here.

    The page and the place are there, and lead into the reference.
    """
    found = 0
    for room in built:
        public = importlib.import_module(f"alive_scene.{room}").__all__
        for name, (place, _) in index["syms"][f"alive_scene.{room}"].items():
            name = re.sub(r"\.__\w+__$", "", name.removeprefix(f"alive_scene.{room}."))
            if name.split(".")[0] not in public or "._" in name:
                continue
            page, _, anchor = place.partition("#")
            assert anchor in pages[page].places, place
            assert f"api_{room}.html#{name.replace('.', '-')}" in pages[page].links, place
            found += 1
    assert found > 50


def test_each_entry_of_the_reference_shows_how_it_is_called(site):
    found = [
        code
        for path in site.glob("api_*.html")
        for code in re.findall(
            r"<code class=\"sourceCode[^>]*>(.*?)</code>", path.read_text(encoding="utf-8"), re.S
        )
    ]
    assert len(found) > 50 and not [code for code in found if not re.search(r"def|class", code)]


def test_a_cross_link_arrives(browser, address):
    page = patient(browser.new_page())
    for place, there in (
        ("behavior.html#markovbehavior.fit", "api_behavior.html#MarkovBehavior-fit"),
        ("actors.html#napping_cat", "api_actors.html#napping_cat"),
        ("clip.html", "api_clip.html"),
        ("clip.html#_near", "api_clip.html"),
    ):
        page.goto(address + place)
        page.wait_for_url(address + there, timeout=180_000)
    page.close()


def test_no_button_leads_where_no_lesson_was_tried(pages):
    for name, page in pages.items():
        assert not [link for link in page.links if re.search(r"mybinder|colab\.research", link)], (
            name
        )


def test_an_address_that_is_not_ours_yet_is_nowhere_to_be_followed(pages):
    if not published:
        for name, page in pages.items():
            ours = [link for link in page.links if "alive-scene" in link and "://" in link]
            assert not ours, f"{name} leads to {ours}"


def test_no_hole_is_left(site):
    "Each include and each figure that the generator puts in was put in."
    assert not [
        path.name
        for path in site.glob("*.html")
        if re.search(r"\{\{(<|&lt;) |\?var:", path.read_text(encoding="utf-8"))
    ]


def test_public_names_lead_to_the_reference(pages):
    assert any(address.endswith("api_scene.html#Scene") for address in pages["00_scene.html"].links)
    assert {"AliveScene", "AliveScene-fit", "AliveScene-load"} <= pages["api_alive.html"].places
    assert {"ClipEncoder", "ClipEncoder-encode_text", "encode_scene"} <= pages[
        "api_clip.html"
    ].places


def test_links_are_moved_and_code_is_left_alone():
    page = Path("nbs/x.ipynb")
    assert (
        link("../CONTRIBUTING.md", page) == "contributing.md"
        and link("../data/README.md#a", page) == "data.md#a"
    )
    assert (
        link("00_scene.ipynb", page) == "00_scene.ipynb"
        and link("https://arxiv.org", page) == "https://arxiv.org"
    )
    assert (
        link("../bench/generator.py", page).endswith("/bench/generator.py")
        and link("nbs/uses.qmd", Path("README.md")) == "uses.qmd"
    )
    found = prose(
        "`cure` and [`cure`](x.qmd)\n\n    `cure`\n\n```\n`cure`\n```\n# `cure`",
        page,
        {"cure": "api_rollout.qmd#cure"},
    )
    assert found.count("api_rollout.qmd#cure") == 1


@pytest.mark.parametrize("there", [True, False], ids=["published", "not yet"])
def test_what_lies_outside_the_site_is_linked_once_it_is_published(there, monkeypatch):
    for module in (make_site, site_pages):
        monkeypatch.setattr(module, "published", there)
    home = make_site.settings["git_url"]
    said = [
        prose("[a](../bench/x.py) [b](../CONTRIBUTING.md)", Path("nbs/x.ipynb"), {}),
        make_site.home("nbs/30_siren.ipynb", "siren"),
        make_site.at_home("alive_scene/siren.py", "source"),
        "\n".join(site_pages.clone()),
    ]
    assert all((home in words) == there for words in said), said
    assert all((".invalid/" in words) != there for words in said[3:])
    assert (
        said[0] == f"{f'[a]({home}/blob/main/bench/x.py)' if there else 'a'} [b](contributing.md)"
    )


def test_nothing_is_asked_of_others(site, tmp_path):
    assert not list(asks_outside(site))
    assert not [
        path
        for path in site.rglob("*.css")
        if re.search(
            r"(@import\s*(url\()?|url\()\s*[\"']?(https?:)?//", path.read_text(encoding="utf-8")
        )
    ]
    (tmp_path / "bad.html").write_text('<script src="https://cdn.example.org/x.js"></script>')
    assert list(asks_outside(tmp_path)) == [("bad.html", "//cdn.example.org/x.js")]


def test_every_picture_has_words(pages):
    wordless = [
        name
        for name, page in pages.items()
        for picture in page.pictures
        if not picture.get("alt", "").strip()
    ]
    assert sum(len(page.pictures) for page in pages.values()) > 100 and not wordless


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_in_a_browser(browser, address, site, pages, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = patient(context.new_page())
    said = []
    page.on(
        "console",
        lambda message: message.type == "error" and said.append(f"{page.url}: {message.text}"),
    )
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: (
            request.url.startswith((address, "data:", "blob:"))
            or said.append(f"{page.url} asks {request.url[:100]}")
        ),
    )
    page.on(
        "requestfailed",
        lambda request: (
            "ERR_ABORTED" in request.failure  # the next page came
            or said.append(f"{page.url}: {request.failure} {request.url[:100]}")
        ),
    )
    scenes = [f"gallery/{path.name}" for path in sorted((site / "gallery").glob("*.html"))]
    assert {"gallery/napping_cat.html", "gallery/guess.html"} <= {*scenes}
    for name in [*sorted(set(pages) - redirects), *scenes]:
        page.goto(address + name, wait_until="load")
        if name in scenes and name != "gallery/guess.html":  # which is no living scene
            page.evaluate("alive.ready")
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            said.append(f"{name} is {wide} pixels wider than the screen")
        blank = page.evaluate(
            "[...document.images].filter(i => i.loading != 'lazy' && !(i.complete && i.naturalWidth)).length"
        )
        if blank:
            said.append(f"{name}: {blank} pictures don't show")
    context.close()
    assert not said, "\n".join(said)


def test_a_scene_of_the_gallery_plays(browser, address, site):
    page = patient(browser.new_page())
    page.goto(address + "gallery/napping_cat.html")
    page.evaluate("alive.ready")
    shot = "document.getElementById('picture').toDataURL()"
    first = page.evaluate(shot)
    # Playwright's own way of waiting evaluates text, which the page's policy forbids
    for _ in range(200):
        if page.evaluate(shot) != first:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(shot) != first, "the picture stands still"
    page.close()


def shows(frame, name):
    return frame.evaluate(f"document.getElementById('{name}').value")


def test_the_first_page_lives_under_a_slider(opened, address):
    page = opened(viewport=dict(width=1280, height=800))
    page.add_init_script(gate)
    page.goto(address + "index.html")
    until(page, "document.querySelectorAll('.pane iframe').length === 1")
    pane, slider = page.locator(".pane"), page.locator(".turn input")
    for part in (pane, slider, page.get_by_role("heading", name="Try your video")):
        box = part.bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= 800, "below the first screen"
    assert pane.locator("img").evaluate("one => one.complete && one.naturalWidth") > 0
    slider.fill("2.5")  # before the scene is there: it is told when it comes
    until(page, "document.querySelector('.turn output').value === '2.50'")
    assert page.locator(".pane[data-ready]").count() == 0
    page.frames[1].evaluate("open_gate()")
    until(page, "document.querySelector('.pane').dataset.ready === ''")
    scene = page.frames[1]
    until(scene, "document.getElementById('temperature').value === '2.5'")
    slider.fill("0.3")
    until(scene, "document.getElementById('temperature').value === '0.3'")
    before = shows(scene, "seed")
    page.get_by_role("button", name="another life").click()
    until(scene, f"document.getElementById('seed').value !== '{before}'")


def test_the_gallery_computes_only_what_is_seen(opened, address):
    page = opened(viewport=dict(width=390, height=500))
    page.goto(address + "living.html")
    panes = page.locator(".pane")
    many = panes.count()
    assert many >= 3
    at = "+document.getElementById('picture').dataset.index"
    moves = f"""(async () => {{
      const was = {at};
      while ({at} < was + 3) await new Promise(requestAnimationFrame);
    }})()"""
    frames = []
    for i in (0, many - 1):
        panes.nth(i).evaluate("one => one.scrollIntoView({ block: 'center' })")
        until(page, f"document.querySelectorAll('.pane')[{i}].dataset.ready === ''")
        frames.append(panes.nth(i).locator("iframe").element_handle().content_frame())
        frames[-1].evaluate(moves)
        away = page.evaluate("""() => [...document.querySelectorAll('.pane')].filter(one => {
          const box = one.getBoundingClientRect();
          return one.querySelector('iframe') && (box.bottom < 0 || box.top > innerHeight);
        }).length""")
        assert away <= i * (many - 1), "a scene was fetched that was never seen"
    page.evaluate(ticks, 30)
    still = frames[0].evaluate(at)
    frames[1].evaluate(moves)
    assert frames[0].evaluate(at) == still, "it goes on where nobody looks"
    page.evaluate("scrollTo(0, 0)")
    panes.nth(0).evaluate("one => one.scrollIntoView({ block: 'center' })")
    frames[0].evaluate(moves)


def test_only_so_many_scenes_live_as_there_are_cores_for(opened, address):
    "On four cores two; the third is not even fetched, until it is pointed at; then another rests."
    page = opened(viewport=dict(width=1600, height=3000))
    page.add_init_script("Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 })")
    page.goto(address + "living.html")
    until(page, "document.querySelectorAll('.pane[data-ready]').length === 2")
    assert page.locator(".pane iframe").count() == 2
    frames = [one.content_frame() for one in page.query_selector_all(".pane iframe")]
    page.locator(".living").nth(2).hover()
    until(page, "document.querySelectorAll('.pane[data-ready]').length === 3")
    plays = "document.getElementById('play').dataset.on"
    for frame, on in zip(frames, ("true", "false"), strict=True):
        until(frame, f"{plays} === '{on}'")
    page.locator(".turn input").nth(1).focus()
    until(frames[1], f"{plays} === 'true'")
    until(frames[0], f"{plays} === 'false'")


def test_what_is_long_or_plumbing_is_folded(opened, address):
    listing = "\n".join(["def f():", *["    g()"] * make_site.LONG])
    drawing = "\n".join(["plt.plot(x)"] * (make_site.SHORT + 1))
    plain = "\n".join(["g()"] * (make_site.SHORT + 1))
    assert make_site.folded("import a\nfrom b import c", "") == "Imports"
    assert make_site.folded(listing, "") == f"f ({make_site.LONG + 1} lines)"
    assert make_site.folded(drawing, "") == f"Drawing ({make_site.SHORT + 1} lines)"
    assert make_site.folded("def _f(): ...", "") == "_f (1 lines)"
    assert make_site.folded(plain, "Plumbing: files") and make_site.folded(plain, "A map") is None
    assert make_site.folded("%matplotlib inline\n" * 30, "") is None
    page = opened()
    longest = """() => [...document.querySelectorAll('main .cell pre.sourceCode')]
      .filter(one => !one.closest('details')).map(one => one.innerText.trim().split('\\n').length)"""
    for name in ("31_generator.html", "55_behavior.html"):
        page.goto(address + name)
        open_lines = page.evaluate(longest)
        assert len(open_lines) > 5 and max(open_lines) <= make_site.LONG, name
        assert page.locator("main details.code-fold").count() > 5


def test_formulas_are_drawn_without_a_script(site):
    found = formulas(
        "So $x_1$ is, `$y$` isn't.\n\n$$\\frac{a}{b}$$\n\n    $z$\n\n$5 or $6, or \\$7$"
    )
    assert found.count("<math") == 2 and "<mfrac>" in found and 'display="block"' in found
    assert all(left in found for left in ("`$y$`", "    $z$", "$5 or $6, or \\$7$"))
    for name in ("53_ethogram.html", "62_reel.html"):
        text = (site / name).read_text(encoding="utf-8")
        assert "<math" in text and "$$" not in text and "katex" not in text.lower()


def test_a_figure_is_drawn_again_for_the_night():
    rng = np.random.default_rng(0)
    day = np.full((200, 300, 3), 255, np.uint8)
    day[20:30, 10:290] = 0  # a word
    day[50:52, 10:290] = (200, 0, 0)  # a line
    day[60:90, 10:40] = (40, 90, 200)  # a bar
    picture = rng.integers(0, 240, (80, 100, 3), np.uint8)
    day[100:180, 100:200] = picture
    dark = np.asarray(site_finish.night(Image.fromarray(day)))
    assert (dark[0, 0] == site_finish.NIGHT).all() and (dark[25, 100] == 255).all()
    red, green, blue = dark[51, 100].astype(int)
    assert red > 200 and green == blue < red - 100, "another hue"
    assert (dark[104:176, 104:196] == picture[4:76, 4:96]).all(), "the picture was turned, too"
    assert dark[75, 25, 2] > dark[75, 25, 0] + 100
    assert site_finish.drawn_on_white(Image.fromarray(day))
    assert not site_finish.drawn_on_white(Image.fromarray(picture))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_have_the_column_s_width_and_the_page_s_light(opened, address, scheme):
    page = opened(viewport=dict(width=1280, height=800), color_scheme=scheme)
    page.goto(address + "31_generator.html")
    found = page.evaluate("""() => [...document.querySelectorAll('main .cell-output-display img')]
      .filter(one => one.getClientRects().length).map(one => ({
        night: one.src.includes('.night.'), twice: !!one.closest('p, div').querySelector('.by-night'),
        natural: +one.getAttribute('width'), shown: one.getBoundingClientRect().width,
        column: one.closest('.cell-output-display').clientWidth }))""")
    large = [one for one in found if one["natural"] * site_finish.FIGURE >= one["column"]]
    assert large and all(abs(one["shown"] - one["column"]) <= 1 for one in large)
    turned = [one for one in found if one["twice"]]
    assert turned and all(one["night"] == (scheme == "dark") for one in turned)


def test_search_finds_several_words(opened, address):
    page = opened()
    page.goto(address + "index.html")
    field = page.locator("input[type=search], .smalldocs-search input").first
    for asked, wanted in (
        ("how do I export to html", "export"),
        ("wall screen", "on a wall"),
        ("temperature curing", "curing"),
        ("Markov chain", "Markov"),
    ):
        field.fill(asked)
        field.press("End")
        page.wait_for_function(
            """word => [...document.querySelectorAll('.search-result')].slice(0, 3)
              .some(one => one.innerText.toLowerCase().includes(word))""",
            arg=wanted.lower(),
            timeout=180_000,
        )
    field.fill("zyxwvut qqqq")
    page.wait_for_selector(".search-none", timeout=180_000)
    assert page.locator(".search-result").count() == 0


serious = """async () => (await axe.run({ iframes: false })).violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .map(one => `${one.id}: ${one.nodes.length}, as ${one.nodes[0].html.slice(0, 200)}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_serious_bars_anybody(opened, address, width, scheme):
    "By axe-core: contrast of at least 4.5:1, names for all, focus for what scrolls."
    page = opened(viewport=dict(width=width, height=844), color_scheme=scheme)
    found = []
    for name in ("index", "living", "teach", "53_ethogram", "55_behavior", "96_behavior_shootout"):
        page.goto(f"{address}{name}.html")
        page.evaluate(axe)
        found += [f"{name}: {said}" for said in page.evaluate(serious)]
    assert not found, "\n".join(found)


def test_what_scrolls_takes_focus_and_the_arrows(opened, address):
    page = opened(viewport=dict(width=390, height=844))
    page.goto(address + "96_behavior_shootout.html")
    scrolling = """() => [...document.querySelectorAll('main *')].filter(one =>
      one.scrollWidth > one.clientWidth + 1
      && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)).map(one => one.tabIndex)"""
    found = page.evaluate(scrolling)
    assert found and set(found) == {0}
    page.locator("main [role=region][tabindex='0']").first.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.activeElement.scrollLeft > 0")


def test_each_page_has_a_card_and_a_sign(site, pages):
    card = Image.open(site / "images" / "card.jpg")
    assert card.size == (1200, 630)
    for name in set(pages) - redirects:
        text = (site / name).read_text(encoding="utf-8")
        said = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)"', text))
        assert said["title"] and said["image"] == f"{ADDRESS}/images/card.jpg", name
        assert 'rel="icon"' in text and '"theme-color"' in text, name
    told = re.search(r'og:description" content="([^"]+)', (site / "index.html").read_text("utf-8"))
    assert "short video" in told[1]


@pytest.mark.parametrize("there", [True, False], ids=["another's", "none yet"])
def test_the_site_leaves_another_clone_s_environment_alone(tmp_path, there):
    if there:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").touch()
    ran = subprocess.run(
        ["make", "-n", "docs", f"VENV={tmp_path}"], cwd=root, capture_output=True, text=True
    )
    assert ran.returncode == 0 and "nbs/make_site.py" in ran.stdout, ran.stderr
    assert ("pip install" in ran.stdout) != there and f'PYTHONPATH="{root}"' in ran.stdout


def test_search_finds_and_can_be_read_in_the_dark(browser, address):
    page = patient(browser.new_context(color_scheme="dark").new_page())
    page.goto(address + "index.html")
    page.locator("input[type=search], .smalldocs-search input").first.fill("temperature")
    page.wait_for_selector(".search-result-text", timeout=180_000)
    colors = page.evaluate("""() => {
      const text = document.querySelector('.search-result-text');
      const mark = text.querySelector('mark') || text;
      let behind = text;
      while (getComputedStyle(behind).backgroundColor == 'rgba(0, 0, 0, 0)')
        behind = behind.parentElement;
      return [text, mark].map(e => getComputedStyle(e).color)
        .concat(getComputedStyle(behind).backgroundColor);
    }""")
    text, mark, behind = (
        sum(
            w * (int(v) / 255) ** 2.2
            for w, v in zip((0.2126, 0.7152, 0.0722), re.findall(r"\d+", color)[:3], strict=True)
        )
        for color in colors
    )
    for light in (text, mark):
        assert (max(light, behind) + 0.05) / (min(light, behind) + 0.05) >= 4.5, colors
    seen = (
        "box => !!document.elementFromPoint(box.x+box.width-4, box.y+box.height/2)"
        "?.closest('.search-result')"
    )
    assert page.evaluate(seen, page.locator(".search-result").first.bounding_box()), (
        "the results are cut off at the right"
    )
    page.close()


def test_the_readme_is_what_the_index_gives():
    assert (root / "README.md").read_text(encoding="utf-8") == readme(), "make export writes it"


@pytest.mark.parametrize("there", [True, False], ids=["published", "not yet"])
def test_the_readme_names_the_site_for_what_only_the_site_completes(there, monkeypatch):
    monkeypatch.setattr("make_readme.published", there)
    found = moved(
        "[a](teach.qmd#real-faces) [b](glossary.qmd) [c](../CHANGELOG.md) [d](https://arxiv.org) "
        "![e](images/alive.webp) [f](#x)"
    )
    site = f"{make_readme.site}/teach.html" if there else "nbs/teach.qmd"
    assert found == (
        f"[a]({site}#real-faces) [b](nbs/glossary.qmd) "
        "[c](CHANGELOG.md) [d](https://arxiv.org) "
        "![e](nbs/images/alive.webp) [f](#x)"
    )


def test_the_gallery_says_how_to_be_had(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))

    def no_npm(*_):
        raise FileNotFoundError("the browser's runtime is fetched by npm")

    monkeypatch.setattr(site_pages, "scenes", no_npm)
    monkeypatch.setattr(site_pages.inspect, "getsource", lambda _: "")
    assert site_pages.gallery(tmp_path, True) is None
    assert "fetched by npm" in capsys.readouterr().out and "fetched by npm" in (
        tmp_path / "_gallery.md"
    ).read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["_gallery.md"]


def test_the_script_refuses_what_it_does_not_know():
    ran = subprocess.run(
        [sys.executable, root / "nbs" / "make_site.py", "--fast"], capture_output=True, text=True
    )
    assert ran.returncode == 2 and "--fast" in ran.stderr
