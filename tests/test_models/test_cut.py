"""CUT: its loss, its heads, who learns from what, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from domain_baseline_toys import DOMAINS, SIDE, cut_config, noise, two_domains
from torch import nn
from torch.nn import functional as F
from translator_toys import build, learners, optimizers, prepared

from mmgentransfer.datasets import ToyObjects, UnpairedDomains
from mmgentransfer.models.backbones.image_translation import BlurDown, PatchGANDiscriminator, ResNetGenerator
from mmgentransfer.models.baselines import PatchFeatureHeads
from mmgentransfer.models.losses import PatchNCELoss

# ---------------------------------------------------------------------- the loss


def test_patch_loss_by_hand():
    # two places; unit vectors at 0, 90 and 60 degrees
    half, root = 0.5, math.sqrt(3) / 2
    queries = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    keys = torch.tensor([[[half, root], [0.0, 1.0]]])
    # place 0: logits (0.5, 0) / tau; place 1: (sqrt(3) / 2, 1) / tau
    tau = 0.5
    wanted = (math.log(1 + math.exp(-half / tau)) + math.log(1 + math.exp((root - 1) / tau))) / 2
    assert PatchNCELoss(temperature=tau)(queries, keys).item() == pytest.approx(wanted, abs=1e-6)


def test_patch_loss_with_equal_keys_is_the_logarithm_of_their_number():
    keys = F.normalize(torch.ones(3, 5, 4), dim=2)
    queries = F.normalize(torch.randn(3, 5, 4), dim=2)
    assert PatchNCELoss()(queries, keys).item() == pytest.approx(math.log(5), abs=1e-5)
    assert PatchNCELoss(negatives='batch')(queries, keys).item() == pytest.approx(math.log(15), abs=1e-5)


def test_patch_loss_gives_keys_no_gradient():
    queries, keys = (F.normalize(torch.randn(1, 4, 3), dim=2).requires_grad_() for _ in range(2))
    PatchNCELoss()(queries, keys).backward()
    assert keys.grad is None
    assert queries.grad.abs().sum() > 0


@pytest.mark.parametrize('options', [dict(temperature=0), dict(negatives='all')])
def test_patch_loss_refuses(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        PatchNCELoss(**options)


# ---------------------------------------------------------------------- networks


def test_parameters_of_cut():
    with torch.device('meta'):
        sizes = [
            sum(p.numel() for p in network.parameters())
            for network in (
                ResNetGenerator(antialias=True),
                PatchGANDiscriminator(antialias=True),
                PatchFeatureHeads(),
            )
        ]
    heads = sum(c * 256 + 256 + 256 * 256 + 256 for c in (3, 128, 256, 256, 256))
    assert sizes == [11_378_179, 2_764_737, heads]
    assert heads == 560_384


def test_blur_by_hand():
    line = torch.tensor([4.0, 0.0, 8.0, 0.0])
    # reflected: 0 4 0 8 0 8; at 0: (0 + 2 * 4 + 0) / 4; at 2: (0 + 2 * 8 + 0) / 4
    wanted = torch.tensor([2.0, 4.0])
    maps = line.expand(1, 2, 4, 4)
    torch.testing.assert_close(BlurDown()(maps), wanted.expand(1, 2, 2, 2))


@pytest.mark.parametrize('antialias', [False, True])
def test_taps_of_the_generator(antialias):
    network = ResNetGenerator(base_channels=4, num_blocks=2, antialias=antialias).eval()
    images = torch.randn(1, 3, 16, 16)
    output, found = network.forward_with_features(images, ['input', 'down1', 'block2', 'down2'])
    side = 16 if antialias else 8  # of what the first halving's convolution gives
    assert {name: tuple(maps.shape[1:]) for name, maps in found.items()} == {
        'input': (3, 16, 16),
        'down1': (8, side, side),
        'down2': (16, side // 2, side // 2),
        'block2': (16, 4, 4),
    }
    assert {name: maps.shape[1] for name, maps in found.items()}.items() <= network.tap_channels.items()
    torch.testing.assert_close(output, network(images))
    for name, maps in network.features(images, ['down1', 'block1']).items():
        if name in found:
            torch.testing.assert_close(maps, found[name])
    with pytest.raises(ValueError, match='block3'):
        network.features(images, ['block3'])


def test_taps_without_norms_are_not_overwritten():
    network = ResNetGenerator(base_channels=4, num_blocks=1, norm_cfg=None)
    maps = network.forward_with_features(torch.randn(1, 3, 16, 16), ['down1'])[1]['down1']
    assert maps.min() < 0


def test_features_stop_at_the_last_tap():
    network = ResNetGenerator(base_channels=4, num_blocks=2)
    seen = []
    for layer in network.layers:
        layer.register_forward_hook(lambda *_, layer=layer: seen.append(layer))
    network.features(torch.randn(1, 3, 16, 16), ['down1'])
    assert sum(isinstance(layer, nn.Conv2d) for layer in seen) == 2


def test_heads_pick_places_and_give_unit_vectors():
    heads = PatchFeatureHeads(['a', 'b'], [2, 3], width=4)
    heads.init_weights()
    maps = dict(a=torch.randn(2, 2, 3, 3), b=torch.randn(2, 3, 2, 2))
    places = dict(a=torch.tensor([[0, 5], [8, 1]]), b=torch.tensor([[3], [0]]))
    found = heads(maps, places)
    assert {name: tuple(value.shape) for name, value in found.items()} == {'a': (2, 2, 4), 'b': (2, 1, 4)}
    wanted = F.normalize(heads.heads['a'](maps['a'][0, :, 1, 2]), dim=0)  # place 5 is row 1, column 2
    torch.testing.assert_close(found['a'][0, 1], wanted)


def test_weights_of_the_heads_are_small():
    heads = PatchFeatureHeads()
    heads.init_weights()
    for channels, head in zip((3, 128, 256, 256, 256), heads.heads.values(), strict=True):
        for layer, fan_in in ((head[0], channels), (head[2], 256)):
            wanted = 0.02 * math.sqrt(2 / (fan_in + 256))  # Glorot's, times 0.02: as the generator's
            assert layer.weight.std().item() == pytest.approx(wanted, rel=0.1)
            assert not layer.bias.any()


# ---------------------------------------------------------------------- the game


@pytest.mark.parametrize(
    ('player', 'term', 'wanted'),
    [
        ('discriminator', 'adversarial', {'discriminator'}),
        ('generator', 'adversarial', {'generator'}),
        ('generator', 'nce', {'generator'}),
        ('generator', 'identity_nce', {'generator'}),
    ],
)
def test_who_learns_from_what(player, term, wanted):
    model = build(cut_config())
    assert learners(model, player, prepared(model, two_domains()), term) == wanted


def test_heads_learn_from_contrasts_alone():
    model = build(cut_config())
    terms = model.generator_losses(prepared(model, two_domains()))
    heads = list(model.feature_heads.parameters())
    assert all(
        g is None for g in torch.autograd.grad(terms['adversarial'], heads, retain_graph=True, allow_unused=True)
    )
    assert all(g.abs().sum() > 0 for g in torch.autograd.grad(terms['nce'], heads))


def test_terms_written_out_when_all_places_are_contrasted():
    model = build(cut_config(num_patches=SIDE**2))
    batch = prepared(model, two_domains())
    source, target = batch['disc'], batch['square']
    terms = model.generator_losses(batch)
    fake, own = model.generator(source), model.generator(target)

    def contrast(output, image):
        total = 0
        for tap, head in model.feature_heads.heads.items():
            ours, theirs = (
                F.normalize(head(model.generator.features(x, [tap])[tap].flatten(2).mT), dim=2) for x in (output, image)
            )
            logits = torch.einsum('npf,nqf->npq', ours, theirs) / 0.07
            total += -logits.log_softmax(2).diagonal(dim1=1, dim2=2).mean()
        return total / 4

    torch.testing.assert_close(terms['nce'], contrast(fake, source), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(terms['identity_nce'], contrast(own, target), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(terms['adversarial'], (model.discriminator(fake) - 1).square().mean())
    real_scores, fake_scores = model.discriminator(target), model.discriminator(fake)
    wanted = 0.5 * ((real_scores - 1).square().mean() + fake_scores.square().mean())
    torch.testing.assert_close(model.discriminator_losses(batch)['adversarial'], wanted)


def test_mirrored_passes_are_contrasted_at_mirrored_places():
    model = build(cut_config(identity=False, num_patches=SIDE**2, flip_equivariance=True))
    flipped = {}
    for counter in range(20):
        batch = prepared(model, two_domains())
        batch.shared = model.shared_pass(type(batch)(batch, type(batch.random)(0, counter)))
        flipped.setdefault(batch.shared.flipped, batch)
    assert set(flipped) == {False, True}
    batch = flipped[True]
    source = batch['disc']
    torch.testing.assert_close(batch.shared.fakes, model.generator(source.flip(-1)))
    queries = model.generator.features(batch.shared.fakes, ['down2'])['down2'].flip(-1)
    keys = model.generator.features(source, ['down2'])['down2']  # the mirrored input's are at other places
    head = model.feature_heads.heads['down2']
    ours, theirs = (F.normalize(head(x.flatten(2).mT), dim=2) for x in (queries, keys))
    seen = []
    model.losses['nce'].register_forward_hook(lambda _, args, out: seen.append(out))
    model.generator_losses(batch)
    torch.testing.assert_close(seen[model.taps.index('down2')], PatchNCELoss()(ours, theirs), rtol=1e-4, atol=1e-5)


def test_images_are_translated_once_an_iteration():
    model = build(cut_config())
    calls = []
    model.generator.layers[-1].register_forward_hook(lambda *_: calls.append(1))
    model.train_step(two_domains(), optimizers(model))
    assert len(calls) == 1


def test_translate_one_way():
    model = build(cut_config())
    images = noise(2).movedim(1, -1).numpy()
    outputs = model.translate(images, 'square')
    values = model.data_preprocessor(dict(images=noise(2)))['images']
    wanted = model.data_preprocessor.to_uint8(model.generator(values)).movedim(1, -1).numpy()
    np.testing.assert_array_equal(outputs, wanted)
    assert model.targets == ['square']
    with pytest.raises(ValueError, match='the way back'):
        model.translate(images, 'disc')


def test_what_cut_refuses():
    heads = dict(type='PatchFeatureHeads', taps=['down2'], channels=[3])
    with pytest.raises(ValueError, match="feature_heads has the tap 'down2' with 3"):
        build(cut_config(networks=cut_config()['networks'] | dict(feature_heads=heads)))
    with pytest.raises(ValueError, match='as many numbers'):
        PatchFeatureHeads(['down2'], [3, 4])
    with pytest.raises(ValueError, match='must be two'):
        build(cut_config(domains=['a', 'b', 'c']))
    with pytest.raises(ValueError, match=r"lacks \['nce'\]"):
        build(cut_config(losses=dict(adversarial=dict(type='LSGANLoss'))))
    with pytest.raises(ValueError, match='nse'):
        build(cut_config(losses=dict(adversarial=dict(type='LSGANLoss'), nse=dict(type='PatchNCELoss'))))
    model = build(cut_config())
    objects = ToyObjects(num_per_class=2, shapes=['disc', 'ring'], labelled='shape')
    with pytest.raises(ValueError, match='UnpairedDomains'):
        model.check_dataset(objects)
    with pytest.raises(ValueError, match=r"\['disc', 'ring'\].*\['disc', 'square'\]"):
        model.check_dataset(UnpairedDomains(dataset=objects))
    model.check_dataset(objects, 'val_dataloader')
    assert model.domains == DOMAINS
