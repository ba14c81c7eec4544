"""Variants of MineGAN: one noise for all miners, a shared trunk, a selector that sees the noise, priors, one class."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.models.game import Batch
from mmgentransfer.models.prior import NormalPrior
from mmgentransfer.models.selectors import AmortizedSelector
from mmgentransfer.models.step_random import StepRandom
from mmgentransfer.registry import MODELS

GENERATOR = dict(type='MLPGenerator', dims=[5, 8, 64], image_size=8)
CRITIC = dict(type='MLPCritic', dims=[64, 8, 1], image_size=8)
TRUNK = dict(type='SharedTrunkMiners', num_miners=3, dims=[4, 6, 5])
BIGGAN = dict(image_size=32, base_channels=4, num_classes=10)


def several(num: int = 3, **options) -> dict:
    """A MineGAN of MLP generators, whose miners take four numbers."""
    networks = dict(
        generators=[GENERATOR] * num,
        miners=[dict(type='MLPMiner', dims=[4, 6, 5])] * num,
        critic=CRITIC,
    )
    return dict(
        type='MineGAN',
        data_preprocessor=dict(type='ImagePreprocessor', value_range=(0.0, 1.0)),
        networks=networks | options.pop('networks', {}),
        losses=dict(adversarial=dict(type='WassersteinLoss')) | options.pop('losses', {}),
        moves=[dict(player='critic'), dict(player='generator')],
        stages=[dict(name='mine', iters=9, train=['miners', 'critic']), dict(name='finetune', iters=9)],
        **options,
    )


def amortized(**selector) -> dict:
    return several(
        networks=dict(miners=TRUNK | dict(classify=True)),
        losses=dict(selector=dict(type='AuxiliaryClassifierLoss')),
        selector=dict(type='AmortizedSelector', window=4, **selector),
        shared_noise=True,
    )


def batch_of(num: int, seed: int = 1):
    return Batch(dict(images=torch.rand(num, 1, 8, 8)), StepRandom(seed))


class TestSharedTrunk:
    def test_parameters_of_the_published_code(self):
        """A layer 4-128 for all, and ten of 128-128: a tenth of the trunks of ten miners of 17,152 parameters."""
        miners = MODELS.build(dict(type='SharedTrunkMiners', num_miners=10, dims=[4, 128, 128]))
        assert sum(p.numel() for p in miners.parameters()) == 4 * 128 + 128 + 10 * (128 * 128 + 128)
        assert len(miners) == len(list(miners)) == 10

    def test_heads_on_one_trunk(self, build_game):
        model = build_game(several(networks=dict(miners=TRUNK)))
        u = torch.randn(7, 4)
        hidden = F.relu(model.miners.layers[0](u))
        for i, (z, head) in enumerate(zip(model.miners(u), model.miners.layers[-1], strict=True)):
            torch.testing.assert_close(z, head(hidden))
            torch.testing.assert_close(model.miners[i](u), z)
        weights = [head.weight for head in model.miners.layers[-1]]
        assert not torch.equal(weights[0], weights[1])
        assert all(weight.std() > 0.3 for weight in weights)  # sqrt(1/6) = 0.41; PyTorch's own start has 0.24
        assert all((head.bias == 0).all() for head in model.miners.layers[-1])

    def test_only_the_winners_heads_learn(self, build_game, build_wrappers, digit_images, state_of, changed):
        model = build_game(several(networks=dict(miners=TRUNK)))
        model.score_supersamples = lambda images: torch.tensor([[1.0, 0.0, -1.0]] * 4)  # the first always wins
        before = state_of(model.miners)
        model.train_step(digit_images(4), build_wrappers(model))
        assert changed(model.miners, before) == {
            f'layers.{part}' for part in ('0.weight', '0.bias', '1.0.weight', '1.0.bias')
        }

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            (dict(dims=[4, 5]), 'needs a hidden width'),
            (dict(num_miners=0), 'num_miners=0 must be 1 or more'),
            (dict(num_miners=2), r'networks\.miners has 2 networks and model\.networks\.generators 3'),
            (dict(dims=[4, 6, 7]), r'miners\[0\] ends in 7 features'),
        ],
    )
    def test_what_does_not_fit(self, change, message, build_game):
        with pytest.raises(ValueError, match=message):
            build_game(several(networks=dict(miners=TRUNK | change)))


class TestSharedNoise:
    @pytest.mark.parametrize('shared', [False, True])
    @pytest.mark.parametrize('trunk', [False, True])
    def test_one_noise_for_all(self, shared, trunk, build_game):
        networks = dict(miners=TRUNK) if trunk else {}
        model = build_game(several(networks=networks, shared_noise=shared))
        batch = batch_of(4)
        mined = model._mine(batch)
        random = StepRandom(1)
        first = random.normal(4, 4)
        for i, z in enumerate(mined):
            u = first if shared or i == 0 else random.normal(4, 4)
            torch.testing.assert_close(z, model.miners[i](u))

    def test_widths_must_agree(self, build_game):
        miners = [dict(type='MLPMiner', dims=[width, 5]) for width in (4, 4, 3)]
        with pytest.raises(ValueError, match=r'shared_noise=True needs.*the widths are \[4, 4, 3\]'):
            build_game(several(networks=dict(miners=miners), shared_noise=True))


class TestAmortizedSelector:
    def test_the_head_and_the_trunk_learn_from_its_start(
        self, build_game, build_wrappers, digit_images, state_of, changed
    ):
        model = build_game(amortized(start_iter=2))
        wrappers = build_wrappers(model)
        before = state_of(model.miners.classifier)
        for iteration in range(2):
            logs = model.train_step(digit_images(8, seed=iteration), wrappers, iteration)
            assert logs['generator/selector'] == 0
        assert changed(model.miners.classifier, before) == set()
        logs = model.train_step(digit_images(8, seed=2), wrappers, 2)
        assert logs['generator/selector'] > 0.1
        assert changed(model.miners.classifier, before) == {'weight', 'bias'}

    def test_the_term_is_the_cross_entropy_of_the_winners(self, build_game):
        model = build_game(amortized(start_iter=0))
        batch = batch_of(8)
        terms = model.generator_losses(batch)
        u = StepRandom(1).normal(8, 4)
        images = [g(m(u)) for g, m in zip(model.generators, model.miners, strict=True)]
        winners = torch.stack([model.critic(part) for part in images], 1).argmax(1)
        torch.testing.assert_close(terms['selector'], F.cross_entropy(model.miners.logits(u), winners))
        gradients = torch.autograd.grad(terms['selector'], list(model.miners.layers[0].parameters()))
        assert all(gradient.abs().sum() > 0 for gradient in gradients)

    def test_it_learns_to_tell_the_winner(self):
        """From u = -1 and 1 the classes 0 and 2 follow; argmax says so always, samples by the softmax."""
        logits = torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]]).repeat(50, 1)
        noise = torch.randn(100)
        selector = AmortizedSelector(3, start_iter=1)
        selector.record('generator', torch.tensor([1]))
        assert selector.choose_by(logits, noise).tolist() == [1] * 100  # by frequency: the head has not learned yet
        selector.record('critic', torch.tensor([1]))
        assert int(selector.updates) == 1
        selector.record('generator', torch.tensor([1]))
        assert selector.choose_by(logits, noise).tolist() == [0, 2] * 50

    def test_samples_follow_the_softmax(self):
        selector = AmortizedSelector(3, start_iter=0, mode='sample')
        selector.record('generator', torch.tensor([0]))
        logits = torch.tensor([0.2, 0.5, 0.3]).log().expand(4000, 3)
        shares = selector.choose_by(logits, torch.randn(4000, generator=torch.Generator().manual_seed(0)))
        for i, share in enumerate([0.2, 0.5, 0.3]):
            assert abs((shares == i).float().mean() - share) < 0.03

    def test_the_generator_of_an_image_follows_from_its_noise(self, build_game):
        model = build_game(amortized(start_iter=0))
        model.selector.record('generator', torch.tensor([0]))
        latents = model.draw_latents(40, seed=3)
        choices = model.choose_generators(latents)
        assert torch.equal(choices, model.miners.logits(latents[:, 1:]).argmax(1))
        assert len(choices.unique()) > 1
        _, info = model.sample(40, seed=3, return_info=True)
        np.testing.assert_array_equal(info['generator'], choices.numpy())

    def test_its_state_is_saved(self):
        selector, other = AmortizedSelector(2), AmortizedSelector(2)
        selector.record('generator', torch.tensor([0]))
        other.load_state_dict(selector.state_dict())
        assert int(other.updates) == 1

    @pytest.mark.parametrize(
        'change',
        [
            lambda cfg: cfg.update(shared_noise=False),
            lambda cfg: cfg['losses'].pop('selector'),
            lambda cfg: cfg['networks'].update(miners=TRUNK),
            lambda cfg: cfg.update(selector=dict(type='FrequencySelector')),
        ],
    )
    def test_what_goes_together(self, change, build_game):
        config = amortized()
        change(config)
        with pytest.raises(ValueError, match='these go together or not at all'):
            build_game(config)

    @pytest.mark.parametrize(
        ('options', 'message'), [(dict(start_iter=-1), 'start_iter must be 0 or more'), (dict(mode='best'), "'argmax'")]
    )
    def test_wrong_options(self, options, message):
        with pytest.raises(ValueError, match=message):
            AmortizedSelector(2, **options)


class TestPrior:
    def test_truncated(self):
        prior = NormalPrior(truncation=0.5, std=2.0, mean=1.0)
        noise = torch.randn(20_000, generator=torch.Generator().manual_seed(0))[:, None]
        z = (prior(noise) - 1) / 2
        assert z.abs().max() <= 0.5
        assert z.dtype == torch.float32
        assert abs(z.mean()) < 0.01
        # The variance of a normal distribution between -t and t is 1 - 2 t phi(t) / (2 Phi(t) - 1), 0.0806 for 0.5.
        assert abs(z.var() - 0.0806) < 0.003
        assert (z[noise[:, 0].argsort()].diff(dim=0) >= 0).all()

    def test_the_largest_noise_stays_inside(self):
        assert NormalPrior(truncation=2.0)(torch.tensor([[9.0, -9.0]])).abs().max() <= 2.0

    def test_miners_and_sources_have_their_own(self, build_game):
        config = several(
            2,
            prior=[dict(type='NormalPrior', mean=3.0), dict(type='NormalPrior', std=[1.0, 2.0, 3.0, 4.0])],
            source_prior=dict(type='NormalPrior', truncation=0.1),
        )
        model = build_game(config)
        for which in (0, 1):
            noise = StepRandom(5).normal(6, 4)
            expected = noise + 3 if which == 0 else noise * torch.tensor([1.0, 2.0, 3.0, 4.0])
            info = model.sample(6, seed=5, generator_index=which, return_info=True)[1]
            np.testing.assert_allclose(np.stack(info['u']), expected.numpy(), rtol=1e-6)
            source = model.sample(6, seed=5, generator_index=which, use_miner=False, return_info=True)[1]
            assert np.abs(np.stack(source['z'])).max() <= 0.1
        random = StepRandom(1)
        for i, z in enumerate(model._mine(batch_of(3))):
            torch.testing.assert_close(z, model.miners[i](model.priors[i](random.normal(3, 4))))

    def test_the_prior_of_a_transfergan(self, game_configs, build_game):
        plain = build_game(game_configs['TransferGAN'](width=2))
        model = build_game(game_configs['TransferGAN'](width=2) | dict(prior=dict(type='NormalPrior', mean=2.0)))
        latents = torch.randn(3, 32)
        torch.testing.assert_close(model.generate(latents), plain.generate(latents + 2))

    @pytest.mark.parametrize(
        ('prior', 'message'),
        [
            (dict(std=0.0), r'prior\.std must be positive'),
            (dict(truncation=-1.0), r'prior\.truncation must be positive'),
            (dict(mean=[0.0, 1.0]), r'prior\.mean must be one number, or 4'),
        ],
    )
    def test_wrong_priors(self, prior, message, build_game):
        with pytest.raises(ValueError, match=message):
            build_game(several(prior=dict(type='NormalPrior', **prior)))

    def test_one_prior_for_each(self, build_game):
        with pytest.raises(ValueError, match=r'model\.prior has 2 distributions, but there are 3 generators'):
            build_game(several(prior=[dict(type='NormalPrior')] * 2))


class TestSampling:
    def test_info_says_how_the_images_came_about(self, build_game):
        model = build_game(several())
        images, info = model.sample(30, seed=2, batch_size=7, return_info=True)
        np.testing.assert_array_equal(images, model.sample(30, seed=2))
        np.testing.assert_array_equal(images, model.to_pixels(model.generate(model.draw_latents(30, 2))))
        assert set(info['generator']) == {0, 1, 2}
        with torch.no_grad():
            for image, i, u, z in zip(images, info['generator'], info['u'], info['z'], strict=True):
                torch.testing.assert_close(torch.tensor(z), model.miners[i](torch.tensor(u)[None])[0])
                np.testing.assert_array_equal(image, model.to_pixels(model.generators[i](torch.tensor(z)[None]))[0])

    def test_without_the_miners_p_still_chooses(self, build_game):
        model = build_game(several(selector=dict(type='FixedSelector', probs=[0.0, 0.5, 0.5])))
        images, info = model.sample(20, seed=2, use_miner=False, return_info=True)
        assert set(info['generator']) == {1, 2}
        with torch.no_grad():
            for image, i, z in zip(images, info['generator'], info['z'], strict=True):
                np.testing.assert_array_equal(image, model.to_pixels(model.generators[i](torch.tensor(z)[None]))[0])

    @pytest.mark.parametrize('index', [3, -1])
    def test_there_is_no_such_generator(self, index, build_game):
        with pytest.raises(ValueError, match=rf'generators 0 to 2, got {index}'):
            build_game(several()).sample(2, generator_index=index)

    def test_interpolation_in_u(self, build_game):
        model = build_game(several())
        start, end = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
        images = model.interpolate(start, end, steps=5, generator_index=2)
        with torch.no_grad():
            for weight, image in zip((0, 0.25, 0.5, 0.75, 1), images, strict=True):
                expected = model.generators[2](model.miners[2]((start + weight * (end - start))[None]))
                assert np.abs(image.astype(int) - model.to_pixels(expected)[0].astype(int)).max() <= 1
        with pytest.raises(ValueError, match=r'noise of the shape \(4,\), got \(5,\)'):
            model.interpolate(torch.zeros(5), torch.zeros(5), generator_index=0)
        assert model.interpolate(*torch.randn(2, 5), steps=3).shape == (3, 8, 8, 1)

    def test_labels_are_refused(self, build_game):
        with pytest.raises(ValueError, match='unconditional'):
            build_game(several()).sample(2, labels=[0, 1])


def conditional(**miner) -> dict:
    """A MineGAN of one BigGAN, of z and embedding 16 and 8."""
    return dict(
        type='MineGAN',
        networks=dict(
            generators=[dict(type='BigGANGenerator', noise_size=16, embedding_size=8, **BIGGAN)],
            miners=[dict(type='ConditionalMiner', **miner)],
            critic=dict(type='BigGANDiscriminator', projection=False, **BIGGAN),
        ),
        losses=dict(adversarial=dict(type='HingeLoss')),
        moves=[dict(player='critic'), dict(player='generator')],
    )


class TestHalfOfTheConditionalMiner:
    def test_class_alone(self, build_game):
        model = build_game(conditional(miner_z=None, miner_c=dict(type='MLPMiner', dims=[16, 12, 8])))
        u = torch.randn(3, 16)
        z, _ = model.miners[0](u)
        assert torch.equal(z, u)
        model.eval()
        with torch.no_grad():
            expected = model.generators[0](u, embedding=model.miners[0].miner_c(u))
            torch.testing.assert_close(model.images_from(u), expected)

    def test_noise_alone_with_a_class_that_stays(self, build_game, build_wrappers, state_of, changed):
        miner = dict(miner_z=dict(type='MLPMiner', dims=[6, 12, 16]), miner_c=None, fixed_class=7)
        model = build_game(conditional(**miner)).eval()
        u = torch.randn(3, 6)
        with torch.no_grad():
            expected = model.generators[0](model.miners[0].miner_z(u), torch.full((3,), 7))
            torch.testing.assert_close(model.images_from(u), expected)
        model.train()
        before = state_of(model.generators)
        wrappers = build_wrappers(model)
        images = dict(images=torch.randint(256, (4, 3, 32, 32)).byte())
        model.train_step(images, wrappers)
        moved = changed(model.generators, before)
        assert '0.shared.weight' not in moved
        assert '0.linear.parametrizations.weight.original' in moved

    @pytest.mark.parametrize(
        ('miner', 'message'),
        [
            (dict(miner_z=None, miner_c=None), 'needs a miner_z, a miner_c, or both'),
            (dict(miner_z=[6, 16], miner_c=None), 'fixed_class=None: it is the class'),
            (dict(miner_z=[6, 16], miner_c=[6, 8], fixed_class=3), 'has no meaning with a miner_c'),
            (dict(miner_z=[6, 16], miner_c=None, fixed_class=10), r'fixed_class must be a class of .*0 to 9, got 10'),
            (dict(miner_z=None, miner_c=[6, 8]), r'miners\[0\] ends in 6 features.*noise_size=16'),
        ],
    )
    def test_what_can_not_be(self, miner, message, build_game):
        widths = {k: dict(type='MLPMiner', dims=v) if isinstance(v, list) else v for k, v in miner.items()}
        with pytest.raises(ValueError, match=message):
            build_game(conditional(**widths))

    def test_a_fixed_class_needs_classes(self, build_game):
        miner = dict(type='ConditionalMiner', miner_z=dict(type='MLPMiner', dims=[4, 5]), miner_c=None, fixed_class=0)
        with pytest.raises(ValueError, match=r'miners\[0\]\.fixed_class=0 needs a generator with a class embedding'):
            build_game(several(1, networks=dict(miners=[miner])))
