"""A network of one's own (Linux), for receivers that multicast or broadcast: nobody else hears."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "10.9.9.1"
_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NAMESPACE = ["unshare", "-n"] if _IS_ROOT else ["unshare", "-rn"]


def has_own_network(*programs):
    """Whether the programs and a network of one's own are to be had."""
    if not all(map(shutil.which, ("ip", "unshare", *programs))):
        return False
    command = [*NAMESPACE, "ip", "link", "add", "ola0", "type", "veth"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def make_network() -> None:
    """An interface with ADDRESS that carries multicast; OLA will not have the loopback."""
    for command in (
        "ip link set lo up",
        "ip link add ola0 type veth peer name ola1",
        f"ip addr add {ADDRESS}/24 brd + dev ola0",
        "ip link set ola0 up",
        "ip link set ola1 up",
        "ip route add 224.0.0.0/4 dev ola0",
    ):
        subprocess.run(command.split(), check=True)
