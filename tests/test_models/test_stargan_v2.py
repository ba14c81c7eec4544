"""StarGAN v2: its networks, who learns in which move, translations by codes and by examples."""

import itertools

import numpy as np
import pytest
import torch
from domain_baseline_toys import SIDE, STARGANV2_MOVES, noise, referenced, starganv2_config
from torch.nn import functional as F
from translator_toys import build, optimizers, prepared

from mmgentransfer.datasets import ReferenceImages, ToyObjects
from mmgentransfer.models.baselines import (
    StarGANv2Discriminator,
    StarGANv2Generator,
    StarGANv2MappingNetwork,
    StarGANv2StyleEncoder,
)
from mmgentransfer.models.baselines.stargan_v2.networks import DomainLinear
from mmgentransfer.models.losses import StyleDiversityLoss

PARTS = ('generator', 'mapping_network', 'style_encoder', 'discriminator')


def test_parameters_of_the_original():
    with torch.device('meta'):
        networks = [
            StarGANv2Generator(),
            StarGANv2MappingNetwork(2),
            StarGANv2StyleEncoder(2),
            StarGANv2Discriminator(2),
        ]
    assert [sum(p.numel() for p in n.parameters()) for n in networks] == [33_892_995, 2_438_272, 20_916_928, 20_852_290]

    def down(i, o, norms):
        return i * i * 9 + i + i * o * 9 + o + (i * o if i != o else 0) + (4 * i if norms else 0)

    def up(i, o):
        style = (64 + 1) * 2 * (i + o)
        return i * o * 9 + o + o * o * 9 + o + (i * o if i != o else 0) + style

    widths = [64, 128, 256, 512, 512]
    pairs = list(itertools.pairwise(widths))
    generator = 3 * 64 * 9 + 64 + sum(down(i, o, True) + up(o, i) for i, o in pairs)
    generator += 2 * (down(512, 512, True) + up(512, 512)) + 2 * 64 + 64 * 3 + 3
    assert generator == 33_892_995


def test_a_domain_has_a_layer_of_its_own():
    layer = DomainLinear(3, 2, 4)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    x, domains = torch.randn(4, 2), torch.tensor([2, 0, 2, 1])
    wanted = torch.stack([layer.weight[d] @ row + layer.bias[d] for row, d in zip(x, domains, strict=True)])
    torch.testing.assert_close(layer(x, domains), wanted)


def test_content_does_not_depend_on_the_style():
    network = StarGANv2Generator(image_size=SIDE, base_channels=4, max_channels=8, style_dim=6)
    network.init_weights()
    images, styles = torch.randn(2, 3, SIDE, SIDE), torch.randn(2, 6)
    content = network.encode(images)
    assert content.shape == (2, 8, 16, 16)
    torch.testing.assert_close(network(images, styles), network.decode(content, styles))
    assert not torch.allclose(network(images, styles), network(images, -styles))


def test_diversity_fades():
    a, b = torch.zeros(2, 3), torch.full((2, 3), 0.5)
    loss = StyleDiversityLoss(decay_iters=10)
    assert [loss(a, b, i).item() for i in (0, 5, 10, 20)] == [-0.5, -0.25, 0.0, 0.0]
    assert StyleDiversityLoss(decay_iters=None)(a, b, 10**9).item() == -0.5
    with pytest.raises(ValueError, match='decay_iters=0'):
        StyleDiversityLoss(decay_iters=0)


def changed(move: dict) -> set[str]:
    model = build(starganv2_config(moves=[move]))
    before = {name: [p.clone() for p in getattr(model, name).parameters()] for name in PARTS}
    model.train_step(referenced(), optimizers(model))
    return {
        name
        for name, old in before.items()
        if any(not torch.equal(p, q) for p, q in zip(getattr(model, name).parameters(), old, strict=True))
    }


@pytest.mark.parametrize(
    ('move', 'wanted'),
    [
        (0, {'discriminator'}),
        (1, {'discriminator'}),
        (2, {'generator', 'mapping_network', 'style_encoder'}),
        (3, {'generator'}),
    ],
)
def test_who_learns_in_which_move(move, wanted):
    assert changed(STARGANV2_MOVES[move]) == wanted


def test_terms_written_out():
    model = build(starganv2_config())
    batch = prepared(model, referenced())
    model._iteration = 5  # half of the diversity is left
    real, labels, targets = batch['images'], batch['labels'], batch['reference_labels']
    style, other = (model.style_encoder(batch[key], targets) for key in ('references', 'other_references'))
    fake = model.generator(real, style)
    terms = model.reference_generator_losses(batch)
    assert terms['adversarial'].item() == pytest.approx(F.softplus(-model.discriminator(fake, targets)).mean().item())
    torch.testing.assert_close(terms['style'], (model.style_encoder(fake, targets) - style).abs().mean())
    torch.testing.assert_close(terms['diversity'], -0.5 * (fake - model.generator(real, other)).abs().mean())
    back = model.generator(fake, model.style_encoder(real, labels))
    torch.testing.assert_close(terms['cycle'], (back - real).abs().mean())
    terms = model.reference_discriminator_losses(batch)
    wanted = (
        F.softplus(-model.discriminator(real, labels)).mean() + F.softplus(model.discriminator(fake, targets)).mean()
    )
    torch.testing.assert_close(terms['adversarial'], wanted)
    images = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.discriminator(images, labels).sum(), images)
    torch.testing.assert_close(terms['r1'], gradient.square().flatten(1).sum(1).mean())


def test_the_penalty_shares_its_pass():
    model = build(starganv2_config())
    calls = []
    model.discriminator.register_forward_hook(lambda *_: calls.append(1))
    model.discriminator_losses(prepared(model, referenced()))
    assert len(calls) == 2


def test_codes_of_a_move_differ_between_its_styles():
    model = build(starganv2_config())
    first, second = model._latent_styles(prepared(model, referenced()), 2)
    assert not torch.allclose(first, second)


def test_translate_by_codes():
    model = build(starganv2_config())
    images = noise(2).movedim(1, -1).numpy()
    calls = []
    model.generator.first.register_forward_hook(lambda _, args, out: calls.append(len(args[0])))
    outputs = model.translate(images, 'star', num_samples=3, seed=4)
    assert calls == [2]
    assert outputs.shape == (2, 3, SIDE, SIDE, 3)
    codes = model.draw_codes(3, seed=4)
    for k in range(3):
        single = model.translate(images[1], 'star', codes=codes[k : k + 1].numpy())
        assert np.abs(single[0].astype(int) - outputs[1, k].astype(int)).max() <= 1
    assert (outputs[:, 0] != outputs[:, 1]).any()
    assert (model.translate(images, 'disc', num_samples=1, seed=4)[:, 0] != outputs[:, 0]).any()


def test_translate_by_examples():
    model = build(starganv2_config())
    images, examples = (noise(2, seed).movedim(1, -1).numpy() for seed in (0, 7))
    outputs = model.translate_with_references(images, examples, 'square')
    values, references = (model.data_preprocessor(dict(images=noise(2, seed)))['images'] for seed in (0, 7))
    labels = torch.tensor([1, 1])
    with torch.no_grad():
        styles = model.style_encoder(references, labels)
        wanted = model.data_preprocessor.to_uint8(model.generator(values, styles[1].expand(2, -1)))
    difference = outputs[:, 1].astype(int) - wanted.movedim(1, -1).numpy().astype(int)
    assert outputs.shape == (2, 2, SIDE, SIDE, 3)
    assert np.abs(difference).max() <= 1
    with pytest.raises(ValueError, match='references are uint8'):
        model.translate_with_references(images, examples[0], 'square')


def test_reconstruction_uses_the_own_style():
    model = build(starganv2_config())
    values = model.data_preprocessor(dict(images=noise(2)))['images']
    with torch.no_grad():
        own = model.reconstruct_values(values, torch.eye(3)[:2])
        wanted = model.generator(values, model.style_encoder(values, torch.tensor([0, 1])))
    torch.testing.assert_close(own, wanted)


def test_what_stargan_v2_refuses():
    networks = starganv2_config()['networks']
    wrong = networks | dict(mapping_network=networks['mapping_network'] | dict(num_domains=4))
    with pytest.raises(ValueError, match=r'mapping_network\.num_domains is 4'):
        build(starganv2_config(networks=wrong))
    with pytest.raises(ValueError, match='style_dim must be the same'):
        build(starganv2_config(networks=networks | dict(generator=networks['generator'] | dict(style_dim=5))))
    with pytest.raises(ValueError, match='power of 2'):
        StarGANv2Generator(image_size=48)
    with pytest.raises(ValueError, match='num_downs=5'):
        StarGANv2Generator(image_size=32, num_downs=5)
    with pytest.raises(ValueError, match='built for images'):
        StarGANv2Discriminator(2, image_size=32, base_channels=4)(torch.zeros(1, 3, 16, 16), torch.tensor([0]))
    model = build(starganv2_config())
    objects = ToyObjects(num_per_class=2, shapes=['disc', 'star', 'ring'], labelled='shape')
    with pytest.raises(ValueError, match='ReferenceImages'):
        model.check_dataset(objects)
    with pytest.raises(ValueError, match=r"\['disc', 'star', 'ring'\]"):
        model.check_dataset(ReferenceImages(objects))
