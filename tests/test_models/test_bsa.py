"""BSA: what moves and what doesn't, the adapted forward pass, latents by image, truncated sampling."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.step_random import StepRandom

SNGAN = dict(type='SNGANGenerator', image_size=32, base_channels=2, noise_size=8)
GENERATORS = dict(
    sngan=SNGAN,
    sngan_with_classes=dict(SNGAN, num_classes=5),
    biggan=dict(
        type='BigGANGenerator',
        image_size=32,
        base_channels=2,
        num_classes=5,
        noise_size=8,
        embedding_size=6,
        attention_resolutions=(16,),
    ),
    digits=dict(type='WGANGPGenerator28', dim=2, noise_size=8, out_channels=3),
    wgan_gp=dict(
        type='WGANGPGenerator', image_size=8, base_channels=4, channel_mults=(2, 1), num_classes=3, cond_mode='bnorm'
    ),
)
LOSSES = dict(
    pixel=dict(type='L1Loss'),
    latent_emd=dict(type='LatentEMDLoss', loss_weight=0.1),
    regulariser=dict(type='ScaleShiftPenalty', loss_weight=0.02),
)


def bsa_config(generator=SNGAN, num_images=6, **options):
    size = 128 if generator['type'] == 'WGANGPGenerator' else 8
    return dict(
        type='BSA',
        networks=dict(
            latents=dict(type='LatentTable', num_images=num_images, size=size),
            adaptor=dict(type='ScaleShiftAdaptor', **options.pop('adaptor', {})),
            generator=generator,
        ),
        losses=options.pop('losses', LOSSES),
        moves=[dict(player='generator')],
        **options,
    )


def batch_of(model, indices, seed=0):
    side = model.generator.image_size
    pixels = torch.randint(0, 256, (len(indices), 3, side, side), generator=torch.Generator().manual_seed(seed))
    return dict(images=pixels.to(torch.uint8), indices=torch.tensor(indices))


@pytest.fixture
def disturb():
    """Gives a generator statistics, affine maps and biases that are not those of a fresh one."""

    def do(generator):
        torch.manual_seed(3)
        with torch.no_grad():
            for name, tensor in [*generator.named_parameters(), *generator.named_buffers()]:
                if name.endswith(('bias', 'running_mean')):
                    tensor.copy_(0.3 * torch.randn_like(tensor))
                if 'norm' in name and name.endswith(('weight', 'running_var')):
                    tensor.copy_(0.5 + torch.rand_like(tensor))
        return generator

    return do


# ---------------------------------------------------------------------- what moves


@pytest.mark.parametrize('kind', GENERATORS)
def test_only_latents_scales_shifts_and_copies_move(kind, build_game, build_wrappers, state_of, changed):
    model = build_game(bsa_config(GENERATORS[kind]))
    wrappers = build_wrappers(model)
    before = state_of(model)
    for iteration in range(3):
        model.train_step(batch_of(model, [4, 1, 3], iteration), wrappers, iteration)
    assert changed(model, before) == {
        'latents.latents',
        *(name for name in before if name.startswith('adaptor.')),
    }
    # convolutions, statistics, spectral norms and class tables have no gradient and no optimiser state either
    assert all(p.grad is None and not p.requires_grad for p in model.generator.parameters())
    assert set(wrappers['generator'].optimizer.state) == {*model.latents.parameters(), *model.adaptor.parameters()}
    assert not any(module.training for module in model.generator.modules())
    assert not any(module._forward_hooks for module in model.generator.modules())


def test_eleven_pairs_of_an_sngan_of_128_pixels(build_game):
    generator = dict(SNGAN, image_size=128, base_channels=1, num_classes=3)
    adaptor = build_game(bsa_config(generator)).adaptor
    widths = [16, 16, 16, 16, 8, 8, 4, 4, 2, 2, 1]
    assert [len(scale) for scale in adaptor.scales] == [len(shift) for shift in adaptor.shifts] == widths
    assert adaptor.embedding is None
    assert 'output_norm' not in adaptor.norms


def test_learning_rates_of_groups(build_game):
    from mmgentransfer.engine.optimizers import PlayerOptimWrappers

    model = build_game(bsa_config())
    keys = {'adaptor.input_layer': dict(lr_mult=1e-7 / 0.03), 'latents': dict(lr_mult=10)}
    config = dict(optimizer=dict(type='SGD', lr=0.03), paramwise_cfg=dict(custom_keys=keys))
    groups = PlayerOptimWrappers(dict(generator=config))(model)['generator'].param_groups
    rates = {id(p): group['lr'] for group in groups for p in group['params']}
    assert {rates[id(p)] for p in model.adaptor.input_layer} == {1e-7}
    assert rates[id(model.latents.latents)] == pytest.approx(0.3)
    assert {rates[id(p)] for p in [*model.adaptor.scales, *model.adaptor.shifts]} == {0.03}


def test_input_layer_can_stay(build_game):
    model = build_game(bsa_config(adaptor=dict(input_layer=False)))
    assert {name.partition('.')[0] for name, _ in model.adaptor.named_parameters()} == {'scales', 'shifts'}


# ---------------------------------------------------------------------- the adapted generator


def random_affine(adaptor):
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in [*adaptor.scales, *adaptor.shifts]:
            parameter.add_(0.3 * torch.randn_like(parameter))


def test_digits_generator_by_hand(build_game, disturb):
    model = build_game(bsa_config(GENERATORS['digits']))
    g, adaptor = disturb(model.generator), model.adaptor
    adaptor.start_from(g)
    z = torch.randn(3, 8)
    torch.testing.assert_close(model.images_from(z), g(z))  # scales of 1 and shifts of 0 change nothing
    random_affine(adaptor)
    scale = [s[:, None, None] for s in adaptor.scales]
    shift = [s[:, None, None] for s in adaptor.shifts]
    x = g.input_linear(z).view(3, 8, 4, 4) * scale[0] + shift[0]
    for k in (0, 1):
        x = g.deconvs[k](F.relu(x)) * scale[k + 1] + shift[k + 1]
    torch.testing.assert_close(model.images_from(z), torch.sigmoid(g.deconvs[2](F.relu(x))))


@pytest.mark.parametrize('kind', ['sngan', 'sngan_with_classes'])
def test_sngan_by_hand(kind, build_game, disturb):
    model = build_game(bsa_config(GENERATORS[kind]))
    g, adaptor = disturb(model.generator), model.adaptor
    adaptor.start_from(g)
    random_affine(adaptor)
    pairs = iter(zip(adaptor.scales, adaptor.shifts, strict=True))

    def adapt(x, norm=None):
        scale, shift = next(pairs)
        if norm is not None:  # the norm's own affine map is gone
            x = (x - norm.running_mean[:, None, None]) / (norm.running_var[:, None, None] + norm.eps).sqrt()
        return x * scale[:, None, None] + shift[:, None, None]

    def doubled(x):
        return F.interpolate(x, scale_factor=2)

    z = torch.randn(3, 8)
    x = adapt(g.input_linear(z).view(3, -1, 4, 4))
    for block in g.blocks:
        h = block.conv1(doubled(F.relu(adapt(x, block.norm1))))
        x = block.conv2(F.relu(adapt(h, block.norm2))) + doubled(block.shortcut(x))
    expected = torch.tanh(g.output_conv(F.relu(g.output_norm(x))))  # the last norm is as it was
    torch.testing.assert_close(model.images_from(z), expected, rtol=1e-4, atol=1e-5)


def test_biggan_starts_at_the_mean_class(build_game, disturb):
    model = build_game(bsa_config(GENERATORS['biggan']))
    g, z = model.generator, torch.randn(3, 8)
    mean = g.shared.weight.mean(0)
    torch.testing.assert_close(model.images_from(z), g(z, embedding=mean.expand(3, -1)))
    assert len(model.adaptor.scales) == 1  # behind the first linear layer
    assert len(model.adaptor.condition_layers) == 2 * 2 * len(g.blocks)
    before = model.images_from(z)
    with torch.no_grad():
        for parameter in model.adaptor.condition_layers:
            parameter.add_(torch.randn_like(parameter))
    assert not torch.allclose(model.images_from(z), before)


def test_transferred_weights_reach_the_copies(tmp_path, build_game):
    source = build_game(bsa_config(), seed=5).generator
    torch.save({f'generator.{key}': value for key, value in source.state_dict().items()}, tmp_path / 'source.pth')
    init = dict(type='TransferredWeights', checkpoint=str(tmp_path / 'source.pth'), prefix='generator')
    adaptor = build_game(bsa_config(dict(SNGAN, init_cfg=init)), seed=6).adaptor
    for copy, original in zip(adaptor.input_layer, source.input_linear.parameters(), strict=True):
        assert torch.equal(copy, original)


# ---------------------------------------------------------------------- losses


def test_terms_of_a_step(build_game, build_wrappers):
    """One iteration's terms from their formulas, with random numbers of the step."""
    model = build_game(bsa_config(latent_noise=0.25))
    random_affine(model.adaptor)
    with torch.no_grad():
        model.latents.latents.normal_()
    data = batch_of(model, [5, 0, 2])
    latents = model.latents.latents[[5, 0, 2]].clone()
    random = StepRandom(11, 3, 0, 0, 0)
    noise, samples = random.normal(3, 8), random.normal(30, 8)
    images = model.images_from(latents + 0.25 * noise)
    squares = torch.cdist(latents, samples).square()
    gammas, betas = model.adaptor.scales, model.adaptor.shifts
    expected = {
        'generator/pixel': (images - (data['images'] / 127.5 - 1)).abs().mean(),
        'generator/latent_emd': squares.min(0).values.sum() / 30 + squares.min(1).values.sum() / 3,
        'generator/regulariser': sum(((g - 1) ** 2).mean() + (b**2).mean() for g, b in zip(gammas, betas)),
    }
    terms = model.train_step(data, build_wrappers(model, type='SGD', lr=0.0), iteration=3, seed=11)
    assert set(terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value, rtol=1e-4, atol=1e-5)


def test_latents_of_other_images_have_no_gradient(build_game, build_wrappers, state_of):
    model = build_game(bsa_config())
    before = model.latents.latents.detach().clone()
    model.train_step(batch_of(model, [5, 0]), build_wrappers(model, type='SGD', lr=1.0))
    moved = (model.latents.latents != before).any(1)
    assert moved.tolist() == [True, False, False, False, False, True]


def test_each_image_gets_its_own_latent(build_game, build_wrappers):
    """With the generator's weights 'trained' by nothing but the latents, images come out in their own places."""
    torch.manual_seed(0)
    model = build_game(bsa_config(GENERATORS['digits'], losses=dict(pixel=dict(type='L1Loss'))))
    target = model.generator(torch.randn(6, 8)).detach()
    pixels = model.data_preprocessor.to_uint8(target)
    wrappers = build_wrappers(model, type='Adam', lr=0.05)
    for iteration in range(120):
        order = torch.randperm(6)
        model.train_step(dict(images=pixels[order], indices=order), wrappers, iteration)
    made = torch.from_numpy(model.reconstruct(range(6))).permute(0, 3, 1, 2).float()
    distances = torch.cdist(made.flatten(1), pixels.float().flatten(1))
    assert distances.argmin(1).tolist() == list(range(6))


# ---------------------------------------------------------------------- sampling


def test_latents_are_truncated_normal(build_game):
    model = build_game(bsa_config())
    z = model.draw_latents(20000, seed=1)
    assert z.abs().max() <= 0.3
    # of a standard normal within 0.3: variance 1 - 2 * 0.3 * density(0.3) / probability = 0.0295
    assert z.var().item() == pytest.approx(0.02946, rel=0.02)
    assert z.mean().abs() < 2e-3
    assert torch.equal(z, model.draw_latents(20000, seed=1))
    assert not torch.equal(z[:100], model.draw_latents(100, seed=2))
    assert torch.equal(model.draw_latents(3, seed=(1, 2)), model.draw_latents(3, seed=(1, 2)))
    whole = build_game(bsa_config(truncation=None))
    assert whole.draw_latents(100, seed=1).abs().max() > 2


def test_sampling_changes_nothing(build_game, state_of, changed):
    model = build_game(bsa_config(GENERATORS['biggan']))
    before = state_of(model)
    assert model.sample(5, seed=3).shape == (5, 32, 32, 3)
    assert (model.sample(5, seed=3) == model.sample(5, seed=3, batch_size=2)).all()
    model.sample(5, seed=3, batch_statistics=True)
    assert changed(model, before) == set()


def test_moving_average_is_sampled(build_game, build_wrappers):
    model = build_game(bsa_config())
    model.add_ema(['adaptor', 'latents'])
    start = model.sample(4, which='live')
    model.train_step(batch_of(model, [0, 1]), build_wrappers(model, type='SGD', lr=1.0))
    assert (model.sample(4) == start).all()
    assert (model.sample(4, which='live') != start).any()


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (bsa_config(dict(SNGAN, noise_size=9)), 'size=8.*noise_size=9'),
        (bsa_config(data_preprocessor=dict(type='ImagePreprocessor', flip=0.5)), r'flip=0\.5'),
        (bsa_config(losses=dict(pixle=dict(type='L1Loss'))), "'pixle'.*Did you mean 'pixel'"),
        (bsa_config(losses=dict(regulariser=dict(type='ScaleShiftPenalty'))), "lacks 'pixel'"),
        (bsa_config(truncation=0.0), 'model.truncation'),
        (bsa_config(latent_noise=-1.0), 'model.latent_noise'),
        (bsa_config(dict(type='ProGANGenerator', image_size=8, noise_size=8)), 'ProGANGenerator can not be adapted'),
        (bsa_config(dict(GENERATORS['digits'], num_classes=3)), 'num_classes=3 takes a one-hot class'),
        (bsa_config(num_images=0), 'num_images=0'),
        (bsa_config(stages=[dict(name='all', train=['generator'])]), r'stages\[0\]\.train'),
    ],
)
def test_what_does_not_fit_is_refused(config, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config)
