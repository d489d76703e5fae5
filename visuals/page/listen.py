"""`python -m visuals.page.listen SONG FLAC JSON`: what a page needs of a song.

Enters: a file from anybody, whose type only decoding it tells. Leaves: a FLAC that every browser
plays, without the delays that other codecs put before the first sound, and the outline of the
waveform. A process of its own, so that a decoder that hangs or dies takes nobody with it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import soundfile

from live.audio.files import AudioFile
from live.errors import ArtifactError, PerformanceError
from live.safe_write import whole_file, write_text

PEAKS_A_SECOND = 50
MAX_S = 2 * 3600
_MIN_S = 0.5
_FULL = 255


def listen(song: Path, flac: Path, outline: Path) -> None:
    """ArtifactError, in one sentence, for what is no music."""
    file = AudioFile(song)
    hop = max(round(file.rate / PEAKS_A_SECOND), 1)
    peaks, left, samples = [], np.zeros(0, np.float32), 0
    with whole_file(flac) as partial:
        with soundfile.SoundFile(
            partial, "w", file.rate, min(file.channels, 2), "PCM_16", format="FLAC"
        ) as copy:
            for block in file.blocks():
                samples += len(block)
                if samples > MAX_S * file.rate:
                    raise ArtifactError(f"it is longer than {MAX_S // 3600} hours")
                copy.write(_stereo(block))
                left = np.concatenate([left, np.abs(block).max(axis=1)])
                whole = len(left) // hop * hop
                peaks.append(left[:whole].reshape(-1, hop).max(axis=1))
                left = left[whole:]
        if samples < _MIN_S * file.rate:
            raise ArtifactError("it holds less than half a second of sound")
    heights = np.clip(np.concatenate(peaks) * _FULL, 0, _FULL).astype(int)
    said = {"seconds": samples / file.rate, "per_s": file.rate / hop, "peaks": heights.tolist()}
    write_text(outline, json.dumps(said, separators=(",", ":")))


def _stereo(block: np.ndarray) -> np.ndarray:
    """float32 [n, 1 or 2], within full scale; of more channels the mean on both sides."""
    if block.shape[1] > 2:
        block = np.repeat(block.mean(axis=1, keepdims=True), 2, axis=1)
    return np.clip(block, -1.0, 1.0)


def main(argv: list[str]) -> int:
    try:
        listen(*map(Path, argv))
    except (PerformanceError, OSError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
