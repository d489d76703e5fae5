"""Devices: their list, and which one a name means."""

import pytest

from live.audio.devices import DeviceInfo, list_devices, match_device
from live.errors import DeviceError


def device(index, name, api="ALSA", inputs=2, outputs=0, default=False):
    return DeviceInfo(index, name, api, inputs, outputs, 48_000, default, False)


STUDIO = [
    device(0, "USB Microphone"),
    device(1, "USB Interface", inputs=8),
    device(2, "Built-in", default=True),
    device(3, "Monitor", inputs=0, outputs=2),
]
WINDOWS = [
    device(0, "Microphone (Realtek High Defini", "MME", default=True),
    device(1, "Microphone (Realtek High Definition Audio)", "Windows DirectSound"),
    device(2, "Microphone (Realtek High Definition Audio)", "Windows WASAPI"),
    device(3, "Line In (USB)", "Windows WASAPI"),
]
ALSA = [
    device(0, "HDMI 1: - (hw:1,0)"),
    device(1, "USB Audio (hw:2,0)"),
    device(2, "USB Audio (hw:2,1)"),
]
TWO = [device(0, "USB Audio: - (hw:1,0)"), device(1, "USB Audio: - (hw:2,0)")]
WINDOWS_AGAIN = [device(0, "Line In (3- USB)", "Windows WASAPI"), device(1, "2-Track", "MME")]


@pytest.mark.parametrize(
    ("devices", "name", "index"),
    [
        (STUDIO, None, 2),
        (STUDIO, "USB Microphone", 0),
        (STUDIO, "interface", 1),
        (STUDIO, "BUILT", 2),
        (ALSA, "USB Audio (hw:2,0)", 1),
        (ALSA, "USB Audio (hw:1,0), ALSA", 1),  # plugged in again
        (ALSA, "HDMI 1: - (hw:0,0)", 0),
        (TWO, "USB Audio: - (hw:5,0)", 0),
        (WINDOWS, "Line In (2- USB), Windows WASAPI", 3),
        (WINDOWS_AGAIN, "Line In (USB)", 0),
        (WINDOWS_AGAIN, "Line In (2- USB), Windows WASAPI", 0),
        (WINDOWS, "realtek", 2),
        (WINDOWS, "Microphone (Realtek High Definition Audio)", 2),
        (WINDOWS, "Microphone (Realtek High Defini", 0),
        (WINDOWS, "Microphone (Realtek High Definition Audio), Windows DirectSound", 1),
    ],
)
def test_a_name_finds_its_device(devices, name, index):
    assert match_device(devices, name, "input").index == index


@pytest.mark.parametrize(
    ("devices", "name", "message"),
    [
        (STUDIO, "usb", r"fits several inputs; .*'USB Microphone', 'USB Interface'; run `pose"),
        (STUDIO, "Monitor", r"no input named 'Monitor'; inputs: .*posejockey devices"),
        (STUDIO, "Mixer", r"no input named 'Mixer'"),
        (ALSA, "USB Audio (hw:2,3)", r"no input named"),
        (TWO, "USB Audio", r"fits several inputs"),
        (STUDIO[:2], None, r"no default input; inputs: 'USB Microphone'"),
        (STUDIO[3:], None, r"no input device"),
        ([], "x", r"no input device"),
    ],
)
def test_a_name_that_fits_no_device_lists_the_candidates(devices, name, message):
    with pytest.raises(DeviceError, match=message):
        match_device(devices, name, "input")


def test_devices_are_listed(card):
    (info,) = list_devices()
    assert (info.name, info.inputs, info.outputs, info.rate) == ("Card", 3, 2, 44_100)
    assert info.default_input
    assert info.default_output
