"""What a run shows on the console; its log file keeps everything."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from torch import nn
from tqdm import tqdm

__all__ = ['ConsoleRunner', 'lay_out']

# How the records begin that are for the log file only.
_CHATTER = (
    '\n----',  # the table of the system
    'Config:\n',
    'Hooks will be executed in the following order',
    'Distributed training is not used',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
    'resumed key: ',  # scalars of the log, which checkpoints leave out
    '`resume_param_scheduler` is True but',
    'paramwise_options -- ',  # learning rates, a line for each parameter
    'Dataset ',  # has no metainfo, which only MMEngine's visualisers would use
)


class _ConsoleHandler(logging.StreamHandler):
    """Prints on stdout as it is at that moment, around a progress bar if there is one."""

    def __init__(self, level: int) -> None:
        super().__init__(sys.stdout)
        self.setLevel(level)
        self.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
        self.addFilter(lambda record: not str(record.msg).startswith(_CHATTER))

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        with tqdm.external_write_mode(file=sys.stdout):
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return f'{text[:9]}{record.levelname.lower()}: {text[9:]}' if record.levelno >= logging.WARNING else text


class ConsoleRunner(Runner):
    """MMEngine's runner with a console for people: stages, losses, scores and notices, in short lines."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Builds MMEngine's logger and changes how it prints; see :meth:`Runner.build_logger`."""
        logger = super().build_logger(*args, **kwargs)
        logger.handlers = [
            _ConsoleHandler(handler.level) if type(handler) is logging.StreamHandler else handler
            for handler in logger.handlers
        ]
        return logger

    def load_or_resume(self) -> None:
        """Lays convolutions out as ``env_cfg.channels_last`` says: not before, as weights are drawn in their layout."""
        super().load_or_resume()
        lay_out(self.model, self.cfg.get('env_cfg'))

    def build_train_loop(self, loop: Any) -> BaseLoop:
        """Builds the loop and its loader; see :meth:`Runner.build_train_loop`."""
        with _naming('train_dataloader'):
            return super().build_train_loop(loop)

    def build_val_loop(self, loop: Any) -> BaseLoop:
        """Builds the loop and its loader; see :meth:`Runner.build_val_loop`."""
        with _naming('val_dataloader'):
            return super().build_val_loop(loop)

    def build_test_loop(self, loop: Any) -> BaseLoop:
        """Builds the loop and its loader; see :meth:`Runner.build_test_loop`."""
        with _naming('test_dataloader'):
            return super().build_test_loop(loop)


def lay_out(model: nn.Module, env_cfg: dict[str, Any] | None) -> None:
    """Puts the channels of convolutions last in memory if ``env_cfg.channels_last`` is True; what they give follows.

    Raises:
        ValueError: It is neither True nor False.
    """
    wanted = (env_cfg or {}).get('channels_last', False)
    if not isinstance(wanted, bool):
        raise ValueError(f'env_cfg.channels_last must be True or False, got {wanted!r}')
    if wanted:
        model.to(memory_format=torch.channels_last)


@contextmanager
def _naming(loader: str) -> Iterator[None]:
    """Says in a data set's error, which begins with ``dataset.<key>``, of which loader the data set is."""
    try:
        yield
    except (ValueError, OSError) as error:
        text = error.args[0] if len(error.args) == 1 else None
        if isinstance(text, str) and text.startswith('dataset.'):
            raise type(error)(f'{loader}.{text}') from error
        raise
