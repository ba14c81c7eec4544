"""What the methods that translate images between domains have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmgentransfer.models.game import AdversarialModel
from mmgentransfer.models.methods.gan import along, sampling_mode
from mmgentransfer.registry import suggest

__all__ = ['DomainTranslator', 'Target']

Target = str | int | Sequence[str] | Mapping[str, Any] | Sequence[float] | Sequence[Sequence[float]] | Tensor

OPERATIONS = ('flip', 'set', 'unset')


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

    has_attention = False
    """Whether :meth:`translate_values` takes ``return_attention=True``, and then returns its maps as well."""

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
            **options: What a subclass offers beside; one that has attention takes ``return_attention``.

        Returns:
            (N, K, C, H, W) in the same range; K is 1 without codes. With ``return_attention=True`` a pair of this and
            the maps of where the model attended to, (N, A, h, w) in (0, 1).
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

    def edited(self, own: Tensor, name: str, op: Literal['flip', 'set', 'unset'] = 'flip') -> Tensor:
        """Returns the vectors (N, num_domains) of a translation to the domain ``name``, or of its attribute changed.

        An attribute of an exclusive group is set, never flipped, and the others of its group are cleared.

        Args:
            own: What the images are, float (N, num_domains).
            name: One of the domains.
            op: What becomes of an attribute.

        Raises:
            ValueError: ``name`` is none of the domains, or ``op`` is unknown.
        """
        self._check_names([name], 'attribute')
        if op not in OPERATIONS:
            raise ValueError(f'op={op!r} must be one of {OPERATIONS}')
        place = self.domains.index(name)
        if self.exclusive:
            return F.one_hot(torch.full((len(own),), place, device=own.device), len(self.domains)).to(own.dtype)
        if op == 'set' or (op == 'flip' and any(name in group for group in self.exclusive_groups)):
            return self.with_attribute(own, name)
        target = own.clone()
        target[:, place] = 1 - target[:, place] if op == 'flip' else 0
        return target

    def edit_vectors(
        self, own: Tensor, names: str | Sequence[str], op: Literal['flip', 'set', 'unset'] = 'flip'
    ) -> Tensor:
        """Returns the vectors (N, num_domains) of images with several attributes changed, each as :meth:`edited` does.

        Args:
            own: What the images are, float (N, num_domains).
            names: Attributes, or one; or one domain.
            op: What becomes of them.

        Raises:
            ValueError: A name is unknown or given twice, two that exclude each other are set, or ``op`` is unknown.
        """
        names = list(names) if isinstance(names, Sequence) and not isinstance(names, str) else [names]
        self._check_names(names, 'attribute')
        if len(set(names)) < len(names):
            raise ValueError(f'an attribute is given twice: {names}')
        for group in [self.domains] if self.exclusive else self.exclusive_groups:
            both = [name for name in names if name in group]
            if len(both) > 1 and (self.exclusive or op != 'unset'):
                raise ValueError(f'{both} exclude each other: an image has one of {group}')
        for name in names:
            own = self.edited(own, name, op)
        return own

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

    def target_vectors(self, target: Target, num: int, what: str = 'target') -> Tensor:
        """Returns the vectors (num, num_domains) that ``target`` stands for, see :meth:`translate`.

        Args:
            target: As there.
            num: Number of images.
            what: What it is, for messages.

        Raises:
            ValueError: It names no domain, is not for ``num`` images, or is not of one domain though they exclude each
                other.
        """
        count = len(self.domains)
        array = None if isinstance(target, Mapping) else _array_of(target)
        if array is None or array.dtype.kind == 'U' or array.shape == (0,):
            on = dict(target) if array is None else dict.fromkeys(array.reshape(-1).tolist(), 1)
            self._check_names(on, what)
            if any(value not in (0, 1) for value in on.values()):
                raise ValueError(f'a {what} has 0 or 1 for each name, got {on}')
            vectors = torch.tensor([float(on.get(name, 0)) for name in self.domains]).expand(num, -1)
        elif array.ndim == 0 and array.dtype.kind in 'iu':
            if not 0 <= array < count:
                raise ValueError(
                    f'the {what} {array} is none of the {count} domains, which count from 0: {", ".join(self.domains)}'
                )
            vectors = torch.eye(count)[int(array)].expand(num, -1)
        elif array.dtype.kind in 'biuf' and array.shape in ((count,), (num, count)):
            vectors = torch.from_numpy(array.astype(np.float32)).expand(num, -1)
        else:
            raise ValueError(
                f'{num} images need a {what} of the shape ({count},), or one each, of the shape ({num}, {count}), got '
                f'{array.shape}'
            )
        if self.exclusive and not ((vectors >= 0).all() and torch.allclose(vectors.sum(1), torch.ones(num))):
            raise ValueError(
                f'domains exclude each other: an image has one, so that a {what} holds exactly one 1 (or shares of '
                f'domains that add up to 1), got {target}'
            )
        return vectors.to(self._device)

    def _check_names(self, names: Iterable[Any], what: str) -> None:
        for name in names:
            if name not in self.domains:
                raise ValueError(f'the {what} {name!r} is none of {self.domains}.{suggest(str(name), self.domains)}')

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

    @staticmethod
    def attention_pixels(maps: Tensor, size: Sequence[int]) -> Tensor:
        """Returns maps (N, A, h, w), not stretched, as their mean over A at the images' ``size``, float32 (N, H, W)."""
        mean = maps.float().mean(1, keepdim=True)
        return F.interpolate(mean, size=tuple(size), mode='bilinear', align_corners=False)[:, 0]

    def check_attention(self) -> None:
        """Raises a ``ValueError`` for a model without attention."""
        if not self.has_attention:
            raise ValueError(f'this {type(self).__name__} has no attention to show')

    @torch.no_grad()
    def translate(
        self,
        images: np.ndarray,
        target: Target,
        num_samples: int | None = None,
        seed: int = 0,
        codes: Any = None,
        which: str = 'ema',
        return_attention: bool = False,
        **options: Any,
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Translates images to a domain, or sets their attributes.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            target: A domain's name, or its number from 0; for attributes the names of those that are set; 0 or 1 by
                name; or a vector, (num_domains,) for all images or (N, num_domains). Of domains that exclude each other
                one is 1, or shares of several add up to 1, which no training has shown to the model.
            num_samples: Number of outputs K for each image; all images share the K codes, so that a column of a grid
                has one. None: one output, without an axis for it.
            seed: Of the codes.
            codes: The codes (K, Z) themselves, or (N, K, Z), in place of ``num_samples`` and ``seed``.
            which: 'ema' uses moving averages where the model has them, 'live' the trained weights.
            return_attention: Whether to return as well where the model attends to, from the same pass.
            **options: What the method offers beside, see its :meth:`translate_values`.

        Returns:
            uint8 (N, K, H, W, C), without N for a single image and without K for ``num_samples=None``. A method
            without codes makes one image and repeats it. With ``return_attention`` a pair of this and
            :meth:`attention_pixels`, float32 (N, H, W), without N for a single image.

        Raises:
            ValueError: The images are no uint8 arrays, the target is unknown, codes have another size, or there is no
                attention.
        """
        if num_samples is not None and num_samples < 1:
            raise ValueError(f'num_samples={num_samples} must be at least 1')
        if return_attention:
            self.check_attention()
            options['return_attention'] = True
        values = self.image_values(images)
        given = self._codes(codes, num_samples, seed, len(values))
        with sampling_mode(self.translating_networks(which)):
            made = self.translate_values(values, self.target_vectors(target, len(values)), given, which, **options)
        outputs, maps = made if return_attention else (made, None)
        pixels = self.image_pixels(outputs.flatten(0, 1)).reshape(*outputs.shape[:2], *outputs.shape[3:], -1)
        if num_samples is None and codes is None:
            pixels = pixels[:, 0]
        elif self.code_dim is None:
            pixels = pixels.repeat(num_samples or 1, axis=1)
        pixels = pixels if np.ndim(images) == 4 else pixels[0]
        if maps is None:
            return pixels
        shown = self.attention_pixels(maps, values.shape[2:]).cpu().numpy()
        return pixels, shown if np.ndim(images) == 4 else shown[0]

    def code_path(self, code0: Any, code1: Any, steps: int = 11, mode: Literal['slerp', 'linear'] = 'slerp') -> Tensor:
        """Returns the codes (steps, Z) on the way from ``code0`` (Z,) to ``code1`` (Z,), both included.

        Args:
            code0: The first.
            code1: The last.
            steps: Number of codes.
            mode: 'slerp' goes along a great circle, so that codes in between are as long as codes from N(0, I) are;
                'linear' in a straight line.

        Raises:
            ValueError: The model has no codes, or codes of another width, or ``steps`` or ``mode`` is wrong.
        """
        if self.code_dim is None:
            raise ValueError(f'a {type(self).__name__} takes no codes: an input has one output for a target')
        if steps < 2:
            raise ValueError(f'steps={steps} must be at least 2, the first and the last')
        first, last = (torch.as_tensor(_array_of(code), dtype=torch.float32) for code in (code0, code1))
        if first.shape != (self.code_dim,) or last.shape != first.shape:
            raise ValueError(
                f'codes of a {type(self).__name__} have the shape ({self.code_dim},), got {tuple(first.shape)} and '
                f'{tuple(last.shape)}'
            )
        return along(first, last, steps, mode)

    def interpolate_codes(
        self,
        images: np.ndarray,
        target: Target,
        code0: Any,
        code1: Any,
        steps: int = 11,
        mode: Literal['slerp', 'linear'] = 'slerp',
        **options: Any,
    ) -> np.ndarray:
        """Translates images with the codes of :meth:`code_path`; its ends are the translations with the two codes.

        Args:
            images: uint8 (H, W, C), or a batch (N, H, W, C).
            target: As :meth:`translate` takes it.
            code0: The first code (Z,).
            code1: The last code (Z,).
            steps: Number of codes.
            mode: 'slerp' or 'linear'.
            **options: What :meth:`translate` takes beside.

        Returns:
            uint8 (N, steps, H, W, C), without N for a single image.

        Raises:
            ValueError: As :meth:`code_path` and :meth:`translate`.
        """
        return self.translate(images, target, codes=self.code_path(code0, code1, steps, mode), **options)

    def _codes(self, codes: Any, num_samples: int | None, seed: int, num: int) -> Tensor | None:
        width = self.code_dim
        if codes is None:
            return None if width is None else self.draw_codes(num_samples or 1, seed).expand(num, -1, -1)
        if width is None:
            raise ValueError(f'a {type(self).__name__} takes no codes: an input has one output for a target')
        if num_samples is not None:
            raise ValueError('num_samples and codes are given: codes say how many samples there are')
        given = torch.as_tensor(_array_of(codes), dtype=torch.float32, device=self._device)
        if given.ndim == 2:
            given = given.expand(num, *given.shape)
        if given.ndim != 3 or given.shape[0] != num or given.shape[2] != width:
            raise ValueError(
                f'codes for {num} images have the shape (K, {width}) or ({num}, K, {width}), got {np.shape(codes)}'
            )
        return given


def _array_of(given: Any) -> np.ndarray:
    return given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)
