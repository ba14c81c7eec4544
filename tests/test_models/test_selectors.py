"""Selectors: what they record, what they choose."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.selectors import FixedSelector, FrequencySelector

# winners of four minibatches; generator 0 wins all, half, none and a quarter of them
MINIBATCHES = [torch.tensor(winners) for winners in ([0, 0, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1], [1, 1, 0, 1])]


def recorded(num: int, **options) -> FrequencySelector:
    selector = FrequencySelector(2, **options)
    for winners in MINIBATCHES[:num]:
        selector.record('generator', winners)
    return selector


@pytest.mark.parametrize(
    ('num', 'expected'), [(0, [0.5, 0.5]), (1, [1, 0]), (2, [0.75, 0.25]), (3, [0.5, 0.5]), (4, [0.25, 0.75])]
)
def test_frequencies_over_the_last_three_minibatches(num, expected):
    assert recorded(num, window=3).probabilities.tolist() == expected


def test_without_a_minibatch_p_is_uniform():
    assert FrequencySelector(4).probabilities.tolist() == [0.25] * 4


def test_floor_is_the_least_probability():
    torch.testing.assert_close(recorded(1, floor=0.1).probabilities, torch.tensor([0.9, 0.1]))


@pytest.mark.parametrize(('record_on', 'expected'), [('miner', [0, 1]), ('critic', [1, 0]), ('both', [0.5, 0.5])])
def test_whose_minibatches_count(record_on, expected):
    selector = FrequencySelector(2, record_on=record_on)
    selector.record('critic', torch.tensor([0, 0]))
    selector.record('generator', torch.tensor([1, 1]))
    assert selector.probabilities.tolist() == expected


def test_the_record_survives_a_checkpoint():
    selector, restored = recorded(4, window=3), FrequencySelector(2, window=3)
    state = selector.state_dict()
    assert state['history'].tolist() == [[0.25, 0.75], [0.5, 0.5], [0, 1]]
    assert (state['pointer'].item(), state['count'].item()) == (1, 3)
    restored.load_state_dict(state)
    for one in (selector, restored):
        one.record('generator', torch.tensor([0, 0]))
    assert restored.probabilities.tolist() == selector.probabilities.tolist()
    torch.testing.assert_close(restored.probabilities, torch.tensor([1.25, 1.75]) / 3)
    assert not list(selector.parameters())


def test_wins_of_all_processes_are_counted(monkeypatch):
    def other_process_has_six_wins_of_the_second(wins):
        wins += torch.tensor([0.0, 6.0])

    monkeypatch.setattr('mmgentransfer.models.selectors.all_reduce', other_process_has_six_wins_of_the_second)
    assert recorded(2, window=1).probabilities.tolist() == pytest.approx([0.2, 0.8])  # 2 of 4 here, 0 of 6 there


def test_choices_follow_p():
    selector = FixedSelector(4, probs=[0.0, 0.25, 0.0, 0.75])
    quantile = torch.special.ndtri(torch.tensor(0.25)).item()
    noise = torch.tensor([-40.0, -1.0, quantile - 1e-4, quantile + 1e-4, 1.0, 40.0])
    assert selector.choose(noise).tolist() == [1, 1, 1, 3, 3, 3]
    counts = selector.choose(torch.randn(4000, generator=torch.Generator().manual_seed(0))).bincount(minlength=4)
    assert counts[0] == counts[2] == 0
    assert abs(counts[3] / 4000 - 0.75) <= 0.025  # 3.6 standard deviations


def test_a_last_generator_of_probability_zero_is_not_chosen():
    assert FixedSelector(2, probs=[1, 0]).choose(torch.tensor([40.0, -40.0])).tolist() == [0, 0]


def test_fixed_probabilities_stay():
    selector = FixedSelector(2)
    selector.record('generator', torch.tensor([0, 0]))
    assert selector.probabilities.tolist() == [0.5, 0.5]
    assert not selector.state_dict()


@pytest.mark.parametrize(
    ('selector', 'num', 'options', 'message'),
    [
        (FrequencySelector, 1, {}, r'model\.selector = FrequencySelector selects .* has 1: leave the selector out'),
        (FixedSelector, 1, {}, r'model\.selector = FixedSelector'),
        (FrequencySelector, 2, dict(window=0), r'window must be at least 1, got 0'),
        (FrequencySelector, 2, dict(record_on='generator'), r"'miner', 'critic' or 'both', got 'generator'"),
        (FrequencySelector, 4, dict(floor=0.3), r'floor must be between 0 and 1/4.* got 0\.3'),
        (FixedSelector, 2, dict(probs=[0.5, 0.6]), r'must be 2 non-negative numbers.* sum to 1; got \[0\.5, 0\.6\]'),
        (FixedSelector, 3, dict(probs=[0.5, 0.5]), r'must be 3 non-negative'),
        (FixedSelector, 2, dict(probs=[1.5, -0.5]), r'non-negative'),
    ],
)
def test_what_can_not_be(selector, num, options, message):
    with pytest.raises(ValueError, match=message):
        selector(num, **options)
