"The one step that rollout, player and page live by: noise, luck, wishes; and parts of one's own."

import ast
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from torch import nn

from alive_scene.actors import napping_cat, orbit
from alive_scene.alive import AliveScene
from alive_scene.behavior import MarkovBehavior
from alive_scene.clip import repeatable
from alive_scene.film import FilmGenerator
from alive_scene.generator import SirenGenerator
from alive_scene.nerf import SceneField
from alive_scene.path import nearest
from alive_scene.peers import VideoTexture
from alive_scene.player import AlivePlayer
from alive_scene.rollout import Force, Life, advance, rollout
from alive_scene.scene import Scene
from alive_scene.strokes import StrokeGenerator
from alive_scene.vae import VaeBehavior
from alive_scene.views import Views

asked = dict(temperature=1.0, curing=0.1)


@pytest.fixture(scope="module")
def behaviors(alive):
    "One of each kind that can be saved."
    e = alive.embeddings
    return [
        alive.behavior,
        VaeBehavior.fit(e, epochs=3, progress=False),
        VideoTexture.fit(e),
    ]


def test_the_loop_is_written_once(root):
    "Nobody but advance takes a step of a behavior, and nobody but advance cures."
    found = []
    for path in sorted((root / "alive_scene").glob("[!_]*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    if re.search(r"behavior\.step$", called) or called == "cure":
                        found.append(f"{path.stem}.{function.name}: {called}")
    assert sorted(found) == ["rollout.advance: behavior.step", "rollout.advance: cure"]


@pytest.mark.parametrize("which", range(3), ids=["alive", "vae", "texture"])
def test_a_step_is_pure(behaviors, alive, which):
    behavior = behaviors[which]
    born = Life.begin(behavior, alive.embeddings[[3, 9]], [1, 2])
    before = [luck.clone() for luck in born.luck]
    torch.manual_seed(5)
    outside = torch.random.get_rng_state()
    once = advance(born, behavior, alive.embeddings, **asked)
    again = advance(born, behavior, alive.embeddings, **asked)
    assert torch.equal(once.state.embedding, again.state.embedding)
    assert all(map(torch.equal, born.luck, before)) and born.index == 0 and once.index == 1
    assert torch.equal(outside, torch.random.get_rng_state()), "no luck but its own"
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    noise = behavior.draw(generators, 1.0)
    handed = advance(born, behavior, alive.embeddings, noise=noise, **asked)
    assert torch.equal(handed.state.embedding, once.state.embedding)
    assert all(map(torch.equal, handed.luck, born.luck)), "noise that is handed in costs no luck"
    with pytest.raises(AttributeError):
        once.index = 7


@pytest.mark.parametrize("which", range(3), ids=["alive", "vae", "texture"])
def test_a_row_lives_as_it_would_alone(behaviors, alive, which):
    behavior, seeds = behaviors[which], [4, 5, 6]
    together = rollout(behavior, alive.embeddings, 60, seed=seeds, temperature=1.7)
    for row, seed in zip(together, seeds, strict=True):
        alone = rollout(behavior, alive.embeddings, 60, seed=seed, temperature=1.7)
        assert torch.allclose(row, alone, atol=1e-5)


@pytest.mark.parametrize(
    "temperature, chances", [(0, 0), (0.3, 1), (1, 1), (1.5, 2), (3, 3), (500, 100)]
)
def test_as_many_chances_as_a_step_may_reach_places(alive, temperature, chances):
    generators = [torch.Generator().manual_seed(seed) for seed in range(2)]
    noise = alive.behavior.draw(generators, temperature)
    assert noise["chances"].shape == (2, chances)
    assert noise["latent"].shape == (2, alive.behavior.noise["latent"][1])


def test_chances_that_are_not_reached_change_nothing(alive):
    "The page draws four, whatever the temperature."
    behavior = alive.behavior
    state = behavior.start(alive.embeddings[:1])
    noise = behavior.draw([torch.Generator().manual_seed(0)], 1.0)
    more = dict(noise, chances=torch.cat([noise["chances"], torch.rand(1, 3)], 1))
    few, many = (behavior.step(state, 1.0, one).embedding for one in (noise, more))
    assert torch.equal(few, many)


def test_a_wish_that_is_neutral_is_none(alive):
    neutral = [lambda index, temperature: torch.ones(1, alive.behavior.places)]
    path = alive.rollout(200, seed=3)
    assert torch.allclose(path, alive.rollout(200, seed=3, wishes=neutral), atol=1e-6)


def test_a_wish_is_heard_by_rollout_and_player(alive):
    "The first half of the video is wished ten thousandfold; two wishes multiply."
    places, half = alive.behavior.places, len(alive.embeddings) // 2
    wished = torch.where(alive.behavior.frame < half, 100.0, 1.0)[None]
    wishes = [lambda index, temperature: wished, lambda index, temperature: wished]
    assert wished.shape == (1, places)

    def share(path):
        return float((nearest(path, alive.embeddings) < half).float().mean())

    free, held = (alive.rollout(4000, seed=1, wishes=some) for some in ((), wishes))
    assert share(held) > share(free) + 0.2, (share(held), share(free))
    player = AlivePlayer(alive, seed=1, wishes=wishes)
    player.advance(50)
    assert torch.allclose(player.live.courses[0].life.state.embedding[0], held[49], atol=1e-5)


def test_a_force_is_heard_by_rollout_and_player(alive):
    wishes = [Force(lambda embedding, index: 0.3 * (alive.embeddings[20] - embedding))]
    path = alive.rollout(12, seed=2, wishes=wishes)
    player = AlivePlayer(alive, seed=2, wishes=wishes)
    player.advance(12)
    assert torch.allclose(player.live.courses[0].life.state.embedding[0], path[-1], atol=1e-5)


def circles(count, size=24):
    "A disk in the middle of white pictures: what a ball looks like from everywhere."
    down, right = np.mgrid[:size, :size] - (size - 1) / 2
    disk = np.hypot(down, right) < size / 4
    frames = np.full((count, size, size, 3), 255, np.uint8)
    frames[:, disk] = (200, 90, 40)
    return frames


def fits(alive):
    "Fits of each part, by name."
    frames, e = napping_cat(12, 16).frames, alive.embeddings[:12]
    return {
        "markov": lambda: MarkovBehavior.fit(e, rounds=8, seed=3, progress=False),
        "vae": lambda: VaeBehavior.fit(e, epochs=2, seed=3, progress=False),
        "siren": lambda: SirenGenerator.fit(frames, e, steps=3, seed=3, progress=False),
        "film": lambda: FilmGenerator.fit(frames, e, steps=3, seed=3, progress=False),
        "strokes": lambda: StrokeGenerator.fit(frames, e, progress=False),
        "nerf": lambda: SceneField.fit(
            Views([Scene(circles(4))] * 4, orbit(4)), e[:4], steps=2, seed=3, progress=False, grid=8
        ),
        "scene": lambda: AliveScene.fit(napping_cat(12, 16), seed=3, progress=False).behavior,
    }


def numbers(part):
    return {name: value.clone() for name, value in part.state_dict().items()}


@pytest.mark.parametrize("name", ["markov", "vae", "siren", "film", "strokes", "nerf", "scene"])
def test_a_fit_leaves_seed_and_threads_as_they_were(alive, name):
    torch.manual_seed(11)
    before = torch.random.get_rng_state(), torch.get_num_threads()
    fits(alive)[name]()
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == torch.get_num_threads()


def test_an_error_leaves_seed_and_threads_as_they_were():
    torch.manual_seed(11)
    before = torch.random.get_rng_state(), torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), repeatable(3, threads=1):
        torch.rand(5)
        raise ZeroDivisionError
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == torch.get_num_threads()


def test_a_thread_that_began_during_another_fit_has_torch_s_own_count():
    began = Event()

    def other():
        torch.get_num_threads()  # from here on it has a count of its own
        began.set()
        with repeatable(3):
            return torch.get_num_threads()

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with ThreadPoolExecutor(1) as pool:
            with repeatable(3, threads=1):
                asked = pool.submit(other)
                assert began.wait(60)
            assert asked.result(60) == 2
    finally:
        torch.set_num_threads(before)


def test_fits_at_once_give_what_they_give_in_turn(alive):
    work = fits(alive)
    in_turn = {name: numbers(fit()) for name, fit in work.items()}
    with ThreadPoolExecutor(len(work)) as pool:
        made = {name: pool.submit(fit) for name, fit in work.items()}
        at_once = {name: numbers(future.result()) for name, future in made.items()}
    for name, wanted in in_turn.items():
        assert all(torch.equal(wanted[key], at_once[name][key]) for key in wanted), name


def test_a_scene_names_what_it_has(alive, behaviors, tmp_path):
    "Its parts' own kinds, whatever it was fitted with: in its repr, its file, and the scene that comes back."
    for behavior in behaviors:
        scene = replace(alive, behavior=behavior)
        loaded = AliveScene.load(scene.save(tmp_path / "scene.alive"))
        assert loaded.parts == scene.parts == ("morph", behavior.kind)
        assert behavior.kind in repr(scene) and type(loaded.behavior) is type(behavior)


class Odd(MarkovBehavior):
    "Not known to anybody."

    kind = "odd"


def test_what_could_not_be_loaded_is_not_saved(alive, tmp_path):
    odd = Odd(**alive.behavior.config)
    odd.load_state_dict(alive.behavior.state_dict())
    scene = replace(alive, behavior=odd)
    with pytest.raises(ValueError, match="Odd, of the kind 'odd', could not be loaded again"):
        scene.save(tmp_path / "odd.alive")
    assert not list(tmp_path.iterdir())
    assert AliveScene.register("odd", Odd) is Odd and AliveScene.register("odd", Odd) is Odd
    assert isinstance(AliveScene.load(scene.save(tmp_path / "odd.alive")).behavior, Odd)


def test_what_is_no_part_is_not_registered():
    with pytest.raises(TypeError, match="must be a class and a torch.nn.Module"):
        AliveScene.register("odd", object)
    with pytest.raises(TypeError, match="Linear is no generator: it lacks kind"):
        AliveScene.register("linear", nn.Linear)
    with pytest.raises(ValueError, match="kind is 'odd', not 'strange'"):
        AliveScene.register("strange", Odd)
    with pytest.raises(ValueError, match="a kind of the kit's own"):
        AliveScene.register("alive", MarkovBehavior)
