"Stored scenes live as they always did: the same paths, the same pictures, in Python and in the page."

import numpy as np
import pytest
from held import all_held, data, scenes


@pytest.mark.parametrize("name", scenes)
def test_a_stored_scene_lives_as_it_did(name, browser, tmp_path):
    held = {
        key: value
        for key, value in np.load(data / "held.npz").items()
        if key.startswith(f"{name}/")
    }
    now = all_held(name, browser, tmp_path)
    assert sorted(now) == sorted(held)
    off = {}
    for key, value in held.items():
        allowed = 1 if value.dtype == np.uint8 else 1e-5
        furthest = np.abs(now[key].astype(np.float64) - value).max()
        if furthest > allowed:
            off[key] = float(furthest)
    assert not off, f"further off than 1/255 in a picture or 1e-5 in a path: {off}"
