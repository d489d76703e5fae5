"""What the studio is told before it starts.

Enters: options. Leaves: checked settings, or a ConfigError that says what to do. Main thread.
"""

import ipaddress
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from live.control.allow_list import AllowList
from live.errors import ConfigError
from live.osc.schema import DEFAULT_CONTROL_PORT

STUDIO_PORT = 7410
LOOPBACK = "127.0.0.1"
_MOST_JOBS = 8


@dataclass(frozen=True)
class StudioSettings:
    """library: the folder of songs and takes. host, port: where the pages are; 0: any free port.
    allow: who may use them besides this machine. jobs: how many run at the same time. model: as
    for `perform`. osc_port: where a stream arrives besides that of the
    show on this machine; 0: nowhere. control_port: where that show listens.
    """

    library: Path
    host: str = LOOPBACK
    port: int = STUDIO_PORT
    allow: tuple[str, ...] = ()
    jobs: int = 1
    model: str = "open"
    osc_port: int = 0
    control_port: int = DEFAULT_CONTROL_PORT
    allowed: AllowList = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", AllowList(self.allow))
        if not 1 <= self.jobs <= _MOST_JOBS:
            raise ConfigError(f"--jobs {self.jobs} is not between 1 and {_MOST_JOBS}")
        for port in (self.port, self.osc_port, self.control_port):
            if not 0 <= port <= 65535:
                raise ConfigError(f"port {port} is not between 0 and 65535")
        if not self.is_local and not self.allow:
            raise ConfigError(
                f"--bind {self.host} can be reached from other machines; say who may use the "
                "studio: --allow 192.168.1.20, or a network, 192.168.1.0/24"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the pages."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return False  # a name: who knows what it stands for


def usual_library() -> Path:
    """`PoseJockey` in the user's folder of music, else of documents, else at home."""
    home = Path.home()
    places = [Path(os.environ["XDG_MUSIC_DIR"])] if "XDG_MUSIC_DIR" in os.environ else []
    places += [home / "Music", home / "Documents"]
    if sys.platform == "darwin":  # Documents may be in iCloud, Music is asked for by nobody
        places = [home / "Music"]
    return next((place for place in places if place.is_dir()), home) / "PoseJockey"
