"""Checkpoint files: found, read with care, written in one step."""

from __future__ import annotations

import errno
import os
import pickle

import pytest
import torch

from mmgentransfer.checkpoints import (
    atomic_write,
    files,
    latest_checkpoint,
    load_checkpoint,
    load_state_dict,
    resolve_checkpoint,
)


def test_atomic_write(tmp_path):
    path = tmp_path / 'new' / 'folder' / 'file.bin'
    atomic_write(path, b'first')
    atomic_write(path, b'second')
    assert path.read_bytes() == b'second'
    assert [entry.name for entry in path.parent.iterdir()] == ['file.bin']
    assert path.stat().st_mode & 0o777 == 0o644


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'file.bin'
    atomic_write(path, b'old')

    def full(handle):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(files.os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        atomic_write(path, b'new')
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['file.bin']


def test_latest_is_the_largest_number(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / 'missing') is None
    for name in ('iter_9.pth', 'iter_10.pth', 'iter_2.pth', 'iter_99.pth.tmp', '.iter_50.pth.x.tmp', 'iter_x.pth'):
        (tmp_path / name).touch()
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_2.pth'))
    assert latest_checkpoint(tmp_path) == str(tmp_path / 'iter_10.pth')


def test_what_a_path_means(tmp_path):
    file = tmp_path / 'iter_3.pth'
    with pytest.raises(FileNotFoundError, match=r'holds no checkpoint iter_<n>\.pth'):
        resolve_checkpoint(str(tmp_path))
    file.touch()
    assert resolve_checkpoint(str(file)) == str(file)
    assert resolve_checkpoint(str(tmp_path)) == str(file)
    assert resolve_checkpoint('https://example.org/a.pth') == 'https://example.org/a.pth'
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint '.*iter_4\.pth': give a \.pth file"):
        resolve_checkpoint(str(tmp_path / 'iter_4.pth'))


def test_the_best_of_a_run(tmp_path):
    best, wanted = tmp_path / 'best_accuracy_iter_20.pth', str(tmp_path / 'best')
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint '.*/none/best'"):
        resolve_checkpoint(str(tmp_path / 'none' / 'best'))
    for name in ('iter_30.pth', '.best_accuracy_iter_9.pth.x.tmp', 'best_of_all.pth'):
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match=r'no checkpoint best_<score>_iter_<n>\.pth: train with .*save_best='):
        resolve_checkpoint(wanted)
    best.touch()
    assert resolve_checkpoint(wanted) == str(best)
    assert resolve_checkpoint(str(tmp_path)) == str(tmp_path / 'iter_30.pth')
    (tmp_path / 'best_loss_iter_10.pth').touch()
    with pytest.raises(FileNotFoundError, match='several best checkpoints'):
        resolve_checkpoint(wanted)


def test_load(tmp_path):
    torch.save(dict(state_dict=dict(a=torch.arange(3)), meta=dict(iter=3)), tmp_path / 'iter_3.pth')
    for path in (tmp_path / 'iter_3.pth', tmp_path):
        loaded = load_checkpoint(str(path))
        assert torch.equal(loaded['state_dict']['a'], torch.arange(3))
        assert loaded['meta'] == dict(iter=3)


class Intruder:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, 'w'))


def save_zip(value, path):
    torch.save(value, path)


def save_legacy(value, path):
    torch.save(value, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize('save', [save_zip, save_legacy])
def test_code_is_not_run(save, tmp_path):
    path, trace = tmp_path / 'evil.pth', tmp_path / 'trace'
    save(dict(state_dict=dict(a=torch.zeros(1)), extra=Intruder(str(trace))), path)
    with pytest.raises(ValueError, match=r'holds a Python object \(\w+\.open\) and could run code.*allow_pickle=True'):
        load_checkpoint(str(path))
    assert not trace.exists()
    assert torch.equal(load_checkpoint(str(path), allow_pickle=True)['state_dict']['a'], torch.zeros(1))
    assert trace.exists(), 'allow_pickle reads the file as it is'


def test_plain_pickle_is_not_run(tmp_path):
    path, trace = tmp_path / 'evil.pkl', tmp_path / 'trace'
    path.write_bytes(pickle.dumps(dict(a=Intruder(str(trace))), protocol=2))
    with pytest.raises(ValueError, match=r'evil\.pkl'):
        load_checkpoint(str(path))
    assert not trace.exists()


@pytest.mark.parametrize(
    'content', [b'', b'just some text\n', b'\x89PNG\r\n\x1a\n' + bytes(100), b'PK\x03\x04' + bytes(100)]
)
def test_other_files(content, tmp_path):
    path = tmp_path / 'notes.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"notes\.pth' is not a (readable )?checkpoint\D*$"):
        load_checkpoint(str(path))


def test_truncated_checkpoint(tmp_path):
    torch.save(dict(state_dict=dict(a=torch.rand(1000))), tmp_path / 'a.pth')
    whole = (tmp_path / 'a.pth').read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / 'cut.pth').write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ValueError, match=r"cut\.pth' is not a (readable )?checkpoint"):
            load_checkpoint(str(tmp_path / 'cut.pth'))


def test_something_else_than_a_dict(tmp_path):
    torch.save(torch.zeros(2), tmp_path / 'tensor.pth')
    with pytest.raises(ValueError, match='holds a Tensor, not a checkpoint'):
        load_checkpoint(str(tmp_path / 'tensor.pth'))


def test_weights_of_one_network(tmp_path):
    one, two, average = torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0)
    state = {'generator.w': one, 'generator2.w': two, 'critic.head.w': two, 'ema.critic.head.w': average}
    path = str(tmp_path / 'a.pth')
    torch.save(dict(state_dict=state), path)
    assert load_state_dict(path, 'generator') == dict(w=one)
    assert load_state_dict(path, 'critic') == {'head.w': average}, 'the moving average is preferred'
    assert load_state_dict(path, 'critic.head') == dict(w=average)
    assert load_state_dict(path) == state
    with pytest.raises(
        ValueError, match=r"no weights under the prefix 'miner'; it has \['critic', 'ema', 'generator', 'generator2'\]"
    ):
        load_state_dict(path, 'miner')


def test_file_of_one_network(tmp_path):
    path = str(tmp_path / 'bare.pth')
    torch.save(dict(w=torch.tensor(1.0)), path)
    assert load_state_dict(path) == dict(w=torch.tensor(1.0))
    torch.save(dict(step=3, w=torch.tensor(1.0)), path)
    with pytest.raises(ValueError, match=r"no state_dict of tensors; its keys are \['step', 'w'\]"):
        load_state_dict(path)


@pytest.mark.parametrize(
    ('path', 'config'),
    [
        ('work_dirs/transferi2i/toy_source_shapes-16x16', r'configs/transferi2i/toy_source_shapes-16x16\.py$'),
        ('work_dirs/transfergan/digits_source/best', r'configs/transfergan/digits_source\.py$'),
        ('work_dirs/transferi2i/toy_of_mine', None),
        ('none', None),
        ('none/', None),
    ],
)
def test_a_missing_run_names_the_config_that_makes_it(path, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match='there is no checkpoint') as error:
        resolve_checkpoint(path)
    assert ('python tools/train.py' in str(error.value)) == (config is not None)
    if config is not None:
        assert error.match(config)
