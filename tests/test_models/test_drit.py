"""DRIT: networks, losses, the two steps of the generator, translation."""

import math

import numpy as np
import pytest
import torch
from drit_toys import DOMAINS, MOVES, SIDE, drit_config
from torch import nn
from torch.nn import functional as F
from translator_toys import build, learners, noise_images, optimizers, prepared

from mmgentransfer.models.baselines.drit import (
    DRITAttributeEncoder,
    DRITContentDiscriminator,
    DRITContentEncoder,
    DRITGeneratorConcat,
    DRITGeneratorFeatureWise,
)
from mmgentransfer.models.losses import CodeL2Loss, ContentConfusionLoss, GaussianKLLoss, ModeSeekingLoss

STEP_1, STEP_2 = MOVES[2:]


def batch_of(model, num=4):
    return prepared(model, noise_images(*DOMAINS, num=num, side=SIDE))


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


# ---------------------------------------------------------------------- networks


def test_parameter_counts_of_the_original():
    with torch.device('meta'):
        encoder = DRITContentEncoder()
        counts = [parameters(part) for part in (encoder, encoder.branches[0], encoder.shared)]
        assert counts == [9_018_112, 3_918_976, 1_180_160]
        assert parameters(DRITAttributeEncoder()) == 2_688_160
        assert parameters(DRITAttributeEncoder().branches[0]) == 1_344_080 - 2 * (256 * 8 + 8)
        assert parameters(DRITAttributeEncoder(gaussian=False)) == 5_529_872
        assert parameters(DRITGeneratorConcat()) == 9_564_710
        assert parameters(DRITGeneratorFeatureWise()) == 17_146_374
        assert parameters(DRITContentDiscriminator()) == 10_683_649


@pytest.mark.parametrize(
    ('side', 'options', 'final', 'logits'),
    [
        (16, dict(content_size=8, kernel=3, num_downs=2), 2, 1),
        (128, dict(content_size=32), 1, 1),
        (216, dict(content_size=54), 4, 1),
        (256, dict(content_size=64), 4, 4),
    ],
)
def test_networks_at_the_sides_of_the_experiments(side, options, final, logits):
    scale = side // options['content_size']
    halvings = dict(num_downs=scale.bit_length() - 1)
    with torch.device('meta'):
        images = torch.zeros(2, 3, side, side)
        contents = DRITContentEncoder(**halvings)(images, 0)
        assert contents.shape == (2, 64 * scale, side // scale, side // scale)
        codes, log_variances = DRITAttributeEncoder()(images, 1)
        assert codes.shape == log_variances.shape == (2, 8)
        codes, nothing = DRITAttributeEncoder(gaussian=False)(images, 0)
        assert codes.shape == (2, 8)
        assert nothing is None
        for kind in (DRITGeneratorConcat, DRITGeneratorFeatureWise):
            assert kind(num_ups=halvings['num_downs'])(contents, codes, 1).shape == images.shape
        critic = DRITContentDiscriminator(in_channels=64 * scale, **options)
        assert critic.layers[2 * options.get('num_downs', 3)].kernel_size == (final, final)
        assert critic(contents).shape == (2, logits)


def test_the_content_discriminators_sides_are_checked_when_it_is_built():
    with pytest.raises(ValueError, match=r'content_size=8 is too small for num_downs=3'):
        DRITContentDiscriminator(content_size=8, in_channels=4)
    with pytest.raises(ValueError, match=r"final_kernel=4 must be 'auto' or a number in 1\.\.1"):
        DRITContentDiscriminator(content_size=32, in_channels=4, final_kernel=4)
    with pytest.raises(ValueError, match=r'built with content_size=32, got contents \(1, 4, 31, 31\)'):
        DRITContentDiscriminator(content_size=32, in_channels=4)(torch.zeros(1, 4, 31, 31))


def test_weights_are_drawn_and_biases_left_to_torch():
    torch.manual_seed(0)
    encoder = DRITContentEncoder(base_channels=16)
    before = {name: value.clone() for name, value in encoder.named_parameters()}
    encoder.init_weights()
    for name, value in encoder.named_parameters():
        if value.ndim == 4:
            assert value.std().item() == pytest.approx(0.02, rel=0.1)
        else:
            assert torch.equal(value, before[name])
            assert value.abs().sum() > 0


def test_contents_have_noise_in_training_mode_only():
    torch.manual_seed(0)
    encoder = DRITContentEncoder(base_channels=8, num_downs=1, num_blocks=1)
    images = torch.rand(4, 3, SIDE, SIDE)
    clean = encoder.eval()(images, 0)
    assert torch.equal(clean, encoder(images, 0))
    noise = encoder.train()(images, 0) - clean
    assert noise.std().item() == pytest.approx(1, abs=0.05)
    assert noise.mean().item() == pytest.approx(0, abs=0.05)
    encoder.noise = 0.0
    assert torch.equal(encoder(images, 0), clean)


def test_codes_change_a_generators_images_and_neighbours_do_not():
    for kind in (DRITGeneratorConcat, DRITGeneratorFeatureWise):
        torch.manual_seed(0)
        generator = kind(base_channels=4, num_ups=1, num_blocks=1, code_size=4)
        contents = torch.rand(2, 8, 8, 8)
        first, second = (generator(contents, codes, 0) for codes in torch.randn(2, 2, 4))
        assert not torch.allclose(first, second, atol=1e-3)
        alone = generator(contents[:1], torch.ones(1, 4), 1)
        assert torch.allclose(alone, generator(contents, torch.ones(2, 4), 1)[:1], atol=1e-4)
        with pytest.raises(ValueError, match=r'code_size=4 and takes codes of the shape \(2, 4\), got \(2, 5\)'):
            generator(contents, torch.zeros(2, 5), 0)


# ---------------------------------------------------------------------- losses


def test_losses_by_hand():
    kl = GaussianKLLoss(0.01, reduction='sum')
    assert kl.loss_weight * kl(torch.ones(1, 8), torch.zeros(1, 8)).item() == pytest.approx(0.04)
    assert kl(torch.ones(3, 8), torch.zeros(3, 8)).item() == pytest.approx(12)
    assert GaussianKLLoss()(torch.ones(3, 8), torch.zeros(3, 8)).item() == pytest.approx(0.5)
    assert kl(torch.zeros(1, 1), torch.full((1, 1), 1.0)).item() == pytest.approx((math.e - 2) / 2)

    confusion, zeros = ContentConfusionLoss(), torch.zeros(2, 1)
    assert confusion.generator(zeros, zeros).item() == pytest.approx(2 * 0.693147, abs=1e-5)
    assert confusion.generator(zeros + 2, zeros).item() == pytest.approx(math.log1p(math.e**2) - 1 + math.log(2))
    assert confusion.critic(zeros - 2, zeros + 3).item() == pytest.approx(
        math.log1p(math.e**-2) + math.log1p(math.e**-3)
    )

    images, codes = torch.zeros(2, 3, 4, 4), torch.zeros(2, 8)
    assert ModeSeekingLoss()((images, images + 0.2), (codes, codes - 1)).item() == pytest.approx(4.999750, abs=1e-5)
    assert CodeL2Loss().loss_weight * CodeL2Loss()(torch.full((2, 3), 2.0)).item() == pytest.approx(0.04)
    for wrong in (lambda: GaussianKLLoss(reduction='max'), lambda: ModeSeekingLoss(eps=0)):
        with pytest.raises(ValueError, match=r'max|eps=0'):
            wrong()


# ---------------------------------------------------------------------- players


D1 = {f'discriminators.{name}' for name in DOMAINS}
D2 = {f'random_discriminators.{name}' for name in DOMAINS}
FIRST = {'content_encoder', 'attribute_encoder', 'generator'}


@pytest.mark.parametrize('concat', [True, False])
@pytest.mark.parametrize(
    ('term', 'wanted'),
    [
        ('adversarial', FIRST),
        ('cross_cycle', FIRST),
        ('reconstruction', FIRST),
        ('content', {'content_encoder'}),
        ('content_code', {'content_encoder'}),
        ('attribute', {'attribute_encoder'}),
    ],
)
def test_who_learns_from_what_in_the_first_step(concat, term, wanted):
    model = build(drit_config(concat))
    assert learners(model, 'generator', batch_of(model), term) == wanted


def test_who_learns_in_the_other_moves():
    model = build(drit_config(mode_seeking=True))
    batch = batch_of(model)
    assert learners(model, 'content_discriminator', batch) == {'content_discriminator'}
    assert learners(model, 'discriminator', batch) == D1 | D2


def moved_by(moves, concat=True, mode_seeking=False):
    """The networks of which all convolutions, or some, have changed after an iteration of ``moves``."""
    model = build(drit_config(concat, mode_seeking, moves=moves))
    before = {name: value.clone() for name, value in model.named_parameters()}
    repeats = model.num_chunks
    logs = model.train_step(noise_images(*DOMAINS, num=4 * repeats, side=SIDE), optimizers(model))
    names = model._expand(model.network_names)
    changed = {
        next(n for n in names if key.startswith(f'{n}.'))
        for key, value in model.named_parameters()
        if not torch.equal(value, before[key])
    }
    assert all(p.grad is None for p in model.parameters())
    return changed, logs


def test_the_second_step_leaves_the_attribute_encoder_alone():
    changed, logs = moved_by([STEP_2], mode_seeking=True)
    assert changed == {'content_encoder', 'generator'}
    assert set(logs) == {f'random_code/{name}' for name in ('adversarial', 'latent_regression', 'mode_seeking')}
    assert moved_by([dict(STEP_2, freeze=[])])[0] == FIRST


@pytest.mark.parametrize(('concat', 'mode_seeking'), [(True, False), (True, True), (False, False)])
def test_an_iteration_moves_everything(concat, mode_seeking):
    changed, logs = moved_by(MOVES, concat, mode_seeking)
    assert changed == FIRST | D1 | D2 | {'content_discriminator'}
    assert all(torch.isfinite(value) for value in logs.values())
    assert ('random_code/mode_seeking' in logs) == mode_seeking
    assert 'generator/adversarial' in logs
    assert 'random_code/adversarial' in logs


def test_the_second_step_sees_the_weights_that_the_first_has_made():
    """Both steps of an iteration are those of two iterations with one move each, on the same random numbers."""
    model = build(drit_config(moves=[STEP_1, STEP_2]))
    data, seen = noise_images(*DOMAINS, num=4, side=SIDE), []
    original = model.random_code_losses
    model.random_code_losses = lambda batch: (
        seen.append(model.generator.shared.layers[0].weight.clone()) or original(batch)
    )
    first = model.generator.shared.layers[0].weight.clone()
    model.train_step(data, optimizers(model))
    assert not torch.equal(seen[0], first)
    assert not torch.equal(model.generator.shared.layers[0].weight, seen[0])


def test_discriminators_see_their_half_of_the_batch():
    model = build(drit_config())
    images = {name: torch.rand(4, 3, SIDE, SIDE) for name in DOMAINS}
    seen = {}
    for kind in ('discriminators', 'random_discriminators'):
        for name, network in getattr(model, kind).items():
            network.register_forward_pre_hook(lambda _, args, key=(kind, name): seen.setdefault(key, args[0]))
    batch = prepared(model, images)
    model.discriminator_losses(batch)
    for name in DOMAINS:
        assert torch.equal(seen['discriminators', name], batch[name][:2])
        assert torch.equal(seen['random_discriminators', name], batch[name][2:])


def test_terms_of_the_first_step_written_out():
    """Without noise and for codes that are no Gaussians nothing is random."""
    config = drit_config(concat=False)
    config['networks']['content_encoder']['noise'] = 0
    model = build(config)
    batch = batch_of(model)
    a, b = (batch[name][:2] for name in DOMAINS)
    content, attribute, generator = model.content_encoder, model.attribute_encoder, model.generator
    ca, cb, za, zb = content(a, 0), content(b, 1), attribute(a, 0)[0], attribute(b, 1)[0]
    fake_a, fake_b = generator(cb, za, 0), generator(ca, zb, 1)
    again_a = generator(content(fake_b, 1), attribute(fake_a, 0)[0], 0)
    again_b = generator(content(fake_a, 0), attribute(fake_b, 1)[0], 1)
    logits = [model.content_discriminator(c) for c in (ca, cb)]
    fooled = [*model.discriminators['red'](fake_a), *model.discriminators['black'](fake_b)]
    half = [F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.5)) for x in logits]
    wanted = dict(
        adversarial=sum(F.binary_cross_entropy_with_logits(x, torch.ones_like(x)) for x in fooled),
        content=sum(half),
        cross_cycle=(again_a - a).abs().mean() + (again_b - b).abs().mean(),
        reconstruction=(generator(ca, za, 0) - a).abs().mean() + (generator(cb, zb, 1) - b).abs().mean(),
        attribute=za.square().mean() + zb.square().mean(),
        content_code=ca.square().mean() + cb.square().mean(),
    )
    terms = model.generator_losses(batch)
    assert terms.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(terms[name], value, msg=name)


class Shrinks(nn.Module):
    """Shows an image at half its side, as a constraint's network."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def maps(self, images):
        return self.weight * F.avg_pool2d(images, 2)


def constrained(**options):
    """DRIT with a constraint whose network is set by hand."""
    config = drit_config()
    config['losses']['semantic'] = dict(type='SemanticConstraintLoss', extractor=dict(type='None'), **options)
    model = build(config)
    model.losses['semantic']._built.append(Shrinks().eval().requires_grad_(False))
    return model


def test_a_semantic_constraint_is_a_term_of_both_steps():
    model = constrained(feature_scale=0.5)
    for player, losses, learning in (
        ('generator', model.generator_losses, FIRST),
        ('generator', model.random_code_losses, {'content_encoder', 'generator'}),
    ):
        batch, made = batch_of(model), []
        forward = model.generator.forward
        model.generator.forward = lambda *args, f=forward, m=made: m.append(f(*args)) or m[-1]
        with model._only_trainable(model.trained[player]):
            terms = losses(batch)
            terms['semantic'].backward()
            got = {name for name in FIRST if any(p.grad is not None for p in getattr(model, name).parameters())}
        model.generator.forward = forward
        assert got == learning
        images = [batch[name][:2] for name in DOMAINS]
        fakes = [made[0][:2], made[1][:2]]  # to the first domain, and to the second
        show = model.losses['semantic'].maps
        wanted = sum((show(fakes[d]) - show(images[1 - d])).abs().mean() / 0.5 for d in range(2))
        torch.testing.assert_close(terms['semantic'], wanted)
    one_way = constrained(feature_scale=0.5, directions=['red_to_black'])
    both, single = (m.generator_losses(batch_of(m))['semantic'] for m in (constrained(feature_scale=0.5), one_way))
    assert 0 < single < both


def test_the_scale_of_a_constraint_is_measured_before_training():
    class Pairs(list):
        modalities = DOMAINS

        side = SIDE

        def __getitem__(self, index):
            return {name: value[0] for name, value in self.__getitems__([index]).items()}

        def __getitems__(self, indices):
            return {name: noise_images(*DOMAINS, num=8, side=self.side)[name][indices] for name in DOMAINS}

    model = constrained()
    with pytest.raises(ValueError, match='measured on training images'):
        model.generator_losses(batch_of(model))
    data = Pairs(range(8))
    model.check_dataset(data)
    assert model.losses['semantic'].scale > 0
    assert torch.isfinite(model.generator_losses(batch_of(model))['semantic'])
    data.side = 32
    with pytest.raises(ValueError, match=r'images of 32x32.* 2 times smaller.*content_size is 8'):
        model.check_dataset(data)
    model.data_preprocessor.random_crop = SIDE
    model.check_dataset(data)
    model.check_dataset(data, 'val_dataloader')
    data.side = 33
    with pytest.raises(ValueError, match=r"val_dataloader.dataset, 'red': .*33x33.* multiples of 2"):
        model.check_dataset(data, 'val_dataloader')  # of which all is seen


# ---------------------------------------------------------------------- translation


def test_translations_follow_code_and_target():
    model = build(drit_config())
    images = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    outputs = model.translate(images, 'black', num_samples=4, seed=1)
    assert outputs.shape == (3, 4, SIDE, SIDE, 3)
    assert outputs.dtype == np.uint8
    assert model.training, 'the mode is restored'
    assert np.array_equal(outputs, model.translate(images, 'black', num_samples=4, seed=1)), 'no noise in eval mode'
    assert not np.array_equal(outputs[:, 0], outputs[:, 1])
    assert not np.array_equal(outputs, model.translate(images, 'red', num_samples=4, seed=1))
    alone = model.translate(images[2], 'black', num_samples=4, seed=1)
    assert np.abs(alone.astype(int) - outputs[2]).max() <= 1

    vectors = [[0, 1], [1, 0], [0, 1]]
    mixed = model.translate(images, vectors, num_samples=4, seed=1)
    assert np.abs(mixed[[0, 2]].astype(int) - outputs[[0, 2]]).max() <= 1

    codes = model.draw_codes(4, seed=1)
    values = torch.from_numpy(images).movedim(-1, 1).float() / 127.5 - 1
    model.eval()
    with torch.no_grad():
        by_hand = model.generator(model.content_encoder(values[:1], 0), codes[2:3], 1)
        rebuilt = model.reconstruct_values(values, torch.tensor([[1.0, 0.0]] * 3))
        own = model.generator(model.content_encoder(values, 0), model.attribute_encoder(values, 0)[0], 0)
    assert (
        np.abs(model.data_preprocessor.to_uint8(by_hand)[0].movedim(0, -1).numpy().astype(int) - outputs[0, 2]).max()
        <= 1
    )
    torch.testing.assert_close(rebuilt, own)
    with pytest.raises(ValueError, match='no such options'):
        model.translate(images, 'red', attention=True)

    with torch.no_grad():
        codes = model.attribute_encoder(values[:2], 1)[0]
    styled = model.translate(images, 'black', style_from=images[:2])
    assert np.abs(styled.astype(int) - model.translate(images, 'black', codes=codes)).max() <= 1
    assert np.abs(styled[:, :1].astype(int) - model.translate(images, 'black', style_from=images[0])).max() <= 1
    with pytest.raises(ValueError, match='style_from gives the codes'):
        model.translate(images, 'black', style_from=images, num_samples=2)


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c.update(domains=['red', 'black', 'blue']), r'domains of a DRIT must be two'),
        (lambda c: c['losses'].pop('content'), r"losses lacks \['content'\]"),
        (lambda c: c['losses'].update(mode_seekin=dict(type='ModeSeekingLoss')), r"'mode_seekin'.*mode_seeking"),
        (lambda c: c['networks']['content_discriminator'].update(in_channels=6), r'contents of 6 channels.* have 8'),
        (
            lambda c: c['networks']['generator'].update(base_channels=8),
            r'model.networks.generator takes contents of 16',
        ),
        (lambda c: c['networks']['generator'].update(code_size=6), r'code_size is 4, but.*generator is 6'),
        (lambda c: c['losses'].update(attribute=dict(type='CodeL2Loss')), r'a CodeL2Loss, but.*gaussian is True'),
        (lambda c: c['losses'].update(semantic=dict(type='L1Loss')), r'semantic is a L1Loss, it must be'),
        (lambda c: c['losses'].update(semantic=dict(CONSTRAINT, directions=['red'])), r"directions=\['red'\] must be"),
        (lambda c: c['losses'].update(semantic=dict(CONSTRAINT, value_range=(0, 1))), r'value_range=\(0.0, 1.0\)'),
        (lambda c: c['networks'].update(discriminators={'red': DISCRIMINATOR}), r"discriminators are \['red'\]"),
        (lambda c: c.update(moves=[dict(player='generator', losses='random_codes')]), r"'random_codes'.*random_code"),
        (lambda c: c.update(moves=[dict(STEP_2, freeze=['attributes'])]), r"freeze names 'attributes'"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    config = drit_config()
    change(config)
    with pytest.raises(ValueError, match=f'(?s){message}'):
        build(config)


CONSTRAINT = dict(type='SemanticConstraintLoss', extractor=dict(type='None'))
DISCRIMINATOR = dict(type='MultiScaleDiscriminator', base_channels=4, num_layers=2, num_scales=1)


def test_batches_that_can_not_be_halved_and_other_data_are_refused():
    model = build(drit_config())
    with pytest.raises(ValueError, match=r'takes 3 images of each domain, which can not be halved'):
        model.train_step(noise_images(*DOMAINS, num=9, side=SIDE), optimizers(model))
    with pytest.raises(ValueError, match='no domains'):
        model.check_dataset([])
