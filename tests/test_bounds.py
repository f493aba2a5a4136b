"The nightly figures: are their bounds ones that what was measured keeps, and that a fall would break?"

import json
import math
import sys
from pathlib import Path

import pytest

root = Path(__file__).parent.parent
sys.path.insert(0, str(root / "bench"))
from bounds import BOUNDS, outside  # noqa: E402, a script
from encoder import CARD, in_card  # noqa: E402, a script


def well():
    "A figure for each bound that keeps it."
    return {name: least if math.isfinite(least) else most for name, (least, most) in BOUNDS.items()}


def test_what_keeps_its_bounds_passes():
    assert outside(well()) == []


@pytest.mark.parametrize("name", list(BOUNDS))
@pytest.mark.parametrize("how", ["below", "above", "nan", "missing"])
def test_what_breaks_a_bound_is_named(name, how):
    found = well()
    least, most = BOUNDS[name]
    if how == "missing":
        del found[name]
    else:
        found[name] = {"below": least - 0.01, "above": most + 0.01, "nan": math.nan}[how]
    assert outside(found) == ([] if found.get(name) == math.inf else [name])


def test_they_run_each_night():
    nightly = (root / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    assert "bench/bounds.py" in nightly


def test_every_lesson_runs_in_its_full_setting_at_some_time():
    full = (root / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    for path in sorted((root / "nbs").glob("[0-9]*.ipynb")):
        assert path.stem in full, f"{path.stem} is not among those that nightly.yml runs in full"


def test_the_card_has_the_figures_that_were_measured():
    card = CARD.read_text(encoding="utf-8")
    kept = json.loads((root / "bench" / "encoder.json").read_text(encoding="utf-8"))
    kept.pop("measured")
    assert in_card(kept, card) == card, "run python bench/encoder.py --save … --card"
    kept["alive-tiny"]["real clip: nearest frame within 3"] -= 0.1
    assert in_card(kept, card) != card
