"""SegNet encoder and decoder: sizes of thesis tables A.3 and A.4, pooling indices, VGG-16's weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgentransfer.models.backbones import Latent, SegNetDecoder, SegNetEncoder
from mmgentransfer.registry import MODELS, UnknownTypeError

TOY = dict(stage_channels=(8, 16, 32), stage_blocks=(2, 2, 2))
TINY = dict(stage_channels=(2, 4), stage_blocks=(1, 2))


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def initialised(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    network.init_weights()
    return network


class TestSizes:
    @pytest.mark.parametrize(
        ('cfg', 'parameters'),
        [
            (dict(type='SegNetEncoder', in_channels=3, norm_cfg=None), 14_714_688),
            (dict(type='SegNetEncoder', in_channels=1), 14_721_984),
            (dict(type='SegNetEncoder', in_channels=14), 14_729_472),
            (dict(type='SegNetEncoder', in_channels=6), 14_724_864),
            (dict(type='SegNetEncoder', in_channels=5), 14_724_288),
            (dict(type='SegNetEncoder', in_channels=3, norm_cfg=None, **TOY), 18_184),
            (dict(type='SegNetEncoder', in_channels=1, **TOY), 18_264),
            (dict(type='SegNetEncoder', in_channels=5, **TOY), 18_552),
            (dict(type='SegNetDecoder', out_channels=1), 14_720_449),
            (dict(type='SegNetDecoder', out_channels=14), 14_727_950),
            (dict(type='SegNetDecoder', out_channels=6), 14_723_334),
            (dict(type='SegNetDecoder', out_channels=5), 14_722_757),
            (dict(type='SegNetDecoder', out_channels=1, side_info='none'), 14_720_449),
            (dict(type='SegNetDecoder', out_channels=1, side_info='skip'), 20_213_185),
            (dict(type='SegNetDecoder', out_channels=14, side_info='skip'), 20_220_686),
            (dict(type='SegNetDecoder', out_channels=1, **TOY), 18_169),
            (dict(type='SegNetDecoder', out_channels=5, **TOY), 18_461),
            (dict(type='SegNetDecoder', out_channels=5, side_info='skip', **TOY), 30_557),
        ],
    )
    def test_parameters(self, cfg, parameters):
        with torch.device('meta'):
            assert count(MODELS.build(cfg)) == parameters

    def test_shapes_at_256_pixels(self):
        with torch.device('meta'):
            latent = SegNetEncoder(14)(torch.empty(1, 14, 256, 256))
            assert latent.h.shape == (1, 512, 8, 8)
            sides = [(64, 128), (128, 64), (256, 32), (512, 16), (512, 8)]
            assert [tuple(x.shape[1:]) for x in latent.indices] == [(c, s, s) for c, s in sides]
            assert [tuple(x.shape[1:]) for x in latent.skips] == [(c, 2 * s, 2 * s) for c, s in sides]
            assert {x.dtype for x in latent.indices} == {torch.int64}
            for side_info in ('none', 'skip', 'pooling_indices'):
                assert SegNetDecoder(14, side_info=side_info)(latent).shape == (1, 14, 256, 256)

    def test_toy_shapes_of_an_image_that_is_not_square(self):
        latent = SegNetEncoder(1, **TOY)(torch.rand(2, 1, 32, 48))
        assert latent.h.shape == (2, 32, 4, 6)
        assert [tuple(x.shape[1:]) for x in latent.indices] == [(8, 16, 24), (16, 8, 12), (32, 4, 6)]
        assert (latent.h >= 0).all()
        assert SegNetDecoder(5, **TOY)(latent).shape == (2, 5, 32, 48)

    def test_one_convolution_a_stage(self):
        stages = dict(stage_channels=(3, 5), stage_blocks=(1, 1))
        latent = SegNetEncoder(1, **stages)(torch.rand(2, 1, 8, 8))
        assert SegNetDecoder(2, side_info='skip', **stages)(latent).shape == (2, 2, 8, 8)


class TestPoolingIndices:
    MAP = torch.tensor([[1, 2, 5, 4], [3, 0, 1, 2], [7, 7, 0, 0], [1, 2, 3, 9.0]])[None, None]

    def identity(self, network: nn.Module) -> nn.Module:
        """Makes every convolution of one channel the identity."""
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.dirac_(layer.weight)
                nn.init.zeros_(layer.bias)
        return network

    def test_a_map_pooled_and_unpooled_by_hand(self):
        one = dict(stage_channels=(1,), stage_blocks=(1,), norm_cfg=None)
        latent = self.identity(SegNetEncoder(1, **one))(self.MAP)
        assert latent.h[0, 0].tolist() == [[3, 5], [7, 9]]
        assert latent.indices[0][0, 0].tolist() == [[4, 2], [8, 15]]
        latent = latent._replace(h=torch.tensor([[[[10, 20], [30, 40.0]]]]))
        expected = [[0, 0, 20, 0], [10, 0, 0, 0], [30, 0, 0, 0], [0, 0, 0, 40]]
        assert self.identity(SegNetDecoder(1, **one))(latent)[0, 0].tolist() == expected

    def test_each_stage_takes_the_indices_of_its_own_side_and_sample(self):
        two = dict(stage_channels=(1, 1), stage_blocks=(1, 1), norm_cfg=None)
        x = torch.zeros(2, 1, 8, 8)
        x[0, 0, 3, 6] = x[1, 0, 4, 1] = 2.0
        latent = self.identity(SegNetEncoder(1, **two))(x)
        assert torch.equal(self.identity(SegNetDecoder(1, **two))(latent), x)

    @pytest.mark.parametrize(
        ('side_info', 'uses'), [('pooling_indices', {'indices'}), ('skip', {'skips'}), ('none', set())]
    )
    def test_what_a_decoder_looks_at(self, side_info, uses):
        encoder = initialised(SegNetEncoder(1, init=dict(type='kaiming'), **TINY)).eval()
        decoder = initialised(SegNetDecoder(2, side_info=side_info, init=dict(type='kaiming'), **TINY)).eval()
        latent, other = encoder(torch.rand(1, 1, 8, 8)), encoder(torch.rand(1, 1, 8, 8))
        output = decoder(latent)
        for field in ('indices', 'skips'):
            changed = decoder(latent._replace(**{field: getattr(other, field)}))
            assert torch.equal(changed, output) == (field not in uses)

    def test_tanh(self):
        encoder, decoder = SegNetEncoder(1, **TINY), initialised(SegNetDecoder(3, **TINY))
        latent = encoder(torch.rand(2, 1, 8, 8))
        raw = decoder.eval()(latent)
        decoder.out_act = 'tanh'
        assert torch.equal(decoder(latent), raw.tanh())
        assert SegNetDecoder(3, out_act='tanh', **TINY).out_act == 'tanh'


class TestLatent:
    def test_split_and_cat_keep_samples_together(self):
        encoder = initialised(SegNetEncoder(3, **TINY)).eval()
        x = torch.rand(5, 3, 8, 8)
        whole = encoder(x)
        parts = whole.split([2, 3])
        for part, images in zip(parts, x.split([2, 3]), strict=True):
            alone = encoder(images)
            torch.testing.assert_close(part.h, alone.h)
            assert all(torch.equal(a, b) for a, b in zip(part.indices, alone.indices, strict=True))
            assert len(part.skips) == 2
        again = Latent.cat(parts)
        for a, b in zip(torch.utils._pytree.tree_leaves(again), torch.utils._pytree.tree_leaves(whole), strict=True):
            assert torch.equal(a, b)

    def test_pooled_stages(self):
        encoder = initialised(SegNetEncoder(3, **TINY)).eval()
        x = torch.rand(2, 3, 8, 8)
        latent = encoder(x)
        assert torch.equal(latent.pooled(1), F.max_pool2d(encoder.stages[0](x), 2))
        assert torch.equal(latent.pooled(2), latent.h)


class TestInitialisation:
    def test_truncated_normal_by_default(self):
        encoder = initialised(SegNetEncoder(3, stage_channels=(64, 64), stage_blocks=(1, 1)))
        nn.init.constant_(encoder.stages[0][1].weight, 3)
        weight = encoder.stages[1][0].weight
        assert weight.abs().max() <= 0.04
        assert weight.std().item() == pytest.approx(0.0176, abs=2e-4)  # 0.02 * 0.8796, the spread of what is left
        assert not encoder.stages[0][0].bias.any()

    def test_norms_start_as_the_identity(self):
        decoder = SegNetDecoder(1, **TINY)
        norms = [m for m in decoder.modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(norms) == 2  # none behind the output
        for norm in norms:
            nn.init.constant_(norm.weight, 3)
        initialised(decoder)
        assert all((norm.weight == 1).all() and not norm.bias.any() for norm in norms)

    def test_kaiming(self):
        encoder = initialised(SegNetEncoder(3, stage_channels=(64, 64), stage_blocks=(1, 1), init=dict(type='kaiming')))
        assert encoder.stages[1][0].weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


class TestVGG:
    """A network of torchvision's layout, of two stages, is copied; the full one has the encoder's parameters."""

    def save(self, path: Path) -> nn.Sequential:
        torch.manual_seed(1)
        features = nn.Sequential(
            *(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        )
        state = {f'features.{key}': value for key, value in features.state_dict().items()}
        torch.save({**state, 'classifier.0.weight': torch.ones(2, 2)}, path)
        return features

    def test_latent_is_that_of_the_features(self, tmp_path):
        features = self.save(tmp_path / 'vgg.pth')
        encoder = initialised(
            SegNetEncoder(norm_cfg=None, pretrained=str(tmp_path / 'vgg.pth'), input_norm='imagenet', **TINY)
        )
        x = 2 * torch.rand(2, 3, 16, 16) - 1
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        normalised = ((x + 1) / 2 - mean[:, None, None]) / std[:, None, None]
        torch.testing.assert_close(encoder(x).h, features(normalised))
        assert not any(key.startswith('input') for key in encoder.state_dict())

    def test_missing_weights_may_be_done_without(self, tmp_path, monkeypatch):
        said = []
        monkeypatch.setattr('mmgentransfer.models.backbones.segnet.print_log', lambda text, **_: said.append(text))
        options = dict(norm_cfg=None, pretrained=str(tmp_path / 'vgg.pth'), if_missing='scratch', **TINY)
        encoder = initialised(SegNetEncoder(**options))
        assert len(said) == 1
        assert 'vgg.pth is not in' in said[0]
        assert 'starts from random weights' in said[0]
        # of variance 2 / fan_in, which keeps the signal, and not the 0.02 of init, which without norms would lose it
        assert encoder.stages[1][0].weight.std().item() == pytest.approx((2 / (9 * 2)) ** 0.5, rel=0.3)
        self.save(tmp_path / 'vgg.pth')
        assert len(said) == 1
        assert not torch.equal(initialised(SegNetEncoder(**options)).stages[0][0].weight, encoder.stages[0][0].weight)
        with pytest.raises(ValueError, match="if_missing='no' is unknown"):
            SegNetEncoder(norm_cfg=None, if_missing='no', **TINY)

    def test_full_size_takes_torchvisions_vgg16(self, tmp_path, monkeypatch):
        from torchvision.models import VGG16_Weights, vgg16

        file = tmp_path / 'checkpoints' / Path(VGG16_Weights.IMAGENET1K_V1.url).name
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
        monkeypatch.setattr('mmgentransfer.models.layers.convolutions.draw_convolutions', lambda *_: None)  # slow
        encoder = SegNetEncoder(norm_cfg=None, pretrained='torchvision://vgg16', input_norm='imagenet')
        encoder._dump_init_info = lambda: None
        with pytest.raises(FileNotFoundError, match=rf'{file.name} is not in {file.parent}'):
            encoder.init_weights()
        with torch.device('meta'):
            features = vgg16(weights=None).features
        file.parent.mkdir()
        # every tensor holds its own number, once
        numbered = enumerate(features.state_dict().items())
        torch.save({f'features.{key}': torch.tensor(float(i)).expand(x.shape) for i, (key, x) in numbered}, file)
        encoder.init_weights()
        # the 13 convolutions, weight and bias, in order
        assert [p.flatten()[-1].item() for p in encoder.parameters()] == list(range(26))

    def test_weights_of_another_shape(self, tmp_path):
        self.save(tmp_path / 'vgg.pth')
        encoder = SegNetEncoder(
            norm_cfg=None, pretrained=str(tmp_path / 'vgg.pth'), stage_channels=(2, 5), stage_blocks=(1, 2)
        )
        with pytest.raises(ValueError, match=r'features\.3\.weight is \(4, 2, 3, 3\), not \(5, 2, 3, 3\)'):
            encoder.init_weights()
        deep = SegNetEncoder(
            norm_cfg=None, pretrained=str(tmp_path / 'vgg.pth'), stage_channels=(2, 4, 4), stage_blocks=(1, 2, 1)
        )
        with pytest.raises(ValueError, match=r'features\.8\.weight is missing'):
            deep.init_weights()


class TestErrors:
    @pytest.mark.parametrize(
        ('options', 'message'),
        [
            (dict(stage_channels=(4, 8), stage_blocks=(1,)), 'one positive number for each stage'),
            (dict(stage_channels=(4, 0), stage_blocks=(1, 1)), 'one positive number for each stage'),
            (dict(input_norm='caffe'), "input_norm='caffe'"),
            (dict(in_channels=1, input_norm='imagenet'), 'in_channels=3, got 1'),
            (dict(pretrained='torchvision://vgg16'), 'norm_cfg=None'),
            (dict(pretrained='torchvision://vgg19', norm_cfg=None), "use 'torchvision://vgg16' or a file"),
            (dict(pretrained='torchvision://vgg16', norm_cfg=None, **TINY), 'needs in_channels=3, stage_channels'),
            (dict(init=dict(type='xavier')), 'init='),
            (dict(init=dict(type='normal')), 'init='),
        ],
    )
    def test_encoder_options(self, options, message):
        with torch.device('meta'), pytest.raises(ValueError, match=message):
            SegNetEncoder(**options)

    def test_unknown_norm(self):
        with pytest.raises(UnknownTypeError, match='BNN'):
            SegNetEncoder(norm_cfg=dict(type='BNN'), **TINY)

    @pytest.mark.parametrize(
        ('options', 'message'),
        [
            (dict(side_info='indices'), "side_info='indices'"),
            (dict(out_act='relu'), "out_act='relu'"),
            (dict(stage_channels=(4, 8), stage_blocks=(1,)), 'one positive number for each stage'),
        ],
    )
    def test_decoder_options(self, options, message):
        with torch.device('meta'), pytest.raises(ValueError, match=message):
            SegNetDecoder(1, **options)

    @pytest.mark.parametrize(
        ('shape', 'message'),
        [((1, 3, 8, 10), 'multiples of 4, got 8x10'), ((1, 1, 8, 8), 'in_channels=3'), ((3, 8, 8), 'in_channels=3')],
    )
    def test_inputs(self, shape, message):
        with pytest.raises(ValueError, match=message):
            SegNetEncoder(3, **TINY)(torch.zeros(shape))

    def test_labels_as_input(self):
        with pytest.raises(ValueError, match=r'takes floats .* got torch\.int64'):
            SegNetEncoder(3, **TINY)(torch.zeros(1, 3, 8, 8, dtype=torch.int64))

    def test_latent_of_another_encoder(self):
        latent = SegNetEncoder(1, **TINY)(torch.rand(2, 1, 8, 8))
        with pytest.raises(ValueError, match=r'from an encoder with \(2, 4\)'):
            SegNetDecoder(1, **TOY)(latent)
