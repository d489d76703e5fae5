"""Make .venv and install PoseJockey into it: the set-up step behind the Makefile, for any system.

    python tools/setup_env.py               what the show needs
    python tools/setup_env.py --studio      and what the studio needs
    python tools/setup_env.py --tests       what the tests, the training and the checks need as well
    python tools/setup_env.py --lock        rebuild constraints.txt from the newest versions

Standard library only, and Python 3.6 syntax, so that an old Python reaches the message saying that
it is too old. Where the environment is as pyproject.toml and constraints.txt want it, this does
nothing.
"""

import argparse
import ctypes.util
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"
STAMP = VENV / "posejockey.stamp"  # in the environment: who deletes that, deletes both
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
RUNTIMES = {"cpu": "onnxruntime", "gpu": "onnxruntime-gpu"}
STUDIO_EXTRAS = ("video", "web")  # with the sound of videos
TEST_EXTRAS = ("capture", "control", "dev", "dmx", "train", "video", "web")
LOCK_HEADER = """\
# One version of everything, for Python 3.11 to 3.14. Not edited by hand; this rebuilds it:
#     python3.11 tools/setup_env.py --lock
# It installs the newest versions that pyproject.toml allows and that still support the oldest
# Python, and freezes them. What only another system needs is added in tools/setup_env.py.
"""
# Held back: newer builds of torch bring gigabytes of CUDA to Linux machines without a use for it.
LOCK_PINS = ("torch==2.13.0",)
# Windows alone: colorama, with which pytest, tqdm and click colour output; SoundCard; SpoutGL.
# macOS alone: syphon-python.
# Nobody gets NDI's proprietary runtime unasked, so cyndilib is not installed here, only held.
LOCK_ELSEWHERE = (
    "colorama==0.4.6", "cyndilib==0.1.3", "pugixml-cython==0.1.2", "soundcard==0.4.6",
    "SpoutGL==0.1.1",
    "syphon-python==0.2.0",
)  # fmt: skip


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def main():
    parser = argparse.ArgumentParser(description="Make .venv and install PoseJockey into it.")
    parser.add_argument("--tests", action="store_true", help="install what the tests need too")
    parser.add_argument("--studio", action="store_true", help="install what the studio needs too")
    parser.add_argument("--lock", action="store_true", help="rebuild constraints.txt")
    parser.add_argument(
        "--runtime",
        choices=["auto", *RUNTIMES],
        default="auto",
        help="which onnxruntime; auto: gpu where nvidia-smi runs",
    )
    options = parser.parse_args()
    try:
        if options.lock:
            lock()
        else:
            runtime = find_runtime() if options.runtime == "auto" else options.runtime
            extras = STUDIO_EXTRAS if options.studio else ()
            set_up(runtime, TEST_EXTRAS if options.tests else extras)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    if not options.lock:
        hint_at_portaudio()
    return 0


def set_up(runtime, extras):
    """Install the show, the runtime and the extras, unless the stamp says that they are there."""
    digest, installed = wanted_digest(), set()
    if STAMP.is_file():
        stamped, _, names = STAMP.read_text().partition(" ")
        installed = set(names.split())
        if stamped == digest and installed >= {runtime, *extras}:
            return
        STAMP.unlink()  # an interrupted installation must not look finished
    # What tests need stays when the show alone is brought up to date.
    names = sorted((installed - set(RUNTIMES)) | {runtime, *extras})
    make_venv(VENV)
    print(f"Installing posejockey[{','.join(names)}] into .venv, once.", flush=True)
    (other,) = (name for key, name in RUNTIMES.items() if key != runtime)
    if pip(VENV, "show", "--quiet", other, check=False, stderr=subprocess.DEVNULL) == 0:
        # The two overwrite each other's files: after removing one, the other is broken as well.
        pip(VENV, "uninstall", "--yes", *RUNTIMES.values())
    pip(VENV, "install", "-c", str(CONSTRAINTS), "-e", f"{ROOT}[{','.join(names)}]")
    STAMP.write_text(" ".join([digest, *names]))


def wanted_digest():
    """What the environment depends on; the path because the editable install points at it."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv(folder):
    if interpreter(folder).exists():
        if version_of(str(interpreter(folder))) < OLDEST:
            raise SetupError(f"the Python in {folder} is too old: delete it and run this again.")
        return
    python = find_python()
    if run(python, "-P", "-c", "import ensurepip", check=False, stderr=subprocess.DEVNULL):
        raise SetupError(
            f"{python} cannot make virtual environments. On Debian and Ubuntu: "
            "sudo apt-get install python3-venv; then run this again."
        )
    run(python, "-P", "-m", "venv", str(folder))


def find_python():
    """This Python if it is new enough, else the newest one on the path."""
    for python in (sys.executable, *filter(None, map(shutil.which, NEWER))):
        if version_of(python) >= OLDEST:
            return python
    raise SetupError(
        f"PoseJockey needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is "
        f"{platform.python_version()} and no other is on the path. Install one, run this again."
    )


def version_of(python) -> tuple:
    """(major, minor), or (0, 0) for what does not run: version managers leave such stand-ins."""
    command = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        printed = subprocess.check_output(command, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    major, minor = map(int, printed.split())
    return (major, minor)


def interpreter(folder):
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def find_runtime():
    """gpu where an NVIDIA driver answers and onnxruntime-gpu has wheels, else cpu."""
    has_wheels = (platform.system(), platform.machine()) in {
        ("Linux", "x86_64"),
        ("Windows", "AMD64"),
    }
    if not has_wheels or shutil.which("nvidia-smi") is None:
        return "cpu"
    answers = run("nvidia-smi", check=False, stdout=subprocess.DEVNULL) == 0
    return "gpu" if answers else "cpu"


def hint_at_portaudio():
    """Wheels carry PortAudio on Windows and macOS only."""
    if platform.system() == "Linux" and ctypes.util.find_library("portaudio") is None:
        print(
            "No PortAudio, so no microphone, the demo track plays instead: "
            "sudo apt-get install libportaudio2",
            flush=True,
        )


def lock():
    """Write constraints.txt from a fresh environment with every extra in it but gpu."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder, "venv")
        make_venv(venv)
        pip(venv, "install", *LOCK_PINS, f"{ROOT}[{','.join(('cpu', 'compare', *TEST_EXTRAS))}]")
        command = [str(interpreter(venv)), "-P", "-m", "pip", "freeze"]
        frozen = subprocess.check_output(command).decode().split("\n")
    # A local version (+cpu) names a build that other machines cannot get.
    pins = [re.sub(r"\+.*", "", line) for line in frozen if "==" in line]
    (cpu,) = (pin for pin in pins if pin.startswith("onnxruntime=="))
    pins += [cpu.replace(RUNTIMES["cpu"], RUNTIMES["gpu"]), *LOCK_ELSEWHERE]
    CONSTRAINTS.write_text(LOCK_HEADER + "\n".join(sorted(pins, key=str.lower)) + "\n")


def pip(venv, *arguments, **options):
    return run(
        str(interpreter(venv)),
        "-P",
        "-m",
        "pip",
        "--disable-pip-version-check",
        *arguments,
        **options,
    )


def run(*command, check=True, **options):
    """The exit status; with check, one that is not 0 ends the set-up."""
    status = subprocess.call(command, stdin=subprocess.DEVNULL, **options)
    if check and status:
        raise SetupError(
            f"`{' '.join(command)}` failed, its message is above. "
            "Mend that (is there a network?) and run this again."
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
