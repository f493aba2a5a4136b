"The graphs by themselves: played as their folder says, by plain onnxruntime, they draw what Python draws."

import json
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from alive_scene.alive import rounded
from alive_scene.behavior import MarkovBehavior
from alive_scene.graphs import export_onnx
from alive_scene.rollout import Life, advance
from alive_scene.vae import VaeBehavior
from alive_scene.wish import Wish


@pytest.fixture(scope="module")
def scene(alive):
    behavior = rounded(MarkovBehavior.fit(alive.embeddings, rounds=60, progress=False))
    return replace(alive, behavior=behavior)


@pytest.fixture(scope="module")
def mine(scene):
    return Wish.frames(scene, [3, 4], [20])


@pytest.fixture(scope="module")
def folder(scene, mine, tmp_path_factory):
    return export_onnx(scene, tmp_path_factory.mktemp("onnx") / "cat", {"like 3": mine})


def sessions(folder):
    "Each graph, on one thread."
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return {
        name: onnxruntime.InferenceSession(folder / f"{name}.onnx", options)
        for name in ("start", "step", "draw")
    }


@pytest.mark.parametrize("wished, temperature", [(False, 1.0), (True, 1.0), (True, 2.0)])
def test_fifty_steps_are_those_of_python(scene, mine, folder, wished, temperature):
    about = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    table = json.loads((folder / "wishes.json").read_text(encoding="utf-8"))
    nets = sessions(folder)
    *state, observed = nets["start"].run(None, {"frame": np.array([5])})
    odds = np.ones((1, about["places"]), np.float32)
    if wished:
        heat = table["temperatures"].index(temperature)
        odds[0] = table["wishes"]["like 3"][table["shares"].index(1.0)][heat]
    rng = np.random.default_rng(0)
    draw = dict(uniform=rng.random, normal=rng.standard_normal)
    life = Life(scene.behavior.start(scene.embeddings[[5]]))
    for _ in range(50):
        noise = {
            one["name"]: draw[one["kind"]]((1, one["size"])).astype(np.float32)
            for one in about["noise"]
        }
        feeds = {f"old_{name}": value for name, value in zip(about["state"], state, strict=True)}
        feeds |= dict(temperature=np.array([temperature]), curing=np.array([0.1], np.float32))
        state = nets["step"].run(None, {**feeds, **noise, "wish": odds, "observed": observed})
        life = advance(
            life,
            scene.behavior,
            scene.embeddings,
            temperature=temperature,
            curing=0.1,
            wishes=[mine] if wished else [],
            noise={name: torch.from_numpy(value) for name, value in noise.items()},
        )
        picture, _, _ = nets["draw"].run(None, {"embedding": state[0], "observed": observed})
        wanted = scene.render(life.state.embedding)[0]
        assert np.abs(picture[..., :3].astype(int) - wanted).max() <= 2
        assert (picture[..., 3] == 255).all()


def test_the_readme_names_every_input_and_output(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    for name, net in sessions(folder).items():
        part = text.split(f"## {name}.onnx")[1].split("##")[0]
        for port in [*net.get_inputs(), *net.get_outputs()]:
            row = next(line for line in part.splitlines() if f"| `{port.name}` |" in line)
            assert row.endswith(f"| {' × '.join(map(str, port.shape))} |")
    assert "like 3" in text and "{" not in text


def test_half_a_wish_is_between(folder, mine, scene):
    table = json.loads((folder / "wishes.json").read_text(encoding="utf-8"))
    whole, half, quarter = (np.log(one[3]) for one in table["wishes"]["like 3"])
    reached = whole > -60  # what can't be reached from anywhere has no odds
    spread = [np.ptp(one[reached]) for one in (whole, half, quarter)]
    assert spread[0] > spread[1] > spread[2] > 0
    assert np.allclose(whole, mine(0, 1.0)[0].log(), atol=1e-3)


def test_without_a_plan_it_takes_no_wish(alive, mine, tmp_path):
    vae = VaeBehavior.fit(alive.embeddings, epochs=2, progress=False)
    without = replace(alive, behavior=rounded(vae))
    with pytest.raises(ValueError, match="VaeBehavior has no plan"):
        export_onnx(without, tmp_path / "vae", {"mine": mine})
    assert not list(tmp_path.iterdir())
    text = (export_onnx(without, tmp_path / "vae") / "README.md").read_text(encoding="utf-8")
    assert "takes no wishes" in text and "`wish`" not in text
