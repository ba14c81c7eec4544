"""Metrics of translations on records whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from domain_toys import COLOURS, evaluator, painter, scoring_loop, toy_objects
from torch import nn
from translation_records import record

from mmgentransfer.evaluation import (
    ClassifierData,
    DiversityLocalization,
    LPIPSDiversity,
    image_distances,
)
from mmgentransfer.evaluation.classifier_training import train_classifier
from mmgentransfer.evaluation.image_distances import (
    ExtractorDistance,
    LPIPSDistance,
    PixelDistance,
    TrainedDistance,
    pair_distances,
)

# ---------------------------------------------------------------------- diversity


def test_diversity_of_three_constant_outputs():
    score = LPIPSDiversity(distance='pixel').score(record([[0, 1, 3], [0, 0, 0]]))
    assert score == {'diversity_within_input_pixel': pytest.approx((2 + 0) / 2 / 127.5)}


def test_outputs_that_ignore_the_code_have_exactly_no_diversity():
    for levels in ([[7, 7, 7]], [[7] * 10, [9] * 10]):
        assert LPIPSDiversity(distance='pixel').score(record(levels)) == {'diversity_within_input_pixel': 0.0}


@pytest.mark.parametrize('pairing', ['within_input', 'independent_pairs', 'consecutive'])
def test_a_model_without_codes_has_exactly_no_diversity(pairing):
    metric = LPIPSDiversity(pairing, distance='pixel')
    assert metric.score(record([[1], [200]], deterministic=True))[f'diversity_{pairing}_pixel'] == 0.0


def test_a_model_without_codes_has_diversity_within_a_domain():
    scores = LPIPSDiversity('within_domain', distance='pixel').score(
        record([[0], [51]], deterministic=True, reals=np.array([0, 255], np.uint8)[:, None, None, None])
    )
    assert scores['diversity_within_domain_pixel'] == pytest.approx(51 / 127.5)
    assert scores['diversity_real_pixel'] == 2  # from -1 to 1


def test_diversity_within_a_domain_is_of_images_that_got_there():
    sources = np.array([[0, 0], [0, 1], [0, 0]])  # the second loses the attribute
    translations = record([[10], [200], [30]], exclusive=False, sources=sources, deterministic=True)
    score = LPIPSDiversity('within_domain', distance='pixel').score(translations)
    assert score['diversity_within_domain_pixel'] == pytest.approx(20 / 127.5)


def test_protocol_of_1900_distances():
    metric = LPIPSDiversity('independent_pairs', distance='pixel')
    assert metric.pairs == (100, 38)
    pairs = np.zeros((100, 38, 1, 2, 2), np.uint8)
    assert metric.score(record([[0, 0]], pairs=pairs)) == {
        'diversity_independent_pairs_pixel': 0.0,
        'diversity_independent_pairs_pixel_distances': 1900,
    }
    pairs[:, ::2] = 51  # the first of each pair
    assert metric.score(record([[0, 0]], pairs=pairs))['diversity_independent_pairs_pixel'] == pytest.approx(0.4)


def test_consecutive_outputs():
    metric = LPIPSDiversity('consecutive', distance='pixel', num_pairs=3, num_inputs=5)
    assert metric.pairs == (5, 4)
    pairs = np.array([0, 51, 51, 153], np.uint8)[None, :, None, None, None]
    scores = metric.score(record([[0, 0]], pairs=pairs))
    assert scores['diversity_consecutive_pixel'] == pytest.approx((51 + 0 + 102) / 3 / 127.5)
    assert scores['diversity_consecutive_pixel_distances'] == 3


def test_all_pairings_through_the_loop(tmp_path):
    metrics = [
        dict(type='LPIPSDiversity', distance='pixel', pairing=pairing, **options)
        for pairing, options in (
            ('within_input', {}),
            ('within_domain', dict(num_pairs=50)),
            ('independent_pairs', {}),
            ('consecutive', {}),
        )
    ]
    scores = scoring_loop(tmp_path, painter(), evaluator(tmp_path, *metrics), num_samples=10).run()
    assert scores['red/diversity_independent_pairs_pixel_distances'] == 12 * 19  # all inputs there are
    # codes differ by sqrt(2) N(0, 1), in a quarter of the image, times 0.2, but for clamping and rounding
    expected = 0.2 / 4 * np.sqrt(2) * np.sqrt(2 / np.pi)
    for pairing in ('within_input', 'independent_pairs', 'consecutive'):
        assert scores[f'diversity_{pairing}_pixel'] == pytest.approx(expected, rel=0.15)
    assert scores['diversity_within_domain_pixel'] > scores['diversity_within_input_pixel']
    scores = scoring_loop(tmp_path, painter(width=None), evaluator(tmp_path, *metrics)).run()
    assert scores['diversity_within_input_pixel'] == scores['diversity_independent_pairs_pixel'] == 0.0
    assert scores['diversity_within_domain_pixel'] > 0


class ReLUNet(nn.Module):
    """Two ReLUs, one of them in place and one of a layer without space."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2, bias=False)
        self.linear.weight.data.copy_(torch.eye(2))

    def missing(self):
        return None

    def forward(self, images):
        maps = torch.stack([images[:, 0].float(), 255 - images[:, 0].float()], 1)
        return dict(features=nn.functional.relu(self.linear(maps.mean((2, 3)).relu_() - 100)))


def test_distance_of_relu_layers_by_hand():
    distance = ExtractorDistance('net', ReLUNet())
    images = torch.tensor([0, 255, 0], dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 2, 2)
    assert [tuple(layer.shape) for layer in distance.describe(images)] == [(3, 2, 1, 1)] * 2
    # unit vectors (0, 1) and (1, 0) in both layers: a squared distance of 2 in each
    found = pair_distances(distance, images.numpy(), np.array([[0, 1], [0, 2]]))
    assert found.tolist() == pytest.approx([4, 0])


def test_distance_through_an_extractor_of_the_evaluator(tmp_path):
    scorer = evaluator(tmp_path, dict(type='LPIPSDiversity', distance='colour'))
    scores = scoring_loop(tmp_path, painter(), scorer, num_samples=3).run()
    assert scores['diversity_within_input_colour'] > 0
    with pytest.raises(ValueError, match=r"distance='color' is none of .*Did you mean 'colour'"):
        evaluator(tmp_path, dict(type='LPIPSDiversity', distance='color')).notices()


def test_pairs_in_any_order_have_their_distances():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 1, 2, 2), dtype=np.uint8)
    pairs = rng.integers(0, 300, (500, 2))
    wanted = np.abs(images[pairs[:, 0]] / 127.5 - images[pairs[:, 1]] / 127.5).mean((1, 2, 3))
    np.testing.assert_allclose(pair_distances(PixelDistance(), images, pairs), wanted, atol=1e-6)


@pytest.fixture(scope='module')
def alexnet(tmp_path_factory):
    """A file of random weights in torchvision's names."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('lpips') / 'alexnet.pth'
    features = {}
    for index, shape in {
        0: (64, 3, 11),
        3: (192, 64, 5),
        6: (384, 192, 3),
        8: (256, 384, 3),
        10: (256, 256, 3),
    }.items():
        features[f'features.{index}.weight'] = 0.05 * torch.randn(*shape, shape[-1])
        features[f'features.{index}.bias'] = 0.05 * torch.randn(shape[0])
    torch.save(features, path)
    return path


@pytest.fixture(scope='module')
def lpips_distance(alexnet):
    """LPIPS with these weights, loaded without changing the global random numbers."""
    torch.manual_seed(0)
    wanted = torch.rand(2)
    torch.manual_seed(0)
    distance = LPIPSDistance(weights=str(alexnet))
    distance.describe(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    assert torch.equal(torch.rand(2), wanted)
    return distance


def test_lpips_is_what_the_package_computes(alexnet, lpips_distance):
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), dtype=np.uint8)
    found = pair_distances(lpips_distance, images, np.array([[0, 1], [1, 2], [2, 2]]))
    values = torch.from_numpy(images) / 127.5 - 1
    network = lpips_distance._network
    with torch.no_grad():
        wanted = network(values[[0, 1]], values[[1, 2]]).flatten()  # the package's own forward pass
    np.testing.assert_allclose(found[:2], wanted, rtol=1e-4)
    assert found[2] == 0
    state = torch.load(alexnet, weights_only=True)
    loaded = [module.weight for module in network.net.modules() if isinstance(module, nn.Conv2d)]
    weights = [value for name, value in state.items() if name.endswith('weight')]
    assert len(loaded) == len(weights) == 5
    assert all(torch.equal(a, b) for a, b in zip(loaded, weights, strict=True))


def test_smallest_image_of_lpips(lpips_distance):
    side = lpips_distance.smallest_side
    lpips_distance.describe(torch.zeros(1, 3, side, side, dtype=torch.uint8))
    with pytest.raises(RuntimeError):
        lpips_distance.describe(torch.zeros(1, 3, side - 1, side - 1, dtype=torch.uint8))


def test_a_trained_classifier_stands_in_for_lpips_without_weights(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        image_distances,
        'train_classifier',
        lambda *args, **options: trained.append(args) or train_classifier(*args, **options),
    )
    missing = dict(type='LPIPSDiversity', weights=str(tmp_path / 'none.pth'), stand_in=dict(iters=3, max_images=6))
    metrics = [missing, dict(missing, pairing='within_domain'), dict(type='LPIPSDiversity', distance='pixel')]
    scores = []
    for _ in range(2):
        loop = scoring_loop(tmp_path, painter(), evaluator(tmp_path, *metrics), num_samples=2)
        assert len(loop.runner.warnings) == 2
        assert 'stands in for LPIPS, and the score is diversity_within_input_classifier' in loop.runner.warnings[0]
        assert 'none.pth is not in' in loop.runner.warnings[0]
        before = torch.get_rng_state()
        scores += [loop.run(), loop.run()]
        assert torch.equal(torch.get_rng_state(), before)
    (network, images, labels, num), _ = trained  # once for both metrics and both evaluations of a run
    assert (network['type'], len(images), labels.shape, num) == ('DigitClassifier', 6, (6,), len(COLOURS))
    assert all(score == scores[0] for score in scores)
    names = {name for name in scores[0] if 'diversity' in name and '/' not in name}
    assert names == {
        'diversity_within_input_classifier',
        'diversity_within_input_pixel',
        'diversity_within_domain_classifier',
        'diversity_real_classifier',
    }
    assert scores[0]['diversity_real_classifier'] > 0


def test_the_classifier_of_attributes_learns_all_of_them():
    rng = np.random.default_rng(0)
    own = rng.integers(0, 2, (64, 2)).astype(np.float32)
    images = np.zeros((64, 3, 8, 8), np.uint8)
    images[:, 0] = (200 * own[:, 0])[:, None, None]  # red and green are set apart
    images[:, 1] = (200 * own[:, 1])[:, None, None]
    data = ClassifierData(
        domains=['red', 'green'], targets=['red'], exclusive=False, own=own, images=lambda rows: images[rows],
        edited=None, translate=None, test_images=images, test_own=own,
    )  # fmt: skip
    TrainedDistance(iters=60).fit(data)
    (network,) = data.networks.values()
    found = network(torch.from_numpy(images).float() / 255) > 0
    assert (found.numpy() == own).all()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(pairing='within'), "pairing='within' is none of"),
        (dict(num_pairs=3), "no meaning for pairing='within_input'"),
        (dict(pairing='consecutive', num_pairs=0), 'num_pairs=0 must be at least 1'),
        (dict(net='resnet'), "net='resnet' must be one of"),
        (dict(stand_in=dict(iter=3)), "unknown key 'iter' in LPIPSDiversity.stand_in. Did you mean 'iters'"),
    ],
)
def test_diversity_that_can_not_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LPIPSDiversity(**options)


def test_diversity_that_the_loop_can_not_give_is_refused(tmp_path, alexnet):
    with pytest.raises(ValueError, match='num_samples=1: LPIPSDiversity'):
        scoring_loop(
            tmp_path, painter(), evaluator(tmp_path, dict(type='LPIPSDiversity', distance='pixel')), num_samples=1
        )
    with pytest.raises(ValueError, match='images of 16x16 are too small for lpips_alex, which needs 31'):
        scoring_loop(tmp_path, painter(), evaluator(tmp_path, dict(type='LPIPSDiversity', weights=str(alexnet))))


# ---------------------------------------------------------------------- where outputs differ


def test_localization_of_a_translator_that_paints_the_middle(tmp_path):
    data = toy_objects(position=(0.5, 0.5), size=(0.5, 0.5), shapes=('square',))
    scorer = evaluator(tmp_path, dict(type='DiversityLocalization', margin=3))
    scores = scoring_loop(tmp_path, painter(), scorer, data, num_samples=4).run()
    assert scores['diversity_fg_far'] > 100 * scores['diversity_fg_bg'] or scores['diversity_fg_far'] == np.inf
    assert scores['diversity_fg_bg'] > 3
    assert scores['diversity_fg'] == pytest.approx(0.2, rel=0.3)  # codes of deviation 1
    assert scores['attention_inside'] == pytest.approx(0.25)
    scores = scoring_loop(tmp_path, painter(width=None), scorer, data).run()
    assert 'diversity_fg' not in scores
    assert {'change_inside', 'change_outside', 'attention_inside'} <= set(scores)


def test_changes_by_hand():
    masks = np.zeros((1, 1, 4, 4), np.float32)
    masks[..., :2] = 0.6
    translations = record([[51, 51]], masks=masks)
    scores = DiversityLocalization().score(translations)
    assert scores['change_inside'] == scores['change_outside'] == pytest.approx(0.4)
    assert scores['diversity_fg'] == 0
    assert scores['diversity_fg_bg'] == np.inf
    translations.outputs = translations.outputs.copy()
    translations.outputs[..., :2] = 0
    scores = DiversityLocalization().score(translations)
    assert (scores['change_inside'], scores['change_outside']) == pytest.approx((0, 0.4))


def test_localization_needs_masks_and_samples(tmp_path):
    scorer = evaluator(tmp_path, dict(type='DiversityLocalization'))
    with pytest.raises(ValueError, match='needs the masks'):
        scoring_loop(tmp_path, painter(), scorer, toy_objects(with_masks=False))
    with pytest.raises(ValueError, match='num_samples=1: DiversityLocalization'):
        scoring_loop(tmp_path, painter(), scorer, num_samples=1)
    with pytest.raises(ValueError, match='margin=-1'):
        DiversityLocalization(margin=-1)
