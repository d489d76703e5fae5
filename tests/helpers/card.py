"""A sound card for tests: stands in for PortAudio, and fails when it is told to."""

import threading
from types import SimpleNamespace

import numpy as np


class FakeCardError(Exception):
    pass


class FakeStream:
    """A PortAudio stream; the test plays the card."""

    latency = 0.025

    def __init__(self, card, options):
        if not card.present:
            raise FakeCardError("Device unavailable")
        self.card, self.options = card, options
        self.state = "open"
        card.streams.append(self)

    def start(self):
        self.state = "running"

    def close(self):
        self.state = "closing"
        self.card.may_close.wait()
        self.state = "closed"

    def capture(self, block, status=None):
        assert self.state != "open"  # but what is closed may still have blocks on their way
        times = SimpleNamespace(inputBufferAdcTime=0.0)  # as host APIs that do not say
        self.options["callback"](block, len(block), times, status)

    def play(self, status=None):
        """The block that is heard; None at the end."""
        out = np.full((self.options["blocksize"], self.options["channels"]), 9.0, np.float32)
        status = status or SimpleNamespace(output_underflow=False)
        times = SimpleNamespace(outputBufferDacTime=0.0)
        try:
            self.options["callback"](out, len(out), times, status)
        except FakeCard.CallbackStop:
            self.vanish()
            return None
        return out

    def vanish(self):
        self.options["finished_callback"]()


class FakeCard:
    """Stands in for the sounddevice module. Sees devices come and go only when it starts."""

    PortAudioError = FakeCardError

    class CallbackStop(Exception):  # noqa: N818, sounddevice's name
        pass

    def __init__(self):
        self.present = True
        self.accepts = True
        self.streams = []
        self.scans = 0
        self.may_close, self.may_end = threading.Event(), threading.Event()
        self.may_close.set()
        self.may_end.set()
        self._initialized = 1
        self.name = self._seen_name = "Card"
        self._seen = True

    def _initialize(self):
        self._initialized += 1
        self.scans += 1
        self._seen, self._seen_name = self.present, self.name

    def _terminate(self):
        assert all(stream.state in ("closing", "closed") for stream in self.streams)
        self.may_end.wait()
        self._initialized -= 1

    def _exit_handler(self):
        pass

    def query_hostapis(self):
        found = 0 if self._seen else -1
        return [{"name": "Fake", "default_input_device": found, "default_output_device": found}]

    def query_devices(self):
        card = {"name": self._seen_name, "hostapi": 0, "default_samplerate": 44_100.0}
        return [card | {"max_input_channels": 3, "max_output_channels": 2}] * self._seen

    def check_input_settings(self, **options):
        if not self.accepts:
            raise FakeCardError("Invalid sample rate")

    def InputStream(self, **options):  # noqa: N802, sounddevice's name
        return FakeStream(self, options)

    OutputStream = InputStream


def block(value=1.0, count=256):
    return np.full((count, 3), value, np.float32)
