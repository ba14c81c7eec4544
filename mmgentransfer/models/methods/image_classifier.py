"""A classifier trained on real images, whose features and decisions score generated ones."""

from __future__ import annotations

import torch
from torch import Tensor

from mmgentransfer.models.game import AdversarialModel, Batch
from mmgentransfer.registry import MODELS

__all__ = ['ImageClassifier']


@MODELS.register_module()
class ImageClassifier(AdversarialModel):
    """A game of one player: cross-entropy on labelled images.

    ``networks`` has ``classifier``, ``losses`` has ``cross_entropy``.
    """

    players = dict(classifier=['classifier'])

    def classifier_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Returns the cross-entropy of the batch's labels."""
        return dict(cross_entropy=self.losses['cross_entropy'](self.classifier(batch['images']), batch['labels']))

    @torch.no_grad()
    def classify(self, images: Tensor) -> Tensor:
        """Returns the most probable class (N,) of uint8 images (N, C, H, W)."""
        self.eval()
        data = self.data_preprocessor(dict(images=images))
        return self.classifier(data['images']).argmax(1)
