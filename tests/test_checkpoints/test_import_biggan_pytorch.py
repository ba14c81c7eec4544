"""BigGAN-PyTorch's checkpoints, against a second formulation of its networks that works on its state dicts."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints import TransferredWeights
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.registry import MODELS

IMPORTER = IMPORTERS['biggan-pytorch']

# Channels in front of the first and behind every block, in units of the width.
GENERATORS = {
    32: [4, 4, 4, 4],
    64: [16, 16, 8, 4, 2],
    128: [16, 16, 8, 4, 2, 1],
    256: [16, 16, 8, 8, 4, 2, 1],
    512: [16, 16, 8, 8, 4, 2, 1, 1],
}
DISCRIMINATORS = {
    32: [4, 4, 4, 4],
    64: [1, 2, 4, 8, 16],
    128: [1, 2, 4, 8, 16, 16],
    256: [1, 2, 4, 8, 8, 16, 16],
}
HALVINGS = {32: 2, 64: 4, 128: 5, 256: 6}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def spectral_layer(name, *shape, bias=True):
    fan_in = torch.Size(shape[1:]).numel()
    state = {f'{name}.weight': torch.randn(shape) / fan_in**0.5}
    if bias:
        state[f'{name}.bias'] = 0.3 * torch.randn(shape[0])
    return state | {f'{name}.u0': torch.randn(1, shape[0]), f'{name}.sv0': torch.rand(1)}


def attention_layers(name, c):
    return {
        f'{name}.gamma': torch.tensor(0.8),
        **spectral_layer(f'{name}.theta', c // 8, c, 1, 1, bias=False),
        **spectral_layer(f'{name}.phi', c // 8, c, 1, 1, bias=False),
        **spectral_layer(f'{name}.g', c // 2, c, 1, 1, bias=False),
        **spectral_layer(f'{name}.o', c, c // 2, 1, 1, bias=False),
    }


def statistics(name, c, kind):
    mean, var = {
        'plain': ('stored_mean', 'stored_var'),
        'mybn': ('bn.stored_mean', 'bn.stored_var'),
        'sync': ('bn.running_mean', 'bn.running_var'),
    }[kind]
    state = {f'{name}.{mean}': 0.3 * torch.randn(c), f'{name}.{var}': 0.5 + torch.rand(c)}
    if kind == 'mybn':
        state[f'{name}.bn.accumulation_counter'] = torch.zeros(1)
    if kind == 'sync':
        state[f'{name}.bn.num_batches_tracked'] = torch.tensor(7)
    return state


def generator_state(side, ch, classes=5, chunk=6, embedding=9, attention=(), kind='plain', split=True):
    """A state dict of a generator with random values; an ``embedding`` of 0 is one of tables in every norm."""
    widths = [ch * mult for mult in GENERATORS[side]]
    condition = embedding + chunk * split
    state = {'shared.weight': torch.randn(classes, embedding)} if embedding else {}
    state |= spectral_layer('linear', widths[0] * 16, chunk)
    for n, (i, o) in enumerate(pairwise(widths)):
        block = f'blocks.{n}.0'
        state |= spectral_layer(f'{block}.conv1', o, i, 3, 3) | spectral_layer(f'{block}.conv2', o, o, 3, 3)
        state |= spectral_layer(f'{block}.conv_sc', o, i, 1, 1)
        for bn, c in (('bn1', i), ('bn2', o)):
            state |= statistics(f'{block}.{bn}', c, kind)
            for part in ('gain', 'bias'):
                if embedding:
                    state |= spectral_layer(f'{block}.{bn}.{part}', c, condition, bias=False)
                else:
                    state[f'{block}.{bn}.{part}.weight'] = torch.randn(classes, c)
        if 8 * 2**n in attention:
            state |= attention_layers(f'blocks.{n}.1', o)
    state |= {'output_layer.0.gain': torch.rand(widths[-1]), 'output_layer.0.bias': torch.randn(widths[-1])}
    return (
        state | statistics('output_layer.0', widths[-1], kind) | spectral_layer('output_layer.2', 3, widths[-1], 3, 3)
    )


def discriminator_state(side, ch, classes=5, attention=(), wide=True):
    widths = [ch * mult for mult in DISCRIMINATORS[side]]
    state, at = {}, side
    for n, (i, o) in enumerate(zip([3, *widths], widths)):
        hidden, block = (o if wide else i), f'blocks.{n}.0'
        state |= spectral_layer(f'{block}.conv1', hidden, i, 3, 3)
        state |= spectral_layer(f'{block}.conv2', o, hidden, 3, 3)
        if n < HALVINGS[side] or i != o:
            state |= spectral_layer(f'{block}.conv_sc', o, i, 1, 1)
        at = at // 2 if n < HALVINGS[side] else at
        if at in attention:
            state |= attention_layers(f'blocks.{n}.1', o)
    state |= spectral_layer('linear', 1, widths[-1]) | spectral_layer('embed', classes, widths[-1], bias=False)
    return state


def normalised(s, name):
    """The weight as this project uses it in evaluation: after one power iteration from u, which is not kept."""
    matrix = s[f'{name}.weight'].flatten(1)
    v = s[f'{name}.u0'] @ matrix
    v = v / v.norm()
    u = v @ matrix.T
    u = u / u.norm()
    return s[f'{name}.weight'] / (v @ matrix.T @ u.T).item()


def conv(s, name, x):
    weight = normalised(s, name)
    return F.conv2d(x, weight, s.get(f'{name}.bias'), padding=weight.shape[2] // 2)


def attend(s, name, x):
    n, c, h, w = x.shape
    theta = conv(s, f'{name}.theta', x).reshape(n, c // 8, h * w)
    phi = F.max_pool2d(conv(s, f'{name}.phi', x), 2).reshape(n, c // 8, h * w // 4)
    g = F.max_pool2d(conv(s, f'{name}.g', x), 2).reshape(n, c // 2, h * w // 4)
    beta = torch.einsum('ncq,nck->nqk', theta, phi).softmax(dim=2)
    mixed = torch.einsum('nck,nqk->ncq', g, beta).reshape(n, c // 2, h, w)
    return x + s[f'{name}.gamma'] * conv(s, f'{name}.o', mixed)


def standardised(s, name, x):
    mean = next(s[f'{name}.{k}'] for k in ('stored_mean', 'bn.stored_mean', 'bn.running_mean') if f'{name}.{k}' in s)
    var = next(s[f'{name}.{k}'] for k in ('stored_var', 'bn.stored_var', 'bn.running_var') if f'{name}.{k}' in s)
    return (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()


def conditional_norm(s, name, x, y):
    if f'{name}.gain.u0' in s:
        gain, bias = (y @ normalised(s, f'{name}.{part}').T for part in ('gain', 'bias'))
    else:
        gain, bias = (s[f'{name}.{part}.weight'][y] for part in ('gain', 'bias'))
    return standardised(s, name, x) * (1 + gain)[:, :, None, None] + bias[:, :, None, None]


def generate(s, z, labels):
    blocks = sum(name.endswith('.0.conv1.weight') for name in s)
    chunk = s['linear.weight'].shape[1]
    z, *rest = z.split(chunk, dim=1)
    y = s['shared.weight'][labels] if 'shared.weight' in s else labels
    ys = [torch.cat([y, part], dim=1) for part in rest] if rest else [y] * blocks
    h = (z @ normalised(s, 'linear').T + s['linear.bias']).reshape(len(z), -1, 4, 4)
    for n, y in enumerate(ys):
        block, x = f'blocks.{n}.0', F.interpolate(h, scale_factor=2)
        h = F.interpolate(conditional_norm(s, f'{block}.bn1', h, y).relu(), scale_factor=2)
        h = conditional_norm(s, f'{block}.bn2', conv(s, f'{block}.conv1', h), y).relu()
        h = conv(s, f'{block}.conv2', h) + conv(s, f'{block}.conv_sc', x)
        if f'blocks.{n}.1.gamma' in s:
            h = attend(s, f'blocks.{n}.1', h)
    h = standardised(s, 'output_layer.0', h) * s['output_layer.0.gain'][:, None, None]
    return conv(s, 'output_layer.2', (h + s['output_layer.0.bias'][:, None, None]).relu()).tanh()


def score(s, x, labels):
    halvings = HALVINGS[x.shape[-1]]
    n = 0
    while f'blocks.{n}.0.conv1.weight' in s:
        block = f'blocks.{n}.0'
        h = conv(s, f'{block}.conv2', conv(s, f'{block}.conv1', x.relu() if n else x).relu())
        shortcut = f'{block}.conv_sc' if f'{block}.conv_sc.weight' in s else None
        x = conv(s, shortcut, x) if shortcut else x
        x = F.avg_pool2d(h, 2) + F.avg_pool2d(x, 2) if n < halvings else h + x
        if f'blocks.{n}.1.gamma' in s:
            x = attend(s, f'blocks.{n}.1', x)
        n += 1
    h = x.relu().sum(dim=(2, 3))
    out = h @ normalised(s, 'linear').T + s['linear.bias']
    return (out + (normalised(s, 'embed')[labels] * h).sum(dim=1, keepdim=True)).squeeze(1)


def imported(state):
    result = IMPORTER.convert(dict(state))
    ((name, config),) = result.networks.items()
    network = MODELS.build(dict(config))
    network.load_state_dict(result.state_dicts[name])
    return network.eval(), result


def assert_same(ours, theirs):
    assert theirs.std() > 1e-3
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()
    assert (ours - theirs).abs().max() <= 1e-2 * theirs.std()


GENERATOR_CASES = {
    '32': dict(side=32, ch=3),
    '32 attention at two sides': dict(side=32, ch=4, attention=(8, 16)),
    '64': dict(side=64, ch=4, attention=(64,)),
    '128': dict(side=128, ch=4, attention=(64,)),
    '256': dict(side=256, ch=2, attention=(64,)),
    '512': dict(side=512, ch=1),
    'mybn': dict(side=32, ch=3, kind='mybn'),
    'synchronised norms': dict(side=32, ch=3, kind='sync'),
    'noise in one piece': dict(side=32, ch=3, split=False),
    'tables in the norms': dict(side=32, ch=3, embedding=0, split=False),
}


class TestGenerator:
    @pytest.mark.parametrize('case', GENERATOR_CASES.values(), ids=GENERATOR_CASES)
    def test_same_images(self, case):
        state = generator_state(**case)
        network, _ = imported(state)
        z, labels = torch.randn(2, network.noise_size), torch.tensor([4, 1])
        assert network.noise_size == 6 * (1 if case.get('split') is False else len(GENERATORS[case['side']]))
        with torch.no_grad():
            assert_same(network(z, labels), generate(state, z, labels))

    def test_reads_the_architecture(self):
        _, result = imported(generator_state(128, 4, classes=7, chunk=5, embedding=11, attention=(64,)))
        assert result.networks['generator'] == dict(
            type='BigGANGenerator',
            image_size=128,
            base_channels=4,
            num_classes=7,
            noise_size=30,
            embedding_size=11,
            attention_resolutions=[64],
            split_noise=True,
            out_channels=3,
            bottom_side=4,
        )
        assert result.missing == ['critic']

    def test_accounts_for_every_tensor(self):
        state = generator_state(32, 4, attention=(16,), kind='mybn')
        state['linear.u1'], state['linear.sv1'] = torch.randn(1, 256), torch.ones(1)
        _, result = imported(state)
        assert sorted(result.copied + result.unused) == sorted(state)
        kept_out = {name.rpartition('.')[2] for name in result.unused}
        assert kept_out == {'sv0', 'sv1', 'u1', 'accumulation_counter'}

    def test_training_goes_on_from_the_imported_singular_vectors(self):
        state = generator_state(32, 3)
        network, _ = imported(state)
        before = network.linear.weight.detach().clone()
        network.train()
        change = (network.linear.weight - before).abs().max() / before.abs().max()
        assert 0 < change < 0.2


class TestDiscriminator:
    @pytest.mark.parametrize(
        'case',
        [
            dict(side=32, ch=3),
            dict(side=32, ch=4, attention=(8, 16)),
            dict(side=64, ch=8, attention=(32,)),
            dict(side=128, ch=8, attention=(64,)),
            dict(side=256, ch=4, attention=(64,)),
            dict(side=64, ch=4, wide=False),
        ],
        ids=str,
    )
    def test_same_scores(self, case):
        state = discriminator_state(**case)
        network, result = imported(state)
        images, labels = torch.rand(3, 3, case['side'], case['side']) * 2 - 1, torch.tensor([0, 4, 2])
        with torch.no_grad():
            assert_same(network(images, labels), score(state, images, labels))
        config = result.networks['critic']
        assert config['image_size'] == case['side']
        assert config['base_channels'] == case['ch']
        assert config['attention_resolutions'] == sorted(case.get('attention', ()))
        assert result.missing == ['generator']


class TestFiles:
    def test_all_three_files(self, tmp_path):
        live, average, critic = generator_state(32, 3), generator_state(32, 3), discriminator_state(32, 3)
        files = [tmp_path / 'G.pth', tmp_path / 'G_ema.pth', tmp_path / 'D.pth']
        for state, file in zip((live, average, critic), files):
            torch.save(state, file)
        result = import_checkpoint(None, files, tmp_path / 'out.pth')
        assert result.source == 'biggan-pytorch'
        assert result.missing == []

        # the moving average is preferred
        network = MODELS.build(dict(result.networks['generator']))
        TransferredWeights(str(tmp_path / 'out.pth'), prefix='generator')(network)
        z, labels = torch.randn(2, 24), torch.tensor([4, 1])
        with torch.no_grad():
            assert_same(network.eval()(z, labels), generate(average, z, labels))

    def test_file_of_a_fork(self, tmp_path):
        torch.save(dict(G_ema=generator_state(32, 3), D=discriminator_state(32, 3), itr=5), tmp_path / 'both.pth')
        result = import_checkpoint(None, tmp_path / 'both.pth')
        assert set(result.networks) == {'generator', 'critic'}


class TestRefusals:
    def test_left_over(self):
        state = generator_state(32, 3)
        state['blocks.0.0.conv4.weight'] = torch.randn(3, 3, 1, 1)
        with pytest.raises(ValueError, match=r'blocks\.0\.0\.conv4\.weight'):
            IMPORTER.convert(state)

    @pytest.mark.parametrize('name', ['blocks.1.0.conv2.bias', 'blocks.2.0.bn1.gain.weight', 'output_layer.2.u0'])
    def test_missing(self, name):
        state = generator_state(32, 3)
        del state[name]
        with pytest.raises(ValueError, match=name):
            IMPORTER.convert(state)

    def test_attention_behind_one_of_the_blocks_of_a_side(self):
        state = discriminator_state(32, 4, attention=(8,))
        state = {name: tensor for name, tensor in state.items() if not name.startswith('blocks.2.1.')}
        with pytest.raises(ValueError, match=r'blocks\.2\.1\.gamma'):
            IMPORTER.convert(state)

    def test_wrong_shape(self):
        state = discriminator_state(32, 3)
        state['embed.weight'] = torch.randn(5, 13)
        with pytest.raises(ValueError, match=r'embed\.weight has the shape \(5, 13\)'):
            IMPORTER.convert(state)
