import pytest
import torch

from alive_scene.plan import affinity, balance, draw_place, path_ends, plan, sparse_plan


def test_balance_is_the_nearest_flow():
    """No other flow with the same marginals is nearer.

    The scaling factors are those of an exponential family.
    """
    onward, leap = affinity(torch.randn(9, 3, generator=torch.Generator().manual_seed(0)).cumsum(0))
    fits = onward + leap
    flow = balance(fits, 4000)
    i = [a for a in range(18) if a not in (8, 17)]
    ratio = torch.log(flow[i][:, i] / fits[i][:, i])
    # log ratio = r(row) + c(column), and r + c is the same for both places of a frame
    known = fits[i][:, i] > 0
    rows, columns = known.nonzero().T
    system = torch.zeros(len(rows), 32, dtype=flow.dtype)
    system[torch.arange(len(rows)), rows] = 1
    system[torch.arange(len(rows)), 16 + columns] = 1
    solved = torch.linalg.lstsq(system, ratio[known][:, None], driver="gelsd").solution
    assert torch.allclose(system @ solved, ratio[known][:, None], atol=1e-4)


def test_a_place_is_drawn_as_often_as_its_odds_say():
    "Two places at once, each with odds of its own that don't sum to 1, one of them 0: 20,000 draws each."
    onward = torch.tensor([[7, 2, 9, 4], [0, 5, 1, 3]])
    odds = torch.tensor([[0.1, 0.0, 0.5, 0.9], [3.0, 1.0, 0.0, 6.0]])
    draws = 20_000
    chance = torch.rand(2 * draws, generator=torch.Generator().manual_seed(0))
    place = draw_place(onward.repeat(draws, 1), odds.repeat(draws, 1), chance).view(draws, 2)
    for row in range(2):
        share = odds[row].double() / odds[row].double().sum()
        count = (place[:, row, None] == onward[row]).sum(0)
        sigma = (draws * share * (1 - share)).sqrt()
        assert count.sum() == draws and ((count - draws * share).abs() <= 5 * sigma).all(), count


@pytest.mark.parametrize("chance", [0.0, 1 - 2**-24])
def test_the_ends_of_chance_draw_a_place_too(chance):
    "torch.rand gives 0 at times, and never 1."
    onward, odds = torch.tensor([[7, 2, 9]]), torch.tensor([[0.1, 0.2, 0.3]])
    assert draw_place(onward, odds, torch.tensor([chance])) == (9 if chance else 7)


@pytest.mark.parametrize("lengths", [[40], [10, 30], [13, 13, 14]])
def test_the_sparse_plan_of_all_neighbors_is_the_plan(lengths):
    points = torch.randn(40, 3, generator=torch.Generator().manual_seed(1)).cumsum(0)
    whole = plan(points, 0.08, lengths)
    ways, often = sparse_plan(points, 0.08, lengths, neighbors=80)
    ours = torch.zeros(80, 80, dtype=often.dtype)
    ours.index_put_((torch.arange(80)[:, None].expand_as(ways), ways), often, accumulate=True)
    assert (ours - whole).abs().max() < 1e-6 * whole.max()


def test_a_sparse_plan_leaves_no_place_out_of_reach():
    points = torch.randn(300, 4, generator=torch.Generator().manual_seed(2)).cumsum(0)
    ways, often = sparse_plan(points, 0.08, [100, 200], neighbors=6)
    come = torch.zeros(600, dtype=often.dtype).index_add_(0, ways.flatten(), often.flatten())
    inside = torch.ones(600, dtype=torch.bool)
    inside[path_ends([100, 200])] = False
    assert (come[inside] > 1e-6).all() and ways.shape[1] < 60
