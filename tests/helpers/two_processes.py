"""A tiny run on two processes of this machine, as a program: prepared data, folder, and after how
many iterations to stop; goes on, to the end, where the folder holds a run.

Fabric starts the second one by running this again.
"""

import sys
from pathlib import Path

from model.training.engine import engine
from model.training.trainer import Trainer
from tests.helpers.training import TINY, TINY_DECODER, TINY_ENCODER, ignore


def main() -> None:
    data, folder, stop = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    fabric = engine(TINY.precision, devices=2)
    run = Trainer(data, folder, TINY, TINY_ENCODER, TINY_DECODER, fabric=fabric)
    if stop == TINY.iterations:
        run.run(ignore)
        return
    folder.mkdir(exist_ok=True)
    for _ in range(stop):
        run.iterate()
    run.save()


if __name__ == "__main__":
    main()
