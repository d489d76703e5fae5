import json

import numpy as np
import pytest

import posejockey


@pytest.fixture
def captured(tmp_path, capsys):
    """A function (arguments of `posejockey capture`) that returns exit code, clips by name, the
    index and what was said."""

    def run(*argv):
        out = tmp_path / "clips"
        code = posejockey.main(["capture", *map(str, argv), "-o", str(out)])
        said = capsys.readouterr()
        index = out / "index.json"
        entries = json.loads(index.read_text(encoding="utf-8")) if index.exists() else {}
        clips = {}
        for name in entries:
            with np.load(out / "motion" / f"{name}.npz") as file:
                clips[name] = file["joints"]
        return code, clips, entries, said.out + said.err

    return run
