"""TransferI2I: its parts, its losses, and who gets gradients (supplement, eqs. 1 to 6)."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from transferi2i_toys import CONFIGS, STAGES, batch_of, biggan_config, stylegan_config

from mmgentransfer.models import Batch, StepRandom
from mmgentransfer.models.adaptors import FeatureFusion
from mmgentransfer.registry import MODELS

SGD = dict(type='SGD', lr=1e-3)


def enter(model, name):
    """Arrives at the stage ``name``, as a training does."""
    model.enter_stage([stage.name for stage in model.stages].index(name))
    model.begin_stage()
    return model.train()


def prepared(model, num=4, seed=0, shared=None):
    data = model.data_preprocessor(batch_of(model, num, seed))
    return Batch(data, StepRandom(seed, 1), shared)


def play(model, wrappers, stage, iters=1, num=4):
    for iteration in range(iters):
        data = None if stage == 'self_init' else batch_of(model, num, iteration)
        logs = model.train_step(data, wrappers, iteration=iteration, batch_size=num)
    return logs


@pytest.fixture(scope='module')
def models():
    """A model of each GAN family, to be copied."""
    built = {}
    with DefaultScope.overwrite_default_scope('mmgentransfer'):
        for name, config in CONFIGS.items():
            torch.manual_seed(0)
            built[name] = MODELS.build(config(width=8))
            built[name].init_weights()
    return built


@pytest.fixture(params=CONFIGS)
def toy(request, models):
    """Both GAN families, at the beginning of the transfer."""
    return enter(copy.deepcopy(models[request.param]), 'transfer')


@pytest.fixture
def biggan(models):
    return enter(copy.deepcopy(models['biggan']), 'transfer')


def draws(model, num=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(num, model.generator.noise_size, generator=generator)
    if model.two_class:
        return z, None, dict(noise_maps=model.generator.fixed_noise_maps())
    return z, torch.arange(num) % model.num_classes, {}


class TestFunctions:
    def test_auxiliary_generator_starts_as_the_generator(self, toy):
        toy.eval()
        z, labels, options = draws(toy)
        with torch.no_grad():
            expected = toy.generate(z, labels, **options)
            arguments = options if labels is None else dict(options, labels=labels)
            torch.testing.assert_close(toy.aux_generator(toy.generator, z, **arguments), expected, atol=1e-6, rtol=0)

    def test_start_at_each_tap_reproduces_the_image(self, toy):
        toy.eval()
        z, labels, options = draws(toy)
        arguments = options if labels is None else dict(options, labels=labels)
        with torch.no_grad():
            image, taps = toy.generator(z, return_taps=True, **arguments)
            for side in toy.taps:
                again = toy.generate(z, labels, {side: taps[side]}, start=side, **options)
                torch.testing.assert_close(again, image, atol=1e-6, rtol=0)

    def test_start_needs_features(self, toy):
        z, labels, options = draws(toy)
        with pytest.raises(ValueError, match=r'start=8 begins with the features injected'):
            toy.generate(z, labels, start=8, **options)

    def test_without_fusion_weights_it_is_the_generator(self, toy):
        toy.eval()
        for side in toy.adaptor.fusion.weights:
            toy.adaptor.fusion.weights[side] = 0.0
        z, _, options = draws(toy, 2)
        targets = torch.tensor([[0.0, 1.0]] * 2)
        values = torch.randn(2, 3, 32, 32)
        with torch.no_grad():
            out = toy.translate_values(values, targets, z[:, None], 'live')[:, 0]
            labels = None if toy.two_class else torch.ones(2, dtype=torch.int64)
            torch.testing.assert_close(out, toy.generate(z, labels, **options), atol=1e-6, rtol=0)

    def test_a_batch_is_its_images(self, toy):
        images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
        target = toy.domains[1]
        batch = toy.translate(images, target, num_samples=2, seed=3)
        single = np.stack([toy.translate(image, target, num_samples=2, seed=3) for image in images])
        assert batch.shape == (3, 2, 32, 32, 3)
        assert np.abs(batch.astype(int) - single).max() <= 1
        assert np.abs(batch[:, 0].astype(int) - batch[:, 1]).max() > 0
        assert toy.training

    def test_class_embeddings_between_classes(self, build_game):
        model = build_game(biggan_config(side=16, width=8)).eval()
        z, _, _ = draws(model, 1)
        values = torch.randn(1, 3, 16, 16)

        def translated(vector):
            with torch.no_grad():
                return model.translate_values(values, torch.tensor([vector]), z[:, None], 'live')[0, 0]

        ends = model.class_embedding(torch.tensor([0, 1]))
        inject = model.adapt(model.encode(values))
        for t, vector in ((0.0, [1.0, 0.0]), (1.0, [0.0, 1.0]), (0.25, [0.75, 0.25])):
            with torch.no_grad():
                by_embedding = model.generate(z, ends[:1] + t * (ends[1:] - ends[:1]), inject)[0]
            torch.testing.assert_close(by_embedding, translated(vector), atol=1e-6, rtol=0)
        assert (translated([1.0, 0.0]) - translated([0.0, 1.0])).abs().max() > 1e-3

    def test_two_domains_go_one_way(self, build_game):
        model = build_game(stylegan_config(width=4))
        with pytest.raises(ValueError, match="from 'disc' to 'square' only"):
            model.translate(np.zeros((32, 32, 3), np.uint8), 'disc')


class TestSelfInitialisation:
    def test_only_the_adaptor_changes(self, models, build_wrappers, state_of):
        for original in models.values():
            model = enter(copy.deepcopy(original), 'self_init')
            before = {name: state_of(getattr(model, name)) for name in model.network_names}
            logs = play(model, build_wrappers(model), 'self_init', 3)
            assert set(logs) == {'generator/alignment'}
            for name in model.network_names:
                network = getattr(model, name)
                same = {key for key, value in network.state_dict().items() if torch.equal(value, before[name][key])}
                parameters = {key for key, _ in network.named_parameters()}
                assert same & parameters == set() if name == 'adaptor' else same == set(before[name])
                assert all(p.grad is None for p in network.parameters())

    def test_no_graph_and_eval_mode(self, models):
        model = enter(copy.deepcopy(models['biggan']), 'self_init')
        assert not model.generator.training
        assert not model.discriminator.training
        loss = model.generator_losses(Batch({}, StepRandom(0), None, 4))['alignment']
        loss.backward()
        assert all(p.grad is None for p in model.generator.parameters())
        assert all(p.grad is None for p in model.discriminator.parameters())
        assert all(p.grad is not None for p in model.adaptor.parameters())

    def test_the_pair_that_aligns(self, models):
        values = {}
        model = enter(copy.deepcopy(models['stylegan']), 'self_init')
        for pair in ('source', 'target', 'cross'):
            model.gan_pair = pair
            values[pair] = model.generator_losses(Batch({}, StepRandom(0), None, 4))['alignment'].item()
        assert len(set(values.values())) == 3


class TestTransfer:
    def test_discriminator_step(self, toy):
        toy.zero_grad()
        terms = toy.discriminator_losses(prepared(toy))
        assert {'adversarial', 'auxiliary'} <= set(terms)
        assert 'reconstruction' not in terms
        sum(terms.values()).backward()
        for name in toy.network_names:
            grads = [p.grad is not None for p in getattr(toy, name).parameters()]
            if name == 'discriminator':
                unused = sum(key.startswith('from_rgb') for key, _ in toy.discriminator.named_parameters())
                assert sum(grads) >= len(grads) - max(unused - 2, 0)
            else:
                assert not any(grads)

    def test_generator_step(self, toy):
        toy.zero_grad()
        toy.discriminator.requires_grad_(False)
        terms = toy.generator_losses(prepared(toy))
        assert set(terms) == {'adversarial', 'auxiliary', 'reconstruction'}
        sum(toy.weight(name) * value for name, value in terms.items()).backward()
        assert all(p.grad is None for p in toy.discriminator.parameters())
        for name in ('encoder', 'adaptor', 'aux_generator'):
            grads = {key: p.grad for key, p in getattr(toy, name).named_parameters()}
            assert all(grad is not None for grad in grads.values()), name
            assert any(grad.abs().max() > 0 for grad in grads.values())
        missing = [key for key, p in toy.generator.named_parameters() if p.grad is None]
        assert all(key.startswith('to_rgb') for key in missing)

    def test_auxiliary_term_alone(self, toy):
        toy.zero_grad()
        toy.discriminator.requires_grad_(False)
        toy.generator_losses(prepared(toy))['auxiliary'].backward()
        sides = toy.generator.module_sides()
        for part, side in sides.items():
            grads = [p.grad for p in toy.generator.get_submodule(part).parameters()]
            if side > toy.aux_generator.share_until:
                assert all(grad is None for grad in grads), part
            elif part != 'to_rgb':
                assert any(grad is not None and grad.abs().max() > 0 for grad in grads), part
        assert all(p.grad is not None for p in toy.aux_generator.parameters())
        for name in ('encoder', 'adaptor'):
            assert all(p.grad is None for p in getattr(toy, name).parameters())

    def test_gradient_of_the_encoder_without_reconstruction(self, biggan):
        biggan.discriminator.requires_grad_(False)

        def gradient():
            biggan.zero_grad()
            biggan.generator_losses(prepared(biggan))['adversarial'].backward()
            grad = biggan.encoder.trunk.blocks[-1].conv2.parametrizations.weight.original.grad
            return 0.0 if grad is None else grad.abs().max().item()

        assert gradient() > 0
        for side in biggan.adaptor.fusion.weights:
            biggan.adaptor.fusion.weights[side] = 0.0
        assert gradient() == 0.0

    def test_encoding_is_shared_by_both_players(self, build_game, build_wrappers):
        seen = []
        for moves in ([dict(player='discriminator'), dict(player='generator')], [dict(player='generator')] * 2):
            model = enter(build_game(biggan_config(side=16, width=8, moves=moves)), 'transfer')
            model.encoder.register_forward_hook(lambda *_: seen.append(1))
            play(model, build_wrappers(model), 'transfer')
        assert len(seen) == 1 + 2  # two moves of one player can't go back through one graph
        split = [dict(player='discriminator', repeat=2), dict(player='generator')]
        model = enter(build_game(biggan_config(side=16, width=8, moves=split)), 'transfer')
        model.encoder.register_forward_hook(lambda *_: seen.append(1))
        play(model, build_wrappers(model), 'transfer', num=8)
        assert len(seen) == 3 + 3

    def test_shared_pass_gives_the_same_losses(self, biggan):
        biggan.eval()  # spectral norms stay
        adapted = biggan.shared_pass(prepared(biggan))
        for losses in (biggan.discriminator_losses, biggan.generator_losses):
            alone, shared = losses(prepared(biggan)), losses(prepared(biggan, shared=adapted))
            for name, value in alone.items():
                torch.testing.assert_close(shared[name], value)

    def test_frozen_encoder(self, build_game, build_wrappers, state_of, changed):
        stages = [dict(name='transfer', freeze=['encoder'])]
        model = build_game(biggan_config(side=16, width=8, stages=stages))
        before = state_of(model.encoder)
        play(model, build_wrappers(model), 'transfer', 3)
        assert not changed(model.encoder, before)

    def test_fakes_have_the_sampled_classes(self, biggan, monkeypatch):
        seen = []
        monkeypatch.setattr(biggan.discriminator, 'forward', _spy(biggan.discriminator.forward, seen))
        batch = prepared(biggan, 64)
        biggan.discriminator_losses(batch)
        labels = seen[0].split(64)
        assert torch.equal(labels[0], batch['labels'])  # real
        assert torch.equal(labels[1], labels[2])  # both paths have the same
        assert not torch.equal(labels[0], labels[1])


def _spy(function, seen):
    def spy(images, labels=None, **options):
        seen.append(labels)
        return function(images, labels, **options)

    return spy


class TestAuxiliaryGenerator:
    def test_layers(self, toy):
        joined = toy.aux_generator.joined(toy.generator)
        for part, side in toy.generator.module_sides().items():
            own, theirs = joined.get_submodule(part), toy.generator.get_submodule(part)
            pairs = list(zip(own.parameters(), theirs.parameters(), strict=True))
            shared = side <= toy.aux_generator.share_until
            assert all((a is b) == shared for a, b in pairs), part
        assert joined is not toy.generator
        assert list(toy.generator.named_parameters())  # the generator itself still has its own layers
        assert toy.generator.get_submodule(part) is not joined.get_submodule(part)

    def test_every_parameter_is_in_one_optimiser(self, toy, build_wrappers):
        wrappers = build_wrappers(toy)
        ids = [id(p) for w in wrappers.values() for group in w.param_groups for p in group['params']]
        assert len(ids) == len(set(ids)) == len(list(toy.parameters()))

    def test_statistics_are_separate(self, biggan, state_of):
        before, aux = state_of(biggan.generator), state_of(biggan.aux_generator)
        z, labels, _ = draws(biggan, 8)
        with torch.no_grad():
            biggan.aux_generator(biggan.generator, z, labels)
        moved = [
            key
            for key in before
            if 'running' in key and not torch.equal(before[key], biggan.generator.state_dict()[key])
        ]
        assert not moved
        after = biggan.aux_generator.state_dict()
        running = [key for key in aux if 'running_mean' in key]
        shared_norms = [key for key in running if key.startswith('statistics')]
        assert len(shared_norms) == 2  # of the one shared block
        assert all(not torch.equal(aux[key], after[key]) for key in running)

    def test_statistics_in_common(self, build_game):
        cfg = biggan_config(width=4)
        cfg['networks']['aux_generator'] = dict(cfg['networks']['aux_generator'], separate_norm_stats=False)
        model = enter(build_game(cfg), 'transfer')
        before = model.generator.blocks[0].norm1.norm.running_mean.clone()
        z, labels, _ = draws(model, 8)
        model.aux_generator(model.generator, z, labels)
        assert not torch.equal(model.generator.blocks[0].norm1.norm.running_mean, before)

    def test_own_layers_part_after_a_step(self, toy, build_wrappers):
        play(toy, build_wrappers(toy), 'transfer', 2)
        joined = toy.aux_generator.joined(toy.generator)
        for part, side in toy.generator.module_sides().items():
            pairs = zip(
                joined.get_submodule(part).parameters(), toy.generator.get_submodule(part).parameters(), strict=True
            )
            equal = [torch.equal(a, b) for a, b in pairs]
            assert all(equal) if side <= toy.aux_generator.share_until else not any(equal[:1]), part

    @pytest.mark.parametrize(('share_until', 'own'), [(0, 6), (4, 5), (8, 4), (32, 0)])
    def test_share_until(self, build_game, share_until, own):
        cfg = biggan_config(width=4)
        cfg['networks']['aux_generator'] = dict(type='PartialSharedGenerator', share_until=share_until)
        model = build_game(cfg)
        assert len(model.aux_generator.own) == own  # linear, three blocks, norm and convolution of the output
        cfg['networks']['aux_generator'] = dict(type='PartialSharedGenerator', share_until=12)
        with pytest.raises(ValueError, match='share_until=12 is no side'):
            build_game(cfg)


class TestHandOver:
    def test_source_networks_of_two_domains(self, models, build_wrappers):
        model = copy.deepcopy(models['stylegan']).train()
        wrappers = build_wrappers(model)
        play(model, wrappers, 'st_init', 2)
        trained = model.source_discriminator.blocks['32'].conv1.weight
        assert not torch.equal(model.encoder.trunk.blocks['32'].conv1.weight, trained)
        enter(model, 'self_init').eval()
        values = torch.randn(1, 3, 32, 32)
        for side, features in model.encode(values).items():
            assert torch.equal(features, model.source_discriminator.features(values)[side])
        model.train()
        assert not torch.equal(trained, model.discriminator.blocks['32'].conv1.weight)
        play(model, wrappers, 'self_init', 1)
        assert not model.handed_over
        enter(model, 'transfer')
        assert model.handed_over
        assert torch.equal(model.aux_generator.own['to_rgb-32'].weight, model.generator.to_rgb['32'].weight)
        own = model.encoder.trunk.blocks['32'].conv1.weight
        assert torch.equal(own, trained)
        assert own is not trained

    def test_it_happens_once(self, biggan, build_wrappers):
        play(biggan, build_wrappers(biggan), 'transfer', 1)
        own = biggan.aux_generator.own['output_conv'].parametrizations.weight.original.clone()
        trunk = biggan.encoder.trunk.blocks[0].conv1.parametrizations.weight.original.clone()
        biggan.begin_stage()
        assert torch.equal(own, biggan.aux_generator.own['output_conv'].parametrizations.weight.original)
        assert torch.equal(trunk, biggan.encoder.trunk.blocks[0].conv1.parametrizations.weight.original)

    def test_moving_averages_follow(self, build_game):
        model = build_game(biggan_config(side=16, width=8))
        model.add_ema(['encoder'])
        with torch.no_grad():
            model.discriminator.blocks[0].conv1.bias.fill_(3.0)
        enter(model, 'transfer')
        assert (model.ema['encoder'].trunk.blocks[0].conv1.bias == 3.0).all()

    def test_initial_weights_of_a_transfer_alone(self, build_game):
        model = build_game(biggan_config(side=16, width=8, stages=[dict(name='transfer')]))
        assert model.handed_over
        own = model.aux_generator.own['output_conv'].parametrizations.weight.original
        assert torch.equal(own, model.generator.output_conv.parametrizations.weight.original)


class TestVariants:
    @pytest.mark.parametrize('family', CONFIGS)
    @pytest.mark.parametrize(
        'change',
        [
            dict(stages=STAGES[1:]),
            dict(stages=[STAGES[0], STAGES[2]]),
            dict(stages=[*STAGES[:2], dict(STAGES[2], freeze=['adaptor'])]),
            dict(networks=dict(aux_generator=None)),
            dict(losses=dict(auxiliary=None)),
            dict(
                losses=dict(reconstruction=dict(type='FeatureReconstructionLoss', norm='mse', alpha={4: 0.1, 8: 0.01}))
            ),
            dict(losses=dict(reconstruction=None)),
            dict(taps=(4,)),
            dict(taps=None),
            dict(taps=(4, 8, 16)),
            dict(networks=dict(adaptor=dict(type='HierarchicalAdaptor', sub_adaptor=dict(type='ReLUConvSubAdaptor')))),
            dict(networks=dict(adaptor=dict(type='HierarchicalAdaptor', fusion=dict(mode='concat1x1')))),
            dict(networks=dict(adaptor=dict(type='HierarchicalAdaptor', fusion=dict(mode='replace', weights=0.5)))),
            dict(losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty'))),
            dict(losses=dict(drift=dict(type='DriftPenalty'))),
            dict(aux_same_noise=False),
            dict(stages=[dict(name='transfer', iters=1, freeze=['generator']), dict(name='transfer', iters=1)]),
            dict(stages=[*STAGES[:2], dict(STAGES[2], only={'discriminator': [r'blocks.*conv1']})]),
            dict(moves=[dict(player='discriminator', accumulate=2), dict(player='generator', accumulate=2)]),
            'miner',
        ],
        ids=lambda change: str(change)[:60],
    )
    def test_trains(self, build_game, build_wrappers, family, change):
        cfg = copy.deepcopy(CONFIGS[family](width=4))
        if change == 'miner':
            width = 32 if family == 'biggan' else 16
            change = dict(networks=dict(miner=dict(type='MLPMiner', dims=[4, 8, width])))
        for key, value in change.items():
            if isinstance(value, dict):
                cfg[key] = {k: v for k, v in {**cfg[key], **value}.items() if k == 'aux_generator' or v is not None}
            else:
                cfg[key] = value
        model = build_game(cfg)
        wrappers = build_wrappers(model, **SGD)
        for index, stage in enumerate(model.stages):
            model.enter_stage(index)
            model.begin_stage()
            model.train()
            logs = play(model, wrappers, stage.name)
            assert logs
            assert all(torch.isfinite(value) for value in logs.values())
        images = np.zeros((2, 32, 32, 3), np.uint8)
        assert model.translate(images, model.domains[1], num_samples=2).shape == (2, 2, 32, 32, 3)

    def test_fusion_modes(self):
        ones, twos = torch.ones(1, 2, 4, 4), 2 * torch.ones(1, 2, 4, 4)
        channels = {4: 2, 8: 2, 16: 2, 32: 2}
        fusion = FeatureFusion(channels)
        assert [fusion(side, ones, twos)[0, 0, 0, 0].item() for side in channels] == pytest.approx([3, 3, 3, 1.2])
        assert (ones == 1).all()
        assert (twos == 2).all()
        learned = FeatureFusion(channels, 'concat1x1', {'32': 0.5})
        learned.reset_parameters()
        assert [learned(side, ones, twos)[0, 0, 0, 0].item() for side in channels] == pytest.approx([3, 3, 3, 2])
        assert FeatureFusion(channels, 'replace')(32, ones, twos)[0, 0, 0, 0].item() == pytest.approx(0.2)
        with pytest.raises(ValueError, match=r'resolutions \[64\]'):
            FeatureFusion(channels, weights={64: 1.0})
        with pytest.raises(ValueError, match="mode='product'"):
            FeatureFusion(channels, 'product')
