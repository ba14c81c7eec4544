"""The quickstart: a GAN of digits is transferred to one digit from few images, four ways side by side."""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

import mmgentransfer
from mmgentransfer.apis.sweep import run_sweep
from mmgentransfer.apis.sweep_results import best_cells, format_rows, machine_notes
from mmgentransfer.apis.sweep_runs import available_cores
from mmgentransfer.apis.train import read_config
from mmgentransfer.checkpoints import atomic_write
from mmgentransfer.visualization import make_grid, read_grid, save_image, split_grid, stack_strips
from mmgentransfer.visualization.report import final_samples, write_report

__all__ = ['run_quickstart']

SWEEP = Path(mmgentransfer.__file__).resolve().parents[1] / 'configs' / 'quickstart' / 'digits.py'
SIDE = 28
SHOWN = 10
ENLARGED = 2


def run_quickstart(
    target: int = 9,
    images: int = 100,
    seed: int = 0,
    on_manifold: bool = False,
    work_dir: str | Path = 'work_dirs/quickstart',
) -> list[dict[str, Any]]:
    """Trains a source GAN of real digits, transfers it to ``target`` in four ways, and reports.

    ``report.html``, ``grid.png`` and ``summary.json`` go to ``work_dir``, which also keeps the classifier and the
    source GANs for later calls.

    Args:
        target: The digit to transfer to.
        images: Number of its training images.
        seed: Of the transfers and of the choice of images.
        on_manifold: Whether the source GAN has seen the target digit among all ten, or the other nine only.
        work_dir: Folder for everything.

    Returns:
        A dict for each method; see :func:`run_sweep`.

    Raises:
        ValueError: A value is out of range.
        FileNotFoundError: The package is installed without its configs.
        FailedRunError: The classifier or the source GAN could not be trained.
    """
    _check(target, images)
    started = time.perf_counter()
    home = Path(work_dir)
    manifold = 'on' if on_manifold else 'off'
    variables = dict(
        target=target,
        images=images,
        exclude=[] if on_manifold else [target],
        source='source_all' if on_manifold else f'source_no{target}',
        home=str(home),
    )
    results = run_sweep(
        SWEEP,
        work_dir=home / f'digit{target}_{images}images_{manifold}_manifold',
        jobs=min(2, available_cores()),
        seeds=[seed],
        variables=variables,
    )
    seconds = time.perf_counter() - started

    content = read_config(SWEEP)
    runs = [dict(name=row['name'], work_dir=row['work_dirs'][seed]) for row in results if not row['failed']]
    save_image(home / 'grid.png', _comparison(runs, target))
    settings = dict(target=target, images=images, seed=seed, manifold=manifold)
    write_report(
        home / 'report.html',
        title=content.title.format(**variables),
        intro=_intro(target, images, on_manifold),
        table=format_rows(content.columns, results),
        runs=runs,
        footer=[f'{key}: {value}' for key, value in settings.items()] + machine_notes(),
        best=best_cells(content.columns, results),
        curves=[(column.key, column.name) for column in content.columns if column.key != 'train_seconds'],
    )
    summary = dict(settings=settings, seconds=seconds, rows=results, versions=_versions(), machine=machine_notes())
    atomic_write(home / 'summary.json', json.dumps(summary, indent=1).encode())
    print(f'{seconds:.0f} s in all. Look at {home / "report.html"} and {home / "grid.png"}')
    return results


def _check(target: int, images: int) -> None:
    if not 0 <= target <= 9:
        raise ValueError(f'--target must be a digit from 0 to 9, got {target}')
    from mmgentransfer.datasets import Digits

    available = len(Digits(classes=[target], split='train'))
    if not 1 <= images <= available:
        raise ValueError(f'--images must be from 1 to {available}, the training images of each digit; got {images}')
    if not SWEEP.is_file():
        raise FileNotFoundError(f'the quickstart needs a checkout of the project: there is no {SWEEP}')


def _intro(target: int, images: int, on_manifold: bool) -> str:
    seen = 'all ten digits' if on_manifold else f'the nine digits other than {target}'
    return (
        f'A source GAN was trained on real images of {seen}. Each method had the same {images} real images of '
        f'the digit {target}, and the same number of iterations. The scores compare generated images with real ones '
        'that no method was trained on. FID and KMMD are on the features of a classifier trained on real digits, so '
        "they do not compare with published values on Inception's; the classifier error is the share of generated "
        f'images that it takes for another digit than {target}. The nearest-image ratio is the distance of generated '
        'images to the nearest training image over that of held-out real images: near 1 for a model that generalises, '
        'near 0 for one that copies.'
    )


def _comparison(runs: list[dict[str, Any]], target: int) -> np.ndarray:
    """Returns a picture of real images, the source's, and each method's."""
    rows = []
    transferred = [run for run in runs if run['name'] == 'TransferGAN']
    for run in transferred:
        rows.append((f'real images of {target}', Path(run['work_dir']) / 'reals.png'))
        rows.append(('source GAN, not adapted', Path(run['work_dir']) / 'fakes_init.png'))
    rows += [(run['name'], final_samples(run['work_dir'])) for run in runs]
    strips = [make_grid(split_grid(read_grid(path), SIDE, SHOWN), SHOWN) for _, path in rows]
    enlarged = [strip.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1) for strip in strips]
    return stack_strips(enlarged, [label for label, _ in rows])


def _versions() -> dict[str, str]:
    import torch

    return dict(mmgentransfer=mmgentransfer.__version__, torch=torch.__version__, python=platform.python_version())
