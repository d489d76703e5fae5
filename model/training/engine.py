"""Where a run runs: devices, processes and precision, by Lightning Fabric.

Enters: a `TrainConfig` and what the user asked for. Leaves: the engine, its processes started.
"""

from lightning_fabric import Fabric

from live.errors import ConfigError
from model.network.config import TrainConfig


def engine(config: TrainConfig, accelerator: str = "cpu", devices: int = 1) -> Fabric:
    """Lightning Fabric on the devices asked for; ConfigError where there are none such."""
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            # A stage trains a part of the network: the devices must not wait for the rest.
            strategy="auto" if devices == 1 else "ddp_find_unused_parameters_true",
            precision=config.precision,  # pyright: ignore[reportArgumentType]  # it checks itself
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f"cannot train on {devices} x {accelerator}: {error}") from error
    return fabric
