"""Times a config's training step against the bare passes of the same networks, and weighs its memory."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # works from a checkout that is not installed


def main() -> int:
    """Runs the benchmark and prints a line for each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file of a GAN, or of a translator')
    parser.add_argument('--iters', type=int, default=20, help='measured iterations (default: %(default)s)')
    parser.add_argument('--batch-size', type=int, help="in place of the config's train_dataloader.batch_size")
    parser.add_argument('--amp', action='store_true', help='mixed precision, on a GPU')
    parser.add_argument('--device', help='by default a GPU if there is one')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help="in place of the config's")
    args = parser.parse_args()

    os.environ.setdefault('KINETO_LOG_LEVEL', '5')  # or else the profiler, which weighs the memory, talks
    import torch

    from mmgentransfer.apis import load_config
    from mmgentransfer.apis.benchmark import benchmark_step
    from mmgentransfer.apis.sweep_results import machine_notes
    from mmgentransfer.cli import parse_options

    try:
        cfg = load_config(args.config, parse_options(args.cfg_options))
        timings = benchmark_step(cfg, args.iters, args.batch_size, args.amp, args.device)
    except (ValueError, KeyError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    batch = args.batch_size or cfg.train_dataloader.batch_size
    on = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    print(f'{args.config}, batch {batch} per iteration, {"mixed" if args.amp else "single"} precision, on {on}')
    print('\n'.join(machine_notes()[:2]), f'{torch.get_num_threads()} threads, {platform.machine()}', sep='\n')
    for timing in timings:
        step, bare = 1e3 * timing.step, 1e3 * timing.bare
        rest = step - bare - 1e3 * timing.preprocessing
        print(
            f'stage {timing.stage!r}: train_step {step:.2f} ms, bare passes {bare:.2f} ms, ratio {timing.ratio:.3f} '
            f'(medians of {len(timing.steps)} pairs)\n'
            f'  difference {step - bare:.2f} ms: data preprocessor {1e3 * timing.preprocessing:.2f} ms, '
            f'everything else (random numbers, freezing, bookkeeping) {rest:.2f} ms; '
            f"the optimisers' steps, part of both, take {1e3 * timing.optimiser:.2f} ms\n"
            f'  {batch / timing.step:.1f} images per second{" of processor time" if on == "cpu" else ""}\n'
            f'  memory of tensors: {timing.peak / 2**20:.1f} MiB at most during a step, of which '
            f'{timing.resting / 2**20:.1f} MiB are weights, optimiser states and the batch'
        )
    return 0


if __name__ == '__main__':
    sys.exit(main())
