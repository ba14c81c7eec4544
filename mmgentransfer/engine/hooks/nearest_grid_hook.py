"""A picture of samples beside the training images that they are nearest to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import Dataset

from mmgentransfer.engine.loops.generation_loop import DatasetImages
from mmgentransfer.evaluation.functional import nearest_rows
from mmgentransfer.registry import EXTRACTORS, HOOKS
from mmgentransfer.visualization.grids import make_grid, save_image

__all__ = ['NearestGridHook']

_BATCH = 128  # of images that an extractor sees at a time


@HOOKS.register_module()
class NearestGridHook(Hook):
    """Writes ``nearest.png`` at the end of a training or a test, to show memorised samples (thesis Figs. A.5, A.6).

    Of each pair of rows the upper one has samples, those nearest to a training image first, and the lower one the
    training images. :class:`NearestTrainingImage` gives the mean distance as a number.

    Args:
        num_images: Samples to show.
        num_samples: Samples to draw; of more than ``num_images`` those with the smallest distances are shown.
        columns: Images in a row.
        extractor: Config of the extractor whose features are compared; None compares pixels.
        seed: Of the latents.
        batch_statistics: See :meth:`GAN.generate`.

    Raises:
        ValueError: A number is below 1, or there are fewer samples than images to show.
    """

    priority = 'LOW'

    def __init__(
        self,
        num_images: int = 20,
        num_samples: int = 20,
        columns: int = 10,
        extractor: dict[str, Any] | None = None,
        seed: int = 0,
        batch_statistics: bool = False,
    ) -> None:
        if min(num_images, columns) < 1 or num_samples < num_images:
            raise ValueError(
                f'NearestGridHook: num_images={num_images} and columns={columns} must be 1 or more, '
                f'num_samples={num_samples} at least num_images'
            )
        self.num_images = num_images
        self.num_samples = num_samples
        self.columns = columns
        self.seed = seed
        self.batch_statistics = batch_statistics
        self.extractor = None if extractor is None else EXTRACTORS.build(extractor)

    def before_run(self, runner: Runner) -> None:
        """Says so if the extractor has no weights: then there is no picture."""
        if self.extractor is not None and (reason := self.extractor.missing()) is not None:
            runner.logger.warning(f'NearestGridHook: nearest.png is left out. {reason}')

    @torch.no_grad()
    def after_run(self, runner: Runner) -> None:
        """Draws the samples, finds the training images, and writes the picture."""
        if not is_main_process() or (self.extractor is not None and self.extractor.missing() is not None):
            return
        model, dataset = runner.model, runner.train_dataloader.dataset
        samples = model.sample(self.num_samples, seed=(self.seed, 2), batch_statistics=self.batch_statistics)
        pixels = torch.from_numpy(np.ascontiguousarray(samples.transpose(0, 3, 1, 2)))
        distances, indices = self._nearest(pixels, dataset, next(model.parameters()).device)
        shown = distances.argsort(kind='stable')[: self.num_images]
        found = np.stack([dataset[int(i)]['images'].permute(1, 2, 0).numpy() for i in indices[shown]])
        columns, shape = min(self.columns, self.num_images), samples.shape[1:]
        blank = np.full((-self.num_images % columns, *shape), 255, np.uint8)
        rows = [np.concatenate([part, blank]).reshape(-1, columns, *shape) for part in (samples[shown], found)]
        save_image(Path(runner.work_dir) / 'nearest.png', make_grid(np.stack(rows, 1).reshape(-1, *shape), columns))

    def _nearest(self, samples: Tensor, dataset: Dataset, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
        """Returns each sample's distance to its nearest training image, and which that is; batch by batch."""
        described = self._describe(samples, device)
        distances, indices = np.full(len(samples), np.inf), np.zeros(len(samples), dtype=np.int64)
        seen = 0
        for batch in DatasetImages(dataset):
            found, index = nearest_rows(described, self._describe(batch, device))
            closer = found < distances
            distances[closer], indices[closer] = found[closer], index[closer] + seen
            seen += len(batch)
        return distances, indices

    def _describe(self, images: Tensor, device: torch.device) -> np.ndarray:
        """Returns uint8 images (N, C, H, W) as what is compared: their features (N, D), or themselves."""
        if self.extractor is None:
            return images.numpy()
        parts = [self.extractor(part.to(device))['features'].float().cpu() for part in images.split(_BATCH)]
        return torch.cat(parts).numpy()
