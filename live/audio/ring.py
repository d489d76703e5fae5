"""Samples from the audio thread to the engine's thread, without a lock.

Enters: blocks of mono float32, written by one producer (the audio callback). Leaves: the same
samples in order, read by one consumer (the engine). A reader that is late loses the oldest samples,
never the newest, and every lost sample is counted, so that the sample clock stays true.

Why no lock is needed. Each of the three positions below is a Python int that one side alone
assigns; under the interpreter lock such an assignment is atomic and the order of assignments is
the order other threads see. The producer first announces how far it is going to write
(`_claimed`), then copies, then publishes (`_written`). The consumer reads only up to `_written`, so
it never sees samples that are not there yet. It may be overtaken while it copies: numpy releases
the interpreter lock in a large copy. So it looks at `_claimed` after its copy: everything older
than `_claimed - capacity` may have been overwritten meanwhile, is thrown away and counted.
"""

import numpy as np


class SampleRing:
    """A single-producer, single-consumer ring of mono float32 samples.

    capacity: samples kept for a reader that is late, at least 1. Allocated once.
    """

    def __init__(self, capacity: int):
        if capacity < 1:
            raise ValueError(f"capacity {capacity}; at least 1 sample")
        self.capacity = capacity
        self._buffer = np.zeros(capacity, np.float32)
        self._claimed = 0  # producer: where the write in progress will end
        self._written = 0  # producer: samples there are
        self._read = 0  # consumer: samples consumed or given up
        self._dropped = 0  # consumer

    @property
    def written(self) -> int:
        """Samples written since the start, lost ones included."""
        return self._written

    @property
    def unread(self) -> int:
        """Samples the next read can return at most."""
        return min(self._written - self._read, self.capacity)

    @property
    def dropped(self) -> int:
        """Samples the reader has lost since the start, for being late or by `drop_oldest`."""
        return self._dropped + max(0, self._written - self._read - self.capacity)

    def write(self, block: np.ndarray) -> None:
        """Producer: append float32 [n]. Never waits; n may exceed the capacity."""
        end = self._written + len(block)
        self._claimed = end
        kept = block[-self.capacity :]
        self._store(kept, (end - len(kept)) % self.capacity)
        self._written = end

    def read(self, max_samples: int) -> np.ndarray:
        """Consumer: the oldest samples there are, float32 [0..max_samples], copied."""
        self._skip_to(self._written - self.capacity)
        start = self._read
        block = self._load(start, min(self._written - start, max_samples))
        overtaken = min(max(0, self._claimed - self.capacity - start), len(block))
        self._dropped += overtaken
        self._read = start + len(block)
        return block[overtaken:]

    def drop_oldest(self, keep: int) -> int:
        """Consumer: give up all unread samples but the newest `keep`. Returns how many."""
        before = self.dropped
        self._skip_to(self._written - min(keep, self.capacity))
        return self._dropped - before

    def _skip_to(self, position: int) -> None:
        if position > self._read:
            self._dropped += position - self._read
            self._read = position

    def _store(self, block: np.ndarray, at: int) -> None:
        first = min(len(block), self.capacity - at)
        self._buffer[at : at + first] = block[:first]
        self._buffer[: len(block) - first] = block[first:]

    def _load(self, start: int, count: int) -> np.ndarray:
        at = start % self.capacity
        block = np.empty(min(count, self.capacity), np.float32)
        first = min(len(block), self.capacity - at)
        block[:first] = self._buffer[at : at + first]
        block[first:] = self._buffer[: len(block) - first]
        return block
