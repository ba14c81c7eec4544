"""Pictures of the training of translators between domains: the same images and codes at every chosen iteration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmgentransfer.datasets.domain_images import DomainImages
from mmgentransfer.engine.hooks.sample_grid_hook import drawing_schedule
from mmgentransfer.registry import HOOKS, suggest
from mmgentransfer.visualization.grids import make_grid, save_image, translation_grid

if TYPE_CHECKING:
    from mmgentransfer.models.domain_translator import DomainTranslator

__all__ = ['DomainTranslationGridHook']


@HOOKS.register_module()
class DomainTranslationGridHook(Hook):
    """Draws translations of test images, before the first step and at chosen iterations.

    A row is an image: as it is, then its outputs for each target, or with each attribute flipped; a column has one
    code. Where a model that has attention attends to is laid over the image and follows the outputs of each target. An
    image that is in the target domain already is left out. Written are ``reals.png``, the images; ``fakes_init.png``,
    the grid before the first step; ``samples/iter_<k>.png`` after k steps; and at the end ``translations.png``, in
    which a row follows the first output of an image over the iterations.

    Args:
        num: Number of grids, from iteration 0 to the last, evenly spaced in log(iteration + 1).
        interval: In place of ``num``: a grid every so many iterations.
        num_images: Images, evenly spaced in the set of ``val_dataloader``, or of ``train_dataloader`` without one.
        num_samples: Outputs K of each image for a target, of a model with codes.
        targets: Names of domains or attributes; None: those that the model translates to, at most ``max_targets``.
        max_targets: Targets in a grid where ``targets`` names none, evenly spaced among the model's.
        seed: Of the codes.
        smallest: Pixels that the shorter side of an image is blown up to, pixel by pixel.

    Raises:
        ValueError: ``num`` and ``interval`` are both given or both None, or a number is not positive.
    """

    priority = 'LOW'

    def __init__(
        self,
        num: int | None = 10,
        interval: int | None = None,
        num_images: int = 8,
        num_samples: int = 3,
        targets: Sequence[str] | None = None,
        max_targets: int = 16,
        seed: int = 0,
        smallest: int = 64,
    ) -> None:
        if (num is None) == (interval is None):
            raise ValueError(
                'DomainTranslationGridHook takes either num (log-spaced) or interval; set the other to None'
            )
        sizes = dict(num_images=num_images, num_samples=num_samples, max_targets=max_targets, smallest=smallest)
        for key, value in sizes.items():
            if value < 1:
                raise ValueError(f'DomainTranslationGridHook.{key}={value} must be at least 1')
        self.num = num
        self.interval = interval
        self.num_images = num_images
        self.num_samples = num_samples
        self.targets = None if targets is None else list(targets)
        self.max_targets = max_targets
        self.seed = seed
        self.smallest = smallest

    def before_train(self, runner: Runner) -> None:
        """Fixes schedule, targets, images and codes; draws the images and the starting point of a new run.

        Raises:
            ValueError: The model does not translate between domains, or not to a target.
        """
        # the models import this package
        from mmgentransfer.models.domain_translator import DomainTranslator

        model = runner.model
        if not isinstance(model, DomainTranslator):
            raise ValueError(f'DomainTranslationGridHook draws a DomainTranslator; a {type(model).__name__} is none')
        for name in self.targets or []:
            if name not in model.targets:
                raise ValueError(
                    f'DomainTranslationGridHook.targets has {name!r}; the model translates to {list(model.targets)}.'
                    f'{suggest(name, list(model.targets))}'
                )
        known = list(model.targets)
        places = np.linspace(0, len(known) - 1, min(self.max_targets, len(known))).round().astype(np.int64)
        self._names = self.targets or [known[place] for place in places]
        self.schedule = drawing_schedule(runner.max_iters, self.num, self.interval)
        if not is_main_process():
            return
        loader = runner.val_loop.dataloader if runner.val_loop is not None else runner.train_dataloader
        data = DomainImages(loader.dataset, model.domains, model.exclusive)
        places = np.linspace(0, len(data) - 1, min(self.num_images, len(data))).round().astype(np.int64)
        self._images, self._own = data.__getitems__(places.tolist())['images'], data.own[torch.from_numpy(places)]
        # per image, as its row shows it: what each of its outputs is, one iteration after the other
        self._history: list[tuple[int, np.ndarray]] = []
        if runner.iter == 0:
            reals = self._images.movedim(1, -1).numpy()
            save_image(Path(runner.work_dir) / 'reals.png', make_grid(reals, len(reals)))
            grid = self._draw(runner, 0)
            save_image(Path(runner.work_dir) / 'fakes_init.png', grid)
            save_image(self._path(runner, 0), grid)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Draws a grid when it is time."""
        if is_main_process() and runner.iter + 1 in self.schedule:
            save_image(self._path(runner, runner.iter + 1), self._draw(runner, runner.iter + 1))

    def after_train(self, runner: Runner) -> None:
        """Draws how the first output of each image changed; a resumed run shows what came after."""
        if is_main_process() and self._history:
            images = _in_colour(self._images.movedim(1, -1).numpy()[:, None])
            cells = np.concatenate([images, np.stack([shown for _, shown in self._history], axis=1)], axis=1)
            heads = ['input', *(str(iteration) for iteration, _ in self._history)]
            save_image(Path(runner.work_dir) / 'translations.png', translation_grid(cells, heads, None, self.smallest))

    @staticmethod
    def _path(runner: Runner, iteration: int) -> Path:
        return Path(runner.work_dir) / 'samples' / f'iter_{iteration:07d}.png'

    @torch.no_grad()
    def _draw(self, runner: Runner, iteration: int) -> np.ndarray:
        from mmgentransfer.models.methods.gan import sampling_mode

        model = runner.model
        device = next(model.parameters()).device
        values = model.data_preprocessor(dict(images=self._images))['images'].to(device)
        own = self._own.to(device)
        num_samples = 1 if model.code_dim is None else self.num_samples
        codes = None
        if model.code_dim is not None:
            codes = model.draw_codes(num_samples, self.seed).to(device).expand(len(values), -1, -1)
        cells, heads = [_in_colour(self._images.movedim(1, -1).numpy()[:, None])], ['input']
        with sampling_mode(model.translating_networks('ema')):
            for name in self._names:
                cells.append(self._translated(model, values, own, codes, name, num_samples))
                heads += [name, *[''] * (num_samples - 1), *(['attention'] if model.has_attention else [])]
        first = [next((c[row, 0] for c in cells[1:] if (c[row, 0] != 255).any()), cells[0][row, 0])
                 for row in range(len(values))]  # fmt: skip
        self._history.append((iteration, np.stack(first)))
        return translation_grid(np.concatenate(cells, axis=1), heads, None, self.smallest)

    def _translated(
        self,
        model: DomainTranslator,
        values: Tensor,
        own: Tensor,
        codes: Tensor | None,
        name: str,
        num_samples: int,
    ) -> np.ndarray:
        """Returns the cells of a target, uint8 (N, K, H, W, 3), white where an image is in it already.

        Those of a model that has attention end with where it attends to.
        """
        from mmgentransfer.visualization.modalities import overlay_values  # the pictures know models

        rows = model.translatable(own, name).nonzero()[:, 0]
        cells = np.full((len(values), num_samples + model.has_attention, *values.shape[2:], 3), 255, np.uint8)
        if not len(rows):
            return cells
        options = dict(sources=own[rows]) if model.needs_sources else {}
        if model.has_attention:
            options['return_attention'] = True
        targets = model.edited(own[rows], name)
        made = model.translate_values(values[rows], targets, None if codes is None else codes[rows], **options)
        places = rows.cpu().numpy()
        if model.has_attention:
            made, maps = made
            shown = model.attention_pixels(maps, values.shape[2:]).cpu().numpy()
            cells[places, -1] = overlay_values(self._images.movedim(1, -1).numpy()[places], shown)
        cells[places, :num_samples] = _in_colour(model.data_preprocessor.to_uint8(made).movedim(2, -1).cpu().numpy())
        return cells


def _in_colour(images: np.ndarray) -> np.ndarray:
    """Returns uint8 (..., 3) of grey images, (..., 1), and others as they are."""
    return images.repeat(3, axis=-1) if images.shape[-1] == 1 else images
