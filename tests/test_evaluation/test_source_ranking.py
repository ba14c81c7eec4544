"""Ranking of sources on the figures of thesis Tables 2.4, 2.5 and A.1."""

from __future__ import annotations

import math

import pytest

from mmgentransfer.evaluation.source_ranking import CAVEAT, SourceRanking, spearman

SOURCES = ('ImageNet', 'Places', 'Bedrooms', 'CelebA')
GENERATED = dict(
    Flowers=(237.04, 251.93, 278.80, 284.74),
    Kitchens=(183.27, 180.63, 70.06, 254.12),
    LFW=(333.54, 333.38, 329.92, 151.46),
    Cityscapes=(233.45, 181.72, 227.53, 292.66),
)
REAL = dict(
    Flowers=(187.52, 292.36, 270.09, 317.21),
    Kitchens=(139.81, 99.88, 66.54, 311.06),
    LFW=(266.50, 326.76, 318.98, 44.12),
    Cityscapes=(205.04, 143.55, 221.65, 349.28),
)
OWN = (63.46, 55.66, 17.30, 75.84)
AFTER = dict(
    Flowers=(54.04, 66.25, 56.12, 67.96),
    Kitchens=(34.35, 34.59, 28.54, 38.41),
    LFW=(9.65, 15.02, 7.45, 7.16),
    Cityscapes=(122.46, 151.34, 123.21, 130.64),
)


def ranked(target, criterion='gen_to_target'):
    columns = dict(gen_to_target=GENERATED[target], real_to_target=REAL[target], gen_to_own=OWN, after=AFTER[target])
    named = {key: dict(zip(SOURCES, values, strict=True)) for key, values in columns.items()}
    return SourceRanking(**named, criterion=criterion)


@pytest.mark.parametrize(
    ('target', 'choice', 'by_generated', 'by_real', 'best', 'regret'),
    [
        ('Flowers', 'ImageNet', 0.8, 1.0, 'ImageNet', 0),
        ('Kitchens', 'Bedrooms', 0.8, 0.8, 'Bedrooms', 0),
        ('LFW', 'CelebA', 0.8, 0.8, 'CelebA', 0),
        ('Cityscapes', 'Places', -0.4, -0.2, 'ImageNet', 28.88),
    ],
)
def test_published_tables(target, choice, by_generated, by_real, best, regret):
    for criterion, correlation in (('gen_to_target', by_generated), ('real_to_target', by_real)):
        ranking = ranked(target, criterion)
        assert ranking.choice == choice
        assert ranking.best_after == best
        assert ranking.regret == pytest.approx(regret)
        assert ranking.rank_correlation == pytest.approx(correlation)
        assert not ranking.is_close


def test_text():
    text = str(ranked('Cityscapes'))
    assert text.splitlines()[:3] == [
        '| source | gen_to_target | real_to_target | gen_to_own | after |',
        '|---|---|---|---|---|',
        '| Places | 181.72 | 143.55 | 55.66 | 151.34 |',
    ]
    assert 'choice by gen_to_target: Places' in text
    assert 'best after adaptation: ImageNet; regret of the choice: 28.88' in text
    assert 'Spearman correlation with the scores after adaptation: -0.40' in text
    assert 'warning' not in text
    assert text.endswith(CAVEAT)
    assert 'rough indicator' in CAVEAT


def test_close_sources_give_a_warning():
    assert not SourceRanking(dict(a=100.0, b=105.0)).is_close
    close = SourceRanking(dict(a=104.9, b=100.0, c=300.0), extractor='digits')
    assert close.ranking == ['b', 'a', 'c']
    text = str(close)
    assert 'choice by gen_to_target (digits): b\nwarning: a is less than 5 % above it' in text
    assert 'real_to_target' not in text.splitlines()[0]
    assert not SourceRanking(dict(a=100.0)).is_close


def test_as_dict():
    result = ranked('LFW').as_dict()
    assert result['ranking'] == ['CelebA', 'Bedrooms', 'Places', 'ImageNet']
    assert result['sources']['CelebA'] == dict(gen_to_target=151.46, real_to_target=44.12, gen_to_own=75.84, after=7.16)
    assert (result['choice'], result['best_after'], result['regret']) == ('CelebA', 'CelebA', 0.0)
    assert result['spearman'] == pytest.approx(0.8)
    assert set(SourceRanking(dict(a=1.0)).as_dict()['sources']['a']) == {'gen_to_target'}


def test_rank_correlation_by_hand():
    assert spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert spearman([1, 2, 3], [5, 4, -9]) == pytest.approx(-1)
    # ranks 0.5, 0.5, 2 and 0, 1, 2: 1.5 / sqrt(1.5 * 2)
    assert spearman([1, 1, 2], [1, 2, 3]) == pytest.approx(1.5 / math.sqrt(3))
    assert math.isnan(spearman([1, 1], [1, 2]))
    with pytest.raises(ValueError, match='got 1 and 1'):
        spearman([1], [2])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(gen_to_target={}), 'no source to rank'),
        (dict(gen_to_target=dict(a=1.0), criterion='gen_to_targt'), "Did you mean 'gen_to_target'"),
        (dict(gen_to_target=dict(a=1.0), criterion='real_to_target'), r"there is none of \['a'\]"),
        (dict(gen_to_target=dict(a=float('nan'), b=1.0)), r"there is none of \['a'\]"),
        (dict(gen_to_target=dict(a=1.0), after=dict(b=1.0)), r"given of \['b'\], the sources are \['a'\]"),
    ],
)
def test_what_can_not_be_ranked(arguments, message):
    with pytest.raises(ValueError, match=message):
        SourceRanking(**arguments)
