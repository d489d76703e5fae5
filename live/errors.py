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
