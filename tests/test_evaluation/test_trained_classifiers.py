"""Scores by classifiers that are trained on translations or on real images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from domain_toys import COLOURS, SIDE, evaluator, painter, scoring_loop, toy_objects

from mmgentransfer.evaluation import ClassifierData, ForwardClassification, ReverseClassification
from mmgentransfer.evaluation.classifier_training import predicted_classes, train_classifier

SMALL = dict(classifier=dict(type='CoarseClassifier'), lr=1e-2, iters=150, batch_size=32)


def colour_data(translate=None, num=40, exclusive=True, domains=COLOURS):
    """Training objects whose translation to a colour is an image of this colour, if nothing else is said."""
    train, test = toy_objects(num, 'train'), toy_objects(20)
    own, test_own = (torch.nn.functional.one_hot(data.labels, 3).numpy().astype(np.float32) for data in (train, test))
    if not exclusive:  # is it red? is it not green?
        own, test_own = (np.stack([x[:, 0], 1 - x[:, 2]], axis=1) for x in (own, test_own))
    asked = []

    def perfect(rows, target, seed):
        asked.append((target, rows))
        flipped = own[rows].copy()
        place = domains.index(target)
        flipped = np.eye(len(domains))[[place] * len(rows)] if exclusive else flipped
        if not exclusive:
            flipped[:, place] = 1 - flipped[:, place]
        rng = np.random.default_rng([seed, place])
        keys = (own == flipped[:, None]).all(2) if exclusive else own[None, :, place] == flipped[:, None, place]
        return train.images.numpy()[[rng.choice(np.flatnonzero(key)) for key in keys]]

    data = ClassifierData(
        domains=list(domains),
        targets=list(domains),
        exclusive=exclusive,
        own=own,
        images=lambda rows: train.images[rows].numpy(),
        edited=lambda rows, target: np.abs(own[rows] - np.eye(len(domains))[domains.index(target)]),
        translate=translate or perfect,
        test_images=test.images.numpy(),
        test_own=test_own,
    )
    data.asked = asked
    return data


def test_reverse_classification_of_perfect_translations_is_that_of_real_images():
    scores = ReverseClassification(**SMALL).fit(colour_data())
    assert list(scores) == list(COLOURS)
    for score in scores.values():
        assert score['reverse_classification'] >= 95
        assert score['reverse_classification_real'] >= 95


def test_reverse_classification_sees_what_forward_classification_does_not():
    """All images of a domain translated to the same dark one: each is its domain's, but most others are brighter."""
    train = toy_objects(40, 'train').images
    dark = [train[40 * place : 40 * place + 40] for place in range(3)]
    dark = [images[images.float().mean((1, 2, 3)).argmin()] for images in dark]

    def collapsed(rows, target, seed):
        return np.repeat(dark[COLOURS.index(target)][None].numpy(), len(rows), axis=0)

    data = colour_data(collapsed)
    reverse = ReverseClassification(**SMALL).fit(data)
    assert np.mean([score['reverse_classification'] for score in reverse.values()]) < 90
    assert np.mean([score['reverse_classification_real'] for score in reverse.values()]) >= 95
    metric = ForwardClassification(**SMALL)
    metric.fit(data)
    pred = predicted_classes(metric._nets[None], np.stack([image.numpy() for image in dark]))
    assert pred.tolist() == [0, 1, 2]


def test_training_images_of_other_domains_balanced():
    data = colour_data()
    data.own = data.own[20:]  # 20 of the first domain, 40 of the others
    seen = []
    data.translate = lambda rows, target, seed: (
        seen.append((target, rows)) or np.zeros((len(rows), 3, 16, 16), np.uint8)
    )
    metric = ReverseClassification(**SMALL | dict(iters=1))
    metric.fit(data)
    assert [target for target, _ in seen] == list(COLOURS)
    assert [len(rows) for _, rows in seen] == [60, 60, 60]  # 80, 60 and 60 are there
    for place, (_, rows) in enumerate(seen):
        assert (data.own[rows, place] == 0).all()
        assert len(set(rows.tolist())) == 60
    seen.clear()
    ReverseClassification(**SMALL | dict(iters=1), max_per_class=7).fit(data)
    assert [len(rows) for _, rows in seen] == [7, 7, 7]


def test_no_real_image_trains_the_reverse_classifier():
    data = colour_data(lambda rows, target, seed: np.zeros((len(rows), 3, 16, 16), np.uint8))
    calls = []
    images = data.images
    data.images = lambda rows: calls.append(len(rows)) or images(rows)
    metric = ReverseClassification(**SMALL | dict(iters=2))
    scores = metric.fit(data)
    assert calls == [40, 40, 40]  # for the row of real images alone
    assert sorted(score['reverse_classification'] for score in scores.values()) == [0, 0, 100]  # all images are one
    metric.fit(data)
    assert len(calls) == 3  # which does not change


def test_reverse_classification_of_attributes():
    data = colour_data(exclusive=False, domains=('red', 'bright'))
    scores = ReverseClassification(**SMALL).fit(data)
    assert list(scores) == ['red', 'bright']
    for score in scores.values():
        assert score['reverse_classification'] >= 90
        assert score['reverse_classification_real'] >= 90
    assert [target for target, _ in data.asked] == ['red', 'red', 'bright', 'bright']
    for place, (without, with_it) in enumerate([(0, 1), (2, 3)]):
        # what an image becomes by a flip is the class: class 0 from images that have the attribute
        assert (data.own[data.asked[without][1], place] == 1).all()
        assert (data.own[data.asked[with_it][1], place] == 0).all()


def test_an_attribute_that_is_only_set_goes_as_another_of_its_group_is_set():
    domains, asked = ('red', 'blue', 'green', 'smile'), []
    data = colour_data(lambda rows, target, seed: asked.append((target, rows)) or train[rows])
    train = data.images(np.arange(120))
    data.domains, data.targets, data.exclusive = domains, ['red'], False
    data.own, data.test_own = (np.pad(own, ((0, 0), (0, 1))) for own in (data.own, data.test_own))

    def edited(rows, target):
        made, place = data.own[rows].copy(), domains.index(target)
        if target == 'smile':
            made[:, place] = 1 - made[:, place]
        else:
            made[:, :3] = np.eye(3)[place]
        return made

    data.edited = edited
    ReverseClassification(**SMALL | dict(iters=1)).fit(data)
    assert [(target, len(rows)) for target, rows in asked] == [('blue', 20), ('green', 20), ('red', 40)]
    lost = np.concatenate([rows for _, rows in asked[:2]])
    assert len(set(lost.tolist())) == 40
    assert (data.own[lost, 0] == 1).all()
    assert (data.own[asked[2][1], 0] == 0).all()


def test_classifiers_see_the_centre_of_larger_training_images(tmp_path):
    """Squares are cut out of them while training; what is scored is a square's size."""
    loop = scoring_loop(
        tmp_path, painter(), evaluator(tmp_path), train=toy_objects(2, 'train', image_size=SIDE + 4), num_samples=2
    )
    data = loop._classifier_data()
    raw = loop._training.fetch(np.array([3]))['images'].numpy()
    assert raw.shape[2:] == (SIDE + 4, SIDE + 4)
    assert np.array_equal(data.images(np.array([3])), raw[:, :, 2:-2, 2:-2])
    assert data.translate(np.array([3]), COLOURS[0], 0).shape[2:] == (SIDE, SIDE)
    assert {batch.shape[2:] for batch in loop._training_batches()} == {(SIDE, SIDE)}


def test_scores_through_the_loop(tmp_path):
    metrics = [
        dict(type='ReverseClassification', **SMALL),
        dict(type='ForwardClassification', **SMALL),
        dict(type='ForwardClassification', extractor='colour'),
    ]
    scorer = evaluator(tmp_path, *metrics)
    loop = scoring_loop(tmp_path, painter(), scorer, num_samples=2)
    state = torch.get_rng_state()
    scores = loop.run()
    assert torch.equal(torch.get_rng_state(), state)
    again = loop.run()
    assert scores == again
    for name in ('reverse_classification', 'reverse_classification_real', 'forward_classification'):
        assert 0 <= scores[name] <= 100
        assert scores[name] == pytest.approx(np.mean([scores[f'{target}/{name}'] for target in COLOURS]))
    assert scores['forward_classification_real'] > 90
    assert scores['forward_classification_real_colour'] == 100
    # the painter's colours stay what they were
    assert scores['forward_classification_colour'] < 5


def test_only_reverse_classification_needs_no_translations_of_the_test_set(tmp_path):
    model = painter()
    scorer = evaluator(tmp_path, dict(type='ReverseClassification', **SMALL | dict(iters=1)))
    scoring_loop(tmp_path, model, scorer).run()
    assert sum(model.generator.calls) == 3 * 16  # training images, 8 of each of three colours


def test_a_classifier_of_more_classes_than_domains():
    data = colour_data()
    stars = dict(
        type='ToyObjects', image_size=16, num_images=60, colours=['white'], shapes=['star'], background='black'
    )
    metric = ForwardClassification(**SMALL, others=[stars])
    metric.fit(data)
    net = metric._nets[None]
    assert net.num_classes == 4
    from mmgentransfer.registry import DATASETS

    others = DATASETS.build(stars | dict(split='test')).images.numpy()
    assert (predicted_classes(net, others) == 3).mean() > 0.9


def test_training_follows_from_the_seed():
    images, labels = toy_objects(10).images.numpy(), toy_objects(10).labels.numpy()

    def weights(**options):
        net = train_classifier(SMALL['classifier'], images, labels, 3, **dict(iters=4, lr=1e-2) | options)
        assert not net.training
        return torch.cat([p.flatten() for p in net.parameters()])

    assert torch.equal(weights(), weights())
    assert (weights() != weights(seed=1)).any()
    assert (weights() != weights(iters=5)).any()
    assert torch.equal(weights(iters=None, epochs=2, batch_size=15), weights(iters=4, batch_size=15))


def test_missing_weights_leave_the_metric_out(tmp_path):
    network = dict(type='TorchvisionClassifier', arch='resnet18', new_head=True, weights=str(tmp_path / 'none.pth'))
    scorer = evaluator(tmp_path, dict(type='ReverseClassification', classifier=network))
    assert scorer.usable_metrics == []
    assert 'ReverseClassification is left out. none.pth is not in' in scorer.notices()[0]


def test_classifiers_that_can_not_be_trained_are_refused(tmp_path):
    scorer = evaluator(tmp_path, dict(type='ReverseClassification', **SMALL))
    with pytest.raises(ValueError, match=r"but \['blue'\] are no targets"):
        scoring_loop(tmp_path, painter(), scorer, targets=['red', 'green'])
    with pytest.raises(ValueError, match=r"is trained already: leave out \['lr'\]"):
        ForwardClassification(extractor='colour', lr=1)
    with pytest.raises(ValueError, match='iters=0 must be above 0'):
        ReverseClassification(iters=0)
    data = toy_objects()
    data.labels, data.metainfo = torch.ones(18, 3, dtype=torch.long) * (data.labels == 0)[:, None], {}
    scorer = evaluator(tmp_path, dict(type='ForwardClassification', extractor='colour'))
    with pytest.raises(ValueError, match='extractor is for domains that exclude each other'):
        scoring_loop(tmp_path, painter(exclusive=False), scorer, data)
