"""The BigGAN and BigGAN-deep networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.models.backbones import BigGANDeepGenerator, BigGANDiscriminator, BigGANGenerator
from mmgentransfer.models.backbones.biggan_deep import TruncationBatchNorm
from mmgentransfer.models.layers.spectral import raw_weight
from mmgentransfer.registry import MODELS

TINY = dict(image_size=32, base_channels=4, num_classes=10)
TINY_G = dict(TINY, noise_size=16, embedding_size=8)
DEEP = dict(image_size=16, base_channels=4, channel_mults=(4, 2, 1), num_classes=10, noise_size=6, embedding_size=5)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(module):
    return sum(p.numel() for p in module.parameters())


def built(cls, **kwargs):
    network = cls(**kwargs)
    network.init_weights()
    return network


def scrambled(cls, **kwargs):
    """A network in which biases, norms and attention count."""
    network = built(cls, **kwargs)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(('bias', 'running_mean', 'gamma')):
                tensor.normal_(0, 0.5)
            elif name.endswith(('running_var', 'output_norm.weight')):
                tensor.uniform_(0.5, 1.5)
    return network.eval()


class TestParameterCounts:
    def test_of_the_tables(self):
        generator, discriminator = BigGANGenerator(**TINY_G), BigGANDiscriminator(**TINY)
        assert (count(generator), count(discriminator)) == (18_867, 17_201)
        small = dict(image_size=32, base_channels=16, num_classes=4)
        mults = dict(channel_mults=(4, 4, 2, 1), noise_size=32, embedding_size=16)
        assert count(BigGANGenerator(**small, **mults)) == 138_083
        assert count(BigGANDiscriminator(**small, channel_mults=(1, 2, 4, 4))) == 148_977
        small = dict(image_size=16, base_channels=16, num_classes=4)
        mults = dict(channel_mults=(4, 2, 1), noise_size=24, embedding_size=16)
        assert count(BigGANGenerator(**small, **mults)) == 53_923
        assert count(BigGANDiscriminator(**small, channel_mults=(1, 2, 2))) == 35_921

    def test_128_at_full_width(self):
        generator = BigGANGenerator()
        assert count(generator) == 70_433_988
        assert count(generator.shared) == 128_000
        assert count(generator.linear) == 516_096
        assert [count(b) for b in generator.blocks] == [45_740_544, 17_789_184, 4_618_368, 1_286_209 - 46_081, 352_800]
        assert count(generator.attentions) == 46_081
        assert generator.tap_channels == {4: 1536, 8: 1536, 16: 768, 32: 384, 64: 192, 128: 96}
        assert generator.noise_size == 120

        discriminator = BigGANDiscriminator()
        assert count(discriminator) == 87_982_370
        assert count(discriminator.embed) == 1_536_000
        blocks = [count(b) for b in discriminator.blocks]
        assert blocks[0] + count(discriminator.attentions) == 97_633
        assert blocks[1:] == [516_672, 2_065_536, 8_259_840, 33_034_752, 42_470_400]
        assert discriminator.tap_channels == {64: 96, 32: 192, 16: 384, 8: 768, 4: 1536}

    def test_deep_128_at_full_width(self):
        assert count(BigGANDeepGenerator()) == 50_388_609

    @pytest.mark.parametrize(('side', 'chunks'), [(32, 4), (64, 5), (128, 6), (256, 7)])
    def test_noise_is_rounded_down_to_whole_chunks(self, side, chunks):
        sizes = dict(image_size=side, base_channels=8, num_classes=2, embedding_size=4)
        assert BigGANGenerator(**sizes, noise_size=128).noise_size == 128 // chunks * chunks
        assert BigGANGenerator(**sizes).noise_size == 20 * chunks


class TestInitialisation:
    @pytest.mark.parametrize(
        ('cls', 'sizes'), [(BigGANGenerator, TINY_G), (BigGANDiscriminator, TINY), (BigGANDeepGenerator, DEEP)]
    )
    def test_orthogonal_and_normalised(self, cls, sizes):
        network = cls(**sizes, attention_resolutions=(8,))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.fill_(3.0)
        network.init_weights()
        network.eval()
        for layer in network.modules():
            if not isinstance(layer, (nn.Linear, nn.Conv2d, nn.Embedding)):
                continue
            matrix = raw_weight(layer).detach().flatten(1)
            rows, columns = matrix.shape
            gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
            torch.testing.assert_close(gram, torch.eye(min(rows, columns)), atol=1e-4, rtol=0)
            assert torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item() == pytest.approx(1.0, abs=1e-3)
            assert getattr(layer, 'bias', None) is None or not layer.bias.any()
        assert not next(iter(network.attentions.values())).gamma.any()

    def test_every_layer_but_the_table_of_the_generator_is_spectral(self):
        def plain(network):
            layers = [m for m in network.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.Embedding))]
            return [layer for layer in layers if raw_weight(layer) is layer.weight]

        for generator in (BigGANGenerator(**TINY_G), BigGANDeepGenerator(**DEEP)):
            assert plain(generator) == [generator.shared]
        assert plain(BigGANDiscriminator(**TINY)) == []


GENERATORS = pytest.mark.parametrize(('cls', 'sizes'), [(BigGANGenerator, TINY_G), (BigGANDeepGenerator, DEEP)])


@GENERATORS
class TestGenerators:
    def test_images(self, cls, sizes):
        network = scrambled(cls, **sizes)
        for n in (1, 2, 5):
            images = network(torch.randn(n, network.noise_size), torch.arange(n))
            assert images.shape == (n, 3, sizes['image_size'], sizes['image_size'])
            assert images.abs().max() <= 1

    def test_embedding_in_place_of_labels(self, cls, sizes):
        network = scrambled(cls, **sizes)
        z, labels = torch.randn(3, network.noise_size), torch.tensor([7, 0, 7])
        embedding = network.embed(labels)
        assert embedding.shape == (3, network.embedding_size)
        assert torch.equal(embedding[0], network.shared.weight[7])
        assert torch.equal(network(z, embedding=embedding), network(z, labels))
        assert not torch.allclose(network(z, embedding=embedding + 1), network(z, labels), atol=1e-3)

    def test_labels_or_embedding(self, cls, sizes):
        network = cls(**sizes)
        z, labels = torch.randn(2, network.noise_size), torch.tensor([1, 2])
        with pytest.raises(ValueError, match='got neither'):
            network(z)
        with pytest.raises(ValueError, match='got both'):
            network(z, labels, embedding=network.embed(labels))
        with pytest.raises(ValueError, match=rf'\(2, {network.embedding_size}\)'):
            network(z, embedding=torch.randn(2, 3))
        with pytest.raises(ValueError, match='int64'):
            network(z, torch.randn(2))
        with pytest.raises(ValueError, match='noise_size'):
            network(torch.randn(2, 3), labels)

    def test_taps_and_injection(self, cls, sizes):
        network = scrambled(cls, **sizes, attention_resolutions=(8,))
        z, labels = torch.randn(2, network.noise_size), torch.tensor([1, 2])
        with torch.no_grad():
            images, taps = network(z, labels, return_taps=True)
            assert {side: features.shape for side, features in taps.items()} == {
                side: (2, channels, side, side) for side, channels in network.tap_channels.items()
            }
            assert next(iter(taps)) == 4
            assert list(taps)[-1] == sizes['image_size']
            delta = torch.randn_like(taps[8])
            changed, after = network(z, labels, injected={8: delta}, return_taps=True)
        assert torch.equal(after[4], taps[4])
        torch.testing.assert_close(after[8], taps[8] + delta)
        assert (after[16] - taps[16]).abs().max() > 0.1
        assert (changed - images).abs().max() > 0.01

    def test_unknown_injections(self, cls, sizes):
        network = cls(**sizes)
        z, labels = torch.randn(2, network.noise_size), torch.tensor([1, 2])
        with pytest.raises(ValueError, match=r'resolution 6.*\[4, 8, 16'):
            network(z, labels, injected={6: torch.zeros(2, 1, 6, 6)})
        with pytest.raises(ValueError, match=r'resolution 8 must be of the shape'):
            network(z, labels, injected={8: torch.zeros(2, 1, 8, 8)})

    def test_frozen_in_evaluation(self, cls, sizes, state_of, changed):
        network = scrambled(cls, **sizes).requires_grad_(False)
        before = state_of(network)
        z = torch.randn(4, network.noise_size, requires_grad=True)
        embedding = torch.randn(4, network.embedding_size, requires_grad=True)
        network(z, embedding=embedding).square().sum().backward()
        assert changed(network, before) == set()
        assert all(p.grad is None for p in network.parameters())
        assert z.grad.abs().amin(dim=0).max() > 0
        assert embedding.grad.abs().max() > 0

    def test_training_moves_norms_and_singular_vectors(self, cls, sizes, state_of, changed):
        network = scrambled(cls, **sizes).train()
        before = state_of(network)
        network(torch.randn(4, network.noise_size), torch.arange(4))
        moved = changed(network, before)
        assert {name for name in before if name.endswith(('running_mean', 'running_var'))} <= moved
        assert any(name.endswith('_v') for name in moved)
        assert not moved & {name for name, _ in network.named_parameters()}

    def test_registered(self, cls, sizes):
        assert isinstance(MODELS.build(dict(sizes, type=cls.__name__)), cls)


class TestBigGANGenerator:
    def test_a_chunk_of_noise_enters_at_its_block(self):
        network = scrambled(BigGANGenerator, **TINY_G)
        z, labels = torch.randn(2, 16), torch.tensor([1, 2])
        _, taps = network(z, labels, return_taps=True)
        for chunk in range(4):
            other = z.clone()
            other[:, 4 * chunk : 4 * chunk + 4] += 1
            _, after = network(other, labels, return_taps=True)
            same = [side for side in taps if torch.equal(taps[side], after[side])]
            assert same == [4, 8, 16, 32][:chunk]

    def test_noise_in_one_piece(self):
        network = scrambled(BigGANGenerator, **TINY_G, split_noise=False)
        assert network.noise_size == 16
        assert network.linear.in_features == 16
        assert network.blocks[0].norm1.scale.in_features == 8
        z = torch.randn(2, 16)
        assert not torch.allclose(network(z, torch.tensor([1, 1])), network(z, torch.tensor([1, 2])), atol=1e-3)

    def test_classes_in_the_norms(self):
        network = scrambled(BigGANGenerator, **TINY, noise_size=16, embedding_size=0, split_noise=False)
        z = torch.randn(2, 16)
        one, two = network(z, torch.tensor([1, 1])), network(z, torch.tensor([1, 2]))
        assert torch.equal(one[0], two[0])
        assert (one[1] - two[1]).abs().max() > 1e-3
        with pytest.raises(ValueError, match='embedding_size=0'):
            network(z, embedding=torch.randn(2, 8))
        with pytest.raises(ValueError, match='embedding_size=0'):
            network.embed(torch.tensor([1]))

    def test_attention_where_a_block_ends(self):
        def attended(side, *resolutions):
            sizes = dict(image_size=side, base_channels=8, num_classes=2)
            return list(BigGANGenerator(**sizes, attention_resolutions=resolutions).attentions)

        assert attended(64, 64) == ['3']
        assert attended(64, 8, 32) == ['0', '2']
        assert attended(32, 64) == []


class TestBigGANDiscriminator:
    def test_scores_depend_on_the_class_by_projection(self):
        network = scrambled(BigGANDiscriminator, **TINY)
        images, labels = torch.rand(3, 3, 32, 32) * 2 - 1, torch.tensor([4, 0, 9])
        scores, taps = network(images, labels, return_taps=True)
        assert scores.shape == (3,)
        pooled = taps[8].relu().sum(dim=(2, 3))
        table = raw_weight(network.embed) / torch.linalg.matrix_norm(raw_weight(network.embed), 2)
        other = torch.tensor([5, 5, 5])
        difference = ((table[labels] - table[other]) * pooled).sum(dim=1)
        torch.testing.assert_close(scores - network(images, other), difference, atol=1e-3, rtol=1e-3)

    def test_without_projection(self, state_of, changed):
        network = scrambled(BigGANDiscriminator, **TINY, projection=False).train()
        table = {name for name in network.state_dict() if name.startswith('embed.')}
        before = state_of(network)
        images = torch.rand(3, 3, 32, 32)
        network(images, torch.tensor([4, 0, 9])).sum().backward()
        assert raw_weight(network.embed).grad is None
        assert not raw_weight(network.embed).requires_grad
        assert not changed(network, before) & table
        assert raw_weight(network.linear).grad.abs().max() > 0
        network.eval()
        scores = network(images)
        assert torch.equal(scores, network(images, torch.tensor([1, 1, 1])))
        with_table = BigGANDiscriminator(**TINY)
        with_table.load_state_dict(network.state_dict())
        assert (with_table.eval()(images, torch.tensor([1, 1, 1])) - scores).abs().max() > 1e-3

    def test_score_of_an_image_does_not_depend_on_its_batch(self):
        network = scrambled(BigGANDiscriminator, **TINY, attention_resolutions=(16,))
        images, labels = torch.rand(3, 3, 32, 32), torch.tensor([4, 0, 9])
        torch.testing.assert_close(network(images, labels)[1:2], network(images[1:2], labels[1:2]))

    def test_no_classes(self):
        network = BigGANDiscriminator(**{**TINY, 'num_classes': 0}, projection=False)
        assert network(torch.rand(2, 3, 32, 32)).shape == (2,)
        assert count(network) == 17_201 - 160
        with pytest.raises(ValueError, match='unconditional'):
            network(torch.rand(2, 3, 32, 32), torch.tensor([0, 0]))

    def test_last_block_of_a_side_gives_the_tap(self):
        network = scrambled(BigGANDiscriminator, image_size=16, base_channels=4, num_classes=2, channel_mults=(1, 2, 2))
        seen = []
        network.blocks[2].register_forward_hook(lambda module, inputs, output: seen.append(output))
        _, taps = network(torch.rand(2, 3, 16, 16), torch.tensor([0, 1]), return_taps=True)
        assert list(taps) == [8, 4]
        assert torch.equal(taps[4], seen[0])

    def test_narrow_blocks(self):
        network = BigGANDiscriminator(image_size=64, base_channels=8, num_classes=2, wide=False)
        assert [b.conv1.out_channels for b in network.blocks] == [3, 8, 16, 32, 64]

    def test_refuses_missing_labels_and_other_images(self):
        network = BigGANDiscriminator(**TINY)
        with pytest.raises(ValueError, match='needs labels'):
            network(torch.rand(2, 3, 32, 32))
        with pytest.raises(ValueError, match='image_size=32'):
            network(torch.rand(2, 3, 16, 16), torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ('cls', 'sizes', 'message'),
    [
        (BigGANGenerator, dict(image_size=48), 'image_size=48'),
        (BigGANGenerator, dict(image_size=32, channel_mults=(4, 2, 1)), 'image_size=32'),
        (BigGANGenerator, dict(image_size=32, noise_size=3), 'noise_size=3'),
        (BigGANGenerator, dict(image_size=32, num_classes=0), 'num_classes=0'),
        (BigGANGenerator, dict(image_size=32, embedding_size=0), 'embedding_size'),
        (BigGANGenerator, dict(image_size=32, base_channels=0), 'base_channels=0'),
        (BigGANGenerator, dict(image_size=32, base_channels=1, attention_resolutions=(8,)), 'channels=4'),
        (BigGANDiscriminator, dict(image_size=48), 'image_size=48'),
        (BigGANDiscriminator, dict(image_size=24, channel_mults=(1, 2)), 'image_size=24'),
        (BigGANDiscriminator, dict(image_size=32, channel_mults=(1, 2)), 'image_size=32'),
        (BigGANDiscriminator, dict(image_size=32, bottom_side=0), 'bottom_side=0'),
        (BigGANDiscriminator, dict(image_size=2, channel_mults=(1, 2)), 'image_size=2'),
        (BigGANDiscriminator, dict(image_size=32, num_classes=0), 'num_classes=0'),
        (BigGANDeepGenerator, dict(image_size=48), 'image_size=48'),
        (BigGANDeepGenerator, dict(DEEP, channel_mults=(1, 2, 1)), 'must not grow'),
        (BigGANDeepGenerator, dict(DEEP, base_channels=2), 'base_channels=2'),
        (BigGANDeepGenerator, dict(DEEP, num_stats=0), 'num_stats=0'),
        (BigGANDeepGenerator, dict(DEEP, truncation=0.0), 'truncation=0.0'),
        (BigGANDeepGenerator, dict(DEEP, truncation=1.2), 'truncation=1.2'),
    ],
)
def test_impossible_sizes(cls, sizes, message):
    with pytest.raises(ValueError, match=message):
        cls(**sizes)


class TestBigGANDeepGenerator:
    def test_truncation_chooses_the_statistics(self):
        network = scrambled(BigGANDeepGenerator, **DEEP, num_stats=5, truncation=0.5)
        single = BigGANDeepGenerator(**DEEP, num_stats=1).eval()
        z, labels = torch.randn(2, 6), torch.tensor([1, 2])

        def expected(*rows):
            state = {
                name: sum(w * tensor[row] for row, w in rows)[None] if 'running_' in name else tensor
                for name, tensor in network.state_dict().items()
            }
            single.load_state_dict(state)
            return single(z, labels, truncation=0.1)

        torch.testing.assert_close(network(z, labels), expected((2, 1.0)))
        torch.testing.assert_close(network(z, labels, truncation=1.0), expected((4, 1.0)))
        # 0.3 is a fifth of the way from row 1 to row 2: as in the source, that is the weight of row 1
        torch.testing.assert_close(network(z, labels, truncation=0.3), expected((1, 0.2), (2, 0.8)))
        with pytest.raises(ValueError, match='truncation=2'):
            network(z, labels, truncation=2)

    def test_only_the_first_outputs_are_colours(self):
        network = scrambled(BigGANDeepGenerator, **DEEP)
        z, labels = torch.randn(2, 6), torch.tensor([1, 2])
        features = []
        network.output_norm.register_forward_hook(lambda module, inputs, output: features.append(output))
        images = network(z, labels)
        assert network.output_conv.out_channels == 4
        torch.testing.assert_close(images, network.output_conv(features[0].relu())[:, :3].tanh())

    def test_shortcut_drops_channels(self):
        network = scrambled(BigGANDeepGenerator, **DEEP)
        block = network.up_blocks[0]
        with torch.no_grad():
            raw_weight(block.conv4).zero_()
            block.conv4.bias.zero_()
            block.conv4.parametrizations.weight[0]._u.fill_(1e3)  # 0 / 0 otherwise
        x = torch.randn(2, 16, 4, 4)
        raw_weight(block.conv4).data[0, 0] = 1e-12
        out = block(x, [(50, 1.0)], torch.randn(2, 11))
        wanted = x[:, :8].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        torch.testing.assert_close(out[:, 1:], wanted[:, 1:])


class TestTruncationBatchNorm:
    def test_training(self):
        norm = TruncationBatchNorm(2, num_stats=3, condition_size=0, eps=1e-4, momentum=0.25, spectral_eps=1e-4)
        x = torch.randn(4, 2, 3, 3) * 2 + 1
        plain = nn.BatchNorm2d(2, eps=1e-4, momentum=0.25)
        torch.testing.assert_close(norm.train()(x, [(1, 0.5), (2, 0.5)]), plain(x))
        for row in (1, 2):
            torch.testing.assert_close(norm.running_mean[row], plain.running_mean)
            torch.testing.assert_close(norm.running_var[row], plain.running_var)
        assert torch.equal(norm.running_mean[0], torch.zeros(2))
        assert torch.equal(norm.running_var[0], torch.ones(2))
        torch.testing.assert_close(norm.eval()(x, [(1, 1.0)]), plain.eval()(x))
