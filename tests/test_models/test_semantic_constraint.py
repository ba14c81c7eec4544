"""The constraints of MUNIT and UDIT: their terms by hand, and the frozen networks that they look through."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import udit_toys as toys
from mmengine.registry import DefaultScope
from torch.nn import functional as F

from mmgentransfer.apis.inference import load_weights
from mmgentransfer.models.extractor_accuracy import least_accuracy
from mmgentransfer.models.losses import SemanticConstraintLoss
from mmgentransfer.registry import MODELS

A, B = toys.DOMAINS


# ----------------------------------------------------------------------------------------------------------- the term


class Identity(torch.nn.Module):
    random_parts: list[str] = []

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def maps(self, images):
        return images


def bare(**options):
    """A constraint whose network shows the image itself, in [0, 1]."""
    loss = SemanticConstraintLoss(extractor={}, value_range=(0.0, 1.0), **options)
    loss._built.append(Identity())
    return loss


@pytest.mark.parametrize(('p', 'wanted'), [('l1', 1.25), ('l2', 2.5), ('l2norm', 4.472136)])
def test_constraint_by_hand(p, wanted):
    first = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]]])
    second = torch.tensor([[[[1.0, 1.0], [1.0, 1.0]], [[1.0, -1.0], [0.0, 2.0]]]])
    loss = bare(p=p, feature_scale=1.0)
    assert loss.distance(second, first).item() == pytest.approx(wanted, abs=1e-6)
    assert bare(p=p, feature_scale=4).distance(second, first).item() == pytest.approx(wanted / 4, abs=1e-6)
    assert loss(torch.ones(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item() == 0


def test_measured_scale_by_hand():
    loss = bare()
    with pytest.raises(ValueError, match=r'feature_scale=.auto. is measured on training images before training'):
        loss(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2))
    images = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 2, 2)
    loss.calibrate(images)
    assert loss.scale.item() == 1  # the two pairs of two images are those of 0 and 1
    assert loss(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.25)).item() == 0.25


@pytest.mark.parametrize('p', ['l1', 'l2', 'l2norm'])
def test_measured_scale_makes_the_size_of_features_irrelevant(p):
    state = torch.get_rng_state()
    values = []
    images, others = torch.rand(40, 3, 16, 16) * 2 - 1, torch.rand(40, 3, 16, 16) * 2 - 1
    torch.set_rng_state(state)
    for factor in (1, 7):
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            loss = MODELS.build(toys.constraint(p=p))
        torch.manual_seed(0)
        network = loss.network
        for parameter in network.parameters():
            parameter.data = torch.rand_like(parameter) - 0.4
        for parameter in network.reduction.parameters():
            parameter.data *= factor
        before = torch.get_rng_state()
        loss.calibrate(images)
        assert torch.equal(before, torch.get_rng_state())
        values.append(loss(images, others).item())
    assert values[0] == pytest.approx(values[1], rel=1e-5)
    assert 0.3 < values[0] < 3
    assert loss.state_dict() == {}


def test_network_that_shows_nothing():
    with pytest.raises(ValueError, match='shows the same for all of 4 training images'):
        bare().calibrate(torch.full((4, 3, 2, 2), 0.5))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(p='l3'), "p='l3' is unknown"),
        (dict(feature_scale=0), 'feature_scale=0 must be'),
        (dict(feature_scale='own'), "feature_scale='own' must be"),
        (dict(extractor=None), 'extractor is missing'),
    ],
)
def test_wrong_constraint(options, message):
    with pytest.raises(ValueError, match=message):
        SemanticConstraintLoss(**{'extractor': {}, **options})


def test_perceptual_term_ignores_mean_and_contrast_of_the_maps():
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        loss = MODELS.build(
            dict(type='DomainInvariantPerceptualLoss', loss_weight=1, extractor=toys.extractor(None), allow_random=True)
        )
    x, y = torch.randn(2, 4, 5, 5), torch.randn(2, 4, 5, 5)
    assert loss.distance(3 * x + 2, x).item() < 1e-6
    normed = [(v - v.mean((2, 3), keepdim=True)) / v.std((2, 3), keepdim=True, unbiased=False) for v in (x, y)]
    assert loss.distance(x, y).item() == pytest.approx((normed[0] - normed[1]).square().mean().item(), rel=1e-4)


def test_constraint_pulls_at_the_translation():
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        loss = MODELS.build(toys.constraint(feature_scale=1.0))
    images, made = torch.rand(2, 3, 16, 16, requires_grad=True), torch.rand(2, 3, 16, 16, requires_grad=True)
    loss(images, made).backward()
    assert made.grad.abs().sum() > 0
    assert images.grad is None


def test_one_direction_of_a_constraint():
    constraint = toys.constraint(feature_scale=1.0, directions=[f'{A}_to_{B}'])
    model = toys.build('UDIT', losses=toys.losses(colour=constraint, shape=toys.constraint(feature_scale=1.0)))
    terms = model.generator_losses(toys.prepared(model))
    assert f'colour_{A}_to_{B}' in terms
    assert f'colour_{B}_to_{A}' not in terms
    assert f'shape_{B}_to_{A}' in terms
    assert terms['colour'].item() == pytest.approx(terms[f'colour_{A}_to_{B}'].item())


# ------------------------------------------------------------------------------------------------- the frozen network


def test_weight_0_is_munit_to_the_bit():
    states = []
    for kind, more in (('MUNIT', {}), ('UDIT', dict(semantic=toys.constraint(loss_weight=0.0)))):
        model = toys.build(kind, losses=toys.losses(**more))
        state = torch.get_rng_state()
        model.check_dataset(toys.bags(100))
        for loss in model.constraints.values():  # which no weight asks for
            loss.calibrate(toys.random_batch()[A] / 127.5 - 1)
        assert torch.equal(state, torch.get_rng_state())
        wrappers = toys.optimisers(model)
        for iteration in range(3):
            model.train_step(toys.random_batch(seed=iteration), wrappers, iteration=iteration)
        states.append(model.state_dict())
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


@MODELS.register_module(force=True)
class NormedMaps(torch.nn.Module):
    """An extractor of one's own, with running statistics that are not those of any image."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Dropout(0.5))
        self.layers[1].running_mean.copy_(torch.arange(4) / 10)

    def maps(self, images):
        return self.layers(images)


def test_extractor_stays_as_it_is_and_out_of_everything():
    model = toys.build('UDIT', losses=toys.losses(semantic=toys.constraint(extractor=dict(type='NormedMaps'))))
    model.check_dataset(toys.bags(100))
    network = model.losses['semantic'].network
    before = copy.deepcopy(network.state_dict())
    assert before['layers.1.running_mean'].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    wrappers = toys.optimisers(model)
    held = {id(p) for wrapper in wrappers.values() for group in wrapper.optimizer.param_groups for p in group['params']}
    for iteration in range(20):
        logs = model.train_step(toys.random_batch(seed=iteration), wrappers, iteration=iteration)
    model.train()
    assert logs['generator/semantic'] > 0
    after = network.state_dict()  # running statistics and their counter among it
    assert before.keys() == after.keys()
    assert all(torch.equal(value, before[key]) for key, value in after.items())
    images = torch.rand(2, 3, 16, 16)
    normed = F.batch_norm(
        network.layers[0](images / 2 + 0.5), *(before[f'layers.1.{name}'] for name in ('running_mean', 'running_var'))
    )
    torch.testing.assert_close(model.losses['semantic'].maps(images), normed)
    assert not any(module.training for module in network.modules())
    assert not any(p.requires_grad or id(p) in held for p in network.parameters())
    plain = toys.build(seed=1)
    load_weights(plain, dict(state_dict=model.state_dict()), 'udit.pth')
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    assert (plain.translate(images, B, num_samples=2) == model.translate(images, B, num_samples=2)).all()


def test_trained_udit_runs_without_its_extractor():
    constraint = dict(type='SemanticConstraintLoss', extractor=toys.extractor(8, init_cfg=dict(
        type='TransferredWeights', checkpoint='nowhere.pth', prefix='classifier')))  # fmt: skip
    model = toys.build('UDIT', losses=toys.losses(semantic=constraint))
    assert model.translate(np.zeros((16, 16, 3), np.uint8), B).shape == (16, 16, 3)
    with pytest.raises(FileNotFoundError, match=r'nowhere\.pth.*Train it first, see configs/udit/extractor_'):
        model.check_dataset(toys.bags(100))


def test_extractor_of_random_weights_is_refused():
    model = toys.build('UDIT', losses=toys.losses(semantic=toys.constraint(allow_random=False)))
    with pytest.raises(ValueError, match='the backbone and the reduction would keep random weights'):
        model.check_dataset(toys.bags(100))


@pytest.mark.parametrize(
    ('extractor', 'message'),
    [
        (toys.extractor(4) | dict(backbone=dict(type='SmallConvBackbone', layer='relu9')),
         r"SmallConvBackbone.layer='relu9' is unknown"),
        (toys.extractor(4, head='linear'), "ReducedSemanticExtractor.head='linear' is unknown"),
        (dict(type='MLPMiner', dims=[2, 2]), r'a MLPMiner has no maps\(images\).*take a ReducedSemanticExtractor'),
        (dict(type='SmallConvBackbone'), 'the backbone would keep random weights'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_extractor_names_its_key(extractor, message):
    model = toys.build('UDIT', losses=toys.losses(kept=toys.constraint(extractor=extractor, allow_random=False)))
    with pytest.raises(ValueError, match=rf'^model\.losses\.kept\.extractor: {message}'):
        model.check_dataset(toys.bags(100))


def test_a_backbone_is_an_extractor(tmp_path):
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        backbone = MODELS.build(dict(type='VGGFaceBackbone', layer='relu1_1'))
    torch.save(backbone.net.state_dict(), tmp_path / 'face.pth')
    extractor = dict(type='VGGFaceBackbone', layer='relu1_1', weights=str(tmp_path / 'face.pth'))
    model = toys.build('UDIT', losses=toys.losses(kept=dict(type='SemanticConstraintLoss', extractor=extractor)))
    model.check_dataset(toys.bags(100))
    images = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(model.losses['kept'].maps(2 * images - 1), backbone(images))
    terms = model.generator_losses(toys.prepared(model))
    assert terms['kept'] > 0


def written_extractor(folder):
    torch.manual_seed(5)
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        trained = MODELS.build(toys.extractor(4))
    state = {f'classifier.{key}': value for key, value in trained.state_dict().items()}
    torch.save(dict(state_dict=state), folder / 'iter_20.pth')
    return trained


def test_extractor_from_a_checkpoint(tmp_path):
    trained = written_extractor(tmp_path)
    init = dict(type='TransferredWeights', checkpoint=str(tmp_path), prefix='classifier')
    loss = SemanticConstraintLoss(extractor=toys.extractor(4, init_cfg=init), feature_scale=1.0)
    images = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(loss.maps(2 * images - 1), trained.maps(images))


def test_extractor_no_better_than_chance_is_refused(tmp_path):
    written_extractor(tmp_path)
    (tmp_path / 'metrics.jsonl').write_text(
        '\n'.join(f'{{"iter": {i}, "accuracy": {a}}}' for i, a in ((10, 50.0), (20, 59.5), (30, 90.0)))
    )
    init = dict(type='TransferredWeights', checkpoint=str(tmp_path), prefix='classifier')
    extractor = toys.extractor(4, init_cfg=init)
    model = toys.build('UDIT', losses=toys.losses(kept=dict(type='SemanticConstraintLoss', extractor=extractor)))
    wanted = (
        rf"model.losses.kept.extractor: the classifier '{tmp_path}' has an accuracy of 59.5 %, below 60, of 2 classes"
    )
    with pytest.raises(ValueError, match=wanted):
        model.check_dataset(toys.bags(100))
    (tmp_path / 'iter_20.pth').rename(tmp_path / 'best_accuracy_iter_30.pth')
    init['checkpoint'] += '/best'
    SemanticConstraintLoss(extractor=toys.extractor(4, init_cfg=init)).network  # noqa: B018
    assert least_accuracy(2) == 60
    assert least_accuracy(10) == 20


def test_perceptual_term_lacks_its_weights(tmp_path):
    backbone = dict(type='VGGFaceBackbone', weights=str(tmp_path / 'face.pth'))
    term = dict(
        type='DomainInvariantPerceptualLoss', extractor=dict(type='ReducedSemanticExtractor', backbone=backbone)
    )
    toys.build(losses=toys.losses(perceptual=dict(term, loss_weight=0))).check_dataset(toys.bags(100))
    model = toys.build(losses=toys.losses(perceptual=dict(term, loss_weight=1)))
    with pytest.raises(FileNotFoundError, match=r'model.losses.perceptual.extractor: .*face\.pth'):
        model.check_dataset(toys.bags(100))
