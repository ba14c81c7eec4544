"""Colour decoder, critics and residual networks: sizes of thesis tables A.5 to A.12."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmgentransfer.models.backbones import SegNetEncoder
from mmgentransfer.models.methods.mmnets import (
    PatchDiscriminator,
    PoolResEncoder,
    RGBDecoder,
    RGBDiscriminator,
    UnpoolResDecoder,
)
from mmgentransfer.registry import MODELS

TOY = (8, 16, 32)
SMALL = dict(base_channels=2, kernel=3, num_res=1)


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ('cfg', 'parameters'),
    [
        (dict(type='RGBDecoder'), 3_912_195),
        (dict(type='RGBDecoder', upsample='deconv5'), 10_862_083),
        (dict(type='RGBDecoder', stage_channels=TOY), 6_051),
        (dict(type='RGBDecoder', stage_channels=TOY, channels=(16, 8)), 6_051),
        (dict(type='RGBDiscriminator'), 4_307_328),
        (dict(type='RGBDiscriminator', channels=TOY), 16_688),
        (dict(type='RGBDiscriminator', channels=TOY, head='conv1x1'), 16_688 + 33),
        (dict(type='PoolResEncoder', in_channels=3), 40_562_176),
        (dict(type='PoolResEncoder', in_channels=1), 40_555_904),
        # without the 7x7 residual blocks, with 3x3 ones
        (dict(type='PoolResEncoder', in_channels=3, res_kernel=3), 40_562_176 - 38_544_384 + 7_087_104),
        (dict(type='PoolResEncoder', in_channels=3, num_res=0), 40_562_176 - 38_544_384),
        (dict(type='UnpoolResDecoder', out_channels=3), 40_561_411),
        (dict(type='UnpoolResDecoder', out_channels=1), 40_555_137),
        (dict(type='PatchDiscriminator'), 2_757_057),
    ],
)
def test_parameters(cfg, parameters):
    with torch.device('meta'):
        assert count(MODELS.build(cfg)) == parameters


def test_eleven_domains():
    kinds = (PoolResEncoder, UnpoolResDecoder, PatchDiscriminator)
    with torch.device('meta'):
        assert 11 * sum(count(kind()) for kind in kinds) == 922_687_084


class TestShapes:
    def test_256_pixels(self):
        with torch.device('meta'):
            images = torch.empty(1, 3, 256, 256)
            latent = SegNetEncoder(1)(torch.empty(1, 1, 256, 256))
            assert RGBDecoder()(latent).shape == (1, 3, 256, 256)
            assert RGBDecoder(upsample='deconv5')(latent).shape == (1, 3, 256, 256)
            assert RGBDiscriminator()(images).shape == (1, 512, 16, 16)
            assert RGBDiscriminator(last_stride=1)(images).shape == (1, 512, 32, 32)
            assert RGBDiscriminator(head='conv1x1')(images).shape == (1, 1, 16, 16)

    def test_128_pixels(self):
        with torch.device('meta'):
            images = torch.empty(1, 3, 128, 128)
            latent = PoolResEncoder()(images)
            assert latent.h.shape == (1, 256, 16, 16)
            assert [tuple(x.shape[1:]) for x in latent.indices] == [(64, 64, 64), (128, 32, 32), (256, 16, 16)]
            assert UnpoolResDecoder(1)(latent).shape == (1, 1, 128, 128)
            assert PatchDiscriminator()(images).shape == (1, 1, 8, 8)
            assert PatchDiscriminator(num_downs=3)(images).shape == (1, 1, 16, 16)


class TestRGBDecoder:
    def test_looks_at_the_latent_alone(self):
        torch.manual_seed(0)
        encoder = SegNetEncoder(1, stage_channels=(2, 4), stage_blocks=(1, 1))
        decoder = RGBDecoder(stage_channels=(2, 4)).eval()
        latent, other = encoder(torch.rand(2, 1, 8, 8)), encoder(torch.rand(2, 1, 8, 8))
        images = decoder(latent)
        assert images.abs().max() < 1
        assert torch.equal(decoder(latent._replace(indices=other.indices, skips=other.skips)), images)
        assert not torch.equal(decoder(other), images)

    def test_init_follows_the_kind_of_convolution(self):
        assert RGBDecoder(stage_channels=TOY).init['type'] == 'trunc_normal'
        torch.manual_seed(0)
        decoder = RGBDecoder(stage_channels=(32, 32), upsample='deconv5')
        decoder.init_weights()
        weight = decoder.layers[0].weight
        assert weight.std().item() == pytest.approx(0.02, rel=0.02)
        assert weight.abs().max() > 0.05  # not cut

    def test_errors(self):
        with pytest.raises(ValueError, match='must be one less'):
            RGBDecoder(stage_channels=TOY, channels=(32, 16, 8))
        with pytest.raises(ValueError, match="upsample='bilinear'"):
            RGBDecoder(upsample='bilinear')
        with pytest.raises(ValueError, match="out_act='relu'"):
            RGBDecoder(out_act='relu')
        latent = SegNetEncoder(1, stage_channels=(2, 4), stage_blocks=(1, 1))(torch.rand(2, 1, 8, 8))
        with pytest.raises(ValueError, match=r'from an encoder with \(2, 4\)'):
            RGBDecoder(stage_channels=TOY)(latent)


class TestCritics:
    def kinds(self, network: nn.Module) -> list[str]:
        return [type(layer).__name__ for layer in network.layers]

    def test_norms_in_the_middle_only(self):
        assert self.kinds(RGBDiscriminator(channels=(2, 4, 4))) == [
            *('Conv2d', 'LeakyReLU'),
            *('Conv2d', 'BatchNorm2d', 'LeakyReLU'),
            'Conv2d',
        ]
        assert self.kinds(PatchDiscriminator(base_channels=2, num_downs=2)) == [
            *('Conv2d', 'LeakyReLU', 'Conv2d', 'LeakyReLU', 'Conv2d')
        ]
        critic = PatchDiscriminator(base_channels=2, num_downs=2, norm_cfg=dict(type='IN'))
        assert self.kinds(critic) == ['Conv2d', 'LeakyReLU', 'Conv2d', 'InstanceNorm2d', 'LeakyReLU', 'Conv2d']
        assert {layer.negative_slope for layer in critic.layers if isinstance(layer, nn.LeakyReLU)} == {0.2}

    def test_errors(self):
        with pytest.raises(ValueError, match='two widths'):
            RGBDiscriminator(channels=(8,))
        with pytest.raises(ValueError, match='kernel=4 must be an odd number'):
            RGBDiscriminator(kernel=4)
        with pytest.raises(ValueError, match='last_stride=3'):
            RGBDiscriminator(last_stride=3)
        with pytest.raises(ValueError, match="head='linear'"):
            RGBDiscriminator(head='linear')
        with pytest.raises(ValueError, match='num_downs=0'):
            PatchDiscriminator(num_downs=0)
        with pytest.raises(ValueError, match='multiples of 4, got 10x8'):
            PatchDiscriminator(base_channels=2, num_downs=2)(torch.zeros(1, 3, 10, 8))
        with pytest.raises(ValueError, match='in_channels=3'):
            RGBDiscriminator(channels=(2, 4))(torch.zeros(1, 1, 8, 8))


class TestPoolRes:
    def test_any_domain_behind_any_encoder(self):
        torch.manual_seed(0)
        encoder, decoder = PoolResEncoder(1, **SMALL), UnpoolResDecoder(3, **SMALL)
        for network in (encoder, decoder):
            network.init_weights()
        latent = encoder(torch.rand(2, 1, 16, 24))
        images = decoder(latent)
        assert images.shape == (2, 3, 16, 24)
        assert images.abs().max() < 1
        images.sum().backward()
        assert all(p.grad is not None for n in (encoder, decoder) for p in n.parameters())
        raw = UnpoolResDecoder(3, out_act=None, **SMALL)
        raw.load_state_dict(decoder.state_dict())
        torch.testing.assert_close(raw(latent).tanh(), images)

    def test_decoder_puts_the_maxima_back_where_they_were(self):
        bare = dict(base_channels=1, kernel=1, num_res=0, norm_cfg=None)
        encoder, decoder = PoolResEncoder(1, **bare), UnpoolResDecoder(1, out_act=None, **bare)
        for network in (encoder, decoder):
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d):  # copies the first channel to all
                    nn.init.zeros_(layer.weight)
                    nn.init.ones_(layer.weight[:, :1])
                    nn.init.zeros_(layer.bias)
        x = torch.zeros(2, 1, 16, 8)
        x[0, 0, 3, 6] = x[1, 0, 12, 1] = 2.0
        latent = encoder(x)
        assert torch.equal(decoder(latent), x)
        moved = latent._replace(indices=tuple(indices.flip(0) for indices in latent.indices))
        assert not torch.equal(decoder(moved), x)

    def test_residual_blocks_add_the_identity(self):
        encoder = PoolResEncoder(3, **SMALL)
        block = encoder.blocks[0]
        nn.init.zeros_(block.layers[-1].weight)  # the last norm's scale
        nn.init.zeros_(block.layers[-1].bias)
        x = torch.randn(1, 8, 4, 4)
        assert torch.equal(block(x), x)  # with no ReLU after the sum

    def test_norms_are_affine(self):
        norms = [m for m in PoolResEncoder(3, **SMALL).modules() if isinstance(m, nn.InstanceNorm2d)]
        assert len(norms) == 5
        assert all(norm.affine for norm in norms)

    def test_reflection(self):
        convolution = PoolResEncoder(1, base_channels=1, kernel=3, num_res=0).stages[0][0]
        nn.init.zeros_(convolution.bias)
        nn.init.zeros_(convolution.weight)
        convolution.weight.data[..., 0, 1] = 1  # takes the pixel above
        x = torch.arange(8.0).view(1, 1, 4, 2)
        assert convolution(x)[0, 0, 0].tolist() == [2, 3]
        zeros = PoolResEncoder(1, base_channels=1, kernel=3, num_res=0, padding_mode='zeros').stages[0][0]
        zeros.load_state_dict(convolution.state_dict())
        assert zeros(x)[0, 0, 0].tolist() == [0, 0]

    def test_small_maps_are_padded_by_zeros(self):
        torch.manual_seed(0)
        reflecting = PoolResEncoder(1, base_channels=2, num_res=1)
        padding = PoolResEncoder(1, base_channels=2, num_res=1, padding_mode='zeros')
        padding.load_state_dict(reflecting.state_dict())
        maps = torch.rand(1, 8, 3, 5)  # 3 pixels on each side need more than 3
        with pytest.warns(UserWarning, match='needs larger maps than 3x5'):
            output = reflecting.blocks(maps)
        assert torch.equal(output, padding.blocks(maps))
        larger = torch.rand(1, 8, 4, 5)
        assert not torch.equal(reflecting.blocks(larger), padding.blocks(larger))

    def test_normal_weights(self):
        torch.manual_seed(0)
        encoder = PoolResEncoder(3, base_channels=8, num_res=1)
        encoder.init_weights()
        weight = encoder.blocks[0].layers[0].weight
        assert weight.std().item() == pytest.approx(0.02, rel=0.02)
        assert weight.abs().max() > 0.05

    def test_errors(self):
        with pytest.raises(ValueError, match='kernel=2 must be an odd number'):
            PoolResEncoder(kernel=2)
        with pytest.raises(ValueError, match='res_kernel=4 must be an odd number'):
            UnpoolResDecoder(res_kernel=4)
        with pytest.raises(ValueError, match="padding_mode='same'"):
            PoolResEncoder(padding_mode='same')
        with pytest.raises(ValueError, match='multiples of 8, got 16x12'):
            PoolResEncoder(**SMALL)(torch.zeros(1, 3, 16, 12))
        latent = PoolResEncoder(**SMALL)(torch.rand(1, 3, 16, 16))
        with pytest.raises(ValueError, match=r'from an encoder with \(2, 4, 8\)'):
            UnpoolResDecoder(base_channels=4, kernel=3, num_res=1)(latent)
