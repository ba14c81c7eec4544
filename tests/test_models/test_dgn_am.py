"""DGN-AM: its steps by hand on linear networks, what it leaves alone, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from code_ascents import PIXELS, biggan, digits, linear, snapshot

from mmgentransfer.models.backbones import BigGANGenerator


def test_a_step_by_hand(build_game):
    model = build_game(linear(step_size=0.5, decay=0.1))
    start = torch.tensor([[1.0, -1.0], [0.0, 2.0]])
    torch.testing.assert_close(model.score_gradient(start), torch.tensor([[2.0, 5.0], [2.0, 5.0]]))
    # 0.9 (1, -1) + 0.5 (2, 5), and 0.9 (0, 2) + 0.5 (2, 5)
    torch.testing.assert_close(model.update(start), torch.tensor([[1.9, 1.6], [1.0, 4.3]]))


def test_the_target_decides(build_game):
    gradient = build_game(linear(target=0)).score_gradient(torch.zeros(1, 2))
    torch.testing.assert_close(gradient, torch.tensor([[1.0, 0.0]]))


def test_all_steps_by_hand(build_game):
    model = build_game(linear(step_size=0.5, decay=0.1, steps=2))
    codes = 0.9 * torch.tensor([[1.9, 1.6]]) + 0.5 * torch.tensor([[2.0, 5.0]])
    start = torch.tensor([[1.0, -1.0]])
    torch.testing.assert_close(model.codes_from(start), codes)
    torch.testing.assert_close(model.generate(start), (codes @ PIXELS.T).view(1, 1, 2, 2))


def test_images_are_scaled_to_the_classifiers_range(build_game):
    preprocessor = dict(type='ImagePreprocessor', value_range=(-1.0, 1.0))
    model = build_game(linear(data_preprocessor=preprocessor, classifier_range=(0.0, 3.0)))
    torch.testing.assert_close(model.scaled_to_classifier(torch.tensor([-1.0, 0.0, 1.0])), torch.tensor([0, 1.5, 3]))
    # half the range becomes three times one: the gradient is multiplied by 3 / 2
    torch.testing.assert_close(model.score_gradient(torch.zeros(1, 2)), torch.tensor([[3.0, 7.5]]))


def test_every_images_logit_rises(build_game):
    model = build_game(digits(step_size=0.5))
    start = model.draw_latents(6, seed=1)
    with torch.no_grad():
        before = model.classifier(model.images_of_codes(start))[:, 3]
        after = model.classifier(model.generate(start))[:, 3]
    assert (after > before).all()


def test_networks_stay_as_they_are(build_game):
    model = build_game(digits())
    before = snapshot(model)
    model.sample(4)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert not any(module.training for name in model.frozen for module in getattr(model, name).modules())


def test_an_image_follows_from_its_seed_alone(build_game):
    model = build_game(digits(step_size=0.5))
    images = model.sample(3, seed=5)
    assert (images == model.sample(3, seed=5)).all()
    assert (images != model.sample(3, seed=6)).any()
    latents = model.draw_latents(3, seed=5)
    together, alone = model.generate(latents), model.generate(latents, batch_size=1)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_it_has_nothing_to_train(build_game, build_wrappers, digit_images):
    model = build_game(digits())
    before = snapshot(model)
    assert model.train_step(digit_images(4, side=28), build_wrappers(model)) == {}
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_the_embedding_is_part_of_the_code(build_game):
    model = build_game(biggan())
    generator: BigGANGenerator = model.generator
    assert model.latent_size == 24
    z, table = torch.randn(2, 16), generator.shared.weight
    with torch.no_grad():
        at_mean = model.images_of_codes(torch.cat([z, torch.zeros(2, 8)], dim=1))
        torch.testing.assert_close(at_mean, generator(z, embedding=table.mean(0).expand(2, -1)))
        one_up = model.images_of_codes(torch.cat([z, torch.ones(2, 8)], dim=1))
        torch.testing.assert_close(one_up, generator(z, embedding=(table.mean(0) + table.std(0)).expand(2, -1)))
    gradient = model.score_gradient(model.draw_latents(2))
    assert (gradient[:, 16:].abs().sum(1) > 0).all()


def test_a_label_takes_the_embeddings_place(build_game):
    model = build_game(biggan(generator_label=4))
    z = model.draw_latents(2)
    assert z.shape == (2, 16)
    with torch.no_grad():
        torch.testing.assert_close(model.images_of_codes(z), model.generator(z, torch.tensor([4, 4])))


def test_a_divergence_is_an_error(build_game):
    model = build_game(linear(step_size=1e38))
    with pytest.raises(FloatingPointError, match=r'DGNAM diverged: make model.step_size = 1e\+38 smaller'):
        model.sample(1)


def conditional(**settings) -> dict:
    config = digits(**settings)
    config['networks']['generator']['num_classes'] = 10
    return config


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (linear(target=2), 'model.target = 2 is none of the classes 0 to 1 of model.networks.classifier'),
        (linear(target=-1), 'model.target = -1'),
        (linear(steps=0), 'model.steps must be at least 1, got 0'),
        (linear(step_size=0.0), 'model.step_size must be a positive number, got 0.0'),
        (linear(decay=1.0), r'model.decay is a share in \[0, 1\), got 1.0'),
        (linear(classifier_range=(1, 1)), 'model.classifier_range must increase'),
        (linear(generator_label=0), 'model.generator_label = 0: .* has no classes'),
        (conditional(generator_label=10), 'model.generator_label = 10: .* the classes 0 to 9'),
        (conditional(), 'WGANGPGenerator28 with num_classes=10 has no class embedding .* set model.generator_label'),
        (
            linear(networks=dict(generator=dict(type='LinearGenerator'), classifier=dict(type='DigitClassifier'))),
            'model.networks.generator has image_size=2, but model.networks.classifier takes image_size=28',
        ),
        (linear(stages=[dict(name='all', train=['generator'])]), r"model.stages\[0\].train names 'generator'"),
    ],
)
def test_what_does_not_fit_is_refused(config, message, build_game):
    with pytest.raises(ValueError, match=message):
        build_game(config)
