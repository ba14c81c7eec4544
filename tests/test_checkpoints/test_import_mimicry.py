"""The mimicry importer, against a formulation of its networks with its names, made for these tests."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

# size: multiples of the smallest width, bottom side
GENERATORS = {32: ((1, 1, 1, 1), 4), 48: ((8, 4, 2, 1), 6), 64: ((16, 8, 4, 2, 1), 4), 128: ((16, 16, 8, 4, 2, 1), 4)}
# size: widths, blocks that halve the side, number in the name of the last layer
CRITICS = {
    32: ((3, 3, 3, 3), 2, 5),
    48: ((1, 2, 4, 8, 16), 4, 5),
    64: ((1, 2, 4, 8, 16), 5, 6),
    128: ((1, 2, 4, 8, 16, 16), 5, 7),
}


class ClassNorm(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, affine=False)
        self.embed = nn.Embedding(classes, 2 * channels)

    def forward(self, x, y):
        scale, offset = self.embed(y)[:, :, None, None].tensor_split(2, dim=1)
        return self.bn(x) * scale + offset


class PowerLayer(nn.Module):
    """A layer that does one power iteration whenever it is called, and never keeps it in evaluation."""

    def __init__(self, shape, apply, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0])) if bias else None
        self.apply_weight = apply
        self.register_buffer('sn_u', torch.randn(1, shape[0]))
        self.register_buffer('sn_sigma', torch.ones(1))

    def forward(self, x):
        matrix = self.weight.flatten(1)
        v = F.normalize(self.sn_u @ matrix)
        u = F.normalize(v @ matrix.T)
        return self.apply_weight(x, self.weight / (u @ matrix @ v.T), self.bias)


def layer(kind, shape, own):
    """A convolution, linear layer or table with a spectral norm, by PyTorch's hook or as a layer of its own."""
    if own:
        apply = dict(
            conv=lambda x, w, b: F.conv2d(x, w, b, padding=w.shape[2] // 2),
            linear=F.linear,
            table=lambda y, w, b: w[y],
        )[kind]
        return PowerLayer(shape, apply, bias=kind != 'table')
    made = dict(
        conv=lambda: nn.Conv2d(shape[1], shape[0], shape[2], padding=shape[2] // 2),
        linear=lambda: nn.Linear(shape[1], shape[0]),
        table=lambda: nn.Embedding(*shape),
    )[kind]()
    return nn.utils.spectral_norm(made)


class TheirGenerator(nn.Module):
    def __init__(self, size, base=2, noise=7, classes=0):
        super().__init__()
        mults, self.side = GENERATORS[size]
        widths = [base * mult for mult in mults]
        self.classes, self.last = classes, len(mults) + 1

        def norm(channels):
            return ClassNorm(channels, classes) if classes else nn.BatchNorm2d(channels)

        self.l1 = nn.Linear(noise, widths[0] * self.side**2)
        for i, (c_in, c_out) in enumerate(pairwise(widths)):
            block = nn.Module()
            block.c1, block.c2 = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
            block.b1, block.b2 = norm(c_in), norm(c_out)
            block.c_sc = nn.Conv2d(c_in, c_out, 1)
            self.add_module(f'block{i + 2}', block)
        self.add_module(f'b{self.last}', nn.BatchNorm2d(widths[-1]))
        self.add_module(f'c{self.last}', nn.Conv2d(widths[-1], 3, 3, padding=1))

    def forward(self, z, y=None):
        def norm(module, x):
            return module(x, y) if self.classes else module(x)

        def double(x):
            return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)

        x = self.l1(z).view(len(z), -1, self.side, self.side)
        for i in range(2, self.last):
            block = getattr(self, f'block{i}')
            h = block.c1(double(norm(block.b1, x).relu()))
            x = block.c2(norm(block.b2, h).relu()) + block.c_sc(double(x))
        return torch.tanh(getattr(self, f'c{self.last}')(getattr(self, f'b{self.last}')(x).relu()))


class TheirCritic(nn.Module):
    def __init__(self, size, own, classes=0, rotations=0, base=2):
        super().__init__()
        mults, self.downs, self.last = CRITICS[size]
        widths = [3] + [base * mult for mult in mults]
        self.num_blocks, self.classes = len(mults), classes
        for i, (c_in, c_out) in enumerate(pairwise(widths)):
            block, hidden = nn.Module(), c_out if i == 0 else c_in
            block.c1, block.c2 = layer('conv', (hidden, c_in, 3, 3), own), layer('conv', (c_out, hidden, 3, 3), own)
            if i < self.downs or c_in != c_out:
                block.c_sc = layer('conv', (c_out, c_in, 1, 1), own)
            self.add_module(f'block{i + 1}', block)
        self.add_module(f'l{self.last}', layer('linear', (1, widths[-1]), own))
        if classes:
            self.l_y = layer('table', (classes, widths[-1]), own)
        if rotations:
            self.l_y = layer('linear', (rotations, widths[-1]), own)

    def forward(self, x, y=None):
        for i in range(self.num_blocks):
            block = getattr(self, f'block{i + 1}')
            h = x
            if i > 0:
                h = x = x.relu()  # in place, in the original: the shortcut sees it
            h = block.c2(block.c1(h).relu())
            short = block.c_sc(x) if hasattr(block, 'c_sc') else x
            x = F.avg_pool2d(h, 2) + F.avg_pool2d(short, 2) if i < self.downs else h + short
        h = x.relu().sum((2, 3))
        score = getattr(self, f'l{self.last}')(h)
        if self.classes:
            score = score + (self.l_y(y) * h).sum(1, keepdim=True)
        return score


def perturbed(network):
    """The network in evaluation mode and double precision, where nothing has a value that hides a mistake."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in network.double().state_dict().items():
        if name.endswith('running_var'):
            tensor.uniform_(0.5, 2.0, generator=generator)
        elif name.endswith(('_u', '_v')):  # not converged
            noise = torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype) / tensor.numel() ** 0.5
            tensor.copy_(F.normalize(tensor + 0.3 * noise, dim=-1))
        elif tensor.is_floating_point():
            tensor.add_(0.2 * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype))
    return network.eval()


def imported_network(theirs, path, name):
    """Saves a network as the original does, imports the file, and builds what the import says."""
    torch.save(dict(model_state_dict=theirs.state_dict(), optimizer_state_dict=None, global_step=9), path)
    imported = import_checkpoint(None, path)
    assert imported.source == 'mimicry'
    assert list(imported.networks) == [name]
    network = MODELS.build(dict(imported.networks[name])).double()
    network.load_state_dict(imported.state_dicts[name])
    return imported, network.eval()


def double(shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize('size', GENERATORS)
@pytest.mark.parametrize('classes', [0, 3])
def test_generator(size, classes, tmp_path):
    torch.manual_seed(0)
    theirs = perturbed(TheirGenerator(size, base=4 if size == 32 else 2, classes=classes))
    imported, ours = imported_network(theirs, tmp_path / 'netG_9_steps.pth', 'generator')
    labels = (torch.tensor([2, 0]),) if classes else ()
    expected = theirs(double((2, 7)), *labels)
    torch.testing.assert_close(ours(double((2, 7)), *labels), expected, rtol=0, atol=1e-10)
    assert expected.std() > 0.01
    assert sorted(imported.copied) == sorted(theirs.state_dict())
    assert imported.unused == []
    assert imported.missing == ['critic']


@pytest.mark.parametrize('size', CRITICS)
@pytest.mark.parametrize('classes', [0, 3])
@pytest.mark.parametrize('own', [False, True], ids=['hook', 'own_layer'])
def test_critic(size, classes, own, tmp_path):
    torch.manual_seed(0)
    theirs = perturbed(TheirCritic(size, own, classes=classes))
    imported, ours = imported_network(theirs, tmp_path / 'netD_9_steps.pth', 'critic')
    images = double((2, 3, size, size)).tanh()
    labels = (torch.tensor([2, 0]),) if classes else ()
    expected = theirs(images, *labels)[:, 0]
    torch.testing.assert_close(ours(images, *labels), expected, rtol=1e-9, atol=1e-10)
    assert abs(expected[0] - expected[1]) > 1e-4 * expected.abs().max()
    assert imported.unused == [name for name in theirs.state_dict() if name.endswith('sn_sigma')]
    assert imported.missing == ['generator']


def test_configs_say_what_the_file_holds(tmp_path):
    _, generator = imported_network(perturbed(TheirGenerator(48, classes=3)), tmp_path / 'g.pth', 'generator')
    assert (generator.image_size, generator.noise_size, generator.num_classes) == (48, 7, 3)
    imported, critic = imported_network(perturbed(TheirCritic(64, True, classes=3)), tmp_path / 'd.pth', 'critic')
    assert (critic.image_size, critic.num_classes, critic.in_channels) == (64, 3, 3)
    # Widths that are no multiple of the usual four
    imported, _ = imported_network(perturbed(TheirGenerator(32, base=3)), tmp_path / 'odd.pth', 'generator')
    assert imported.networks['generator']['channel_mults'] == [1, 1, 1, 1]
    assert imported.networks['generator']['base_channels'] == 3


def test_head_that_predicts_rotations_is_left_out_and_named(tmp_path):
    theirs = perturbed(TheirCritic(32, False, rotations=4))
    imported, ours = imported_network(theirs, tmp_path / 'd.pth', 'critic')
    assert sorted(imported.unused) == ['l_y.bias', 'l_y.weight_orig', 'l_y.weight_u', 'l_y.weight_v']
    assert ours.num_classes == 0
    images = double((2, 3, 32, 32)).tanh()
    torch.testing.assert_close(ours(images), theirs(images)[:, 0], rtol=1e-9, atol=1e-10)


def test_names_what_it_cannot_place():
    convert = IMPORTERS['mimicry'].convert
    state = dict(TheirGenerator(32).state_dict())
    with pytest.raises(ValueError, match=r'no place for the tensors attn_block\.gamma'):
        convert(state | {'attn_block.gamma': torch.zeros(())})
    with pytest.raises(ValueError, match=r'block3\.c2\.bias is not in the file'):
        convert({name: tensor for name, tensor in state.items() if name != 'block3.c2.bias'})
    with pytest.raises(ValueError, match=r'block3\.c2\.weight has the shape \(2, 2, 5, 5\)'):
        convert(state | {'block3.c2.weight': torch.zeros(2, 2, 5, 5)})
    critic = dict(TheirCritic(64, False).state_dict())
    with pytest.raises(ValueError, match='critic of 5 blocks whose last layer is l9'):
        convert({name.replace('l6.', 'l9.'): tensor for name, tensor in critic.items()})
    plain = {name.replace('weight_orig', 'weight'): t for name, t in critic.items() if not name.endswith(('_u', '_v'))}
    with pytest.raises(ValueError, match=r'block1\.c1 has no spectral norm'):
        convert(plain)
