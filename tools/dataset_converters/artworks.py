"""Artworks for configs/mmnets: photographs and four painters, one folder each (thesis section 4.3.4).

Reads the four unpaired data sets of CycleGAN, of which A are paintings and B the same photographs in each
  SOURCE/{ukiyoe2photo,vangogh2photo,cezanne2photo,monet2photo}/{trainA,trainB,testA,testB}/*.jpg

Writes
  OUT/{train,test}/{photo,ukiyoe,vangogh,cezanne,monet}/*

The thesis has 3,000 photographs: those of monet2photo, whose first --photos in an order by --seed are taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from common import build_parser, list_files, place, run

PAINTERS = ('ukiyoe', 'vangogh', 'cezanne', 'monet')


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--photos', type=int, default=3000, help='training photographs (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the choice of photographs')
    args = parser.parse_args(argv)
    for part in ('train', 'test'):
        domains = {painter: list_files(args.source / f'{painter}2photo' / f'{part}A') for painter in PAINTERS}
        photos = list_files(args.source / 'monet2photo' / f'{part}B')
        if part == 'train':
            if not 1 <= args.photos <= len(photos):
                raise ValueError(f'--photos {args.photos} is not between 1 and {len(photos)}, the number there is')
            chosen = np.random.default_rng(args.seed).permutation(len(photos))[: args.photos]
            photos = [photos[i] for i in sorted(chosen)]
        for domain, files in dict(photo=photos, **domains).items():
            for file in files:
                place(file, args.out / part / domain / file.name, args.copy)
            print(f'{part}/{domain}: {len(files)}')


if __name__ == '__main__':
    run(main)
