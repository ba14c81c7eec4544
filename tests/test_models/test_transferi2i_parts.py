"""TransferI2I's losses by hand, its networks' sizes, and what it refuses."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.registry import DefaultScope
from transferi2i_toys import STAGES, biggan_config, stylegan_config

from mmgentransfer.checkpoints import TransferredWeights
from mmgentransfer.datasets import ToyObjects, UnpairedDomains, WithSources
from mmgentransfer.models.adaptors import HierarchicalAdaptor
from mmgentransfer.models.backbones import (
    BigGANDiscriminator,
    BigGANGenerator,
    StyleGANDiscriminator,
    StyleGANGenerator,
)
from mmgentransfer.models.losses import (
    AdaptorAlignmentLoss,
    FeatureReconstructionLoss,
    GradientPenalty,
    HingeLoss,
    LogisticLoss,
    LSGANLoss,
    R1Penalty,
    WassersteinLoss,
)
from mmgentransfer.models.methods.transferi2i import DiscriminatorEncoder, PartialSharedGenerator
from mmgentransfer.registry import MODELS

CONV = dict(type='ConvSubAdaptor')


def constants(values, batch=2, width=3):
    return {side: torch.full((batch, width, side, side), value) for side, value in values.items()}


class TestLosses:
    @pytest.mark.parametrize('shape', [dict(), dict(batch=1, width=5)])
    def test_alignment(self, shape):
        generated = constants({4: 1.0, 8: 2.0, 16: -1.0, 32: 0.5}, **shape)
        adapted = constants({4: 0.5, 8: 0.0, 16: 1.0, 32: 0.5}, **shape)
        assert AdaptorAlignmentLoss()(adapted, generated).item() == pytest.approx(4.5)
        assert AdaptorAlignmentLoss(norm='mse')(adapted, generated).item() == pytest.approx(8.25)
        assert AdaptorAlignmentLoss(level_weights={'8': 0.5, 4: 2})(adapted, generated).item() == pytest.approx(2.0)

    def test_reconstruction(self):
        inputs = constants({4: 1.0, 8: 0.0, 16: -2.0, 32: 3.0})
        translated = constants({4: 0.5, 8: 1.0, 16: 0.0, 32: 3.0})
        assert FeatureReconstructionLoss()(translated, inputs).item() == pytest.approx(3.5)
        deepi2i = FeatureReconstructionLoss(norm='mse', alpha={4: 0.1, 8: 0.1, 16: 0.1, 32: 0.01})
        assert deepi2i(translated, inputs).item() == pytest.approx(0.525)

    def test_targets_get_no_gradient(self):
        for loss in (AdaptorAlignmentLoss(), FeatureReconstructionLoss()):
            ours, targets = torch.ones(1, 1, 4, 4, requires_grad=True), torch.zeros(1, 1, 4, 4, requires_grad=True)
            loss({4: ours}, {4: targets}).backward()
            assert ours.grad is not None
            assert targets.grad is None

    def test_mistakes(self):
        with pytest.raises(ValueError, match="norm='l3' is unknown"):
            AdaptorAlignmentLoss(norm='l3')
        with pytest.raises(ValueError, match='alpha=-1'):
            FeatureReconstructionLoss(alpha=-1)
        with pytest.raises(ValueError, match=r'alpha has the levels \[64\]'):
            FeatureReconstructionLoss(alpha={64: 1})(constants({4: 1.0}), constants({4: 1.0}))
        with pytest.raises(ValueError, match='compares the same levels'):
            FeatureReconstructionLoss()(constants({4: 1.0}), constants({8: 1.0}))

    def test_hinge_with_auxiliary_images(self):
        loss = HingeLoss()
        real, fake, aux = torch.tensor([2, 0.5]), torch.tensor([-2.0, 0]), torch.tensor([1, -0.5])
        assert loss.critic(real, fake).item() == pytest.approx(0.75)
        assert (loss.critic(real, fake) + 0.01 * loss.critic_on_fakes(aux)).item() == pytest.approx(0.7625)
        assert (loss.generator(fake) + 0.01 * loss.generator(aux)).item() == pytest.approx(0.9975)

    def test_logistic_with_auxiliary_images(self):
        loss = LogisticLoss()
        real, fake, aux = torch.tensor([0.0, 1]), torch.tensor([0.0, -1]), torch.tensor([0.0])
        discriminator = loss.critic(real, fake) + 0.01 * loss.critic_on_fakes(aux)
        assert discriminator.item() == pytest.approx(1.0133404, abs=1e-6)
        assert (loss.generator(fake) + 0.01 * loss.generator(aux)).item() == pytest.approx(1.0101358, abs=1e-6)

    def test_penalties_of_a_linear_discriminator(self):
        images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))

        def score(x):
            return 0.1 * x.flatten(1).sum(1)

        assert 5 * R1Penalty()(score, images).item() == pytest.approx(2.4)  # gamma 10, 48 gradients of 0.1
        penalty = 10 * GradientPenalty()(score, images, images.flip(0), torch.rand(2))
        assert penalty.item() == pytest.approx(0.9435933, abs=1e-6)

    @pytest.mark.parametrize('kind', [HingeLoss, LogisticLoss, WassersteinLoss, LSGANLoss])
    def test_the_part_of_fakes(self, kind):
        real, fake, other = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).unbind()
        loss = kind()
        difference = loss.critic(real, fake) - loss.critic(real, other)
        torch.testing.assert_close(difference, loss.critic_on_fakes(fake) - loss.critic_on_fakes(other))


def count(module):
    return sum(p.numel() for p in module.parameters())


class TestSizes:
    def test_biggan_128(self):
        with torch.device('meta'):
            generator, discriminator = BigGANGenerator(), BigGANDiscriminator()
            encoder = DiscriminatorEncoder(discriminator, taps=(4, 8, 16, 32))
            channels = {side: generator.tap_channels[side] for side in encoder.tap_channels}
            adaptor = HierarchicalAdaptor(encoder.tap_channels, channels)
            auxiliary = PartialSharedGenerator(generator, share_until=16)
        assert encoder.tap_channels == {32: 192, 16: 384, 8: 768, 4: 1536}
        assert channels == {32: 384, 16: 768, 8: 1536, 4: 1536}
        assert count(encoder) == 86_444_833
        parts = {side: count(adaptor.subs[str(side)]) for side in (32, 16, 8, 4)}
        assert parts == {32: 2_065_536, 16: 8_259_840, 8: 33_034_752, 4: 42_470_400}
        assert count(adaptor) == 85_830_528
        assert count(auxiliary) == 6_260_164

    @pytest.mark.parametrize(
        ('num_classes', 'generator', 'discriminator'),
        [(149, 70_325_060, 86_675_234), (256, 70_338_756, 86_839_586), (555, 70_377_028, 87_298_850)],
    )
    def test_biggan_128_of_other_classes(self, num_classes, generator, discriminator):
        with torch.device('meta'):
            assert count(BigGANGenerator(num_classes=num_classes)) == generator
            assert count(BigGANDiscriminator(num_classes=num_classes)) == discriminator

    def test_stylegan_256(self):
        with torch.device('meta'):
            generator, discriminator = StyleGANGenerator(), StyleGANDiscriminator()
            encoder = DiscriminatorEncoder(discriminator, taps=(4, 8, 16, 32))
            adaptor = HierarchicalAdaptor(encoder.tap_channels, dict.fromkeys((4, 8, 16, 32), 512), CONV)
            auxiliary = PartialSharedGenerator(generator, share_until=16)
        assert encoder.tap_channels == dict.fromkeys((4, 8, 16, 32), 512)
        assert (count(encoder), count(adaptor), count(auxiliary)) == (18_805_760, 18_878_464, 9_014_979)

    @pytest.mark.parametrize(('side', 'number'), [(32, 131_392), (16, 71_968)])
    def test_tiny(self, side, number, build_game):
        assert count(build_game(biggan_config(side)).adaptor) == number


class TestMistakes:
    def build(self, cfg):
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            return MODELS.build(cfg)

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            (dict(taps=(4, 64)), r'model\.taps=\(4, 64\).*resolutions \[4, 8\]'),
            (dict(stages=[dict(name='selfinit')]), r"stages\[0\]\.name is 'selfinit'.*self_init"),
            (dict(stages='transfer'), r"stages='transfer' must be a list of dicts"),
            (dict(stages=['transfer']), r"stages=\['transfer'\] must be a list of dicts"),
            (dict(stages=STAGES[::-1]), 'in this order'),
            (dict(stages=None), 'must be one or more of'),
            (dict(domains=['a', 'b', 'c']), r'discriminator\.num_classes is 2, but model\.domains has 3'),
            (dict(gan_pair='cross'), "gan_pair='cross'.*several classes have one GAN"),
            (dict(mixing=0.9), 'needs a style-based generator'),
            (dict(losses=dict(adversarial=dict(type='HingeLoss'))), "lacks 'alignment', which the stage 'self_init'"),
            (dict(losses=dict(rec=dict(type='FeatureReconstructionLoss'))), "losses has 'rec'"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_of_the_model(self, change, message):
        with pytest.raises(ValueError, match=message):
            self.build(biggan_config(16, 4, **change))

    def test_of_networks(self):
        cfg = copy.deepcopy(biggan_config(16, 4))
        cfg['networks']['encoder']['taps'] = (4,)
        with pytest.raises(ValueError, match=r'networks\.encoder\.taps follows from the other networks'):
            self.build(cfg)
        cfg = copy.deepcopy(stylegan_config(16, 4))
        cfg['networks'].pop('source_discriminator')
        with pytest.raises(ValueError, match="lacks \\['source_discriminator'\\]"):
            self.build(cfg)
        with pytest.raises(ValueError, match='has no trunk'):
            DiscriminatorEncoder(torch.nn.Linear(1, 1), taps=(4,))
        with pytest.raises(ValueError, match='same resolutions on both sides'):
            HierarchicalAdaptor({4: 1}, {8: 1})

    def test_of_data_sets(self):
        model = self.build(dict(biggan_config(16, 4), domains=['disc', 'square']))
        objects = dict(image_size=16, num_per_class=2, labelled='shape')
        model.check_dataset(WithSources(ToyObjects(shapes=['disc', 'square'], **objects)))
        model.check_dataset(ToyObjects(shapes=['disc', 'square'], **objects), 'val_dataloader')
        with pytest.raises(ValueError, match=r"val_dataloader\.dataset has the classes \['star'\]"):
            model.check_dataset(ToyObjects(shapes=['disc', 'star'], **objects), 'val_dataloader')
        swapped = ToyObjects(shapes=['square', 'disc'], **objects)  # an evaluation matches them by name
        model.check_dataset(swapped, 'val_dataloader')
        model.check_dataset(UnpairedDomains(dataset=swapped), 'val_dataloader')
        small = ToyObjects(shapes=['disc', 'square'], **{**objects, 'image_size': 8})
        with pytest.raises(ValueError, match=r'val_dataloader.dataset has disc of the shape \(3, 8, 8\)'):
            model.check_dataset(UnpairedDomains(dataset=small), 'val_dataloader')
        with pytest.raises(ValueError, match=r"in the order \['square', 'disc'\]"):
            model.check_dataset(WithSources(ToyObjects(shapes=['square', 'disc'], **objects)))
        with pytest.raises(ValueError, match=r"lack \['sources'\]"):
            model.check_dataset(ToyObjects(shapes=['disc', 'square'], **objects))
        with pytest.raises(ValueError, match=r'shape \(3, 8, 8\)'):
            model.check_dataset(WithSources(ToyObjects(shapes=['disc', 'square'], **{**objects, 'image_size': 8})))
        with pytest.raises(ValueError, match='has no labels'):
            WithSources(ToyObjects(image_size=16, num_images=2))

    def test_sources_are_the_same_images_in_another_order(self):
        data = ToyObjects(image_size=16, num_per_class=20, labelled='shape', shapes=['disc', 'square'])
        batch = WithSources(data, seed=1).__getitems__(list(range(40)))
        assert torch.equal(batch['images'], data.images)
        assert not torch.equal(batch['sources'], data.images)
        assert sorted(batch['sources'].flatten(1).sum(1).tolist()) == sorted(data.images.flatten(1).sum(1).tolist())


class TestClassTables:
    @pytest.fixture
    def source(self, tmp_path):
        torch.manual_seed(0)
        generator = BigGANGenerator(16, 4, 6, 24, 8, (4, 2, 1), ())
        critic = BigGANDiscriminator(16, 4, 6, channel_mults=(1, 2, 2), attention_resolutions=())
        for network in (generator, critic):
            network.init_weights()
        state = {f'generator.{key}': value for key, value in generator.state_dict().items()}
        state |= {f'critic.{key}': value for key, value in critic.state_dict().items()}
        torch.save(dict(state_dict=state), tmp_path / 'source.pth')
        return str(tmp_path / 'source.pth'), generator, critic

    @pytest.mark.parametrize(
        ('classes', 'rows'),
        [('first', lambda t: t[:3]), ([5, 0, 2], lambda t: t[[5, 0, 2]]), ('mean', lambda t: t.mean(0).expand(3, -1))],
    )
    def test_rows(self, source, classes, rows):
        file, generator, critic = source
        new = BigGANGenerator(16, 4, 3, 24, 8, (4, 2, 1), ())
        TransferredWeights(file, 'generator', 'select_classes', source_classes=classes)(new)
        torch.testing.assert_close(new.shared.weight, rows(generator.shared.weight))
        assert torch.equal(new.linear.bias, generator.linear.bias)
        judge = BigGANDiscriminator(16, 4, 3, channel_mults=(1, 2, 2), attention_resolutions=()).eval()
        TransferredWeights(file, 'critic', 'select_classes', source_classes=classes)(judge)
        table = judge.embed.parametrizations.weight.original
        torch.testing.assert_close(table, rows(critic.embed.parametrizations.weight.original))
        # the spectral norm is that of the new table: its greatest singular value is 1
        assert torch.linalg.matrix_norm(judge.embed.weight, 2).item() == pytest.approx(1, abs=0.05)

    def test_own_rows(self, source):
        new = BigGANGenerator(16, 4, 3, 24, 8, (4, 2, 1), ())
        own = new.shared.weight.detach().clone()
        TransferredWeights(source[0], 'generator', 'select_classes', source_classes='random')(new)
        assert torch.equal(new.shared.weight, own)

    def test_mistakes(self, source):
        file = source[0]
        more = BigGANGenerator(16, 4, 9, 24, 8, (4, 2, 1), ())
        with pytest.raises(ValueError, match='the classes 0 to 5'):
            TransferredWeights(file, 'generator', 'select_classes')(more)
        with pytest.raises(ValueError, match='has 2 classes, but the network has num_classes=9'):
            TransferredWeights(file, 'generator', 'select_classes', source_classes=[0, 1])(more)
        with pytest.raises(ValueError, match="is for strategy 'select_classes'"):
            TransferredWeights(file, 'generator', source_classes='mean')
        with pytest.raises(ValueError, match="source_classes='last'"):
            TransferredWeights(file, 'generator', 'select_classes', source_classes='last')
