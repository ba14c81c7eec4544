"""Draws scores of several runs over the iterations, smoothed by a moving average.

python tools/analysis_tools/plot_curves.py work_dirs/transfergan/table_2_1/*/seed0 --keys fid_inception -o fid.png
python tools/analysis_tools/plot_curves.py work_dirs/mmnets/toy_scenes --keys 'alignment_*' D2S/miou --stages -o run.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmgentransfer.checkpoints import atomic_write
from mmgentransfer.visualization import draw_curves, read_stages


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description='Draw scores of several runs over the iterations.')
    parser.add_argument('runs', nargs='+', metavar='FOLDER', help='folders of runs, with a metrics.jsonl in each')
    parser.add_argument(
        '--keys', nargs='+', required=True, metavar='KEY',
        help="names of scores, e.g. fid_inception, a panel each; with a '*', all that fit it, in one panel",
    )  # fmt: skip
    parser.add_argument('--names', nargs='+', metavar='NAME', help='of the runs (default: their folders)')
    parser.add_argument(
        '--smooth-window', type=int, default=5, help='evaluations in the moving average, odd (default: %(default)s)'
    )
    parser.add_argument(
        '--stages', action='store_true', help="mark the stages of the first run's training, and space iterations evenly"
    )
    parser.add_argument('-o', '--out', required=True, help='PNG file')
    args = parser.parse_args(argv)
    names = args.names or ['/'.join(Path(run).parts[-2:]) for run in args.runs]
    if len(names) != len(args.runs) or len(set(names)) != len(names):
        parser.error(f'{len(args.runs)} runs need as many different names, got {names}')
    runs = [dict(name=name, work_dir=run) for name, run in zip(names, args.runs, strict=True)]
    try:
        stages = read_stages(args.runs[0]) if args.stages else ()
        picture = draw_curves(runs, [(key, key) for key in args.keys], args.smooth_window, stages, not args.stages)
    except ValueError as error:
        parser.error(str(error))
    if picture is None:
        parser.error(f'no metrics.jsonl in {", ".join(args.runs)} has a score {" or ".join(args.keys)}')
    atomic_write(args.out, picture)
    return 0


if __name__ == '__main__':
    sys.exit(main())
