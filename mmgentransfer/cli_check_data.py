"""The command ``mmgentransfer check-data``: its arguments and its handler."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ['CHECK_DATA_HELP', 'add_check_data', 'run_check_data']

CHECK_DATA_HELP = "read all files of a config's data sets and name those that are missing, damaged or odd"


def add_check_data(parser: argparse.ArgumentParser, add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Adds the command's arguments to its parser; ``add_options`` adds those that all commands with a config have."""
    parser.add_argument('config', help='config file')
    add_options(parser)


def run_check_data(args: argparse.Namespace) -> int:
    """Prints a report of each data set; returns 1 if anything is wrong."""
    from mmgentransfer.apis import check_data, load_config

    problems = 0
    for report in check_data(load_config(args.config, args.cfg_options)):
        print(report, flush=True)
        problems += len(report.problems)
    print(f'{problems} problem{"s" if problems != 1 else ""}' if problems else 'all data can be used')
    return 1 if problems else 0
