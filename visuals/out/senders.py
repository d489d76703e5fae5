"""The kinds of picture out: what each needs, and what sends a picture.

Every kind is a library of its own, an extra of this program, imported where it is asked for. The
runtime that NDI needs comes inside `cyndilib`, under its owner's licence; nothing of it ships here.
"""

import importlib
import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from live.errors import ConfigError


class Sender(Protocol):
    """Hands pictures on, in the thread that made it. Raises whatever its library raises."""

    @property
    def is_watched(self) -> bool:
        """Whether somebody receives; True where that cannot be known."""
        ...

    def send(self, pixels: np.ndarray) -> None:
        """A picture uint8 [H, W, 4]: blue, green, red, and alpha (colours not multiplied by it)."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Kind:
    """module: our file of it; needs: the library's module; platform: of sys.platform, "": any;
    tried: whether it was seen to work."""

    name: str
    module: str
    needs: str
    platform: str = ""
    system: str = ""
    tried: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("ndi", "visuals.out.ndi", "cyndilib", tried=True),
        Kind("spout", "visuals.out.spout", "SpoutGL", "win32", "Windows"),
        Kind("syphon", "visuals.out.syphon", "syphon", "darwin", "macOS"),
    )
}
_LONGEST_NAME = 100


@dataclass(frozen=True)
class OutName:
    """Where to: a kind of KINDS, and the name that receivers see."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse_out(text: str) -> OutName:
    """`KIND:NAME`, or `KIND` alone. ConfigError for another kind, or a name that cannot be one."""
    kind, _, name = text.strip().partition(":")
    kind, name = kind.strip().lower(), name.strip() or "PoseJockey"
    if kind not in KINDS:
        raise ConfigError(f"--out {text!r}: write it as KIND:NAME with one of {', '.join(KINDS)}")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"--out {text!r}: the name is of at most {_LONGEST_NAME} letters")
    return OutName(kind, name)


def parse_outs(texts: list[str]) -> tuple[OutName, ...]:
    """Those of all options, each of which may hold several with commas between them.

    ConfigError for one that is named twice.
    """
    outs = tuple(parse_out(part) for text in texts for part in text.split(",") if part.strip())
    for out in outs:
        if outs.count(out) > 1:
            raise ConfigError(f"--out {out} is named twice; receivers could not tell them apart")
    return outs


def require(kind: str) -> None:
    """ConfigError, with what to install, where this kind cannot be used on this machine."""
    needed = KINDS[kind]
    if needed.platform and sys.platform != needed.platform:
        raise ConfigError(f"--out {kind} needs {needed.system}; NDI works everywhere")
    try:
        importlib.import_module(needed.needs)
    except ImportError as error:
        raise ConfigError(
            f"--out {kind} needs {needed.needs} ({error}); install it with: "
            f'pip install -c constraints.txt -e ".[{kind}]"'
        ) from error


def open_sender(out: OutName, alpha: bool, rate_hz: float) -> Sender:
    """In the thread that will send. alpha: whether the fourth channel counts."""
    return importlib.import_module(KINDS[out.kind].module).open_sender(out.name, alpha, rate_hz)
