"""Where a run runs: devices, processes and precision, by Lightning Fabric.

Enters: the precision of a run and where to run it. Leaves: the engine, its processes started.
"""

from lightning_fabric import Fabric

from live.errors import ConfigError


def engine(precision: str, accelerator: str = "cpu", devices: int = 1, nodes: int = 1) -> Fabric:
    """Lightning Fabric on the devices asked for; ConfigError where there are none such.

    nodes: machines, with so many devices each; every one is started by `torchrun`.
    """
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            # A stage trains a part of the network: the devices must not wait for the rest.
            strategy="auto" if devices * nodes == 1 else "ddp_find_unused_parameters_true",
            precision=precision,  # pyright: ignore[reportArgumentType]  # it checks itself
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        where = f"{devices} x {accelerator}" + (f" on {nodes} machines" if nodes > 1 else "")
        raise ConfigError(f"cannot train on {where}: {error}") from error
    return fabric
