"""How this program starts another part of itself as a process of its own."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
# As `python -m MODULE`, but never from the folder that it happens to be started in: a visuals.py
# there would be run instead. Only the folder this file is in comes first where it would be missing.
_CODE = (
    "import runpy, sys; root, module = sys.argv[1:3]; del sys.argv[1:3]; "
    "root in sys.path or sys.path.insert(0, root); "
    "runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


MODULE = "--module"
"""What the one-file build is told, to run a module of it instead of a command."""


def is_one_file() -> bool:
    """Whether this is the build of tools/one_file.spec: its executable is no Python."""
    return bool(getattr(sys, "frozen", False))


def child_command(module: str, *options: str) -> list[str]:
    """The command line that runs a module of this program; PYTHONPATH counts as ever."""
    if is_one_file():
        return [sys.executable, MODULE, module, *options]
    return [sys.executable, "-P", "-c", _CODE, str(_ROOT), module, *options]
