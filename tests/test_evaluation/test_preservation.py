"""Metrics of what translations keep and change, on records whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from domain_toys import COLOURS, evaluator, painter, scoring_loop, toy_objects
from translation_records import record, seen

from mmgentransfer.evaluation import (
    ConfidenceDrop,
    IDDistance,
    MisclassificationRate,
    ReconstructionL1,
    WantedChangeRate,
)


def test_identity_distance_by_extractor_and_kind():
    translations = seen([[3, 4]], [[[4, 3], [3, 4]]])
    assert IDDistance('net').score(translations) == {'id_distance_cosine_net': pytest.approx(0.02)}
    assert IDDistance('net', 'l2').score(translations) == {'id_distance_l2_net': pytest.approx(0.141421, abs=1e-6)}
    with pytest.raises(ValueError, match='is none of'):
        IDDistance('net', 'l1')


def test_misclassification_and_drop_of_a_kept_attribute():
    kept = np.array(['m', 'f'])
    translations = seen([[2, 0], [2, 0]], [[[0, 1], [2, 0]], [[0, 1], [0, 1]]], attributes=dict(gender=kept))
    options = dict(attribute='gender', classes=['m', 'f'])
    assert MisclassificationRate('net', **options).score(translations) == {
        'misclassification_net': 0.25,
        'misclassification_inputs_net': 0.5,
    }
    p, q = 0.880797, 0.268941  # of class 0 by logits (2, 0) and (0, 1)
    drop = (p - q + 0 + 2 * ((1 - p) - (1 - q))) / 4
    assert ConfidenceDrop('net', **options).score(translations)['confidence_drop_net'] == pytest.approx(drop, abs=1e-6)
    swapped = MisclassificationRate('net', attribute='gender', classes=['f', 'm']).score(translations)
    assert swapped['misclassification_net'] == 0.75


def test_scores_by_group():
    attributes = dict(kind=np.array([0, 0]), gender=np.array(['m', 'f']))
    translations = seen([[2, 0], [2, 0]], [[[0, 1]], [[2, 0]]], attributes=attributes)
    scores = MisclassificationRate('net', attribute='kind', by='gender').score(translations)
    assert scores['misclassification_net'] == 0.5
    assert (scores['misclassification_net_m'], scores['misclassification_net_f']) == (1, 0)
    translations = seen([[3, 4], [3, 4]], [[[4, 3]], [[3, 4]]], attributes=attributes)
    assert IDDistance('net', by='gender').score(translations) == {
        'id_distance_cosine_net': pytest.approx(0.02),
        'id_distance_cosine_net_m': pytest.approx(0.04),
        'id_distance_cosine_net_f': pytest.approx(0, abs=1e-6),
    }


def test_wanted_change_of_domains_and_attributes():
    translations = seen([[2, 0], [2, 0]], [[[0, 1], [2, 0]], [[0, 1], [0, 1]]])  # sources are a, class 0
    assert WantedChangeRate('net').score(translations) == {'wanted_change_net': 0.75}
    assert WantedChangeRate('net', classes=['b', 'a']).score(translations) == {'wanted_change_net': 0.25}
    translations.attributes = dict(size=np.array([1, 0]))
    assert WantedChangeRate('net', 'size').score(translations) == {'wanted_change_net': 0.75}


def test_reconstruction():
    translations = record([[0]], reconstruction_errors=np.array([0.1, 0.3]))
    assert ReconstructionL1().score(translations) == {'reconstruction_l1': pytest.approx(0.2)}


def test_scores_of_preservation_through_the_loop(tmp_path):
    metrics = [
        dict(type='IDDistance', extractor='colour'),
        dict(type='MisclassificationRate', extractor='colour', attribute='colour', classes=COLOURS),
        dict(type='WantedChangeRate', extractor='colour', classes=COLOURS),
        dict(type='ReconstructionL1'),
    ]
    scorer = evaluator(tmp_path, *metrics)
    assert scorer.pairs is None
    scores = scoring_loop(tmp_path, painter(), scorer, num_samples=2).run()
    assert scores['misclassification_inputs_colour'] == 0  # mean colours tell
    assert scores['misclassification_colour'] == scores['wanted_change_colour']
    assert scores['reconstruction_l1'] == pytest.approx(0.25)
    assert 0 < scores['id_distance_cosine_colour'] < 0.1


@pytest.mark.parametrize(
    ('metric', 'message'),
    [
        (dict(type='MisclassificationRate', attribute='colr'), "attribute='colr'.*Did you mean 'colour'"),
        (dict(type='ConfidenceDrop', attribute='colour'), 'ConfidenceDrop.classes: .*list them in the order'),
        (dict(type='ConfidenceDrop', attribute='colour', classes=COLOURS, by='age'), "by='age'"),
        (dict(type='IDDistance', by='age'), "IDDistance.by='age'"),
        (dict(type='MisclassificationRate', attribute='colour', classes=COLOURS[:2]), r"lacks \['green'\]"),
        (dict(type='WantedChangeRate', classes=COLOURS[:2]), r"lacks \['green'\], values of model.domains"),
    ],
)
def test_attributes_that_the_data_lack_are_refused(tmp_path, metric, message):
    with pytest.raises(ValueError, match=message):
        scoring_loop(tmp_path, painter(), evaluator(tmp_path, metric | dict(extractor='colour')))


def test_metrics_that_the_model_can_not_have_are_refused(tmp_path):
    data = toy_objects()
    data.labels, data.metainfo = torch.ones(18, 3, dtype=torch.long) * (data.labels == 0)[:, None], {}
    model = painter(exclusive=False)
    with pytest.raises(ValueError, match='needs the name of one'):
        scoring_loop(tmp_path, model, evaluator(tmp_path, dict(type='WantedChangeRate', extractor='colour')), data)

    class Forgetful(type(model)):
        reconstruct_values = None

    model = painter()
    model.__class__ = Forgetful
    with pytest.raises(ValueError, match='Forgetful has none: leave the metric out'):
        scoring_loop(tmp_path, model, evaluator(tmp_path, dict(type='ReconstructionL1')))
