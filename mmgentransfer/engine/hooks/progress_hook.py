"""How far a run is, on the terminal or in a file that another process shows."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgentransfer.checkpoints.files import atomic_write
from mmgentransfer.registry import HOOKS

__all__ = ['PROGRESS_FILE', 'ProgressHook']

PROGRESS_FILE = 'MMGENTRANSFER_PROGRESS_FILE'


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows a bar with the stage and the time left if stderr is a terminal.

    If the environment variable ``MMGENTRANSFER_PROGRESS_FILE`` names a file, ``{"iter", "max_iters", "stage"}`` is
    written there instead, at most every ``seconds``, for a parent process that shows several runs.

    Args:
        seconds: Least time between two updates.
    """

    priority = 'VERY_LOW'

    def __init__(self, seconds: float = 0.5) -> None:
        self.seconds = seconds
        self._bar = None

    def before_train(self, runner: Runner) -> None:
        """Opens the bar."""
        self._file = os.environ.get(PROGRESS_FILE)
        self._next = 0.0
        if is_main_process() and not self._file and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=runner.max_iters, initial=runner.iter, unit='it', mininterval=self.seconds, dynamic_ncols=True
            )

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Moves the bar, or writes the file when it is time."""
        if self._bar is not None:
            self._bar.set_description(runner.model.stage.name, refresh=False)
            self._bar.update()
        elif self._file and is_main_process():
            now = time.monotonic()
            if now >= self._next or runner.iter + 1 == runner.max_iters:
                self._next = now + self.seconds
                state = dict(iter=runner.iter + 1, max_iters=runner.max_iters, stage=runner.model.stage.name)
                atomic_write(self._file, json.dumps(state).encode())

    def after_train(self, runner: Runner) -> None:
        """Closes the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
