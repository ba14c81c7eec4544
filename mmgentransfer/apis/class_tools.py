"""Looking at what a translator makes of classes: all of them, what its adaptor keeps, and a map of its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmgentransfer.models.domain_translator import DomainTranslator
from mmgentransfer.models.methods.gan import sampling_mode
from mmgentransfer.models.methods.transferi2i import TransferI2I
from mmgentransfer.visualization import named_grid

__all__ = ['adaptor_images', 'class_grid', 'latent_map', 'translate_to_all']

BATCH = 16
THUMBNAIL = 64  # side to which images are reduced before their pixels are compared
COMPONENTS = 50


def translate_to_all(
    model: DomainTranslator, images: np.ndarray, seed: int = 0, share_code: bool = True, which: str = 'ema'
) -> np.ndarray:
    """Translates images to every domain that the model translates to.

    A :class:`TransferI2I` encodes each image once for all of them.

    Args:
        model: A translator between domains that exclude each other.
        images: uint8 (N, H, W, C).
        seed: Of the codes.
        share_code: Whether all domains have one code; else each has its own.
        which: 'ema' uses moving averages where the model has them, 'live' the trained weights.

    Returns:
        uint8 (N, T, H, W, C), in the order of ``model.targets``.

    Raises:
        ValueError: The domains are attributes.
    """
    if not model.exclusive:
        raise ValueError(f'a {type(model).__name__} sets attributes, any number of which an image may have')
    targets = [model.domains.index(name) for name in model.targets]
    codes = None
    if model.code_dim is not None:
        codes = model.draw_codes(1 if share_code else len(targets), seed).cpu().expand(len(targets), -1)
    if isinstance(model, TransferI2I) and model.num_classes:
        return np.stack([_all_classes(model, image, codes, which) for image in images])
    return np.stack(
        [
            _first_sample(model.translate(images, model.domains[target], **_coded(codes, place), which=which), codes)
            for place, target in enumerate(targets)
        ],
        axis=1,
    )


def _coded(codes: Tensor | None, place: int) -> dict[str, Any]:
    return {} if codes is None else dict(codes=codes[place : place + 1])


def _first_sample(outputs: np.ndarray, codes: Tensor | None) -> np.ndarray:
    return outputs if codes is None else outputs[:, 0]


@torch.no_grad()
def _all_classes(model: TransferI2I, image: np.ndarray, codes: Tensor, which: str) -> np.ndarray:
    """Returns uint8 (num_classes, H, W, C) of one image, which is encoded once."""
    pixels = torch.from_numpy(np.array(image)).movedim(-1, 0)[None]
    values = model.data_preprocessor(dict(images=pixels))['images'].to(_device(model))
    parts = []
    with sampling_mode(model.translating_networks(which)):
        adapted = model.adapt(model.encode(values, which), which)
        noise = codes.to(values.device)
        if hasattr(model, 'miner'):
            noise = model.network('miner', which)(noise)
        for start in range(0, model.num_classes, BATCH):
            labels = torch.arange(start, min(start + BATCH, model.num_classes), device=values.device)
            inject = {side: maps.expand(len(labels), -1, -1, -1) for side, maps in adapted.items()}
            parts.append(model.generate(noise[labels], labels, inject, which=which, **_fixed_noise(model, which)))
    return _pixels(model, torch.cat(parts))


def class_grid(
    model: DomainTranslator, images: np.ndarray, seed: int = 0, share_code: bool = True, columns: int | None = None
) -> list[np.ndarray]:
    """Draws a grid for each image: its translations to all classes, in their order, and the image itself at the end.

    The name of its class stands above each.

    Args:
        model: See :func:`translate_to_all`.
        images: uint8 (N, H, W, C).
        seed: Of the codes.
        share_code: Whether all classes have one code; else each has its own.
        columns: Images in a row; None for a grid that is about as wide as high.

    Returns:
        uint8 (height, width, 3) for each image.
    """
    outputs = translate_to_all(model, images, seed, share_code)
    cells = [np.concatenate([row, image[None]]) for row, image in zip(outputs, images, strict=True)]
    names = [*model.targets, 'input']
    return [named_grid(row, names, columns or int(np.ceil(np.sqrt(len(row))))) for row in cells]


@torch.no_grad()
def adaptor_images(
    model: TransferI2I,
    num: int = 4,
    target: str | None = None,
    seed: int = 0,
    taps: Sequence[int] | None = None,
    which: str = 'ema',
) -> np.ndarray:
    """Generates images from what the adaptor makes of a single level of a generated image's features.

    Nothing else reaches the generator at or below that level: the maps are taken as they are, without a fusion
    weight. Above it there is no noise either: a BigGAN has zeros for it, and the class; a StyleGAN the mean style, and
    zeros for its noise maps.

    Args:
        model: A TransferI2I, trained or with its adaptor initialised.
        num: Number N of images.
        target: The class; None for all in turn.
        seed: Of the images.
        taps: Resolutions; None for all of the model.
        which: 'ema' uses moving averages where the model has them, 'live' the trained weights.

    Returns:
        uint8 (N, 1 + L, H, W, C): each generated image, and one from each of the L levels.

    Raises:
        ValueError: The model has no adaptor, the class is unknown, or a resolution is no tap.
    """
    if not isinstance(model, TransferI2I):
        raise ValueError(f'a {type(model).__name__} has no adaptor: a TransferI2I makes images of single levels')
    taps = list(model.taps if taps is None else taps)
    if unknown := [side for side in taps if side not in model.taps]:
        raise ValueError(f'there is no adaptor at {unknown[0]}; the taps are {list(model.taps)}')
    device = _device(model)
    labels = None
    if model.num_classes:
        chosen = model.target_vectors(target, 1).argmax(1) if target is not None else torch.arange(model.num_classes)
        labels = chosen.to(device).repeat(-(-num // len(chosen)))[:num]
    elif target is not None:
        raise ValueError(f'target={target!r}: a TransferI2I between two domains has no classes to choose from')
    prefix = 'source_' if model.two_class else ''
    generator = model.network(f'{prefix}generator', which)
    discriminator = model.network(f'{prefix}discriminator', which)
    decoder = model.network('generator', which)
    draws = torch.Generator().manual_seed(seed)
    noise = torch.randn(num, generator.noise_size, generator=draws).to(device)
    options = {} if labels is None else dict(labels=labels)
    with sampling_mode([generator, discriminator, decoder, model.network('adaptor', which)]):
        if hasattr(generator, 'fixed_noise_maps') and generator.noise_mode == 'random':
            options['noise_maps'] = generator.fixed_noise_maps()
        images = generator(noise, **options)
        adapted = model.adapt(discriminator.features(images), which)
        plain: dict[str, Any] = {}
        if hasattr(decoder, 'fixed_noise_maps'):
            style = decoder.mean_style(generator=torch.Generator(device).manual_seed(seed))
            zeros = {side: torch.zeros_like(maps) for side, maps in decoder.fixed_noise_maps().items()}
            plain = dict(style=style.expand(num, -1), noise_maps=zeros)
        levels = [
            model.generate(torch.zeros_like(noise), labels, {side: adapted[side]}, start=side, which=which, **plain)
            for side in taps
        ]
    made = torch.stack([images, *levels], dim=1)
    return _pixels(model, made.flatten(0, 1)).reshape(num, 1 + len(taps), *_pixels(model, made[:1, 0]).shape[1:])


def latent_map(
    model: DomainTranslator,
    images: np.ndarray,
    targets: Sequence[str],
    num: int,
    seed: int = 0,
    features: Callable[[np.ndarray], np.ndarray] | None = None,
    perplexity: float = 30.0,
) -> Mapping[str, np.ndarray]:
    """Places translations on a plane such that similar ones are neighbours: PCA to 50 numbers, then t-SNE.

    Every output has a code of its own, and its input is drawn anew from ``images``.

    Args:
        model: The translator.
        images: The inputs, uint8 (M, H, W, C).
        targets: Names of the domains to translate to.
        num: Number of outputs of each target.
        seed: Of codes, inputs and map.
        features: Maps uint8 (n, H, W, C) to the features (n, D) that are compared; None: pixels, at 64x64 at most.
        perplexity: About how many neighbours count, less than the number of outputs.

    Returns:
        With n = num * len(targets): ``positions`` float32 (n, 2), ``outputs`` uint8 (n, H, W, C), ``inputs`` (n,),
        which of the images each comes from, and ``targets`` (n,), which of the targets it is.

    Raises:
        ImportError: scikit-learn is not installed.
        ValueError: There are too few outputs for the perplexity, or a target is unknown.
    """
    total = num * len(targets)
    if not 0 < perplexity < total:
        raise ValueError(f'perplexity={perplexity} must be above 0 and below the number of outputs, {total}')
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise ImportError('a map of translations needs the package scikit-learn: install it') from error

    inputs = np.random.default_rng(seed).integers(len(images), size=total)
    codes = None if model.code_dim is None else model.draw_codes(total, seed).cpu()[:, None]
    outputs, found = [], []
    for place, target in enumerate(targets):
        for first in range(place * num, (place + 1) * num, BATCH):
            rows = slice(first, min(first + BATCH, (place + 1) * num))
            coded = {} if codes is None else dict(codes=codes[rows])
            made = _first_sample(model.translate(images[inputs[rows]], target, **coded), codes)
            outputs.append(made)
            found.append(_small_pixels(made) if features is None else features(made))
    flat = np.concatenate(found).astype(np.float64)
    reduced = PCA(min(COMPONENTS, *flat.shape), random_state=seed).fit_transform(flat)
    positions = TSNE(2, perplexity=perplexity, init='pca', random_state=seed).fit_transform(reduced)
    return dict(
        positions=positions.astype(np.float32),
        outputs=np.concatenate(outputs),
        inputs=inputs,
        targets=np.repeat(np.arange(len(targets)), num),
    )


def _small_pixels(images: np.ndarray) -> np.ndarray:
    values = torch.from_numpy(np.ascontiguousarray(images)).movedim(-1, 1).float()
    if max(values.shape[-2:]) > THUMBNAIL:
        values = F.interpolate(values, size=(THUMBNAIL, THUMBNAIL), mode='area')
    return (values / 255).flatten(1).numpy()


def _fixed_noise(model: TransferI2I, which: str) -> dict[str, Any]:
    """Returns the noise maps of a style-based generator, the same in every call."""
    generator = model.network('generator', which)
    if hasattr(generator, 'fixed_noise_maps') and generator.noise_mode == 'random':
        return dict(noise_maps=generator.fixed_noise_maps())
    return {}


def _pixels(model: DomainTranslator, values: Tensor) -> np.ndarray:
    return model.data_preprocessor.to_uint8(values).movedim(1, -1).cpu().numpy()


def _device(model: DomainTranslator) -> torch.device:
    return next(model.parameters()).device
