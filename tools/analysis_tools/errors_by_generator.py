"""Which of the generators that were mined together is it that makes wrong samples?

For runs of a MineGAN with several generators, prints the selector's p of one of them, and the share of its samples
that a classifier takes for another class, beside that of samples of all generators:

    python tools/analysis_tools/errors_by_generator.py RUN... --classifier CONFIG RUN --target 9 --generator 9
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from mmgentransfer.apis import init_model


def errors(run: str, classifier: torch.nn.Module, target: int, generator: int, num: int) -> tuple[float, float, float]:
    """Returns p of a generator, and the errors in percent of samples of all and of that generator's."""
    model = init_model(str(Path(run) / 'config.py'), run)

    def error(**options: int) -> float:
        images = torch.from_numpy(np.ascontiguousarray(model.sample(num, seed=0, **options))).movedim(-1, 1)
        return 100 * float((classifier.classify(images) != target).float().mean())

    return float(model.selector.probabilities[generator]), error(), error(generator_index=generator)


def main() -> None:
    """Prints a line for each run and their mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runs', nargs='+', metavar='RUN', help='folders of finished runs')
    parser.add_argument('--classifier', nargs=2, required=True, metavar=('CONFIG', 'RUN'))
    parser.add_argument('--target', type=int, required=True, help='class that the samples should have')
    parser.add_argument('--generator', type=int, required=True, help='index of the generator')
    parser.add_argument('--num', type=int, default=1000, help='number of samples')
    args = parser.parse_args()
    classifier = init_model(*args.classifier)
    table = [errors(run, classifier, args.target, args.generator, args.num) for run in args.runs]
    for run, row in [*zip(args.runs, table, strict=True), ('mean', tuple(np.mean(table, axis=0)))]:
        print(f'{run}: p {row[0]:.2f}, error of all {row[1]:.1f} %, of generator {args.generator} {row[2]:.1f} %')


if __name__ == '__main__':
    main()
