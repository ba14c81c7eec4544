"""What TransferGAN claims, at the size of 8x8 digits: digits 0-4 to 100 images of digits 5-9 (three seeds)."""

from __future__ import annotations

import numpy as np
import pytest
from toy8 import CRITIC, protocol, shapes, source_gan

from mmgentransfer.evaluation import ImageSet, IndependentWasserstein, SourceRanking

SEEDS = (0, 1, 2)


@pytest.fixture(scope='module')
def runs() -> dict[str, list[list[np.ndarray]]]:
    return {
        name: [protocol().adapted(source, seed) for seed in SEEDS]
        for name, source in (('scratch', None), ('pretrained', protocol().source))
    }


def test_pre_training_helps_at_equal_iterations(runs):
    fids = {name: np.array([[protocol().fid(s) for s in samples] for samples in row]) for name, row in runs.items()}
    after_25 = {name: values[:, 0] for name, values in fids.items()}
    assert after_25['scratch'].mean() >= 1.4 * after_25['pretrained'].mean()
    assert (after_25['scratch'] > after_25['pretrained']).all()
    # Over the first hundred iterations; at one of them alone, three seeds are too few to tell. Measured means of
    # scratch and pre-trained after 25, 50, 75, 100: 105.4 / 71.0, 60.7 / 59.1, 61.9 / 49.8, 46.7 / 41.5. With six seeds
    # they are 97.7 / 75.6 and 64.0 / 59.7 after 25 and 50: there pre-training helps by a factor of 1.3 and 1.07.
    assert fids['scratch'].mean() >= 1.1 * fids['pretrained'].mean()


def test_an_independent_critic_agrees(runs):
    metric = IndependentWasserstein(CRITIC, iters=150, batch_size=32, lr=1e-3)
    real = ImageSet(images=protocol().reference.numpy())
    for scratch, pretrained in zip(runs['scratch'], runs['pretrained'], strict=True):
        scores = [metric.compute(real, ImageSet(images=row[0]), None) for row in (scratch, pretrained)]
        assert all(score['iw'] > 0 for score in scores)
        assert scores[1]['iw_reported'] > scores[0]['iw_reported']


@pytest.mark.long
def test_the_nearer_source_is_the_better_one(runs):
    """Shapes are farther from the target than other digits, by what both sources generate and after 50 iterations."""
    others = source_gan(shapes(2500))
    sources = dict(shapes=others, digits=protocol().source)
    after = dict(
        shapes=[protocol().adapted(others, seed, quarters=2)[1] for seed in SEEDS],
        digits=[samples[1] for samples in runs['pretrained']],
    )
    ranking = SourceRanking(
        gen_to_target={
            name: protocol().fid(protocol().samples(model), protocol().images) for name, model in sources.items()
        },
        after={name: np.mean([protocol().fid(samples) for samples in row]) for name, row in after.items()},
    )
    assert ranking.choice == ranking.best_after == 'digits'
    assert not ranking.is_close
    assert ranking.after['shapes'] >= 1.15 * ranking.after['digits']
