import math
import warnings

import pytest
import torch
from torch import nn

from alive_scene.siren import MLP, SineLayer, Siren, pixel_grid, positional_encoding, psnr, train


def test_pixel_grid_is_row_by_row_y_before_x():
    grid = pixel_grid(2, 3)
    assert grid.shape == (6, 2) and grid.dtype == torch.float32
    assert grid[:3, 0].tolist() == [-0.5] * 3
    assert torch.allclose(grid[:3, 1], torch.tensor([-2 / 3, 0, 2 / 3]))
    assert pixel_grid(1, 1).tolist() == [[0.0, 0.0]]


def test_pixel_grid_refuses_nothing():
    with pytest.raises(ValueError, match="at least one pixel"):
        pixel_grid(3, 0)


@pytest.mark.parametrize("base", [2.0, 1.3])
def test_positional_encoding_by_hand(base):
    points = torch.tensor([[0.3, -0.7]])
    code = positional_encoding(points, base=base)[0]
    assert code.shape == (48,)
    by_hand = [
        f(math.pi * base**k * c)
        for f in (math.sin, math.cos)
        for c in (0.3, -0.7)
        for k in range(12)
    ]
    assert torch.allclose(code, torch.tensor(by_hand), atol=1e-3)


def test_positional_encoding_refuses_no_waves():
    with pytest.raises(ValueError, match="at least one frequency"):
        positional_encoding(torch.zeros(1, 2), 0)


def test_siren_is_the_published_formula():
    net = Siren()
    x = torch.randn(5, 560)
    by_hand = x
    for i in range(0, 8, 2):
        by_hand = torch.sin(20 * nn.functional.linear(by_hand, net.net[i].weight, net.net[i].bias))
    by_hand = nn.functional.linear(by_hand, net.net[8].weight, net.net[8].bias)
    assert torch.allclose(net(x), by_hand, atol=1e-5)
    assert (
        sum(p.numel() for p in net.parameters())
        == 560 * 256 + 256 + 3 * (256 * 256 + 256) + 256 * 3 + 3
    )


@pytest.mark.parametrize("w0,in_dim,hidden,out_dim", [(20, 560, 256, 3), (5, 2, 64, 4)])
def test_siren_starts_within_the_published_bounds_and_fills_them(w0, in_dim, hidden, out_dim):
    torch.manual_seed(0)
    net = Siren(w0, in_dim, hidden, out_dim)
    for i in range(0, 9, 2):
        bound = math.sqrt(6 / hidden) / w0 if i else 1 / in_dim
        largest = net.net[i].weight.abs().max().item()
        assert 0.9 * bound < largest <= bound
        assert net.net[i].bias.abs().max() <= 1 / math.sqrt(net.net[i].in_features)
    assert net(torch.zeros(7, in_dim)).shape == (7, out_dim)


def test_later_layers_of_a_fresh_siren_keep_their_spread_and_relu_fades():
    torch.manual_seed(0)
    x = pixel_grid(32, 32)
    spreads = {}
    for net in (Siren(in_dim=2), MLP(2, 256, 3)):
        h = x
        phases = []
        for linear, bend in zip(net.net[:-1:2], net.net[1::2], strict=True):
            h = linear(h)
            phases.append((getattr(bend, "w0", 1) * h).var(0).mean().sqrt().item())
            h = bend(h)
        spreads[type(net)] = phases
    assert all(0.7 < s < 1.4 for s in spreads[Siren][1:])
    assert spreads[MLP][-1] < 0.3 * spreads[MLP][0]


def test_mlp_is_relu_with_torchs_own_start():
    torch.manual_seed(0)
    net = MLP()
    assert [type(layer) for layer in net.net] == [nn.Linear, nn.ReLU] * 4 + [nn.Linear]
    assert net.net[8].out_features == 1 and net.net[0].in_features == 2
    assert 0.9 / 16 < net.net[2].weight.abs().max() <= 1 / 16


def test_sine_layer():
    x = torch.linspace(-3, 3, 7)
    assert torch.equal(SineLayer(7.0)(x), torch.sin(7 * x))


@pytest.mark.parametrize("mse", [1.0, 0.25, 1e-4])
def test_psnr_formula(mse):
    assert math.isclose(psnr(mse), 20 * math.log10(1 / math.sqrt(mse)), abs_tol=1e-12)


def test_psnr_of_no_error_is_infinite():
    assert psnr(0.0) == math.inf


def _setting():
    torch.manual_seed(0)
    net = Siren(in_dim=2, hidden_dim=32)
    return net, torch.optim.Adam(net.parameters(), 1e-3), pixel_grid(8, 8), torch.rand(64, 3)


def test_train_logs_every_step_and_learns():
    net, optimizer, x, y = _setting()
    before = psnr((net(x) - y).square().mean().item())
    log, drawn = train(net, optimizer, x, y, 80, progress=False)
    assert len(log) == 80 and math.isclose(log[0], before, rel_tol=1e-6) and log[-1] > before + 5
    assert drawn.shape == (64, 3) and not drawn.requires_grad
    assert math.isclose(psnr((drawn - y).square().mean().item()), log[-1], rel_tol=1e-5)


def test_train_takes_adams_steps():
    net, optimizer, x, y = _setting()
    twin, twin_optimizer, _, _ = _setting()
    train(net, optimizer, x, y, 3, progress=False)
    for _ in range(3):
        twin_optimizer.zero_grad()
        ((twin(x) - y) ** 2).mean().backward()
        twin_optimizer.step()
    assert torch.allclose(net.net[0].weight, twin.net[0].weight)


def test_train_can_be_interrupted_and_keeps_what_it_learned():
    net, optimizer, x, y = _setting()

    def stop(epoch, drawn):
        if epoch == 10:
            raise KeyboardInterrupt

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log, drawn = train(net, optimizer, x, y, 80, progress=False, on_step=stop)
    assert len(log) == 11 and "go on" in str(said[0].message)
    again, _ = train(net, optimizer, x, y, 1, progress=False)
    assert again[0] >= log[-1] - 0.5


def test_train_refuses_no_steps():
    net, optimizer, x, y = _setting()
    with pytest.raises(ValueError, match="at least 1"):
        train(net, optimizer, x, y, 0)
