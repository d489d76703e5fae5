"""`python -m visuals.out.available`: the kinds of picture out, and whether they can be used here.

One a line: ok or missing, the kind, and what is to be known, with tabs between.
"""

import importlib.metadata
import sys

from live.errors import ConfigError
from visuals.out.senders import KINDS, require

_PACKAGES = {"cyndilib": "cyndilib", "SpoutGL": "SpoutGL", "syphon": "syphon-python"}


def available() -> list[tuple[str, str, str]]:
    """(ok or missing, kind, text) of those that this system can have."""
    found = []
    for kind in KINDS.values():
        if kind.platform and sys.platform != kind.platform:
            continue
        try:
            require(kind.name)
        except ConfigError as error:
            found.append(("missing", kind.name, str(error)))
            continue
        version = importlib.metadata.version(_PACKAGES[kind.needs])
        untried = "" if kind.tried else "; nobody has tried it yet"
        found.append(("ok", kind.name, f"{_PACKAGES[kind.needs]} {version}{untried}"))
    return found


if __name__ == "__main__":
    for line in available():
        print("\t".join(line))
