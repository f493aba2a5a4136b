import json
import pickle
import shutil
import threading
import warnings
import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from alive_scene import clip
from alive_scene.actors import napping_cat
from alive_scene.clip import ClipEncoder, encode_scene
from alive_scene.scene import Scene

pytestmark = [
    pytest.mark.filterwarnings("ignore:The .untrained. encoder"),
    pytest.mark.filterwarnings("ignore:Detected pickle protocol"),
]
rng = np.random.default_rng(0)


def picture(n=3, height=40, width=56):
    "Smooth colors with some noise, as photographs have."
    y, x = np.mgrid[:height, :width] / 20
    waves = np.stack(
        [np.sin(x * (k + 1) + c) + np.cos(y * (c + 1) - k) for k in range(n) for c in range(3)]
    ).reshape(n, 3, height, width)
    return (
        (127 + 50 * waves.transpose(0, 2, 3, 1) + rng.normal(0, 8, (n, height, width, 3)))
        .clip(0, 255)
        .astype(np.uint8)
    )


@pytest.fixture(scope="module")
def untrained():
    return ClipEncoder("untrained")


@pytest.fixture(scope="module")
def architecture(tmp_path_factory):
    "A small architecture of our own that open_clip is told about, and that nobody has trained."
    config = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
        "text_cfg": {
            "context_length": 16,
            "vocab_size": 49408,
            "width": 32,
            "heads": 2,
            "layers": 1,
        },
    }
    path = tmp_path_factory.mktemp("config") / "test-small.json"
    path.write_text(json.dumps(config))
    clip.our_open_clip().add_model_config(path)
    return "test-small"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path))
    return tmp_path


def random_model(name, seed=1):
    torch.manual_seed(seed)
    model, _, preprocess = clip.our_open_clip().create_model_and_transforms(name)
    return model.eval(), preprocess


def seen(model, preprocess, frames):
    with torch.no_grad():
        return F.normalize(
            model.encode_image(torch.stack([preprocess(Image.fromarray(f)) for f in frames])), dim=1
        )


def by_hand(model, preprocess, frames):
    "Of frames a little wider than high: both ends, averaged."
    side = frames.shape[1]
    ends = frames[:, :, :side], frames[:, :, -side:]
    return F.normalize(sum(seen(model, preprocess, end) for end in ends), dim=1)


def test_embeddings_have_length_one_and_the_stated_size(untrained):
    frames = untrained.encode_frames(picture(5), batch=2)
    texts = untrained.encode_text(["a cat", "a dog", "a cat"])
    assert frames.shape == (5, untrained.embed_dim) and frames.dtype == torch.float32
    for e in (frames, texts):
        assert torch.allclose(e.norm(dim=1), torch.ones(len(e)), atol=1e-5)
    assert torch.equal(texts[0], texts[2]) and not torch.allclose(texts[0], texts[1])
    assert torch.allclose(untrained.encode_text("a cat")[0], texts[0], atol=1e-5)


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [24, 96, (32, 48)])
def test_the_batch_is_shown_as_pil_would_show_it(mode, interpolation, size):
    from open_clip.transform import PreprocessCfg, image_transform_v2

    preprocess = image_transform_v2(
        PreprocessCfg(size=size, interpolation=interpolation, resize_mode=mode), is_train=False
    )
    frames = picture()
    own = torch.stack([preprocess(Image.fromarray(f)) for f in frames])
    ours = clip.as_input(frames, preprocess)
    levels = (own - ours).abs() * torch.tensor(preprocess.transforms[-1].std)[:, None, None] * 255
    assert ours.shape == own.shape and levels.max() < 5.5 and levels.mean() < 0.25


def test_a_checkpoint_by_path_gives_the_embeddings_of_the_model(architecture, tmp_path):
    model, preprocess = random_model(architecture)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    torch.save({"state_dict": model.state_dict()}, tmp_path / "model.pt")
    encoders = [
        ClipEncoder(architecture, checkpoint=tmp_path / file)
        for file in ("model.safetensors", "model.pt")
    ]
    for encoder in encoders:
        assert encoder.embed_dim == 24
        frames = picture(9)
        assert torch.allclose(
            encoder.encode_frames(frames, batch=4), by_hand(model, preprocess, frames), atol=2e-3
        )
    assert encoders[0].fingerprint == encoders[1].fingerprint
    other, _ = random_model(architecture, seed=2)
    save_file(other.state_dict(), tmp_path / "other.safetensors")
    assert (
        ClipEncoder(architecture, checkpoint=tmp_path / "other.safetensors").fingerprint
        != encoders[0].fingerprint
    )


def test_a_folder_with_its_own_description(architecture, tmp_path):
    model, _ = random_model(architecture)
    config = {
        "model_cfg": clip.our_open_clip().get_model_config(architecture),
        "preprocess_cfg": {"mean": [0.1] * 3, "std": [0.2] * 3, "resize_mode": "squash"},
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    save_file(model.state_dict(), tmp_path / "open_clip_model.safetensors")
    encoder = ClipEncoder(f"local-dir:{tmp_path}")
    assert (
        encoder.model.visual.preprocess_cfg["resize_mode"] == "squash"
        and list(encoder.preprocess.transforms[-1].mean) == [0.1] * 3
    )
    assert encoder.encode_text("a cat").shape == (1, 24)


def test_preprocessing_and_activation_are_those_of_the_training(architecture, tmp_path):
    model, _ = random_model(architecture)
    path = tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    training = {
        "mean": (0.0, 0.0, 0.0),
        "std": (1.0, 1.0, 1.0),
        "interpolation": "bilinear",
        "resize_mode": "squash",
        "quick_gelu": True,
    }
    loaded, preprocess = clip.load_weights(architecture, path, training)
    assert (
        preprocess.transforms[-1].mean == (0.0, 0.0, 0.0)
        and loaded.visual.preprocess_cfg["interpolation"] == "bilinear"
    )
    assert "QuickGELU" in repr(loaded) and "QuickGELU" not in repr(model)
    assert clip.training_of("ViT-B-32/openai")[1]["quick_gelu"] and not clip.training_of(
        "ViT-B-32/laion2b_s34b_b79k"
    )[1].get("quick_gelu")
    # all its trainings agree
    assert clip.training_of("MobileCLIP2-S0", "some.pt")[1]["interpolation"] == "bilinear"
    with pytest.raises(ValueError, match="laion2b_s34b_b79k"):
        clip.training_of("ViT-B-32", "some.pt")  # they don't


def test_branches_fold_without_a_change(tmp_path):
    config = {
        "embed_dim": 32,
        "vision_cfg": {
            "timm_model_name": "fastvit_t8",
            "timm_pool": "avg",
            "timm_proj": None,
            "image_size": 64,
        },
        "text_cfg": {
            "context_length": 16,
            "vocab_size": 49408,
            "width": 32,
            "heads": 2,
            "layers": 1,
        },
    }
    (tmp_path / "test-branches.json").write_text(json.dumps(config))
    clip.our_open_clip().add_model_config(tmp_path / "test-branches.json")
    model, preprocess = random_model("test-branches")
    save_file(model.state_dict(), tmp_path / "m.safetensors")
    encoder = ClipEncoder("test-branches", checkpoint=tmp_path / "m.safetensors")
    frames = picture()
    assert len(list(encoder.model.modules())) < len(list(model.modules()))
    assert torch.allclose(
        encoder.encode_frames(frames), by_hand(model, preprocess, frames), atol=5e-3
    )


@pytest.mark.parametrize("shape", [(24, 80), (80, 24), (40, 71), (71, 40), (40, 41)])
def test_all_of_a_frame_is_seen(architecture, tmp_path, shape):
    "What differs at one end only, or in one corner, gives another embedding; squares are undistorted."
    model, _ = random_model(architecture)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    encoder = ClipEncoder(architecture, checkpoint=tmp_path / "model.safetensors")
    frames = picture(1, *shape).repeat(5, 0)
    for i, (y, x) in enumerate([(0, 0), (0, -8), (-8, 0), (-8, -8)]):
        frames[i, y:, x:][:8, :8] = 0
    apart = torch.pdist(encoder.encode_frames(frames))
    assert apart.min() > 1e-3


def test_a_model_that_squeezes_sees_the_frame_as_in_its_training(architecture, tmp_path):
    model, _ = random_model(architecture)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    encoder = ClipEncoder(architecture, checkpoint=tmp_path / "model.safetensors")
    encoder.model.visual.preprocess_cfg["resize_mode"] = "squash"
    frames = picture(3)
    wanted = seen(encoder.model, encoder.preprocess, frames)
    assert torch.allclose(encoder.encode_frames(frames), wanted, atol=2e-3)


def test_the_cache_knows_frames_weights_and_damage(
    cache, untrained, architecture, tmp_path, monkeypatch
):
    scene = Scene(picture(6))
    calls = []
    encode = untrained.model.encode_image
    monkeypatch.setattr(
        untrained.model,
        "encode_image",
        lambda images, *a: (calls.append(len(images)), encode(images, *a))[1],
    )
    assert untrained.embed_dim == 512  # it looks once, before calls are counted
    first = encode_scene(scene, untrained)
    calls.clear()
    assert (
        torch.equal(encode_scene(Scene(scene.frames.copy(), name="another name"), untrained), first)
        and not calls
    )
    changed = scene.frames.copy()
    changed[3, 5, 5, 0] ^= 1
    encode_scene(Scene(changed), untrained)
    encode_scene(Scene(scene.frames[:, :, ::-1]), untrained)
    assert calls == [6, 6] * 2  # two frames that differ, both ends of each
    save_file(random_model(architecture)[0].state_dict(), tmp_path / "m.safetensors")
    assert encode_scene(
        scene, ClipEncoder(architecture, checkpoint=tmp_path / "m.safetensors")
    ).shape == (6, 24)

    for entry in (cache / "embeddings").glob("*.safetensors"):
        whole = entry.read_bytes()
        for damaged in (b"", whole[:100], whole[:-50], whole[:-8] + bytes(8), b"\xff" * len(whole)):
            entry.write_bytes(damaged)
            assert torch.equal(encode_scene(scene, untrained), first)
    assert (cache / "embeddings" / clip.cache_file(scene, untrained).name).exists()


def test_the_cache_knows_frames_however_they_lie_in_memory(untrained):
    frames = picture(4)
    # the same picture, color by color in memory
    planes = np.ascontiguousarray(frames.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    swapped = frames[..., [1, 0, 2]]
    assert planes.strides != frames.strides and clip.cache_file(
        Scene(planes), untrained
    ) == clip.cache_file(Scene(frames), untrained)
    assert clip.cache_file(Scene(swapped), untrained) != clip.cache_file(Scene(frames), untrained)


def test_many_at_once_do_not_hurt_each_other(cache, untrained):
    scene = Scene(picture(6))
    results = []
    work = [
        threading.Thread(target=lambda: results.append(encode_scene(scene, untrained)))
        for _ in range(6)
    ]
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert len(results) == 6 and all(torch.equal(r, results[0]) for r in results)
    assert len(list((cache / "embeddings").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, untrained, monkeypatch):
    (tmp_path / "file").write_text("a file where a folder should be")
    monkeypatch.setenv("ALIVE_SCENE_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="could not be cached"):
        assert len(encode_scene(Scene(picture(2)), untrained)) == 2


def test_untrained_is_repeatable_says_so_and_leaves_the_global_generator_alone(untrained):
    state = torch.random.get_rng_state()
    with pytest.warns(UserWarning, match="know nothing of cats"):
        again = ClipEncoder("untrained")
    assert (
        torch.equal(torch.random.get_rng_state(), state)
        and again.fingerprint == untrained.fingerprint
    )
    for use in (
        lambda: again.encode_frames(picture()),
        lambda: again.encode_text("a cat"),
        lambda: encode_scene(Scene(picture()), again),
    ):
        with pytest.warns(UserWarning, match="know nothing of cats") as caught:
            use()
        assert len(caught) == 1 and caught[0].filename == __file__


def test_missing_weights_name_the_model_the_file_and_the_command(monkeypatch, tmp_path):
    def unreachable(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *a: None)
    monkeypatch.setattr(clip, "urlopen", unreachable)
    with pytest.raises(FileNotFoundError) as error:
        ClipEncoder("ViT-B-32/laion2b_s34b_b79k")
    for part in (
        "ViT-B-32/laion2b_s34b_b79k",
        "open_clip_model.safetensors",
        "hf download laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ):
        assert part in str(error.value)
    with pytest.raises(FileNotFoundError, match="hf download owner/model"):
        ClipEncoder("hf-hub:owner/model")
    with pytest.raises(FileNotFoundError, match="local-dir"):
        ClipEncoder(f"local-dir:{tmp_path}/none")
    monkeypatch.setattr(clip, "WEIGHTS", tmp_path)
    with pytest.raises(FileNotFoundError, match="make clip"):
        ClipEncoder("alive-tiny")


class Trap:
    def __reduce__(self):
        return pytest.fail, ("the pickle was run",)


def test_a_pickle_that_is_not_weights_is_refused(architecture, tmp_path):
    torch.save({"state_dict": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(ValueError, match="refused"):
        ClipEncoder(architecture, checkpoint=tmp_path / "trap.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="refused|doesn't hold"):
        ClipEncoder(architecture, checkpoint=tmp_path / "raw.pt")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="doesn't hold weights of test-small"):
        ClipEncoder(architecture, checkpoint=tmp_path / "other.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(ValueError, match="doesn't hold weights"):
        ClipEncoder(architecture, checkpoint=tmp_path / "cut.safetensors")


def packed(path, again):
    "The same zip file, its parts compressed."
    with zipfile.ZipFile(path) as file, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as bomb:
        for part in file.infolist():
            bomb.writestr(part.filename, file.read(part.filename))
    return again


def test_a_file_that_unpacks_to_more_than_it_is_is_refused_unread(
    architecture, tmp_path, monkeypatch
):
    "A hundred megabytes of zeros in a hundred kilobytes; torch would unpack them."
    torch.save({"weight": torch.zeros(25_000_000)}, tmp_path / "whole.pt")
    bomb = packed(tmp_path / "whole.pt", tmp_path / "bomb.pt")
    assert (
        bomb.stat().st_size < 500_000
        and len(torch.load(bomb, weights_only=True)["weight"]) == 25_000_000
    ), "no bomb: this test shows nothing"
    monkeypatch.setattr(clip, "our_open_clip", lambda: pytest.fail("it was opened"))
    with pytest.raises(ValueError, match=r"bomb\.pt would take 1\d\d MB.*ask for"):
        clip.load_weights(architecture, bomb, {})
    monkeypatch.undo()
    with pytest.raises(ValueError, match="would take"):
        ClipEncoder(architecture, checkpoint=bomb)
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(ValueError, match="would take"):
        ClipEncoder(f"local-dir:{tmp_path}")
    # a zip file without a directory
    bomb.write_bytes(bomb.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))
    with pytest.raises(ValueError, match=r"bomb\.pt doesn't hold weights"):
        ClipEncoder(architecture, checkpoint=bomb)
    with pytest.raises(FileNotFoundError, match="beside it"):
        ClipEncoder(f"local-dir:{tmp_path}")


def test_a_file_larger_than_any_weights_is_refused_unread(architecture, tmp_path):
    with open(tmp_path / "huge.safetensors", "wb") as file:
        file.truncate(2**36)  # a hole: it takes no room on the disk
    with pytest.raises(ValueError, match="huge.safetensors would take 68,719 MB.*ask for"):
        ClipEncoder(architecture, checkpoint=tmp_path / "huge.safetensors")


def test_an_entry_of_the_cache_is_no_larger_than_it_must_be(cache, untrained, monkeypatch):
    "One that would take a hundred gigabytes is not opened, but computed and written anew."
    scene = Scene(picture(3))
    first = encode_scene(scene, untrained)
    file = clip.cache_file(scene, untrained)
    size = file.stat().st_size
    with open(file, "r+b") as entry:
        entry.truncate(2**37)
    with monkeypatch.context() as patch:
        patch.setattr("safetensors.safe_open", lambda *_: pytest.fail("it was opened"))
        assert clip.read_cache(file, first.shape) is None
    assert torch.equal(encode_scene(scene, untrained), first) and file.stat().st_size == size
    assert clip.read_cache(file, first.shape) is not None


@pytest.mark.parametrize(
    "name, error, words",
    [
        ("ViT-B/32", ValueError, "ViT-B-32"),
        ("vit-b-32/openai", ValueError, "ViT-B-32"),
        ("ViT-B-32", ValueError, "laion2b_s34b_b79k"),
        ("ViT-B-32/laion", ValueError, "laion400m_e31"),
        ("", ValueError, "knows no model"),
        (None, TypeError, "string"),
        (3, TypeError, "string"),
    ],
)
def test_unknown_names_say_what_is_near(name, error, words):
    with pytest.raises(error, match=words):
        ClipEncoder(name)


@pytest.mark.parametrize(
    "frames, error, words",
    [
        (picture()[0], ValueError, "time, height, width, 3"),
        (picture()[..., :1], ValueError, "time, height, width, 3"),
        (picture() / 255, TypeError, "uint8"),
        (picture()[:0], ValueError, "empty"),
        (Scene(picture()), TypeError, "encode_scene"),
        (None, ValueError, "shape"),
        ("cat.mp4", ValueError, "shape"),
    ],
)
def test_what_is_not_frames_is_refused(untrained, frames, error, words):
    with pytest.raises(error, match=words):
        untrained.encode_frames(frames)


@pytest.mark.parametrize(
    "texts, error",
    [([], ValueError), ([1], TypeError), (["a", None], TypeError), (["a", b"b"], TypeError)],
)
def test_what_is_not_text_is_refused(untrained, texts, error):
    with pytest.raises(error):
        untrained.encode_text(texts)


def test_other_arguments(untrained):
    with pytest.raises(ValueError, match="batch"):
        untrained.encode_frames(picture(), batch=0)
    with pytest.raises(TypeError, match="Scene"):
        encode_scene(picture(), untrained)
    with pytest.raises(TypeError, match="ClipEncoder"):
        encode_scene(Scene(picture()), "alive-tiny")
    with pytest.raises(ValueError, match="checkpoint="):
        ClipEncoder("untrained", checkpoint="x.pt")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ClipEncoder("alive-tiny", checkpoint="nowhere.pt")


def test_the_bundled_encoder_is_whole_and_sees_closed_eyes(tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder = ClipEncoder()
    scene = napping_cat(frames=200, size=96, seed=5)
    eyes = scene.states["eyes_closed"]
    no, yes = encoder.encode_text(["a cat with its eyes open", "a cat with its eyes closed"])
    clear = abs(eyes - 0.5) > 0.3
    answer = (encoder.encode_frames(scene.frames) @ (yes - no)).numpy()[clear] > 0
    truth = eyes[clear] > 0.5
    assert (answer[truth].mean() + (~answer[~truth]).mean()) / 2 >= 0.95
    for file in clip.WEIGHTS.glob("alive-tiny.*"):
        shutil.copy(file, tmp_path)
    data = bytearray((tmp_path / "alive-tiny.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "alive-tiny.safetensors").write_bytes(data)
    monkeypatch.setattr(clip, "WEIGHTS", tmp_path)
    with pytest.raises(ValueError, match="damaged"):
        ClipEncoder("alive-tiny")
