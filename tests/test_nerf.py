import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from alive_scene.actors import Camera, creature, look_at, orbit
from alive_scene.alive import AliveScene
from alive_scene.command import main
from alive_scene.graphs import scene_graphs
from alive_scene.nerf import Mesh, SceneField, composite, render_view, surface, write_mesh
from alive_scene.player import AlivePlayer
from alive_scene.scene import Scene, write_video
from alive_scene.siren import psnr
from alive_scene.views import (
    Views,
    carve,
    cell_numbers,
    explained,
    hull_of,
    orbited,
    rays_of,
    read_views,
    silhouettes,
    sphere_span,
    stage_of,
    stratified,
)


def ball(camera, size, middle, radius, color=(40, 90, 200)):
    "A picture of a ball of one color on white, drawn by its own formula; the true depth."
    origins, ways = rays_of(camera, size, size)
    near, far = sphere_span(origins, ways, torch.tensor(middle), radius)
    hit = far > near
    picture = np.full((size * size, 3), 255, np.uint8)
    picture[hit.numpy()] = color
    depth = torch.where(hit, near, torch.nan)
    return picture.reshape(size, size, 3), depth.view(size, size).numpy()


def balls(frames=12, size=32, cameras=8):
    "A ball that goes up and down, filmed from all around."
    ring = [replace(camera, focal=1.5) for camera in orbit(cameras)]
    heights = 0.25 * np.sin(2 * np.pi * np.arange(frames) / frames)
    clips = [
        Scene(
            np.stack([ball(camera, size, (0.0, float(y), 0.0), 0.35)[0] for y in heights]),
            12.0,
            "ball",
        )
        for camera in ring
    ]
    return Views(clips, ring)


def circle(frames=12, embed=16):
    "Embeddings that go around once, unlike each other, as an encoder would place a ball."
    angle = 2 * math.pi * torch.arange(frames) / frames
    plane = torch.zeros(frames, embed)
    plane[:, 0] = 1
    plane[:, 1] = 0.4 * angle.sin()
    plane[:, 2] = 0.4 * angle.cos()
    return F.normalize(plane, dim=1)


@pytest.fixture(scope="module")
def views():
    return balls()


@pytest.fixture(scope="module")
def field(views):
    kept = Views(views.scenes[1:], views.cameras[1:])  # the first is held out
    return SceneField.fit(kept, circle(), steps=500, seed=0, progress=False, grid=32)


@pytest.mark.parametrize("count", [1, 3, 50])
@pytest.mark.parametrize("density", [0.0, 0.3, 40.0])
def test_constant_fog_is_as_in_closed_form(count, density):
    paint = torch.tensor([0.9, 0.1, 0.4])
    drawn, weights = composite(
        torch.full((2, count), density), paint.expand(2, count, 3), torch.full((2,), 2.5 / count)
    )
    through = math.exp(-density * 2.5)
    assert torch.allclose(drawn, (1 - through) * paint.expand(2, 3), atol=1e-5)
    assert torch.allclose(1 - weights.sum(1), torch.full((2,), through), atol=1e-5)


def test_two_layers_are_as_in_closed_form():
    density = torch.tensor([[1.0, 0.0, 2.0]])
    colors = torch.eye(3)[None]
    drawn, _ = composite(density, colors, torch.tensor([0.5]))
    first = 1 - math.exp(-0.5)
    assert torch.allclose(drawn, torch.tensor([[first, 0, (1 - first) * (1 - math.exp(-1))]]))


def test_more_slices_come_nearer_to_fog_that_thickens():
    errors = []
    for count in (4, 16, 64):
        depth = stratified(torch.zeros(1), torch.ones(1), count)
        _, weights = composite(3 * depth**2, torch.zeros(1, count, 3), torch.ones(1) / count)
        errors.append(abs(float(weights.sum()) - (1 - math.exp(-1))))
    assert errors[2] < errors[1] / 10 < errors[0] / 100


def test_an_opaque_ball_has_its_own_depth():
    camera = orbit(3)[1]
    _, true = ball(camera, 24, (0.1, 0.0, -0.1), 0.4)
    origins, ways = rays_of(camera, 24, 24)
    near, far = sphere_span(origins, ways, torch.zeros(3), 1.0)
    depth = stratified(near, far, 200)
    points = origins[:, None] + depth[..., None] * ways[:, None]
    inside = ((points - torch.tensor([0.1, 0, -0.1])).norm(dim=2) < 0.4).float()
    _, weights = composite(1e4 * inside, torch.zeros(*depth.shape, 3), (far - near) / 200)
    found = (weights * depth).sum(1).view(24, 24).numpy()
    solid = (weights.sum(1) > 0.99).view(24, 24).numpy() & np.isfinite(true)
    assert solid.sum() > 30 and np.abs(found - true)[solid].max() < 2.0 / 200


def test_stratified_samples_stay_in_their_slices():
    rng = torch.Generator().manual_seed(0)
    depth = stratified(torch.tensor([1.0, 2]), torch.tensor([2.0, 6]), 10, rng)
    part = (depth - torch.tensor([[1.0], [2]])) / torch.tensor([[1.0], [4]]) * 10
    assert (part.floor() == torch.arange(10)).all() and (part % 1).std() > 0.2


def test_a_ray_from_within_begins_at_the_camera():
    near, far = sphere_span(torch.zeros(1, 3), torch.tensor([[0.0, 0, 1]]), torch.zeros(3), 2.0)
    assert (near, far) == (0, 2)
    near, far = sphere_span(
        torch.tensor([[0.0, 5, 0]]), torch.tensor([[0.0, 0, 1]]), torch.zeros(3), 2.0
    )
    assert near == far


def test_the_camera_sees_a_point_where_its_ray_goes():
    camera = look_at((1.0, 2, 3), (0.2, 0.1, 0))
    origin, ways = camera.rays(20, 30)
    point = origin + 2.5 * ways[7 * 30 + 11]
    x, y, z = (point - camera.pose[:3, 3]) @ camera.pose[:3, :3]
    row = 10 - y / -z * camera.focal * 20
    column = 15 + x / -z * camera.focal * 20
    assert np.allclose([row, column], [7.5, 11.5], atol=1e-3)


def test_the_creature_is_the_same_body_from_everywhere():
    "A point of its surface that two cameras see has the color of its place in both, and the depth."
    cameras = orbit(12)[:2]
    shots = creature(1, 96, 0, cameras)
    first, second = shots.depths[:, 0]
    origin, ways = cameras[0].rays(96, 96)
    seen = np.isfinite(first).ravel()
    points = origin + first.ravel()[seen, None] * ways[seen]
    x, y, z = ((points - cameras[1].pose[:3, 3]) @ cameras[1].pose[:3, :3]).T
    scale = cameras[1].focal * 96 / -z
    row = np.floor(48 - y * scale).astype(int).clip(0, 95)
    column = np.floor(48 + x * scale).astype(int).clip(0, 95)
    far = np.linalg.norm(points - cameras[1].pose[:3, 3], axis=1)
    both = np.abs(second[row, column] - far) < 0.02  # not hidden there
    assert both.mean() > 0.5
    colors = shots.scenes[0].frames[0].reshape(-1, 3)[seen][both].astype(int)
    others = shots.scenes[1].frames[0][row[both], column[both]].astype(int)
    assert np.median(np.abs(colors - others)) < 4


def test_the_states_move_the_creature():
    size = 48
    still = creature(40, size, 1, orbit(1))
    assert all(len(values) == 40 for values in still.scenes[0].states.values())
    states = still.scenes[0].states
    assert states["turn"].min() >= -1 and states["turn"].max() <= 1
    moved = np.abs(np.diff(still.scenes[0].frames.astype(int), axis=0)).mean((1, 2, 3))
    assert (moved > 0).mean() > 0.9
    longer = creature(45, 16, 1, orbit(1)).scenes[0].states
    assert all((longer[name][:40] == states[name]).all() for name in states)


def test_the_middle_is_where_the_cameras_look():
    aim = (0.3, -0.2, 0.1)
    cameras = [look_at(place, aim) for place in ((3, 0.5, 0), (0, 1, 3), (-3, 0, 0.4))]
    frames = np.full((2, 16, 16, 3), 255, np.uint8)
    stage = stage_of(Views([Scene(frames)] * 3, cameras))
    assert torch.allclose(stage.middle, torch.tensor(aim), atol=1e-4)
    assert (stage.background == 1).all() and 0.6 < stage.radius < 1.2


def test_the_hull_holds_the_body_and_little_else(views):
    stage = stage_of(views)
    masks = silhouettes(views.frames, stage.background)
    hull = carve(masks, views.cameras, stage)
    line = torch.linspace(-1, 1, 48)
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    points = stage.middle + stage.radius * torch.stack([x, y, z], -1)
    for t in (0, 3, 9):
        height = 0.25 * math.sin(2 * math.pi * t / 12)
        far = (points - torch.tensor([0, height, 0])).norm(dim=-1)
        assert hull[t][far < 0.34].all()
        assert hull[t].sum() < 2.5 * (far < 0.35).sum()
    assert explained(hull, masks, views.cameras, stage).min() > 0.97


def test_each_point_has_its_cell():
    line = torch.linspace(-1, 1, 5)
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    points = torch.stack([x, y, z], -1)
    assert torch.equal(cell_numbers(points, 5).flatten(), torch.arange(125))
    assert torch.equal(cell_numbers(3 * points, 5), cell_numbers(points.sign(), 5))


def test_the_hull_in_one_call(views):
    stage, masks, hull = hull_of(views)
    assert torch.equal(masks, silhouettes(views.frames, stage.background))
    assert torch.equal(hull, carve(masks, views.cameras, stage))


def test_a_held_out_camera_and_its_depth(field, views):
    held = views.cameras[0]
    errors = []
    depths = []
    for t in range(0, 12, 2):
        picture, depth = render_view(field, circle()[t], held)
        errors.append(np.square(picture / 255 - views.scenes[0].frames[t] / 255).mean())
        y = 0.25 * math.sin(2 * math.pi * t / 12)
        depths.append(depth - ball(held, 32, (0.0, y, 0.0), 0.35)[1])
    assert psnr(float(np.mean(errors))) > 20
    assert np.nanmedian(np.abs(np.stack(depths))) < 0.1


def test_the_moment_comes_from_the_embedding(field):
    e = circle()
    codes = field.moment(e)
    between = field.moment(F.normalize(e[2:3] + e[3:4], dim=1))
    assert torch.allclose(between, (codes[2] + codes[3])[None] / 2, atol=0.05)
    up, _ = render_view(field, e[3])
    down, _ = render_view(field, e[9])
    rows = [np.nonzero((picture < 200).any(2))[0].mean() for picture in (up, down)]
    assert rows[1] - rows[0] > 4  # pixels down


def test_the_view_is_what_render_draws(field, views):
    e = circle()[:2]
    drawn = field.render(e, views.cameras[3])
    assert drawn.shape == (2, 32, 32, 3) and drawn.dtype == np.uint8
    assert (drawn[1] == render_view(field, e[1], views.cameras[3])[0]).all()
    assert (field.render(e) == field.render(e, field.camera())).all()
    assert (field.render(e) != drawn).any()


def test_a_full_turn_comes_back(field):
    first = field.camera()
    middle, up = torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    assert np.allclose(orbited(first, middle, up, 360).pose, first.pose, atol=1e-4)
    there = orbited(orbited(first, middle, up, 30, 0), middle, up, -30, 0)
    assert np.allclose(there.pose, first.pose, atol=1e-5)
    raised = field.camera(above=20)
    far = [np.linalg.norm(c.pose[:3, 3] - field.middle.numpy()) for c in (first, raised)]
    assert math.isclose(*far, rel_tol=1e-4) and raised.pose[1, 3] > first.pose[1, 3]


def test_steps_are_repeatable_and_leave_the_seed(views):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    two = [
        SceneField.fit(views, circle(), steps=3, seed=1, progress=False, grid=16) for _ in range(2)
    ]
    assert all(
        torch.equal(a, b) for a, b in zip(two[0].parameters(), two[1].parameters(), strict=True)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    other = SceneField.fit(views, circle(), steps=3, seed=2, progress=False, grid=16)
    assert not torch.equal(other.body, two[0].body)


def test_resume_goes_on(views, field):
    kept = Views(views.scenes[1:], views.cameras[1:])
    shares = []
    more = SceneField.fit(
        kept,
        circle(),
        steps=2,
        progress=False,
        grid=32,
        resume=field,
        on_step=lambda model, share: shares.append(share),
    )
    assert shares == [0.5, 1.0]
    apart = (more.body - field.body).abs().max()
    assert 0 < apart < 1


def test_shine_depends_on_the_direction_alone():
    field = SceneField(8, 8, 16, 3, 4, grid=8, shine=4)
    with torch.no_grad():
        field.sheen.fill_(1.0)
    points = torch.zeros(2, 3)
    ways = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]])
    colors, density = field.at(field.code[0], points, ways)
    assert (colors[0] > colors[1]).all() and density[0] == density[1]
    matte = SceneField(8, 8, 16, 3, 4, grid=8, shine=0)
    colors, _ = matte.at(matte.code[0], points, ways)
    assert torch.equal(colors[0], colors[1])


def test_without_motions_it_is_only_painted(views):
    field = SceneField.fit(views, circle(), steps=2, progress=False, grid=16, warps=0)
    assert field.warp.numel() == 0 and field.render(circle()[:1]).shape == (1, 32, 32, 3)


def test_what_the_field_is_saved_as(views, tmp_path):
    scenes = [replace(scene, name="ball") for scene in views.scenes]
    alive = AliveScene.fit(
        Views(scenes, views.cameras), generator="nerf", behavior="texture", steps=20, progress=False
    )
    again = AliveScene.load(alive.save(tmp_path / "ball.alive"))
    path = alive.rollout(5)
    turned = again.generator.camera(around=40, above=10)
    assert again.parts == ("nerf", "texture")
    assert (again.render(path) == alive.render(path)).all()
    assert (again.render(path, view=turned) == alive.render(path, view=turned)).all()
    assert (again.render(path, view=turned) != again.render(path)).any()


def test_other_generators_learn_the_first_camera(views):
    alive = AliveScene.fit(views, generator="patch", behavior="texture", progress=False)
    assert alive.render(alive.embeddings[:1]).shape == (1, 32, 32, 3)
    with pytest.raises(ValueError, match="'patch' has one view"):
        alive.render(alive.embeddings[:1], view=views.cameras[1])


def folder_of(views, folder, **about):
    "Views as a folder that read_views takes."
    angle = 2 * math.atan(0.5 / views.cameras[0].focal)
    frames = []
    for i, (scene, camera) in enumerate(zip(views.scenes, views.cameras, strict=True)):
        write_video(scene, folder / f"{i}.mp4")
        frames.append(dict(file_path=f"{i}.mp4", transform_matrix=camera.pose.tolist()))
    text = json.dumps(dict(camera_angle_x=angle, frames=frames) | about)
    (folder / "transforms.json").write_text(text)
    return folder


def test_a_folder_of_clips(views, tmp_path):
    again = read_views(folder_of(views, tmp_path), size=32)
    assert len(again) == 8 and again.frames.shape == views.frames.shape
    assert np.abs(again.frames.astype(int) - views.frames).mean() < 6
    for one, other in zip(again.cameras, views.cameras, strict=True):
        assert np.allclose(one.pose, other.pose) and math.isclose(
            one.focal, other.focal, rel_tol=1e-6
        )
    alive = AliveScene.fit(
        tmp_path, size=32, generator="nerf", behavior="texture", steps=1, progress=False
    )
    assert alive.parts[0] == "nerf" and alive.generator.config["height"] == 32
    with pytest.raises(ValueError, match="SceneField can't live in a page: a scene in 3D"):
        scene_graphs(alive)
    with pytest.raises(ValueError, match="stay in step"):
        AliveScene.fit(tmp_path, size=32, generator="nerf", start=0.5, progress=False)


@pytest.mark.parametrize(
    "about, said",
    [
        (dict(camera_angle_x=None), "must be JSON with"),
        (dict(camera_angle_x=4.0), "from 0 to π"),
        (dict(frames=[{}]), "file_path"),
        (dict(frames=3), "must be JSON with"),
        (dict(frames=[]), "each clip needs its camera"),
    ],
)
def test_a_folder_that_lies(about, said, views, tmp_path):
    few = Views(views.scenes[:2], views.cameras[:2])
    with pytest.raises(ValueError, match=said):
        read_views(folder_of(few, tmp_path, **about), size=32)


def rigged(change):
    "The ball's views with their cameras changed: change(number, camera) -> camera."
    views = balls(4, 24, 6)
    return Views(views.scenes, [change(i, camera) for i, camera in enumerate(views.cameras)])


def moved(camera, place):
    pose = camera.pose.copy()
    pose[:3, 3] = place
    return Camera(pose, camera.focal)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda i, camera: orbit(6)[0], "stand at one place: a field needs parallax"),
        (lambda i, camera: moved(orbit(6)[0], (0.1 * i, 0, 3)), "look the same way: a field needs"),
        (
            lambda i, camera: look_at((0.2, 0.1, 0.4), focal=1.5) if i == 2 else camera,
            "camera 2 stands inside",
        ),
        (lambda i, camera: Camera(camera.pose, 3.0 if i % 2 else 1.5), "don't agree on one body"),
        (
            lambda i, camera: moved(
                camera,
                (1, 0.3, 1) @ np.diag([0, 0, 0]) + camera.pose[:3, 3] * (1.9 if i % 2 else 1),
            ),
            "don't agree on one body",
        ),
        (
            lambda i, camera: look_at((0, 5, 3), (0, 5, 0)) if i == 1 else camera,
            "axes of the cameras don't meet",
        ),
    ],
    ids=[
        "one place",
        "one way",
        "inside",
        "another focal length",
        "another scale",
        "past each other",
    ],
)
def test_cameras_that_no_field_can_be_had_from(change, said):
    with pytest.raises(ValueError, match=said):
        SceneField.fit(rigged(change), circle(4), steps=1, progress=False)


def test_one_camera_is_told_about_parallax(views):
    alone = Views(views.scenes[:1], views.cameras[:1])
    for given in (alone, views.scenes[0].frames):
        with pytest.raises(ValueError, match="DyCheck.*however long it films"):
            SceneField.fit(given, circle(), steps=1, progress=False)
    with pytest.raises(ValueError, match="a field needs parallax"):
        AliveScene.fit(views.scenes[0], generator="nerf", steps=1, progress=False)


def test_a_room_behind_it_is_told(views):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, views.scenes[0].frames.shape, dtype=np.uint8)
    with pytest.raises(ValueError, match="of other colors than the rest"):
        SceneField.fit(Views([Scene(noise)] * 8, views.cameras), circle(), steps=1, progress=False)


def test_a_camera_may_look_from_within(field):
    inner = moved(field.camera(), field.middle.numpy())
    picture, depth = render_view(field, circle()[0], inner)
    assert picture.shape == (32, 32, 3) and not (depth < 0).any()


def test_the_mesh_of_a_ball_is_a_ball(field, tmp_path):
    mesh = surface(field, circle()[0], cells=48)
    far = np.linalg.norm(mesh.points, axis=1)  # at the first moment it is in the middle
    assert abs(np.median(far) - 0.35) < 0.08
    sides = mesh.points[mesh.triangles]
    normals = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    outward = (normals * sides.mean(1)).sum(1)
    assert (np.sign(outward) == np.sign(np.median(outward))).mean() > 0.9  # all wound one way
    assert np.abs(np.median(mesh.colors, 0) - (40, 90, 200)).max() < 40


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
@pytest.mark.parametrize("cloud", [False, True])
def test_files_of_a_mesh_are_read_back_as_they_were(cloud, suffix, field, tmp_path):
    import trimesh

    mesh = surface(field, circle()[0], cells=24)
    if cloud:
        mesh = Mesh(mesh.points, mesh.colors, np.zeros((0, 3), np.int32))
    else:  # a color a point, so that a change of their order is seen
        names = np.arange(len(mesh.points))
        mesh = replace(mesh, colors=np.stack([names % 256, names // 256, 255 - names % 256], 1))
        mesh = replace(mesh, colors=mesh.colors.astype(np.uint8))
    file = write_mesh(mesh, tmp_path / f"a{suffix}")
    read = trimesh.load(file, process=False)
    (part,) = read.geometry.values() if isinstance(read, trimesh.Scene) else [read]
    assert len(mesh.points) > 50 and (np.asarray(part.vertices) == mesh.points).all()
    colors = part.colors if cloud else part.visual.vertex_colors
    assert (np.asarray(colors)[:, :3] == mesh.colors).all()
    assert cloud or (part.faces == mesh.triangles).all()


def test_nothing_solid_is_told():
    empty = SceneField(8, 8, 16, 3, 4, grid=8)
    with torch.no_grad():
        empty.body[3] = -20
        empty.look.zero_()
    with pytest.raises(ValueError, match="nothing solid is there"):
        surface(empty, circle(3)[0], cells=16)


def test_the_player_moves_the_camera(views):
    alive = AliveScene.fit(views, generator="nerf", behavior="texture", steps=20, progress=False)
    player = AlivePlayer(alive)
    assert player.screen.turns
    epoch = player.epoch
    player.answer(player.screen, {"kind": "turn", "by": [0.25, 0.1]})
    around, above = player.camera
    assert (around.value, above.value) == (-45, 9)
    assert player.epoch > epoch  # what waits is thrown away
    shown = player.advance(1)[0]
    there = player.live.courses[0].life.state.embedding
    turned = alive.generator.camera(around.value, above.value)
    assert (shown == alive.render(there, view=turned)[0]).all()
    flat = AliveScene.fit(views, generator="patch", behavior="texture", progress=False)
    assert not AlivePlayer(flat).screen.turns
    player.turn((5, 5))
    assert above.value == 60 and -180 <= around.value <= 180


def test_the_command_learns_a_folder_of_cameras(views, tmp_path, capsys):
    folder = folder_of(views, tmp_path)
    words = ["--generator", "nerf", "--size", "32", "--seconds", "1", "--behavior", "texture"]
    file = tmp_path / "ball.alive"
    assert not main(["fit", str(folder), "-o", str(file), "--title", "A ball", *words])
    alive = AliveScene.load(file)
    assert alive.parts == ("nerf", "texture") and alive.scene.title == "A ball"
    assert "12 frames of 32x32" in capsys.readouterr().out
    assert main(["fit", str(folder), "-o", str(file), "--start", "1", *words])
    assert "stay in step" in capsys.readouterr().err
