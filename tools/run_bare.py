"""Run a command as on a machine without sound, display, OpenGL or receivers:

    python tools/run_bare.py .venv/bin/python -m pytest

Programs are found in one folder that holds nothing but a shell, git and the core utilities; the
sound library, the display and OpenGL's drivers cannot be loaded. Tests that need one of them have
to skip and say so, all others have to pass. Unix only: it is for continuous integration.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STAND_INS = Path(__file__).resolve().parent / "bare"  # modules that fail as without their library
PROGRAMS = (
    "sh", "bash", "env", "git", "uname", "mount", "umount", "mkfifo", "cat", "sleep", "true",
)  # fmt: skip
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "PULSE_SERVER", "JACK_DEFAULT_SERVER")


def main(command: list[str]) -> int:
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    program = shutil.which(command[0])
    if program is None:
        print(f"no program {command[0]!r}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as programs:
        for name in PROGRAMS:
            path = shutil.which(name)
            if path is not None:
                Path(programs, name).symlink_to(path)
        return subprocess.call([program, *command[1:]], env=bare_environment(programs))


def bare_environment(programs: str) -> dict[str, str]:
    """The environment of this process, without what leads to sound, display, card or receivers."""
    environment = {k: v for k, v in os.environ.items() if k not in _DISPLAYS}
    environment["PATH"] = programs
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(STAND_INS), os.environ.get("PYTHONPATH", "")])
    )
    environment["__EGL_VENDOR_LIBRARY_DIRS"] = programs  # GLVND finds no driver there
    environment["LIBGL_DRIVERS_PATH"] = programs
    return environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
