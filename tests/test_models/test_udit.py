"""MUNIT and UDIT: losses, who learns from what, the frozen extractor, inference."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import udit_toys as toys
from mmengine.registry import DefaultScope
from PIL import Image
from torch.nn import functional as F

from mmgentransfer.apis.inference import load_weights
from mmgentransfer.datasets import UnpairedDomains
from mmgentransfer.models.extractor_accuracy import least_accuracy
from mmgentransfer.models.game import Batch
from mmgentransfer.models.losses import LSGANLoss, SemanticConstraintLoss
from mmgentransfer.models.methods.udit import munit
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

A, B = toys.DOMAINS
NETWORKS = ('content_encoders', 'style_encoders', 'decoders', 'discriminators')


def prepared(model, num=3):
    """Returns a batch as the players' losses get it, with the shared pass made."""
    batch = Batch(model.data_preprocessor(toys.random_batch(num)), StepRandom(3))
    batch.shared = model.shared_pass(Batch(dict(batch), StepRandom(2)))
    return batch


# ---------------------------------------------------------------------------------------------------------- losses


def test_least_squares_over_three_scales():
    loss = LSGANLoss(critic_scale=0.5)
    half, zero, one = ([torch.full((2, 1, s, s), value) for s in (8, 4, 2)] for value in (0.5, 0.0, 1.0))
    assert sum(map(loss.critic, half, half)).item() == pytest.approx(0.75)
    assert sum(map(loss.generator, half)).item() == pytest.approx(0.75)
    assert sum(map(LSGANLoss().critic, half, half)).item() == pytest.approx(1.5)
    assert sum(map(loss.critic, one, zero)).item() == 0
    assert sum(map(loss.generator, zero)).item() == pytest.approx(3)


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


# ------------------------------------------------------------------------------------------- who learns from what


def nonzero(model):
    """Returns the networks, by name and domain, that have a gradient other than 0."""
    return {
        f'{name}.{domain}'
        for name in NETWORKS
        for domain in toys.DOMAINS
        if any(p.grad is not None and p.grad.abs().sum() > 0 for p in getattr(model, name)[domain].parameters())
    }


@pytest.mark.parametrize('family', ['munit', 'pool_index'])
@pytest.mark.parametrize(
    ('term', 'wanted'),
    [
        ('adversarial', {f'content_encoders.{A}', f'decoders.{B}', f'discriminators.{B}'}),
        ('reconstruction', {f'content_encoders.{A}', f'style_encoders.{A}', f'decoders.{A}'}),
        ('content', {f'content_encoders.{A}', f'decoders.{B}', f'content_encoders.{B}'}),
        ('style', {f'content_encoders.{A}', f'decoders.{B}', f'style_encoders.{B}'}),
        ('semantic', {f'content_encoders.{A}', f'decoders.{B}'}),
        ('cycle', {f'content_encoders.{A}', f'style_encoders.{A}', f'decoders.{B}', f'content_encoders.{B}',
                   f'decoders.{A}'}),
    ],
)  # fmt: skip
def test_what_a_term_of_one_direction_reaches(monkeypatch, family, term, wanted):
    extra = dict(semantic=toys.constraint(feature_scale=1.0), cycle=dict(type='L1Loss'))
    model = toys.build('UDIT', family=family, losses=toys.losses(**extra))
    kept = {}
    monkeypatch.setattr(munit, '_summed', lambda name, values: kept.setdefault(name, values))
    model.generator_losses(prepared(model))
    key = {'adversarial': B, 'style': B, 'semantic': f'{A}_to_{B}'}.get(term, A)
    kept[term][key].backward()
    assert nonzero(model) == wanted
    for network in (loss.network for loss in model.constraints.values()):
        assert all(p.grad is None for p in network.parameters())


def test_constraint_pulls_at_the_translation():
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        loss = MODELS.build(toys.constraint(feature_scale=1.0))
    images, made = torch.rand(2, 3, 16, 16, requires_grad=True), torch.rand(2, 3, 16, 16, requires_grad=True)
    loss(images, made).backward()
    assert made.grad.abs().sum() > 0
    assert images.grad is None


def test_players_leave_each_other_alone():
    model = toys.build()
    wrappers = toys.optimisers(model)
    before = copy.deepcopy(model.state_dict())
    model.moves = model.moves[:1]
    model.train_step(toys.random_batch(), wrappers)
    changed = {key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {'discriminators'}
    model = toys.build()
    wrappers = toys.optimisers(model)
    model.moves = model.moves[1:]
    model.train_step(toys.random_batch(), wrappers)
    changed = {key.split('.')[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {'content_encoders', 'style_encoders', 'decoders'}
    assert all(p.grad is None for p in model.discriminators.parameters())


def test_images_are_encoded_once_and_styles_drawn_twice(monkeypatch):
    model = toys.build()
    calls, styles = [], []
    for domain in toys.DOMAINS:
        model.content_encoders[domain].register_forward_hook(lambda m, i, o, d=domain: calls.append((d, len(i[0]))))
        model.decoders[domain].mlp.register_forward_pre_hook(lambda m, i: styles.append(i[0].detach().clone()))
    model.train_step(toys.random_batch(), toys.optimisers(model))
    assert sorted(calls) == [(A, 4), (A, 4), (B, 4), (B, 4)]  # the images, and the translations again
    judged, made = styles[:2], [part[4:] for part in styles[2:]]
    assert [len(part) for part in styles] == [4, 4, 8, 8]
    assert not any(torch.equal(x, y) for x in judged for y in made)


def test_terms_add_up():
    model = toys.build('UDIT', losses=toys.losses(semantic=toys.constraint(feature_scale=1.0)))
    batch = prepared(model)
    terms = model.generator_losses(batch)
    for term in ('adversarial', 'reconstruction', 'content', 'style'):
        parts = [terms[f'{term}_{name}'] for name in toys.DOMAINS]
        torch.testing.assert_close(terms[term].detach(), sum(parts))
    values = model.data_preprocessor(toys.random_batch(3))
    own = model.reconstruct_values(values[A], torch.tensor([[1.0, 0.0]] * 3))
    assert terms[f'reconstruction_{A}'].item() == pytest.approx(F.l1_loss(own, values[A]).item(), rel=1e-4)


def test_detached_content_target():
    gradients = []
    for detach in (False, True):
        weights = dict.fromkeys(('adversarial', 'reconstruction', 'style'), 0)
        model = toys.build(losses={k: {**v, 'loss_weight': weights.get(k, 1)} for k, v in toys.losses().items()},
                           detach_content_target=detach)  # fmt: skip
        model.generator_losses(prepared(model))['content'].backward()
        gradients.append(model.content_encoders[A].layers[0][0].weight.grad)
    assert not torch.allclose(*gradients)


def test_one_direction_of_a_constraint():
    constraint = toys.constraint(feature_scale=1.0, directions=[f'{A}_to_{B}'])
    model = toys.build('UDIT', losses=toys.losses(colour=constraint, shape=toys.constraint(feature_scale=1.0)))
    terms = model.generator_losses(prepared(model))
    assert f'colour_{A}_to_{B}' in terms
    assert f'colour_{B}_to_{A}' not in terms
    assert f'shape_{B}_to_{A}' in terms
    assert terms['colour'].item() == pytest.approx(terms[f'colour_{A}_to_{B}'].item())


# ------------------------------------------------------------------------------------------------ frozen extractor


def test_weight_0_is_munit_to_the_bit():
    states = []
    for kind, more in (('MUNIT', {}), ('UDIT', dict(semantic=toys.constraint(loss_weight=0.0)))):
        model = toys.build(kind, losses=toys.losses(**more))
        model.check_dataset(toys.bags(100))
        wrappers = toys.optimisers(model)
        for iteration in range(3):
            model.train_step(toys.random_batch(seed=iteration), wrappers, iteration=iteration)
        states.append(model.state_dict())
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


def test_extractor_stays_as_it_is_and_out_of_everything():
    model = toys.build('UDIT', losses=toys.losses(semantic=toys.constraint()))
    model.check_dataset(toys.bags(100))
    network = model.losses['semantic'].network
    before = copy.deepcopy(network.state_dict())
    wrappers = toys.optimisers(model)
    held = {id(p) for wrapper in wrappers.values() for group in wrapper.optimizer.param_groups for p in group['params']}
    for iteration in range(20):
        logs = model.train_step(toys.random_batch(seed=iteration), wrappers, iteration=iteration)
    model.train()
    assert logs['generator/semantic'] > 0
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
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
    terms = model.generator_losses(prepared(model))
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


# ------------------------------------------------------------------------------------------------------- inference


@pytest.fixture(scope='module')
def model():
    return toys.build(base_channels=8).eval()


@pytest.fixture(scope='module')
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_translations_do_not_depend_on_their_batch(model, images):
    values, codes = model.image_values(images), model.draw_codes(3).expand(5, -1, -1)
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    with torch.no_grad():
        together = model.translate_values(values, targets, codes)
        assert together.shape == (5, 3, 3, 16, 16)
        for row in range(5):
            alone = model.translate_values(values[row : row + 1], targets[row : row + 1], codes[row : row + 1])
            torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=0)
        code = model.content_encoders[B](values[1:2])
        torch.testing.assert_close(together[1, 2], model.decoders[A](code, codes[1, 2:3])[0], atol=1e-5, rtol=0)


def test_styles_of_examples(model, images):
    styles = model.styles_of(images[:2], B)
    assert styles.shape == (2, 8)
    given = model.translate(images, B, style_from=images[:2])
    assert given.shape == (5, 2, 16, 16, 3)
    assert (given == model.translate(images, B, codes=styles)).all()
    with pytest.raises(ValueError, match='style_from gives the styles'):
        model.translate(images, B, style_from=images, num_samples=2)
    with pytest.raises(ValueError, match=r"'flut' is none of.*Did you mean 'flat'"):
        model.styles_of(images, 'flut')


def test_reconstruction(model, images):
    values = model.image_values(images)
    with torch.no_grad():
        expected = model.decoders[A](model.content_encoders[A](values), model.style_encoders[A](values))
    assert (model.reconstruct(images, A) == model.image_pixels(expected)).all()
    assert model.reconstruct(images[0], B).shape == (16, 16, 3)


def test_interpolated_styles(model, images):
    first, last = model.draw_codes(2, seed=1)
    line = model.interpolate_styles(images, B, first, last, steps=3)
    assert line.shape == (5, 3, 16, 16, 3)
    expected = model.translate(images, B, codes=torch.stack([first, (first + last) / 2, last]))
    assert np.abs(line.astype(int) - expected).max() <= 1
    assert (line[:, 0] != line[:, 1]).any()
    with pytest.raises(ValueError, match='steps=1 must be at least 2'):
        model.interpolate_styles(images, B, first, last, steps=1)


@pytest.mark.parametrize('family', ['munit', 'pool_index'])
def test_styles_make_outputs_differ(family, images):
    model = toys.build(family=family).eval()
    outputs = model.translate(images, B, num_samples=3, seed=2).astype(int)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert (np.abs(outputs[:, first] - outputs[:, second]).mean((1, 2, 3)) > 0.1).all()
    one = model.draw_codes(1, seed=2).expand(3, -1)
    assert (model.translate(images, B, codes=one).astype(int).std(1) == 0).all()


# --------------------------------------------------------------------------------------------------- wrong configs


def test_udit_needs_a_constraint():
    with pytest.raises(ValueError, match=r"needs a SemanticConstraintLoss.*model.type='MUNIT'"):
        toys.build('UDIT')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(losses={**toys.losses(), 'semantics': dict(type='L1Loss')}), "has 'semantics', a L1Loss"),
        (dict(losses={'adversarial': dict(type='LSGANLoss')}), r"lacks \['reconstruction', 'content', 'style'\]"),
        (dict(losses=toys.losses(u=toys.constraint(directions=['flat_to_textures']))),
         "Did you mean 'flat_to_textured'"),
        (dict(losses=toys.losses(u=toys.constraint(value_range=(0, 1)))), r'u.value_range=\(0.0, 1.0\) must be that'),
        (dict(networks={**toys.networks(4), 'style_encoders': dict(type='MUNITStyleEncoder', style_dim=3)}),
         'every style_dim must be the same'),
        (dict(networks={**toys.networks(4), 'decoders': dict(type='MUNITDecoder', base_channels=3)}),
         'channels of the contents must be the same'),
        (dict(networks={**toys.networks(4), 'decoders': dict(flat=dict(type='MUNITDecoder', base_channels=2))}),
         r"decoders has \['flat'\]; it needs the domains"),
    ],
)  # fmt: skip
def test_wrong_configs(change, message):
    with pytest.raises(ValueError, match=message):
        toys.build(**change)


def test_data_that_does_not_suit():
    model = toys.build(networks={**toys.networks(2), 'discriminators': dict(type='MultiScaleDiscriminator')})
    with pytest.raises(ValueError, match=r'16x16 pixels, but model.networks.discriminators.* takes sides of 64'):
        model.check_dataset(toys.bags(100))
    data = toys.bags(100)
    with pytest.raises(ValueError, match=r"has \['flat'\], but model.domains are"):
        model.check_dataset([{A: data[0][A]}])
    with pytest.raises(ValueError, match=r'1 channels, but model.networks.content_encoders.*in_channels is 3'):
        model.check_dataset([{name: data[0][name][:1] for name in data[0]}])
    networks = toys.networks(2)
    networks['content_encoders'].update(num_downs=2)
    networks['decoders'].update(num_ups=2)
    small = toys.build(networks=networks)
    with pytest.raises(ValueError, match=r'18x18 pixels, but .* takes multiples of 4'):
        small.check_dataset([{name: torch.zeros(3, 18, 18, dtype=torch.uint8) for name in toys.DOMAINS}])


def test_images_that_are_cropped_while_training():
    networks = toys.networks(2)
    networks['content_encoders'].update(num_downs=2)
    networks['decoders'].update(num_ups=2)
    data = [{name: torch.zeros(3, 18, 18, dtype=torch.uint8) for name in toys.DOMAINS}]
    cropped = dict(type='ImagePreprocessor', random_crop=16)
    model = toys.build(networks=networks, data_preprocessor=cropped)
    model.check_dataset(data)
    with pytest.raises(ValueError, match=r'val_dataloader.*18x18 pixels, but .* takes multiples of 4'):
        model.check_dataset(data, 'val_dataloader')  # of which all is seen


def test_longer_sides_are_cut_at_random_while_training(tmp_path):
    """The shorter side is the networks', the longer one is kept (spec: resize the short side, random crop)."""
    ramp = np.arange(24, dtype=np.uint8)[None, :, None].repeat(16, 0).repeat(3, 2) * 10
    for name, image in zip(toys.DOMAINS, (ramp, 255 - ramp), strict=True):
        (tmp_path / name).mkdir()
        Image.fromarray(image).save(tmp_path / name / 'a.png')
    folders = {
        name: dict(type='ImageFolder', data_root=str(tmp_path / name), image_size=(16, 24)) for name in toys.DOMAINS
    }
    data = UnpairedDomains(domains=folders)
    assert data[0][toys.DOMAINS[0]].shape == (3, 16, 24)
    model = toys.build(
        'UDIT',
        losses=toys.losses(semantic=toys.constraint()),
        data_preprocessor=dict(type='ImagePreprocessor', random_crop=16),
    )
    seen, calibrate = [], model.losses['semantic'].calibrate
    model.losses['semantic'].calibrate = lambda images: seen.append(images.shape) or calibrate(images)
    model.check_dataset(data)  # the scale is measured on images as the networks see them
    assert seen == [(2, 3, 16, 16)]
    logs = model.train_step(data.__getitems__([0] * 4), toys.optimisers(model, lr=1e-3))
    assert all(torch.isfinite(torch.as_tensor(value)) for value in logs.values())


def test_perceptual_term_lacks_its_weights(tmp_path):
    backbone = dict(type='VGGFaceBackbone', weights=str(tmp_path / 'face.pth'))
    term = dict(
        type='DomainInvariantPerceptualLoss', extractor=dict(type='ReducedSemanticExtractor', backbone=backbone)
    )
    toys.build(losses=toys.losses(perceptual=dict(term, loss_weight=0))).check_dataset(toys.bags(100))
    model = toys.build(losses=toys.losses(perceptual=dict(term, loss_weight=1)))
    with pytest.raises(FileNotFoundError, match=r'model.losses.perceptual.extractor: .*face\.pth'):
        model.check_dataset(toys.bags(100))
