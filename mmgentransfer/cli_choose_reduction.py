"""The command ``mmgentransfer choose-reduction``: its arguments and its handler."""

from __future__ import annotations

import argparse

__all__ = ['CHOOSE_REDUCTION_HELP', 'add_choose_reduction', 'run_choose_reduction']

CHOOSE_REDUCTION_HELP = "choose the width of a semantic extractor's reduction from a sweep over it"


def add_choose_reduction(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments to its parser."""
    parser.add_argument('folder', help='folder of a finished sweep with rows named "D = 8"')
    parser.add_argument(
        '--rule', choices=('knee', 'tolerance', 'fixed'), default='knee',
        help='knee: where accuracy stops to rise; tolerance: the smallest near the best (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument('--tolerance', type=float, help='of that rule: percentage points below the best')
    parser.add_argument(
        '--flat-tolerance', type=float, default=0.5, metavar='POINTS',
        help="with the rule 'knee': the smallest width is taken where accuracies differ by less (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument('--dim', type=int, help="the width, for the rule 'fixed'")
    parser.add_argument('--key', default='accuracy', help='the score that counts (default: %(default)s)')
    parser.add_argument(
        '--num-classes', type=int, default=2, metavar='K',
        help='classes of the classifiers: the best must be 10 points above chance, 100 / K (default: %(default)s)',
    )  # fmt: skip


def run_choose_reduction(args: argparse.Namespace) -> int:
    """Prints the table, in the form of thesis Table 5.5, and the choice."""
    from mmgentransfer.apis.choose_reduction import choose_from_sweep

    options = dict(flat_tolerance=args.flat_tolerance, num_classes=args.num_classes)
    print(choose_from_sweep(args.folder, args.rule, args.key, args.tolerance, args.dim, **options))
    return 0
