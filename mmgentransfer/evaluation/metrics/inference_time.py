"""How long an image takes."""

from __future__ import annotations

import statistics
import time

import torch
from torch import nn

from mmgentransfer.registry import METRICS

from ..image_set import ImageSet


@METRICS.register_module()
class InferenceTime:
    """Milliseconds that a model needs for one image, as ``inference_ms`` (thesis Table 3.2).

    One image is generated at a time, from a latent that is drawn beforehand, in eval mode and without gradients; the
    device is waited for before and after. The result is the median of ``repeats`` images after ``warmups`` others. It
    is the time of the machine that the evaluation runs on, with whatever else runs there.

    Args:
        warmups: Images before the first that counts.
        repeats: Images that count.

    Raises:
        ValueError: ``warmups`` is negative, or ``repeats`` is no positive number.
    """

    extractor = None
    needs_train = False

    def __init__(self, warmups: int = 10, repeats: int = 100) -> None:
        if warmups < 0 or repeats < 1:
            raise ValueError(
                f'InferenceTime needs warmups >= 0 and repeats >= 1, got warmups={warmups} and repeats={repeats}'
            )
        self.warmups = warmups
        self.repeats = repeats
        self._ms: float | None = None

    def observe(self, model: nn.Module) -> None:
        """Generates images with the model, one at a time, and takes the time of each.

        Raises:
            ValueError: The model does not generate images from latents.
        """
        if not (hasattr(model, 'draw_latents') and hasattr(model, 'generate')):
            raise ValueError(
                f'InferenceTime needs a model that generates images from latents; a {type(model).__name__} does not'
            )
        latents = model.draw_latents(1)
        milliseconds = []
        for _ in range(self.warmups + self.repeats):
            _wait_for(latents.device)
            started = time.perf_counter()
            model.generate(latents)
            _wait_for(latents.device)
            milliseconds.append(1000 * (time.perf_counter() - started))
        self._ms = statistics.median(milliseconds[self.warmups :])

    def compute(self, real: ImageSet, fake: ImageSet, train: ImageSet | None = None) -> dict[str, float]:
        """Returns ``inference_ms``; images don't matter.

        Raises:
            RuntimeError: The evaluator's ``observe`` was not called.
        """
        if self._ms is None:
            raise RuntimeError('GenerationEvaluator.observe must show the model to InferenceTime')
        return {'inference_ms': self._ms}


def _wait_for(device: torch.device) -> None:
    """Waits until an accelerator has done what it was given; a CPU works at once."""
    if device.type != 'cpu':
        torch.accelerator.synchronize(device)
