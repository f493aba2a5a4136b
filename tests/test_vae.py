import warnings

import pytest
import torch
import torch.nn.functional as F

from alive_scene.vae import BehaviorModel, VaeBehavior, VaeState, bce_loss, mse_loss


def circle(time=40, embed=16, seed=0):
    rng = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(embed, embed, generator=rng))[0]
    angle = torch.linspace(0, 5, time)[:, None]
    return F.normalize(axes[0] + 0.3 * angle.cos() * axes[1] + 0.3 * angle.sin() * axes[2], dim=1)


def moved(behavior, state, temperature=1.0, seed=0):
    "Where a step with that seed's luck ends."
    rng = [torch.Generator().manual_seed(seed + row) for row in range(len(state.embedding))]
    return behavior.step(state, temperature, behavior.draw(rng, temperature)).embedding


observed = circle()
clouds = torch.randn(2, 8, 5, generator=torch.Generator().manual_seed(1))


def oracle_kld(mean, log_variance):
    normal = torch.distributions.Normal
    return torch.distributions.kl_divergence(
        normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0)
    ).sum()


def test_the_published_layers():
    model = BehaviorModel()
    shapes = [tuple(value.shape) for name, value in model.named_parameters() if value.ndim == 2]
    assert sorted(shapes) == sorted(
        [(400, 512), (300, 400), (256, 300), (256, 300), (300, 256), (400, 300), (512, 400)]
    )
    assert [type(layer).__name__ for layer in model.encoder] == [
        "Linear",
        "BatchNorm1d",
        "ReLU",
    ] * 2 + ["Dropout"]
    assert [type(layer).__name__ for layer in model.decoder] == [
        "Linear",
        "BatchNorm1d",
        "ReLU",
    ] * 2 + ["Linear", "Tanh"]
    assert model.encoder[-1].p == 0.55
    assert (
        sum(value.numel() for value in model.parameters())
        == sum((i + 1) * o for o, i in shapes) + 2 * (400 + 300) * 2
    )


@pytest.mark.parametrize("embed, latent", [(512, 256), (768, 256), (5, 2)])
def test_sizes_follow_the_input(embed, latent):
    model = BehaviorModel(embed, latent)
    output, mean, log_variance = model(torch.zeros(3, embed))
    assert output.shape == (3, embed) and mean.shape == log_variance.shape == (3, latent)
    with pytest.raises(ValueError, match=f"{embed} numbers"):
        model(torch.zeros(3, embed + 1))


def test_the_latent_is_drawn_from_its_cloud():
    model = BehaviorModel(16, 4).eval()
    output, mean, log_variance = model(observed[:2], torch.Generator().manual_seed(3))
    noise = torch.randn(2, 4, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(output, model.decoder(mean + noise * (log_variance / 2).exp()))
    assert torch.equal(output, model.decode(*model.encode(observed[:2]), noise))


def test_mse_loss_is_summed_error_plus_kld():
    output, target = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(2))
    assert torch.isclose(
        mse_loss(output, target, *clouds),
        (output - target).pow(2).sum() + oracle_kld(*clouds),
        rtol=1e-5,
    )


def test_bce_loss_is_summed_cross_entropy_plus_kld():
    output, target = torch.rand(2, 8, 16, generator=torch.Generator().manual_seed(2)) * 1.8 - 0.9
    p = (output + 1) / 2
    q = (target + 1) / 2
    by_hand = -(q * p.log() + (1 - q) * (1 - p).log()).sum()
    assert torch.isclose(
        bce_loss(output, target, *clouds), by_hand + oracle_kld(*clouds), rtol=1e-5
    )
    for wrong in (target + 2, target - 2):
        with pytest.raises(ValueError, match="-1..1"):
            bce_loss(output, wrong, *clouds)


@pytest.mark.parametrize(
    "bad, words",
    [
        (observed[:1], "at least 2"),
        (observed[:0], "at least 2"),
        (observed[0], "time, embed"),
        (observed * 1.1, "unit vectors"),
        (observed * float("nan"), "NaN"),
        (observed * float("inf"), "NaN"),
    ],
)
def test_bad_paths(bad, words):
    with pytest.raises(ValueError, match=words):
        VaeBehavior.fit(bad, epochs=1, progress=False)


@pytest.mark.parametrize(
    "embeddings",
    [observed[:2], observed[:1].expand(9, -1), circle(30, 768)],
    ids=["two frames", "identical", "768"],
)
def test_small_and_still_paths_learn(embeddings):
    behavior = VaeBehavior.fit(embeddings, epochs=1, progress=False)
    came = moved(behavior, behavior.start(embeddings[:1]))
    assert came.shape == (1, embeddings.shape[1]) and came.isfinite().all()


def test_bad_fits():
    with pytest.raises(ValueError, match="hinge"):
        VaeBehavior.fit(observed, loss="hinge", progress=False)
    with pytest.raises(ValueError, match="points=1000"):
        VaeBehavior.fit(observed[:2], points=None, progress=False)


def test_a_batch_of_one_is_left_out():
    assert VaeBehavior.fit(
        circle(130), points=None, epochs=1, progress=False
    ).history  # 129 motions: 128 and 1


def test_fit_learns_repeats_and_leaves_the_global_seed_alone():
    before = torch.random.get_rng_state()
    one, two, other = (
        VaeBehavior.fit(observed, seed=seed, epochs=3, progress=False) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.history == two.history != other.history and one.history[-1][0] < one.history[0][0]
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )
    assert not one.training


def test_both_losses_by_name_and_by_function():
    named, given = (
        VaeBehavior.fit(observed, loss=loss, epochs=1, progress=False) for loss in ("bce", bce_loss)
    )
    assert (
        named.history
        == given.history
        != VaeBehavior.fit(observed, epochs=1, progress=False).history
    )


def test_a_step_is_temperature_times_motion():
    behavior = VaeBehavior.fit(observed, epochs=1, progress=False)
    state = behavior.start(observed[:3])
    assert isinstance(state, VaeState) and torch.equal(state.embedding, observed[:3])

    still, once, thrice = (moved(behavior, state, t) - observed[:3] for t in (0, 1, 3))
    assert still.abs().max() == 0 and once.abs().max() > 0
    assert torch.allclose(thrice, 3 * once, atol=1e-5)
    assert not torch.equal(moved(behavior, state, seed=9) - observed[:3], once)


def test_a_step_is_made_of_the_noise_it_is_handed():
    behavior = VaeBehavior.fit(observed, epochs=1, progress=False)
    assert behavior.noise == {"latent": ("normal", 256)}
    latent = torch.randn(2, 256, generator=torch.Generator().manual_seed(4))
    motion = behavior.decode(*behavior.encode(observed[:2]), latent)
    came = behavior.step(behavior.start(observed[:2]), 0.5, {"latent": latent}).embedding
    assert torch.allclose(came, observed[:2] + 0.5 * motion, atol=1e-6)
    drawn = behavior.draw([torch.Generator().manual_seed(seed) for seed in (5, 6)], 1.0)["latent"]
    by_hand = [torch.randn(256, generator=torch.Generator().manual_seed(seed)) for seed in (5, 6)]
    assert torch.equal(drawn, torch.stack(by_hand)), "each row's luck is its own"


def test_a_fit_turns_dropout_off():
    behavior = VaeBehavior.fit(observed, epochs=1, progress=False).train()
    again = VaeBehavior.fit(observed, epochs=1, progress=False, resume=behavior)
    assert not again.training


def test_config_and_state_restore_it():
    behavior = VaeBehavior.fit(circle(20, 24), epochs=2, progress=False)
    again = VaeBehavior(**behavior.config)
    again.load_state_dict(behavior.state_dict())
    state = behavior.start(circle(20, 24)[:1])
    assert torch.equal(moved(behavior, state), moved(again, state))


def test_interruption_keeps_what_was_learned():
    calls = []

    def impatient(*args):
        calls.append(1)
        if len(calls) > 20:
            raise KeyboardInterrupt
        return mse_loss(*args)

    with pytest.warns(UserWarning, match="2 of 9 epochs"):
        behavior = VaeBehavior.fit(observed, epochs=9, loss=impatient, progress=False)
    assert len(behavior.history) == 2 and not behavior.training
    with warnings.catch_warnings(action="error"):
        again = VaeBehavior.fit(observed, epochs=1, resume=behavior, progress=False)
    assert again is behavior and len(again.history) == 3
