"""Scores a checkpoint; the same as ``mmgentransfer test``, from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmgentransfer.cli import main

if __name__ == '__main__':
    sys.exit(main(['test', *sys.argv[1:]]))
