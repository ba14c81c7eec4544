"""Entering the right stage at the right iteration."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgentransfer.registry import HOOKS

__all__ = ['StageHook']


@HOOKS.register_module()
class StageHook(Hook):
    """Enters each of the model's stages at its first iteration, also after a resume, and sets its learning rates.

    Raises:
        ValueError: Stages set learning rates that a scheduler would overwrite.
    """

    priority = 'HIGH'

    def before_run(self, runner: Runner) -> None:
        """Remembers the configured learning rates, before a resumed checkpoint overwrites them."""
        if runner.optim_wrapper is None or isinstance(runner.optim_wrapper, dict):
            return
        self._base_lr = {
            player: [group['lr'] for group in wrapper.param_groups] for player, wrapper in runner.optim_wrapper.items()
        }

    def before_train(self, runner: Runner) -> None:
        """Checks that stages and schedulers don't both set learning rates."""
        stages = runner.model.stages
        if runner.param_schedulers and any(stage.lr for stage in stages):
            raise ValueError('model.stages set learning rates, which param_scheduler would overwrite; use one of them')
        self._entered = None

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Enters the stage that this iteration belongs to, if the model isn't in it."""
        index = runner.model.stage_index_at(runner.iter)
        if index == self._entered:
            return
        self._entered = index
        runner.model.enter_stage(index)
        stage = runner.model.stage
        if any(other.lr for other in runner.model.stages):
            self._set_lr(runner, stage.lr)
        begins = runner.iter == 0 or runner.model.stage_index_at(runner.iter - 1) != index
        if begins:  # not in the middle of a stage, where a resumed run has what this would change
            runner.model.begin_stage()
            if stage.reset_optimizers:
                for wrapper in runner.optim_wrapper.values():
                    wrapper.optimizer.state.clear()
        runner.logger.info(
            f'stage {stage.name!r} ({index + 1} of {len(runner.model.stages)}) at iteration {runner.iter}: '
            f'training {", ".join(_described(name, stage.only) for name in sorted(runner.model.trained_names()))}'
        )

    def _set_lr(self, runner: Runner, lr: dict[str, float]) -> None:
        for player, wrapper in runner.optim_wrapper.items():
            default = wrapper.optimizer.defaults['lr']  # groups keep their ratio to it (paramwise_cfg's lr_mult)
            for group, base in zip(wrapper.param_groups, self._base_lr[player], strict=True):
                group['lr'] = base if player not in lr else lr[player] * (base / default if default else 1.0)


def _described(name: str, only: dict[str, list[str]]) -> str:
    """Returns a network's name with the patterns of those of its parameters that are trained, if not all are."""
    patterns = [
        p for key in only if key == name or key.startswith(f'{name}.') or name.startswith(f'{key}.') for p in only[key]
    ]
    return f'{name} (only {", ".join(dict.fromkeys(patterns))})' if patterns else name
