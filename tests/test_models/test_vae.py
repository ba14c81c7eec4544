"""SupervisedVAE: its terms, what its encoders take, sampling from the prior."""

from __future__ import annotations

import pytest
import torch

from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

DECODER = dict(type='WGANGPGenerator28', dim=2, noise_size=8)
TABLE = dict(type='GaussianTable', num_images=6, size=8)
ENCODER = dict(type='GaussianEncoder', size=8, image_size=28, in_channels=1, base_channels=2)


def vae_config(encoder=TABLE, decoder=DECODER, **options):
    return dict(
        type='SupervisedVAE',
        networks=dict(encoder=encoder, decoder=decoder),
        losses=options.pop('losses', dict(pixel=dict(type='L1Loss'), kl=dict(type='GaussianKLLoss'))),
        moves=[dict(player='autoencoder')],
        **options,
    )


def batch_of(indices, seed=0):
    pixels = torch.randint(0, 256, (len(indices), 1, 28, 28), generator=torch.Generator().manual_seed(seed))
    return dict(images=pixels.to(torch.uint8), indices=torch.tensor(indices))


@pytest.mark.parametrize('encoder', [TABLE, ENCODER], ids=['table', 'encoder'])
def test_terms_of_a_step(encoder, build_game, build_wrappers):
    model = build_game(vae_config(encoder))
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    data = batch_of([4, 1, 0])
    real = data['images'] / 127.5 - 1
    if encoder is TABLE:
        mean, log_variance = model.encoder.means[[4, 1, 0]], model.encoder.log_variances[[4, 1, 0]]
    else:
        mean, log_variance = model.encoder(real)
    latents = mean + log_variance.exp().sqrt() * StepRandom(11, 3, 0, 0, 0).normal(3, 8)
    expected = {
        'autoencoder/pixel': (model.decoder(latents) - real).abs().mean(),
        'autoencoder/kl': ((mean**2 + log_variance.exp() - log_variance - 1) / 2).mean(),
    }
    terms = model.train_step(data, build_wrappers(model, type='SGD', lr=0.0), iteration=3, seed=11)
    assert set(terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value, rtol=1e-4, atol=1e-6)


def test_everything_is_trained_but_the_rows_of_other_images(build_game, build_wrappers, state_of, changed):
    model = build_game(vae_config())
    before = state_of(model)
    model.train_step(batch_of([5, 2]), build_wrappers(model, type='SGD', lr=1.0))
    assert changed(model, before) == set(before)
    for table in ('means', 'log_variances'):
        moved = (getattr(model.encoder, table) != before[f'encoder.{table}']).any(1)
        assert moved.tolist() == [False, False, True, False, False, True]


def test_prior_is_sampled(build_game):
    model = build_game(vae_config())
    latents = model.draw_latents(4000, seed=2)
    assert latents.shape == (4000, 8)
    assert latents.std().item() == pytest.approx(1, rel=0.03)
    assert model.sample(5, seed=3).shape == (5, 28, 28, 1)
    assert (model.sample(5, seed=3) == model.sample(5, seed=3)).all()


@pytest.mark.parametrize(('side', 'channels'), [(28, [1, 2, 4, 8]), (5, [1, 2]), (64, [1, 2, 4, 8, 16])])
def test_encoder_halves_down_to_four_pixels(side, channels):
    encoder = MODELS.build(dict(ENCODER, image_size=side))
    assert [conv.in_channels for conv in encoder.convs] + [encoder.convs[-1].out_channels] == channels
    mean, log_variance = encoder(torch.randn(3, 1, side, side))
    assert mean.shape == log_variance.shape == (3, 8)


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (vae_config(decoder=dict(DECODER, noise_size=9)), 'size=8.*noise_size=9'),
        (vae_config(decoder=dict(DECODER, num_classes=3)), 'num_classes=3'),
        (vae_config(data_preprocessor=dict(type='ImagePreprocessor', flip=0.5)), r'flip=0\.5.*GaussianEncoder'),
        (vae_config(losses=dict(pixel=dict(type='L1Loss'), regulariser=dict(type='L1Loss'))), "'regulariser'"),
        (vae_config(dict(TABLE, size=0)), 'size=0'),
        (vae_config(dict(ENCODER, image_size=4)), 'image_size=4'),
    ],
)
def test_what_does_not_fit_is_refused(config, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config)


def test_an_encoder_sees_flipped_images(build_game):
    assert build_game(vae_config(ENCODER, data_preprocessor=dict(type='ImagePreprocessor', flip=0.5)))
