"""Artworks for configs/mmnets, configs/sdit and configs/baselines: photographs and painters, one folder each.

Reads of the unpaired data sets of CycleGAN, of which A are paintings and B the same photographs in each,
  SOURCE/{cezanne2photo,ukiyoe2photo,monet2photo,vangogh2photo}/{trainA,testA}/*.jpg
  SOURCE/monet2photo/{trainB,testB}/*.jpg

Writes
  OUT/{train,test}/{photo,cezanne,ukiyoe,monet,vangogh}/*

The thesis's numbers of images (section 6.4.1) are not those of CycleGAN's folders. So the two folders of a domain are
one set, a name that both have being one image, and in an order by --seed the first --test images are for the test, the
next --train, or what is left, for training. The thesis has 600 Cezannes in all, CycleGAN fewer; of van Gogh, who is in
section 4.3.4 alone, it does not say how many are for training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common import build_parser, deal, list_files, place_parts, run

# training and test images
COUNTS = dict(photo=(3000, 300), cezanne=(500, 100), ukiyoe=(700, 100), monet=(1000, 200), vangogh=(400, 100))


def pool(source: Path, domain: str) -> list[Path]:
    """Returns all images of a domain, sorted by name."""
    folder, side = ('monet2photo', 'B') if domain == 'photo' else (f'{domain}2photo', 'A')
    files = {file.name: file for part in ('test', 'train') for file in list_files(source / folder / f'{part}{side}')}
    return [files[name] for name in sorted(files)]


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--domains', nargs='+', choices=list(COUNTS), default=list(COUNTS), help='by default all five')
    parser.add_argument('--train', nargs='+', type=int, help="at most so many of each domain; by default the thesis's")
    parser.add_argument('--test', nargs='+', type=int, help='as --train')
    parser.add_argument('--seed', type=int, default=0, help='of the choice of images')
    args = parser.parse_args(argv)
    asked = {}
    for index, (part, given) in enumerate(dict(train=args.train, test=args.test).items()):
        numbers = given or [COUNTS[domain][index] for domain in args.domains]
        if len(numbers) != len(args.domains) or min(numbers) < 1:
            raise ValueError(f'--{part} {numbers} must be a number above 0 for each of {args.domains}')
        asked |= {(part, domain): number for domain, number in zip(args.domains, numbers, strict=True)}
    parts = {}
    for domain in args.domains:
        numbers = asked['train', domain], asked['test', domain]
        seed = [args.seed, list(COUNTS).index(domain)]
        parts['train', domain], parts['test', domain] = deal(pool(args.source, domain), *numbers, seed)
    place_parts(parts, args.out, args.copy, asked)


if __name__ == '__main__':
    run(main)
