"""What is said instead of a traceback, and what is left to be one."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from live.errors import ArtifactError, as_sentence, can_be_mended
from tests.helpers.sound_server import ROOT


@pytest.mark.parametrize(
    ("module", "extra", "argv"),
    [
        ("onnxruntime", ".[cpu]", ["perform", "song.wav", "-o", "take.npz"]),
        ("onnxruntime", ".[cpu]", ["live", "--input", "demo", "--no-visuals"]),
        ("torch", ".[train]", ["train", "--data", ".", "--out", "run"]),
        ("tqdm", ".[train]", ["train", "--data", ".", "--out", "run"]),
        ("onnx", ".[train]", ["export", "run.pt", "-o", "run.onnx"]),
        ("PIL", ".[train]", ["evaluate", "run.pt", "--data", "."]),
        ("av", ".[video]", ["render", "song.wav", "-o", "film.mp4"]),
        ("rich", "-e .", ["visuals", "--terminal"]),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(tmp_path, module, extra, argv):
    soundfile.write(tmp_path / "song.wav", np.zeros(24_000), 24_000)
    code = f"import sys; sys.modules[{module!r}] = None; import posejockey; "
    code += "sys.exit(posejockey.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert f"{module} is not installed; run `pip install" in line
    assert line.endswith(f"{extra}`")


def test_a_mistake_of_this_program_keeps_its_traceback():
    for error in (ValueError("x"), KeyError("x"), ModuleNotFoundError("x", name="live.none")):
        assert not can_be_mended(error)


def test_what_the_system_refuses_names_the_file():
    error = PermissionError(13, "Permission denied", "show.toml")
    assert can_be_mended(error)
    assert as_sentence(error) == "show.toml: Permission denied"
    assert as_sentence(OSError(28, "No space left on device")) == "No space left on device"
    assert as_sentence(ArtifactError("no model")) == "no model"
    broken = ImportError("DLL load failed", name="onnxruntime.capi")
    assert can_be_mended(broken)
    assert "onnxruntime.capi does not load: DLL load failed" in as_sentence(broken)
