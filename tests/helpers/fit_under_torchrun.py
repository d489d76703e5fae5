"""A tiny run of the comparison on several machines, as a program that torchrun starts on each of
them: prepared data, folder, iterations. Says a digest of the weights that this process ends with.
"""

import hashlib
import sys
from pathlib import Path

from model.baselines.fit import Fit, FitConfig
from model.baselines.pose_space import BODY
from model.baselines.systems import untrained
from model.data.prepared import read_motion
from model.training.engine import engine


def main() -> None:
    data, folder, nodes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    fabric = engine("32-true", nodes=nodes)
    styles = tuple(str(s) for s in read_motion(data)["styles"])
    system = untrained("lstm", {"hidden": 8}, BODY, styles)
    run = Fit(system, data, folder, FitConfig(iterations=6, batch=4, window=40), fabric)
    run.run()
    digest = hashlib.sha256()
    for value in run.system.state_dict().values():
        digest.update(value.numpy().tobytes())
    print(f"rank {fabric.global_rank} of {fabric.world_size}: {digest.hexdigest()}")


if __name__ == "__main__":
    main()
