"""The importer of the TransferGAN authors' TensorFlow variables."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmgentransfer.apis import import_checkpoint
from mmgentransfer.checkpoints.importers import IMPORTERS
from mmgentransfer.models.backbones import WGANGPCritic, WGANGPGenerator
from mmgentransfer.registry import MODELS

GENERATOR = dict(image_size=16, base_channels=2, channel_mults=(8, 8, 4, 2, 1), noise_size=128)
CRITIC = dict(image_size=16, base_channels=2, channel_mults=(1, 2, 4, 8, 8))


def random_network(network, **arguments):
    torch.manual_seed(3)
    network = network(**arguments)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.normal_()
        if name.endswith('running_var'):
            tensor.abs_()
    return network


def exported(network, moving_averages=True) -> dict[str, np.ndarray]:
    """The TensorFlow variables of one of our networks."""
    is_generator = isinstance(network, WGANGPGenerator)
    root = 'Generator' if is_generator else 'Discriminator'
    layers = dict(
        input_linear='Input', input_conv='Input', output_norm='OutputN', output_conv='Output', score_head='Output',
        class_head='ACGANOutput', norm1='BN1', norm2='BN2', conv1='Conv1', conv2='Conv2', shortcut='Shortcut',
    )  # fmt: skip
    variables = {}
    for name, tensor in network.state_dict().items():
        *path, kind = name.split('.')
        block = f'Res{int(path[1]) + 1}.' if path[0] == 'blocks' else ''
        target, array = f'{root}.{block}{layers[path[-1]]}', tensor.numpy()
        if 'norm' in path[-1]:
            endings = dict(weight='scale', bias='offset', running_mean='moving_mean', running_var='moving_variance')
            ending = endings.get(kind)
            if ending is None or ('moving' in ending and not moving_averages):
                continue
        elif array.ndim == 4:
            ending, array = 'Filters', array.transpose(2, 3, 1, 0)
        elif array.ndim == 2:
            ending, array = 'W', array.T
        else:
            ending = 'b' if path[-1] in ('input_linear', 'score_head', 'class_head') else 'Biases'
        variables[f'{target}.{ending}'] = array
    return variables


def convert(variables):
    importer = IMPORTERS['transfergan-tf']
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in variables.items()}
    assert importer.recognises(tensors)
    return importer.convert(tensors)


@pytest.mark.parametrize(
    ('network', 'arguments'),
    [
        (WGANGPGenerator, GENERATOR),
        (WGANGPGenerator, GENERATOR | dict(num_classes=5, cond_mode='bnorm')),
        (WGANGPGenerator, GENERATOR | dict(num_classes=5, cond_mode='concat')),
        (WGANGPGenerator, GENERATOR | dict(image_size=64, base_channels=3)),
        (WGANGPCritic, CRITIC),
        (WGANGPCritic, CRITIC | dict(num_classes=5)),
        (WGANGPCritic, CRITIC | dict(norm=None, image_size=32)),
    ],
)
def test_exported_network_comes_back_bit_for_bit(network, arguments):
    ours = random_network(network, **arguments)
    imported = convert(exported(ours))
    name = next(iter(imported.networks))
    back = MODELS.build(dict(imported.networks[name]))
    for key, value in arguments.items():
        if key not in ('channel_mults', 'norm'):
            assert imported.networks[name].get(key, value) == value
    back.load_state_dict(imported.state_dicts[name])
    expected = ours.state_dict()
    for key, tensor in back.state_dict().items():
        assert torch.equal(tensor, expected[key]) or key.endswith('num_batches_tracked')
    assert len(imported.copied) == len(exported(ours))
    assert imported.unused == []


def test_first_block_as_tensorflow_computes_it():
    """One generator block from the variables themselves: HWIO kernels, (in, out) matrices, statistics of the batch."""
    ours = random_network(WGANGPGenerator, **GENERATOR).double().train()
    v = {name: torch.from_numpy(np.ascontiguousarray(array)).double() for name, array in exported(ours).items()}
    z = torch.randn(3, 128, dtype=torch.float64)

    def norm(name, x):
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
        scale, offset = v[f'{name}.scale'][:, None, None], v[f'{name}.offset'][:, None, None]
        return (x - mean) / (var + 1e-5).sqrt() * scale + offset

    def convolve(name, x):
        """Sums over the kernel's positions, as its HWIO layout reads."""
        kernel = v[f'{name}.Filters']
        half = kernel.shape[0] // 2
        padded = F.pad(x, (half, half, half, half))
        side = x.shape[2]
        out = sum(
            torch.einsum('nihw,io->nohw', padded[:, :, i : i + side, j : j + side], kernel[i, j])
            for i in range(kernel.shape[0])
            for j in range(kernel.shape[1])
        )
        return out + (v[f'{name}.Biases'][:, None, None] if f'{name}.Biases' in v else 0)

    def double(x):
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    x = (z @ v['Generator.Input.W'] + v['Generator.Input.b']).reshape(3, 16, 1, 1)
    h = convolve('Generator.Res1.Conv1', double(norm('Generator.Res1.BN1', x).relu()))
    h = convolve('Generator.Res1.Conv2', norm('Generator.Res1.BN2', h).relu())
    expected = h + convolve('Generator.Res1.Shortcut', double(x))
    _, taps = ours(z, return_taps=True)
    torch.testing.assert_close(taps[2], expected)


def test_file_of_both_networks_with_the_optimisers_variables(tmp_path):
    generator = random_network(WGANGPGenerator, **GENERATOR, num_classes=4, cond_mode='bnorm')
    critic = random_network(WGANGPCritic, **CRITIC, num_classes=4)
    variables = exported(generator, moving_averages=False) | exported(critic)
    extra = {
        'Generator.Input.W/Adam': variables['Generator.Input.W'],
        'Discriminator.Input.Filters/Adam_1': variables['Discriminator.Input.Filters'],
        'beta1_power': np.float32(0.9),
        'beta2_power_1': np.float32(0.9),
    }
    np.savez(tmp_path / 'wgan-gp.npz', **variables, **extra)
    imported = import_checkpoint(None, tmp_path / 'wgan-gp.npz', tmp_path / 'out.pth')
    assert imported.source == 'transfergan-tf'
    assert {name: config['num_classes'] for name, config in imported.networks.items()} == dict(generator=4, critic=4)
    assert {name.split(': ')[1] for name in imported.unused} == set(extra)
    assert len(imported.missing) == 1
    assert 'batch-norm statistics' in imported.missing[0]
    for name, network in (('generator', generator), ('critic', critic)):
        back = imported.state_dicts[name]
        assert torch.equal(back['blocks.3.conv2.weight'], network.state_dict()['blocks.3.conv2.weight'])
    assert not imported.state_dicts['generator']['blocks.0.norm1.running_mean'].any()


@pytest.mark.parametrize('classes', [{}, dict(num_classes=4, cond_mode='bnorm')], ids=['without classes', 'classes'])
def test_calibrated_generator_works_with_running_statistics(tmp_path, classes):
    generator = random_network(WGANGPGenerator, **GENERATOR, **classes)
    np.savez(tmp_path / 'wgan-gp.npz', **exported(generator, moving_averages=False))
    imported = import_checkpoint(None, tmp_path / 'wgan-gp.npz', tmp_path / 'out.pth', calibrate=True)
    assert not any('statistics' in name for name in imported.missing)
    state = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    back = MODELS.build(dict(imported.networks['generator']))
    back.load_state_dict({name.removeprefix('generator.'): tensor for name, tensor in state.items()})
    for name, parameter in back.named_parameters():
        assert torch.equal(parameter, generator.state_dict()[name])
    inputs = [torch.randn(400, 128, generator=torch.Generator().manual_seed(1))]
    inputs += [torch.arange(400) % 4] if classes else []
    with torch.no_grad():
        wanted, running = generator.train()(*inputs), back.eval()(*inputs)
        back.load_state_dict(import_checkpoint(None, tmp_path / 'wgan-gp.npz').state_dicts['generator'])
        uncalibrated = back(*inputs)
    assert (running - wanted).abs().mean() < 0.25 * (uncalibrated - wanted).abs().mean()


def test_only_generators_are_calibrated(tmp_path):
    np.savez(tmp_path / 'critic.npz', **exported(random_network(WGANGPCritic, **CRITIC)))
    with pytest.raises(ValueError, match='nothing to calibrate: the files hold no generator, but critic'):
        import_checkpoint(None, tmp_path / 'critic.npz', calibrate=True)


def test_statistics_that_were_updated_are_not_missing():
    ours = random_network(WGANGPGenerator, **GENERATOR)
    assert convert(exported(ours)).missing == ['critic']
    for module in ours.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
    assert len(convert(exported(ours)).missing) == 2


def test_missing_and_extra_variables_are_named():
    variables = exported(random_network(WGANGPGenerator, **GENERATOR))
    with pytest.raises(ValueError, match=r'Generator\.Res2\.Conv1\.Biases'):
        convert(variables | {'Generator.Res2.Conv1.Biases': np.zeros(16, np.float32)})
    with pytest.raises(ValueError, match=r'Generator\.Res2\.Conv2\.Biases is not in the file'):
        convert({name: array for name, array in variables.items() if name != 'Generator.Res2.Conv2.Biases'})
    with pytest.raises(ValueError, match=r'Generator\.Res1, Generator\.Res2, \.\.\. are expected'):
        convert({name.replace('Res2', 'Res7'): array for name, array in variables.items()})
    with pytest.raises(ValueError, match=r'Generator\.Res2\.BN1\.scale has the shape \(3,\)'):
        convert(variables | {'Generator.Res2.BN1.scale': np.zeros(3, np.float32)})
