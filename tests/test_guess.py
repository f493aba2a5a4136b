"The page that asks what was filmed and what was imagined, in a real browser."

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from browsers import patient

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "bench"))
from guess import page, pairs  # noqa: E402, a script


@pytest.fixture(scope="module")
def asked(alive, tmp_path_factory):
    "The page of four pairs, as a file, and what it holds."
    file = tmp_path_factory.mktemp("guess") / "guess.html"
    file.write_text(page(alive, count=4, seed=3), encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    return file, json.loads(re.search(r"const pairs = (\[.*\]);", text)[1])


def test_each_pair_is_two_films_of_which_one_is_filmed(alive, asked):
    shown = asked[1]
    assert len(shown) == 4 and {pair["filmed"] for pair in shown} <= {0, 1}
    for pair in shown:
        one, other = pair["films"]
        assert one != other and all(
            film.startswith("data:image/webp;base64,") for film in (one, other)
        )
    sides = [pair["filmed"] for pair in pairs(alive, 40, 0)]
    assert 8 <= sum(sides) <= 32  # a coin's throw: fewer or more has a chance of 1 in 20,000
    again = pairs(alive, 4, 3)
    assert [list(pair["films"]) for pair in again] == [pair["films"] for pair in shown]


@pytest.mark.parametrize("wrong", [0, 1, 4])
def test_a_visitor_is_scored_and_told_what_chance_is(browser, asked, wrong):
    file, shown = asked
    tab = patient(browser.new_page())
    sent = []
    tab.on("request", lambda request: sent.append(request.url))
    tab.goto(file.as_uri())
    for i, pair in enumerate(shown):
        assert tab.inner_text("#count") == f"Pair {i + 1} of 4"
        choice = pair["filmed"] ^ (i < wrong)
        tab.locator("#pair button").nth(choice).click()
        assert tab.inner_text("#said").startswith("Right." if i >= wrong else "No:")
        tab.locator("#pair button").nth(1 - choice).click()  # a second answer counts for nothing
        tab.keyboard.press("Tab")
        tab.click("#next")
    said = tab.inner_text("#said")
    assert said.startswith(f"You found {4 - wrong} of 4. Guessing finds 2 on average")
    # by counting all 16 throws of four coins
    throws = np.array([bin(i).count("1") for i in range(16)])
    chance = 100 * np.mean(throws >= 4 - wrong)
    told = float(re.search(r"in ([\d.]+)% of all tries", said)[1])
    assert abs(told - chance) <= 0.5
    assert all(url.startswith(("file:", "data:")) for url in sent)
    tab.close()
