"""Small games, and small experiments around them, that the tests of the core share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgentransfer.engine.optimizers import PlayerOptimWrappers
from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.registry import MODELS

torch.set_num_threads(1)

ROOT = Path(__file__).parents[1]
ADAM = dict(type='Adam', lr=1e-3, betas=(0.0, 0.9))


def toy8_networks(width: int = 16) -> dict[str, dict]:
    """The 8-pixel networks of the TransferGAN tables; at their full width of 16 they are 'toy8'."""
    return dict(
        generator=dict(
            type='WGANGPGenerator',
            image_size=8,
            base_channels=width,
            channel_mults=(2, 1),
            noise_size=32,
            out_channels=1,
        ),
        critic=dict(type='WGANGPCritic', image_size=8, base_channels=width, channel_mults=(1, 2), in_channels=1),
    )


def transfergan_config(n_critic: int = 1, width: int = 16) -> dict:
    """The model config of a TransferGAN of toy8 networks."""
    return dict(
        type='TransferGAN',
        networks=toy8_networks(width),
        losses=dict(adversarial=dict(type='WassersteinLoss'), gradient_penalty=dict(type='GradientPenalty')),
        moves=[dict(player='critic', repeat=n_critic), dict(player='generator')],
    )


def minegan_config(n_critic: int = 1, width: int = 16, mining: int = 3, finetuning: int = 2) -> dict:
    """The model config of a MineGAN around the toy8 generator, which has batch norms."""
    networks = toy8_networks(width)
    return dict(
        transfergan_config(n_critic, width),
        type='MineGAN',
        networks=dict(
            generators=[networks['generator']],
            miners=[dict(type='MLPMiner', dims=[32, 32, 32])],
            critic=networks['critic'],
        ),
        stages=[
            dict(name='mine', iters=mining, train=['miners', 'critic']),
            dict(name='finetune', iters=finetuning),
        ],
    )


@pytest.fixture
def build_game() -> Callable[..., AdversarialModel]:
    """Builds and initialises a model from its config, in training mode."""

    def build(config: dict, seed: int = 0) -> AdversarialModel:
        torch.manual_seed(seed)
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            model = MODELS.build(config)
        model.init_weights()
        return model.train()

    return build


@pytest.fixture
def build_wrappers() -> Callable:
    """Builds the optimiser wrappers of a model's players, all with the same optimiser."""

    def build(model: AdversarialModel, **optimizer):
        with DefaultScope.overwrite_default_scope('mmgentransfer'):
            config = dict(optimizer=optimizer or ADAM)
            return PlayerOptimWrappers(dict.fromkeys(model.players, config))(model)

    return build


@pytest.fixture
def digit_images() -> Callable[..., dict[str, torch.Tensor]]:
    """Returns a loader's batch of ``num`` grey images, uint8 (num, 1, side, side)."""

    def images(num: int, side: int = 8, seed: int = 0) -> dict[str, torch.Tensor]:
        pixels = np.random.default_rng(seed).integers(0, 256, (num, 1, side, side), dtype=np.uint8)
        return dict(images=torch.from_numpy(pixels))

    return images


def snapshot(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of a module's state."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.fixture
def state_of() -> Callable:
    """Copies a module's state, so that it can be compared later."""
    return snapshot


@pytest.fixture
def changed() -> Callable:
    """Names the entries of a module's state that are not bit for bit what they were."""

    def names(module: torch.nn.Module, before: dict[str, torch.Tensor]) -> set[str]:
        after = module.state_dict()
        assert list(after) == list(before)
        return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}

    return names


@pytest.fixture
def game_configs() -> dict[str, Callable[..., dict]]:
    """Makers of model configs by method."""
    return dict(TransferGAN=transfergan_config, MineGAN=minegan_config)


def experiment_config(work_dir: Path, model: dict, iters: int = 5, side: int = 8) -> Config:
    """A whole experiment of seconds on 24 nines, with every hook of the default runtime."""
    loader = dict(
        num_workers=0,
        collate_fn=dict(type='stack_batch'),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    dataset = dict(type='Digits', image_size=side, classes=[9])
    cfg = Config.fromfile(ROOT / 'configs/default_runtime.py')
    n_critic = model['moves'][0].get('repeat', 1)
    cfg.merge_from_dict(
        dict(
            model=model,
            train_dataloader=dict(
                loader,
                batch_size=4 * n_critic,
                sampler=dict(type='InfiniteSampler', shuffle=True),
                dataset=dict(dataset, split='train', num_images=24),
            ),
            val_dataloader=dict(loader, batch_size=50, dataset=dict(dataset, split='test')),
            train_cfg=dict(type='GameTrainLoop', max_iters=iters, val_interval=1000),
            val_cfg=dict(type='GenerationLoop', num_images=10, batch_size=5),
            val_evaluator=dict(type='GenerationEvaluator', extractors=dict(), metrics=[dict(type='MeanVariance')]),
            optim_wrapper=dict(
                constructor='PlayerOptimWrappers', critic=dict(optimizer=ADAM), generator=dict(optimizer=ADAM)
            ),
            work_dir=str(work_dir),
            # MMEngine keeps loggers and message hubs by this name, for as long as the process lives
            experiment_name=str(work_dir).replace('/', '_'),
        )
    )
    # a file of TensorBoard events costs a second of imports, and no test here reads it
    cfg.visualizer = dict(type='Visualizer', vis_backends=[])
    cfg.default_hooks.sample_grid = None
    return cfg


@pytest.fixture
def experiment(tmp_path) -> Callable[..., Config]:
    """Makes the config of a small experiment in the test's own folder."""

    def make(model: dict, iters: int = 5, name: str = 'run', side: int = 8) -> Config:
        return experiment_config(tmp_path / name, model, iters, side)

    return make


# what tools/train.py does, with room for source that runs before it; only the config is not set out prettily
TRAIN = """
import sys
from yapf.yapflib import yapf_api
yapf_api.FormatCode = lambda text, **style: (text, True)
from mmgentransfer.cli import main
sys.exit(main(['train', *sys.argv[1:]]))
"""


@pytest.fixture(scope='session', autouse=True)
def _plain_configs():
    """Leaves configs as they are: setting them out prettily, four times a run, takes longer than a small run itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **style: (text, True))
        yield


class TrainingProcess:
    """A training in a process of its own.

    Args:
        config: Config file.
        work_dir: Folder of the run.
        flags: ``--resume`` and other arguments of the command line.
        before: Python source that runs in the process before the training.
        environment: Variables beside those of this process.
    """

    def __init__(self, config: Path, work_dir: Path, *flags: str, before: str = '', **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-c', before + TRAIN, str(config), '--work-dir', str(work_dir), *flags],
            env=clean_environment(**environment),
            cwd=work_dir.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ''

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        self._process.kill()

    def wait(self, timeout: float = 120) -> int:
        """Waits for its end and returns its exit status, which is negative after a signal."""
        self.output, _ = self._process.communicate(timeout=timeout)
        return self._process.returncode


def clean_environment(*folders: Path, **variables: str) -> dict[str, str]:
    """The environment for a process that imports from ``folders`` and this checkout and computes on one core."""
    path = os.pathsep.join(filter(None, [*map(str, folders), str(ROOT), os.environ.get('PYTHONPATH')]))
    return {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': path, **variables}


@pytest.fixture(scope='session')
def start_training() -> type[TrainingProcess]:
    """Starts a training in a process of its own."""
    return TrainingProcess


@pytest.fixture(scope='session')
def subprocess_environment() -> Callable[..., dict[str, str]]:
    """Makes the environment of a process that imports this checkout."""
    return clean_environment


@pytest.fixture(scope='session')
def make_experiment() -> Callable[..., Config]:
    """As ``experiment``, in a folder that the caller gives."""
    return experiment_config


@pytest.fixture(scope='session')
def make_minegan_config() -> Callable[..., dict]:
    """As ``game_configs['MineGAN']``, for fixtures that live longer than a test."""
    return minegan_config
