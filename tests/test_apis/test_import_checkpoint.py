"""Importing checkpoints of other projects: what is read, refused, recognised, merged and written."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.registry import DefaultScope

from mmgentransfer.apis import import_checkpoint, known_importers
from mmgentransfer.checkpoints.importers import IMPORTERS, Imported, Importer, TensorSource, register_importer
from mmgentransfer.checkpoints.importers.base import find_state_dicts, spectral_tensors
from mmgentransfer.cli import main
from mmgentransfer.models.backbones import WGANGPCritic28, WGANGPGenerator28
from mmgentransfer.registry import MODELS

SIZES = dict(dim=2, noise_size=3)


def toy_convert(tensors):
    source = TensorSource(tensors, 'toy')
    source.leave(['toy.head', 'toy.marker'])
    name = 'generator' if 'toy.deconvs.0.weight' in tensors else 'critic'
    config = dict(type='WGANGPGenerator28', **SIZES) if name == 'generator' else dict(type='WGANGPCritic28', dim=2)
    config |= dict(image_size=32) if 'toy.marker' in tensors else {}
    state = {key.removeprefix('toy.'): source.take(key) for key in list(source) if key.startswith('toy.')}
    source.finish()
    other = dict(generator='critic', critic='generator')[name]
    return Imported({name: config}, {name: state}, source.copied, source.unused, [other])


@pytest.fixture
def toy(monkeypatch):
    """Another project, which has our 28-pixel networks under names with ``toy.`` in front."""
    importer = Importer(
        'toy', 'networks of a toy', lambda tensors: any(name.startswith('toy.') for name in tensors), toy_convert
    )
    monkeypatch.setitem(IMPORTERS, 'toy', importer)
    return importer


@pytest.fixture
def save(tmp_path):
    """Saves a network as the toy project does; returns its file and its weights."""

    def saved(name, network, extra=(), seed=0):
        torch.manual_seed(seed)
        built = network()
        for tensor in built.state_dict().values():
            tensor.normal_()
        state = {f'toy.{key}': tensor for key, tensor in built.state_dict().items()}
        torch.save(dict(state_dict=state | dict(extra), step=4), tmp_path / name)
        return str(tmp_path / name), built.state_dict()

    return saved


def generator():
    return WGANGPGenerator28(**SIZES)


def critic():
    return WGANGPCritic28(dim=2)


def names(state):
    return {key.split('.')[0] for key in state}


def test_two_files_become_one_checkpoint_that_networks_start_from(toy, save, tmp_path):
    (g_file, g_state), (d_file, d_state) = save('G.pth', generator), save('D.pth', critic)
    out = tmp_path / 'new' / 'out.pth'
    imported = import_checkpoint(None, [g_file, d_file], out)
    assert imported.source == 'toy'
    assert imported.missing == []
    assert set(imported.networks) == {'generator', 'critic'}

    loaded = torch.load(out, weights_only=True)
    assert loaded['meta'] == dict(source='toy', networks=imported.networks)
    assert names(loaded['state_dict']) == {'generator', 'critic'}
    for name, expected in (('generator', g_state), ('critic', d_state)):
        start = dict(type='TransferredWeights', checkpoint=str(out), prefix=name)
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            network = MODELS.build(dict(loaded['meta']['networks'][name], init_cfg=start))
            network.init_weights()
        for key, tensor in network.state_dict().items():
            assert torch.equal(tensor, expected[key])


def test_one_file_says_what_is_missing_and_left_over(toy, save):
    file, _ = save('G.pth', generator, extra={'toy.head': torch.ones(2)})
    imported = import_checkpoint('toy', file)
    assert imported.missing == ['critic']
    assert imported.unused == ['toy.head']
    assert len(imported.copied) == len(generator().state_dict())
    text = str(imported)
    for part in ("generator: dict(type='WGANGPGenerator28', dim=2", 'unused: toy.head', 'missing: critic'):
        assert part in text


def test_live_weights_and_moving_average(toy, save, tmp_path):
    (live_file, live), (ema_file, ema) = save('G.pth', generator), save('G_ema.pth', generator, seed=1)
    imported = import_checkpoint(None, [live_file, ema_file], tmp_path / 'out.pth')
    assert set(imported.state_dicts) == {'generator', 'ema.generator'}
    key = next(key for key, tensor in live.items() if not torch.equal(tensor, ema[key]))
    assert torch.equal(imported.state_dicts['generator'][key], live[key])
    assert torch.equal(imported.state_dicts['ema.generator'][key], ema[key])
    assert {n.split(': ')[0] for n in imported.copied} == {'G', 'G_ema'}

    alone = import_checkpoint(None, ema_file)
    assert set(alone.state_dicts) == {'generator'}
    assert torch.equal(alone.state_dicts['generator'][key], ema[key])

    other_file, _ = save('G2.pth', generator, seed=2)
    with pytest.raises(ValueError, match="more than one generator: in 'G2'"):
        import_checkpoint(None, [live_file, other_file])
    wide_file, _ = save('wide_ema.pth', generator, extra={'toy.marker': torch.ones(1)})
    with pytest.raises(ValueError, match='the generators differ'):
        import_checkpoint(None, [live_file, wide_file])


def test_networks_that_do_not_take_the_tensors_are_an_error(toy, save, tmp_path):
    _, state = save('G.pth', generator)
    wrong = {f'toy.{key}': tensor for key, tensor in state.items()}
    wrong['toy.deconvs.2.bias'] = torch.zeros(5)
    torch.save(wrong, tmp_path / 'wrong.pth')
    with pytest.raises(ValueError, match=r'deconvs\.2\.bias: the checkpoint has \(5,\), the network \(1,\)'):
        import_checkpoint(None, tmp_path / 'wrong.pth')
    # A converter's own errors name the file.
    torch.save(wrong | {'stray': torch.zeros(1)}, tmp_path / 'stray.pth')
    with pytest.raises(ValueError, match=r'stray\.pth.*no place for the tensors stray'):
        import_checkpoint(None, tmp_path / 'stray.pth')


def test_failed_import_writes_nothing(toy, save, tmp_path):
    file, _ = save('G.pth', generator, extra={'stray': torch.zeros(1)})
    with pytest.raises(ValueError, match='stray'):
        import_checkpoint(None, file, tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_unknown_formats_and_sources(toy, save, tmp_path, monkeypatch):
    torch.save(dict(state_dict={'what.weight': torch.ones(1)}), tmp_path / 'what.pth')
    with pytest.raises(ValueError, match=r"(?s)begins with \['what\.weight'\].*mimicry: SNGAN") as error:
        import_checkpoint(None, tmp_path / 'what.pth')
    assert 'toy: networks of a toy' in str(error.value)
    with pytest.raises(ValueError, match=r"no importer 'mimicri'.*Did you mean 'mimicry'"):
        import_checkpoint('mimicri', tmp_path / 'what.pth')
    torch.save(dict(epoch=3), tmp_path / 'none.pth')
    with pytest.raises(ValueError, match=r"holds no state dict of toy: its keys are \['epoch'\]"):
        import_checkpoint('toy', tmp_path / 'none.pth')
    file, _ = save('G.pth', generator)
    monkeypatch.setitem(IMPORTERS, 'twin', Importer('twin', '', toy.recognises, toy_convert))
    with pytest.raises(ValueError, match='could be of toy or twin: say which'):
        import_checkpoint(None, file)
    assert import_checkpoint('twin', file).source == 'twin'


def test_bad_files(toy, save, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'there is no file .*absent\.pth'):
        import_checkpoint(None, tmp_path / 'absent.pth')
    with pytest.raises(ValueError, match='there is no file to import'):
        import_checkpoint(None, [])
    (tmp_path / 'text.pth').write_text('not a checkpoint')
    with pytest.raises(ValueError, match=r'text\.pth.* is not a'):
        import_checkpoint(None, tmp_path / 'text.pth')
    torch.save([torch.ones(1)], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match='holds a list, not a checkpoint'):
        import_checkpoint(None, tmp_path / 'list.pth')
    file, _ = save('G.pth', generator)
    with pytest.raises(ValueError, match='is one of the files to import'):
        import_checkpoint(None, file, file)


class Intruder:
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_that_would_run_code_is_refused(tmp_path):
    proof = tmp_path / 'proof'
    torch.save(dict(state_dict={'l1.bias': torch.ones(1)}, hook=Intruder(proof)), tmp_path / 'evil.pth')
    torch.save(dict(hook=Intruder(proof)), tmp_path / 'legacy.pth', _use_new_zipfile_serialization=False)
    (tmp_path / 'bare.pth').write_bytes(pickle.dumps(dict(hook=Intruder(proof)), protocol=2))
    np.savez(tmp_path / 'evil.npz', weights=np.array([Intruder(proof)], dtype=object))
    for name in ('evil.pth', 'legacy.pth', 'bare.pth'):
        with pytest.raises(ValueError, match='could run code when it is read: refused'):
            import_checkpoint(None, tmp_path / name)
    with pytest.raises(ValueError, match='something else than numbers'):
        import_checkpoint(None, tmp_path / 'evil.npz')
    assert not proof.exists()
    pickle.loads(pickle.dumps(Intruder(proof)))
    assert proof.exists()  # the intruder would have worked


def test_mmengines_log_buffers_are_read_without_their_methods(toy, save, tmp_path):
    file, state = save('G.pth', generator)
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    buffer.update(3.0)
    content = torch.load(file, weights_only=True)
    torch.save(content | dict(message_hub=dict(log_scalars=dict(loss=buffer)), best=np.float64(2.0)), file)
    assert len(import_checkpoint(None, file).copied) == len(state)


# ---------------------------------------------------------------------------------------------------- for importers


def test_state_dicts_are_found_under_the_usual_keys():
    state = dict(a=torch.ones(1))
    for content in (state, dict(state_dict=state), dict(model_state_dict=state, optimizer_state_dict=None)):
        assert find_state_dicts(content) == {'': state}
    assert find_state_dicts(dict(epoch=1)) == {}
    assert find_state_dicts({}) == {}


def test_source_gives_each_tensor_once():
    source = TensorSource(dict(a=torch.ones(2, 3), b=torch.ones(1), c=torch.ones(1)), 'toy')
    assert source.shape('a') == (2, 3)
    assert source.take('a', (2, 3)).shape == (2, 3)
    assert 'a' not in source
    with pytest.raises(ValueError, match='toy: the tensor a is not in the file'):
        source.take('a')
    with pytest.raises(ValueError, match=r'b has the shape \(1,\).*imply \(2,\)'):
        source.take('b', (2,))
    source.leave(['b', 'absent'])
    with pytest.raises(ValueError, match='no place for the tensors c;'):
        source.finish()
    source.take('c')
    source.finish()
    assert source.copied == ['a', 'c']
    assert source.unused == ['b']


def test_power_iteration_of_imported_spectral_norms():
    weight, u = torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([[1.0, 0.0]])
    # from u = (1, 0): v = (3, 0)/3, u = (3, 0)/3, and the norm is 3
    tensors = spectral_tensors('layer', weight, u)
    assert tensors['layer.parametrizations.weight.original'] is weight
    torch.testing.assert_close(tensors['layer.parametrizations.weight.0._u'], torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(tensors['layer.parametrizations.weight.0._v'], torch.tensor([1.0, 0.0]))
    # from u = (3, 4)/5: v = (9, 16)/sqrt(337), u = (27, 64)/sqrt(4825)
    tensors = spectral_tensors('layer', weight, torch.tensor([0.6, 0.8]))
    torch.testing.assert_close(tensors['layer.parametrizations.weight.0._v'], torch.tensor([9.0, 16.0]) / 337**0.5)
    torch.testing.assert_close(tensors['layer.parametrizations.weight.0._u'], torch.tensor([27.0, 64.0]) / 4825**0.5)
    given = spectral_tensors('layer', weight, torch.tensor([0.6, 0.8]), torch.tensor([0.0, 1.0]))
    assert given['layer.parametrizations.weight.0._u'].tolist() == pytest.approx([0.6, 0.8])
    assert given['layer.parametrizations.weight.0._v'].tolist() == [0.0, 1.0]


def test_names_of_importers_are_unique(toy):
    with pytest.raises(KeyError, match='already an importer'):
        register_importer(Importer('toy', '', toy.recognises, toy_convert))
    assert {'mimicry', 'transfergan-tf'} <= set(known_importers())


# ------------------------------------------------------------------------------------------------------ command line


def test_command_recognises_the_format_or_takes_the_source(toy, save, tmp_path, capsys):
    (g_file, _), (d_file, _) = save('G.pth', generator), save('D.pth', critic)
    out = tmp_path / 'out.pth'
    for arguments in ([g_file, d_file], ['toy', g_file, d_file], ['toy', g_file], [g_file]):
        assert main(['import', *arguments, '-o', str(out)]) == 0
        shown = capsys.readouterr().out
        assert 'source: toy' in shown
        assert "generator: dict(type='WGANGPGenerator28'" in shown
        assert ('missing: nothing' if d_file in arguments else 'missing: critic') in shown
        assert f"init_cfg=dict(type='TransferredWeights', checkpoint={str(out)!r}, prefix='generator')" in shown
        assert names(torch.load(out, weights_only=True)['state_dict']) == (
            {'generator', 'critic'} if d_file in arguments else {'generator'}
        )


def test_command_says_what_is_wrong(toy, save, tmp_path, capsys):
    file, _ = save('G.pth', generator)
    out = tmp_path / 'out.pth'
    for arguments, text in (
        (['toi', file], "no importer 'toi'"),
        ([str(tmp_path / 'absent.pth'), file], 'there is no file'),
        (['toy'], "there is no file 'toy'"),
        (['--bgr', file], 'the networks of ProGAN and StyleGAN; generator is a WGANGPGenerator28'),
    ):
        assert main(['import', *arguments, '-o', str(out)]) == 2
        assert text in capsys.readouterr().err
    assert not out.exists()
