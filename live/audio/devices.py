"""The sound devices there are, and which one a name means. Lists them, opens none.

The caller's thread. PortAudio is loaded when it is first needed: without it, files and the demo
still run.
"""

import re
from dataclasses import dataclass
from typing import Any

from live.errors import DeviceError

_USUAL_RATES = (16_000, 44_100, 48_000, 96_000)
_ALSA_NUMBER = re.compile(r"\(hw:\w+,(\d+)\)")
_WINDOWS_NUMBER = re.compile(r"(?<![^\s(])\d+- ")
_WASAPI = "Windows WASAPI"


@dataclass(frozen=True)
class DeviceInfo:
    """A sound device. inputs, outputs: channels, 0 for none; rate: its default, Hz."""

    index: int  # PortAudio's number; drifts when devices come and go
    name: str
    host_api: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool
    default_output: bool

    @property
    def label(self) -> str:
        """The name with its host API, which is unambiguous on Windows."""
        return f"{self.name}, {self.host_api}"


def list_devices() -> list[DeviceInfo]:
    """Every device PortAudio knows. DeviceError without PortAudio."""
    sd = portaudio()
    try:
        apis, devices = sd.query_hostapis(), sd.query_devices()
    except sd.PortAudioError as error:
        raise DeviceError(f"the sound devices cannot be listed: {error}") from error
    default_input = _default_index(apis, "default_input_device")
    default_output = _default_index(apis, "default_output_device")
    return [
        DeviceInfo(
            index=index,
            name=device["name"],
            host_api=apis[device["hostapi"]]["name"],
            inputs=device["max_input_channels"],
            outputs=device["max_output_channels"],
            rate=round(device["default_samplerate"]),
            default_input=index == default_input,
            default_output=index == default_output,
        )
        for index, device in enumerate(devices)
    ]


def supported_rates(device: DeviceInfo) -> list[int]:
    """Of the usual rates, Hz, those an input opens at; asks the device, and may take a while."""
    return [rate for rate in _USUAL_RATES if _refusal(device, rate) is None]


def check_input(device: DeviceInfo, rate: int) -> None:
    """DeviceError, with the way out, unless the device opens as an input at `rate` Hz."""
    refusal = _refusal(device, rate)
    if refusal is not None:
        raise DeviceError(
            f"input {device.name!r} does not open at {rate} Hz ({refusal}); close programs that "
            "may hold it, or choose another: `posejockey devices`"
        ) from refusal


def input_settings(device: DeviceInfo) -> dict[str, Any]:
    """What an input stream of all the device's channels is opened with, its rate left open."""
    return {
        "device": device.index,
        "channels": input_channels(device),
        "dtype": "float32",
        "extra_settings": extra_settings(device),
    }


def input_channels(device: DeviceInfo) -> int:
    """All of them, except that ALSA's software devices offer 32 of which 30 are silent."""
    virtual = device.host_api == "ALSA" and "(hw:" not in device.name
    return min(device.inputs, 2) if virtual else device.inputs


def extra_settings(device: DeviceInfo) -> Any:
    """WASAPI refuses every rate but the mixer's unless told to convert."""
    return portaudio().WasapiSettings(auto_convert=True) if device.host_api == _WASAPI else None


def match_device(devices: list[DeviceInfo], name: str | None, kind: str) -> DeviceInfo:
    """The input or output of that name; for None the default.

    kind: "input" or "output". An exact name wins over a part of one in any case, and that over one
    that is the same but for the number the system gave it; of equal names that of the better host
    API. DeviceError, with the candidates, if there is none or several.
    """
    usable = [d for d in devices if (d.inputs if kind == "input" else d.outputs) > 0]
    if not usable:
        raise DeviceError(f"no {kind} device")
    if name is None:
        return _default_of(usable, kind)
    exact = [d for d in usable if name in (d.name, d.label)]
    found = exact or [d for d in usable if name.casefold() in d.label.casefold()]
    if not found:
        # Two of a kind cannot be told apart by anything else: the first will do.
        found = [d for d in usable if _unnumbered(name) in _unnumbered(d.label)][:1]
    if not found:
        raise DeviceError(f"no {kind} named {name!r}; {_candidates(usable, kind)}")
    best_api = min(found, key=lambda d: d.host_api != _WASAPI).host_api
    best = [d for d in found if d.host_api == best_api]
    if len({d.name for d in best}) > 1:
        raise DeviceError(f"{name!r} fits several {kind}s; {_candidates(best, kind)}")
    return best[0]


def _unnumbered(name: str) -> str:
    """A name without the number that ALSA and Windows put there, another when it is plugged again:
    "USB Audio (hw:1,0)", "Microphone (2- USB Audio)"."""
    return _WINDOWS_NUMBER.sub("", _ALSA_NUMBER.sub(r"(hw:,\1)", name)).casefold()


def _default_index(apis, key: str) -> int:
    # Windows' own default host API, MME, adds 0.1 s and cuts names off after 31 characters.
    ranked = sorted(apis, key=lambda api: api["name"] != _WASAPI)
    return next((api[key] for api in ranked if api[key] >= 0), -1)


def _default_of(usable: list[DeviceInfo], kind: str) -> DeviceInfo:
    for device in usable:
        if device.default_input if kind == "input" else device.default_output:
            return device
    raise DeviceError(f"no default {kind}; {_candidates(usable, kind)}")


def _candidates(devices: list[DeviceInfo], kind: str) -> str:
    names = list(dict.fromkeys(d.name for d in devices))
    return f"{kind}s: {', '.join(map(repr, names[:8]))}; run `posejockey devices` for all"


def portaudio() -> Any:
    """The sounddevice module. DeviceError, with the way out, where PortAudio is not to be had."""
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            "PortAudio is missing; on Debian or Ubuntu: sudo apt-get install libportaudio2"
        ) from error
    except Exception as error:  # its own PortAudioError has no name while its import fails
        raise DeviceError(f"PortAudio does not start: {error}") from error
    return sounddevice


def _refusal(device: DeviceInfo, rate: int) -> Exception | None:
    """Why the device does not open as an input at `rate` Hz; None where it does."""
    sd = portaudio()
    try:
        sd.check_input_settings(samplerate=rate, **input_settings(device))
    except (sd.PortAudioError, ValueError) as error:
        return error
    return None
