"""What the methods that translate images between domains have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.registry import suggest

__all__ = ['DomainTranslator', 'Target']

Target = str | Sequence[str] | Mapping[str, Any] | Sequence[Sequence[float]] | Tensor


class DomainTranslator(AdversarialModel):
    """Base of the methods that translate images to a domain, or that set attributes of images.

    A subclass maps values to values in :meth:`translate_values`, and says how wide a code is that makes its outputs
    differ; everything that users and metrics call is here.

    Args:
        domains: The names of the C domains or attributes, in the order of the labels.
        exclusive_groups: Lists of attributes of which an image has one, as colours of hair: see :meth:`edited`.
        **kwargs: As :class:`AdversarialModel`.

    Raises:
        ValueError: There are fewer than two domains, names are given twice, or groups overlap, are of one attribute,
            name none of the attributes, or are given for domains that all exclude each other.
    """

    exclusive = True
    """Whether an image has one of the domains; otherwise domains are attributes, any number of which may be set."""

    needs_sources = False
    """Whether :meth:`translate_values` takes ``sources``, and must be told what the images are."""

    def __init__(self, domains: Sequence[str], exclusive_groups: Sequence[Sequence[str]] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.domains = list(domains)
        if len(self.domains) < 2 or len(set(self.domains)) < len(self.domains):
            raise ValueError(f'model.domains must be two or more different names, got {self.domains}')
        self.exclusive_groups = [list(group) for group in exclusive_groups]
        self._check_groups()

    def _check_groups(self) -> None:
        names = [name for group in self.exclusive_groups for name in group]
        if len(set(names)) < len(names) or any(len(group) < 2 for group in self.exclusive_groups):
            raise ValueError(
                f'model.exclusive_groups={self.exclusive_groups} must be lists of two or more attributes, each of '
                'which is in one group'
            )
        for name in names:
            if self.exclusive or name not in self.domains:
                raise ValueError(
                    f'model.exclusive_groups names {name!r}, '
                    + ('but all domains exclude each other' if self.exclusive else f'which is none of {self.domains}')
                )

    # ------------------------------------------------------------------ what a subclass defines

    @property
    def code_dim(self) -> int | None:
        """Width Z of the code that outputs differ by; None: an input has one output for a target."""
        return None

    def draw_codes(self, num: int, seed: int = 0) -> Tensor:
        """Returns codes (num, Z) from N(0, I), the same for the same seed."""
        if self.code_dim is None:
            raise ValueError(f'a {type(self).__name__} has no codes')
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(num, self.code_dim, generator=generator).to(self._device)

    def translate_values(
        self, values: Tensor, targets: Tensor, codes: Tensor | None, which: str = 'ema', **options: Any
    ) -> Tensor:
        """Translates images; what depends on the input alone is computed once for all its codes.

        Args:
            values: (N, C, H, W) in the preprocessor's value range.
            targets: float (N, num_domains): one-hot, or 0 and 1 for attributes.
            codes: (N, K, Z); None for a method that has none.
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            **options: What a subclass offers beside.

        Returns:
            (N, K, C, H, W) in the same range; K is 1 without codes.
        """
        raise NotImplementedError

    def translating_networks(self, which: str = 'ema') -> list[nn.Module]:
        """Returns the networks that :meth:`translate_values` runs."""
        raise NotImplementedError

    # ------------------------------------------------------------------ labels

    @property
    def targets(self) -> list[str]:
        """The domains that images can be translated to: all, unless a method has one way only."""
        return self.domains

    def edited(self, own: Tensor, name: str) -> Tensor:
        """Returns the vectors (N, num_domains) of a translation to the domain ``name``, or of its attribute flipped.

        An attribute of an exclusive group is set, never flipped, and the others of its group are cleared.

        Args:
            own: What the images are, float (N, num_domains).
            name: One of the domains.
        """
        place = self.domains.index(name)
        if self.exclusive:
            return F.one_hot(torch.full((len(own),), place, device=own.device), len(self.domains)).to(own.dtype)
        if any(name in group for group in self.exclusive_groups):
            return self.with_attribute(own, name)
        target = own.clone()
        target[:, place] = 1 - target[:, place]
        return target

    def with_attribute(self, own: Tensor, name: str) -> Tensor:
        """Returns vectors (N, num_domains) with the attribute ``name`` set, and the others of its group cleared."""
        target = own.clone()
        group = next((group for group in self.exclusive_groups if name in group), [])
        target[:, [self.domains.index(other) for other in group]] = 0
        target[:, self.domains.index(name)] = 1
        return target

    def translatable(self, own: Tensor, name: str) -> Tensor:
        """Returns which images, bool (N,), :meth:`edited` changes in the domain or attribute ``name`` itself."""
        place = self.domains.index(name)
        return self.edited(own, name)[:, place] != own[:, place]

    def domains_of(self, labels: Tensor) -> Tensor:
        """Returns labels, (N,) or (N, num_domains), as float vectors (N, num_domains).

        Raises:
            ValueError: The labels are of another kind than the domains.
        """
        num = len(self.domains)
        if self.exclusive and labels.ndim == 1:
            return F.one_hot(labels, num).to(torch.float32)
        if not self.exclusive and labels.shape[1:] == (num,):
            return labels.to(torch.float32)
        raise ValueError(
            f'{"domains that exclude each other" if self.exclusive else "attributes"} need labels of the shape '
            f'{"(N,)" if self.exclusive else f"(N, {num})"}, got {tuple(labels.shape)}'
        )

    def target_vectors(self, target: Target, num: int) -> Tensor:
        """Returns the vectors (num, num_domains) that ``target`` stands for, see :meth:`translate`.

        Raises:
            ValueError: It names no domain, or is not for ``num`` images.
        """
        names = [target] if isinstance(target, str) else list(target)
        if names and all(isinstance(name, str) for name in names):
            for name in names:
                if name not in self.domains:
                    raise ValueError(f'the target {name!r} is none of {self.domains}.{suggest(name, self.domains)}')
            if self.exclusive and len(names) != 1:
                raise ValueError(f'domains exclude each other: an image has one, got {names}')
            on = target if isinstance(target, Mapping) else dict.fromkeys(names, True)
            vector = [float(bool(on.get(name, False))) for name in self.domains]
            return torch.tensor(vector, device=self._device).expand(num, -1)
        vectors = torch.as_tensor(np.asarray(target), dtype=torch.float32, device=self._device)
        if vectors.shape != (num, len(self.domains)):
            raise ValueError(
                f'{num} images need target vectors of the shape ({num}, {len(self.domains)}), got '
                f'{tuple(vectors.shape)}'
            )
        return vectors

    # ------------------------------------------------------------------ inference

    def image_values(self, images: np.ndarray) -> Tensor:
        """Returns images, uint8 (H, W, C) or (N, H, W, C), as values (N, C, H, W) on the model's device.

        Raises:
            ValueError: The images are no uint8 arrays.
        """
        array = np.asarray(images)
        if array.dtype != np.uint8 or array.ndim not in (3, 4):
            raise ValueError(f'images are uint8 (H, W, C) or (N, H, W, C), got {array.dtype} {array.shape}')
        # PIL's arrays are read-only, of which torch warns
        array = np.require(array if array.ndim == 4 else array[None], requirements=['C', 'W'])
        batch = torch.from_numpy(array).movedim(-1, 1)
        return self.data_preprocessor(dict(images=batch))['images'].to(self._device)

    def image_pixels(self, values: Tensor) -> np.ndarray:
        """Returns values (N, C, H, W) as uint8 images (N, H, W, C)."""
        return self.data_preprocessor.to_uint8(values).movedim(1, -1).cpu().numpy()

    @torch.no_grad()
    def translate(
        self,
        images: np.ndarray,
        target: Target,
        num_samples: int | None = None,
        seed: int = 0,
        codes: Any = None,
        which: str = 'ema',
        **options: Any,
    ) -> np.ndarray:
        """Translates images to a domain, or sets their attributes.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            target: A domain's name; for attributes the names of those that are set, or 0 or 1 by name; or a vector for
                each image, (N, num_domains).
            num_samples: Number of outputs K for each image; all images share the K codes, so that a column of a grid
                has one. None: one output, without an axis for it.
            seed: Of the codes.
            codes: The codes (K, Z) themselves, or (N, K, Z), in place of ``num_samples`` and ``seed``.
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            **options: What the method offers beside, see its :meth:`translate_values`.

        Returns:
            uint8 (N, K, H, W, C), without N for a single image and without K for ``num_samples=None``. A method
            without codes makes one image and repeats it.

        Raises:
            ValueError: The images are no uint8 arrays, the target is unknown, or codes have another size.
        """
        if num_samples is not None and num_samples < 1:
            raise ValueError(f'num_samples={num_samples} must be at least 1')
        values = self.image_values(images)
        given = self._codes(codes, num_samples, seed, len(values))
        with sampling_mode(self.translating_networks(which)):
            outputs = self.translate_values(values, self.target_vectors(target, len(values)), given, which, **options)
        pixels = self.image_pixels(outputs.flatten(0, 1)).reshape(*outputs.shape[:2], *outputs.shape[3:], -1)
        if num_samples is None and codes is None:
            pixels = pixels[:, 0]
        elif self.code_dim is None:
            pixels = pixels.repeat(num_samples or 1, axis=1)
        return pixels if np.ndim(images) == 4 else pixels[0]

    def _codes(self, codes: Any, num_samples: int | None, seed: int, num: int) -> Tensor | None:
        width = self.code_dim
        if codes is None:
            return None if width is None else self.draw_codes(num_samples or 1, seed).expand(num, -1, -1)
        if width is None:
            raise ValueError(f'a {type(self).__name__} takes no codes: an input has one output for a target')
        if num_samples is not None:
            raise ValueError('num_samples and codes are given: codes say how many samples there are')
        given = torch.as_tensor(np.asarray(codes), dtype=torch.float32, device=self._device)
        if given.ndim == 2:
            given = given.expand(num, *given.shape)
        if given.ndim != 3 or given.shape[0] != num or given.shape[2] != width:
            raise ValueError(
                f'codes for {num} images have the shape (K, {width}) or ({num}, K, {width}), got {np.shape(codes)}'
            )
        return given
