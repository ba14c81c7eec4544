"""TransferI2I's three stages as runs: resumed, skipped, and without data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch.utils.data import Dataset
from transferi2i_toys import STAGES, biggan_config, stylegan_config

from mmgentransfer.apis import init_model, train
from mmgentransfer.checkpoints import load_checkpoint
from mmgentransfer.registry import DATASETS, HOOKS

ROOT = Path(__file__).parents[2]


@DATASETS.register_module()
class UntouchableImages(Dataset):
    """Raises as soon as an item is asked for."""

    labels, classes = torch.zeros(8, dtype=torch.int64), ()

    def __len__(self):
        return 8

    def __getitem__(self, index):
        raise AssertionError('an item of the data set was read')


@HOOKS.register_module()
class LearningRates(Hook):
    """Remembers the different learning rates of the generator's player."""

    def before_train(self, runner):
        LearningRates.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        groups = runner.optim_wrapper['generator'].param_groups
        LearningRates.seen.append(sorted({group['lr'] for group in groups}))


def experiment(model: dict, work_dir: Path) -> Config:
    cfg = Config.fromfile(ROOT / 'configs/default_runtime.py')
    objects = dict(type='ToyObjects', image_size=model['networks']['generator']['image_size'], num_per_class=8)
    labelled = dict(objects, labelled='shape', shapes=['disc', 'square'])
    if 'source_generator' in model['networks']:
        data = dict(type='UnpairedDomains', dataset=labelled)
    else:
        model['domains'] = ['disc', 'square']
        data = dict(type='WithSources', dataset=labelled)
    cfg.merge_from_dict(
        dict(
            model=model,
            train_dataloader=dict(
                batch_size=4,
                num_workers=0,
                sampler=dict(type='InfiniteSampler', shuffle=True),
                collate_fn=dict(type='stack_batch'),
                dataset=data,
            ),
            train_cfg=dict(type='GameTrainLoop', max_iters=sum(stage['iters'] for stage in model['stages'])),
            optim_wrapper=dict(
                constructor='PlayerOptimWrappers',
                discriminator=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.0, 0.99))),
                generator=dict(
                    optimizer=dict(type='Adam', lr=1e-4, betas=(0.0, 0.99)),
                    paramwise_cfg=dict(custom_keys=dict(adaptor=dict(lr_mult=10.0))),
                ),
            ),
            work_dir=str(work_dir),
            experiment_name=str(work_dir).replace('/', '_'),
            visualizer=dict(type='Visualizer', vis_backends=[]),
        )
    )
    cfg.default_hooks.sample_grid = None
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    return cfg


def state(folder: Path, iteration: int) -> dict[str, torch.Tensor]:
    return load_checkpoint(str(folder / f'iter_{iteration}.pth'))['state_dict']


@pytest.mark.parametrize('kind', ['biggan', 'stylegan'])
def test_resumed_run_ends_as_an_uninterrupted_one(kind, tmp_path):
    stages = [*STAGES[:2], dict(STAGES[2], iters=3)]
    make = dict(biggan=biggan_config, stylegan=stylegan_config)[kind]

    def config(name):
        return experiment(make(side=16, width=4, stages=stages), tmp_path / name)

    train(config('whole'))
    end = state(tmp_path / 'whole', 7)
    for stop in (2, 3, 4, 5):  # at the ends of the first two stages, and within the last two
        (tmp_path / f'from{stop}').mkdir()
        shutil.copy(tmp_path / 'whole' / f'iter_{stop}.pth', tmp_path / f'from{stop}')
        train(config(f'from{stop}'), resume=True)
        resumed = state(tmp_path / f'from{stop}', 7)
        assert resumed.keys() == end.keys()
        assert all(torch.equal(end[key], resumed[key]) for key in end), stop
    # the hand-over: after one step of Adam the encoder is still close to the discriminator that was
    before, begun = state(tmp_path / 'whole', 4), state(tmp_path / 'whole', 5)
    trunk, given = 'encoder.trunk.', 'source_discriminator.' if kind == 'stylegan' else 'discriminator.'
    keys = [key for key in begun if key.startswith(trunk) and not key.endswith(('_u', '_v'))]
    assert keys
    for key in keys:
        torch.testing.assert_close(begun[key], before[given + key.removeprefix(trunk)], atol=3e-4, rtol=0)
    assert not all(torch.equal(begun[key], before[key]) for key in keys)


def test_no_data_in_self_initialisation(tmp_path):
    cfg = experiment(biggan_config(side=16, width=4, stages=STAGES[1:2]), tmp_path / 'run')
    cfg.train_dataloader.dataset = dict(type='UntouchableImages')
    train(cfg)
    assert int(state(tmp_path / 'run', 2)['handed_over']) == 0
    with_data = experiment(biggan_config(side=16, width=4, stages=STAGES[:1]), tmp_path / 'data')
    with_data.train_dataloader.dataset = dict(type='UntouchableImages')
    with pytest.raises(AssertionError, match='was read'):
        train(with_data)


def test_stages_of_earlier_runs(tmp_path):
    """Each stage as a run of its own gives what the networks' init_cfg take from the one before."""
    names = ('generator', 'discriminator', 'adaptor')

    def config(name, stage, source=None, **init):
        model = biggan_config(side=16, width=4, stages=[STAGES[stage]])
        for network in names if source else ():
            model['networks'][network]['init_cfg'] = dict(
                type='TransferredWeights', checkpoint=str(tmp_path / source), prefix=network
            )
        return experiment(model, tmp_path / name)

    train(config('a', 0))
    train(config('b', 1, 'a'))
    first, second = state(tmp_path / 'a', 2), state(tmp_path / 'b', 2)
    same = {key for key in second if key in first and torch.equal(first[key], second[key])}
    assert {key for key in second if key.startswith(('generator.', 'discriminator.'))} <= same
    train(config('c', 2, 'b'))
    model = init_model(config('c', 2), str(tmp_path / 'c'))
    assert model.handed_over
    other = config('c', 2)
    other.model.domains = ['square', 'disc']
    with pytest.raises(ValueError, match=r"trained with the domains \['disc', 'square'\]"):
        init_model(other, str(tmp_path / 'c'))

    wrong = config('d', 2, 'b')
    wrong.model.networks.adaptor.sub_adaptor = dict(type='ReLUConvSubAdaptor')
    with pytest.raises(ValueError, match=r"prefix 'adaptor'"):
        train(wrong)
    missing = config('e', 2, 'b')
    missing.model.networks.discriminator.init_cfg.prefix = 'critic'
    with pytest.raises(ValueError, match=r"no weights under the prefix 'critic'.*init_cfg=None starts it from scratch"):
        train(missing)


def test_learning_rates_of_a_stage_keep_the_groups_ratio(tmp_path):
    stages = [dict(STAGES[0], lr=dict(generator=1e-3)), *STAGES[1:]]
    cfg = experiment(biggan_config(side=16, width=4, stages=stages), tmp_path / 'run')
    cfg.custom_hooks = [dict(type='LearningRates')]
    train(cfg)
    assert LearningRates.seen[0] == pytest.approx([1e-3, 1e-2])
    assert LearningRates.seen[-1] == pytest.approx([1e-4, 1e-3])
