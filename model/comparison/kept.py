"""What was found out before and need not be again: a JSON file with the key that it was found by.

Enters: a path, a key of plain values. Leaves: what is kept there under that key.
"""

import json
from pathlib import Path
from typing import Any

from live.safe_write import write_text


def read_kept(path: Path, key: list) -> Any:
    """None where nothing is kept, or by another key."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found["found"] if found["key"] == json.loads(json.dumps(key)) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(path: Path, key: list, found: Any) -> Any:
    """What is given back is what will be read."""
    text = json.dumps({"key": key, "found": found})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return json.loads(text)["found"]
