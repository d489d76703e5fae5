"""Errors a user can cause, each with the way out in its message.

PerformanceError            anything the operator can mend; the command prints it and exits with 2
├── ConfigError             an option, a TOML key, a control value
├── DeviceError             a sound device, a display, a port
└── ArtifactError           a file that is missing, damaged, or of another contract
"""


class PerformanceError(Exception):
    """Base of every error that is reported in one sentence instead of a traceback."""


class ConfigError(PerformanceError):
    """A setting is unknown, malformed or out of range."""


class DeviceError(PerformanceError):
    """A device or port is missing, busy or refuses the format asked for."""


class ArtifactError(PerformanceError):
    """A file (model, audio, session) cannot be read or breaks its contract."""


_EXTRAS = {
    "onnxruntime": "cpu", "torch": "train", "onnx": "train", "onnxscript": "train",
    "tqdm": "train", "PIL": "train", "lightning_fabric": "train", "av": "video", "mir_eval": "dev",
    "mido": "control", "rtmidi": "control", "scipy": "capture", "c3d": "capture",
    "zeroconf": "control", "link": "control", "aiohttp": "web", "segno": "web",
    "ray": "compare",
}  # fmt: skip
_OURS = ("live", "model", "export", "visuals", "posejockey")


def as_sentence(error: Exception) -> str:
    """What is said of an error instead of a traceback, with what to install if that is missing."""
    if isinstance(error, ModuleNotFoundError):
        module = (error.name or "").partition(".")[0]
        wanted = f".[{_EXTRAS[module]}]" if module in _EXTRAS else "."
        return f"{module} is not installed; run `pip install -c constraints.txt -e {wanted}`"
    if isinstance(error, ImportError):
        return f"{error.name or 'a library'} does not load: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def can_be_mended(error: Exception) -> bool:
    """Whether the user can do something about it; else it is a mistake of this program."""
    if isinstance(error, ImportError):
        return (error.name or "live").partition(".")[0] not in _OURS
    return isinstance(error, PerformanceError | OSError)
