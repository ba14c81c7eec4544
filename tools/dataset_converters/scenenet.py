"""SceneNet RGB-D for configs/mmnets: 13 classes from the instances, and the lists of thesis section 4.6.1.

Reads, for PART of train and val (the public validation set, the thesis's test)
  SOURCE/PART/FOLDER/VIDEO/photo/FRAME.jpg  .../depth/FRAME.png (millimetres)  .../instance/FRAME.png
  PROTOBUFS/*.pb                    the release's descriptions of the videos (--protobufs)
  semantic_classes/wnid_to_class.txt   of the release's tools: a WordNet number, a name and a class a line (--classes)
Where there is .../class13/FRAME.png already, it is taken, and neither --protobufs nor --classes is needed.

Writes
  OUT/{rgb,depth,segmentation}/PART/FOLDER/VIDEO/FRAME.*
  OUT/train.txt (10 frames of each of the first 15,000 videos)  OUT/val.txt (of the next 1,000)  OUT/test.txt
with --51k instead
  OUT/train51k.txt (50 frames of each of the first 1,000 videos)  OUT/test51k.txt (the first frame of the test's)

The descriptions are protocol buffers, of which this is read:
  Trajectories: 1 trajectory, repeated
  trajectory:   2 instance, repeated;  4 the video's folder, text
  instance:     1 number in the instance images;  2 WordNet number, text;  4 kind, 1 for the background
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from common import build_parser, convert_all, place, read_numbers, run, write_image, write_lines

CLASSES = ('unknown', 'bed', 'books', 'ceiling', 'chair', 'floor', 'furniture', 'objects', 'picture', 'sofa', 'table')
CLASSES = (*CLASSES, 'tv', 'wall', 'window')
NUM_TRAIN, NUM_VAL, NUM_SMALL = 15000, 1000, 1000
FRAMES, SMALL_FRAMES = range(0, 7500, 750), range(25, 1275, 25)
BACKGROUND = 1


# ---------------------------------------------------------------------------------------- protocol buffers


def parse_fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields the (number, value) of a message's fields: whole numbers, or the bytes of texts and messages.

    Raises:
        ValueError: The bytes are no message.
    """
    place_ = 0
    while place_ < len(message):
        key, place_ = _varint(message, place_)
        kind = key & 7
        if kind == 0:
            value, place_ = _varint(message, place_)
        elif kind in (1, 2, 5):
            length, place_ = _varint(message, place_) if kind == 2 else (8 if kind == 1 else 4, place_)
            value, place_ = message[place_ : place_ + length], place_ + length
        else:
            raise ValueError(f'no protocol buffer: a field of the unknown kind {kind}')
        if place_ > len(message):
            raise ValueError('no protocol buffer, or cut short')
        yield key >> 3, value


def _varint(message: memoryview, place_: int) -> tuple[int, int]:
    value = shift = 0
    while place_ < len(message) and shift < 70:
        byte = message[place_]
        place_ += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place_
        shift += 7
    raise ValueError('no protocol buffer, or cut short')


def read_videos(file: Path) -> dict[str, dict[int, str]]:
    """Returns, by the folder of a video, the WordNet number of each instance but the background."""
    videos = {}
    try:
        for number, trajectory in parse_fields(memoryview(file.read_bytes())):
            if number != 1:
                continue
            instances, folder = {}, ''
            for field, value in parse_fields(trajectory):
                if field == 4:
                    folder = bytes(value).decode()
                elif field == 2:
                    content = dict(parse_fields(value))
                    if content.get(4) != BACKGROUND:
                        instances[int(content.get(1, 0))] = bytes(content.get(2, b'')).decode()
            videos[folder.strip('/')] = instances
    except (ValueError, TypeError) as error:
        raise ValueError(f'{file} can not be read: {error}') from error
    return videos


def read_classes(file: Path) -> dict[int, int]:
    """Returns the class of each WordNet number, from lines of a number, a name and the name of a class."""
    classes = {}
    for line in file.read_text(encoding='utf-8').splitlines():
        words = line.split()
        if words and words[0].isdigit():
            if len(words) < 3 or words[-1].lower() not in CLASSES:
                raise ValueError(f'{file}: {line!r} must be a number, a name and one of {", ".join(CLASSES)}')
            classes[int(words[0])] = CLASSES.index(words[-1].lower())
    if not classes:
        raise ValueError(f'{file} has no line that begins with a WordNet number')
    return classes


def to_classes(instances: np.ndarray, wordnet: dict[int, str], classes: dict[int, int]) -> np.ndarray:
    """Maps the numbers of instances, (H, W), to classes, uint8 (H, W); 0, unknown, for any that are not described.

    Raises:
        ValueError: An instance's WordNet number has no class.
    """
    table = np.zeros(max(int(instances.max()), *wordnet, 0) + 1 if wordnet else int(instances.max()) + 1, np.uint8)
    for number, name in wordnet.items():
        if not name.isdigit() or int(name) not in classes:
            raise ValueError(f'instance {number} has the WordNet number {name!r}, which the table of classes lacks')
        table[number] = classes[int(name)]
    return table[instances]


# ---------------------------------------------------------------------------------------- files


def list_videos(source: Path, part: str) -> list[str]:
    """Returns the videos of a part, as part/folder/video, in the order of their numbers."""
    if not (source / part).is_dir():
        raise FileNotFoundError(f'there is no folder {source / part}')
    found = [
        (int(folder.name), int(video.name))
        for folder in (source / part).iterdir()
        if folder.name.isdigit()
        for video in folder.iterdir()
        if video.name.isdigit()
    ]
    if not found:
        raise FileNotFoundError(f'{source / part} has no videos in folders such as {part}/0/0')
    return [f'{part}/{folder}/{video}' for folder, video in sorted(found)]


def make_lists(source: Path, small: bool) -> dict[str, list[str]]:
    """Returns the frames of each list, as part/folder/video/frame."""
    train, test = list_videos(source, 'train'), list_videos(source, 'val')
    if small:
        plan = {'train51k': (train[:NUM_SMALL], SMALL_FRAMES), 'test51k': (test, range(1))}
    else:
        rest = train[NUM_TRAIN : NUM_TRAIN + NUM_VAL]
        plan = {'train': (train[:NUM_TRAIN], FRAMES), 'val': (rest, FRAMES), 'test': (test, FRAMES)}
    return {
        name: [f'{video}/{frame}' for video in videos for frame in frames] for name, (videos, frames) in plan.items()
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Converts."""
    parser = build_parser(__doc__)
    parser.add_argument('--protobufs', type=Path, help='folder of the .pb files')
    parser.add_argument('--classes', type=Path, help="wnid_to_class.txt of the release's tools")
    parser.add_argument('--51k', dest='small', action='store_true', help='the smaller lists of the ablations')
    args = parser.parse_args(argv)
    if (args.protobufs is None) != (args.classes is None):
        raise ValueError('--protobufs and --classes go together')
    classes = read_classes(args.classes) if args.classes else {}
    # the validation set has a file of its own whose folders look like those of the training set
    wordnet = {
        f'{"val" if "val" in file.stem else "train"}/{folder}': instances
        for file in (sorted(args.protobufs.glob('*.pb')) if args.protobufs else [])
        for folder, instances in read_videos(file).items()
    }
    lists = make_lists(args.source, args.small)

    def convert(sample: str) -> None:
        video, frame = sample.rsplit('/', 1)
        folder = args.source / video
        place(folder / 'photo' / f'{frame}.jpg', args.out / 'rgb' / f'{sample}.jpg', args.copy)
        place(folder / 'depth' / f'{frame}.png', args.out / 'depth' / f'{sample}.png', args.copy)
        target = args.out / 'segmentation' / f'{sample}.png'
        if (folder / 'class13' / f'{frame}.png').is_file():
            place(folder / 'class13' / f'{frame}.png', target, args.copy)
        elif not target.exists():
            if video not in wordnet:
                raise ValueError(
                    f'{folder} has no class13/{frame}.png, and '
                    + ('no .pb file describes it' if args.protobufs else '--protobufs and --classes are not given')
                )
            path = folder / 'instance' / f'{frame}.png'
            try:
                labels = to_classes(read_numbers(path), wordnet[video], classes)
            except ValueError as error:
                raise ValueError(f'{path}: {error}') from error
            write_image(target, labels)

    for name, samples in lists.items():
        convert_all(convert, samples, f'frames of {name}')
        if samples:
            write_lines(args.out / f'{name}.txt', samples)


if __name__ == '__main__':
    run(main)
