"""The command: options, mistakes, where there is no display."""

import pytest

from tests.visuals.stage import free_port
from visuals.__main__ import main
from visuals.draw.surfaces import pygame


def test_screenshot_by_command(tmp_path):
    path = tmp_path / "shot.png"
    argv = ["--port", str(free_port()), "--seconds", "0.1", "--screenshot", str(path)]
    assert main(argv) == 0
    assert pygame.image.load(path).get_size() == (1280, 720)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--control", "nowhere"], "is not HOST:PORT"),
        (["--look", "oil"], "no look 'oil'; there are neon"),
        (["--camera", "up"], "no camera 'up'"),
        (["--flashes", "99"], "--flashes 99"),
        (["--display", "7"], "no display 7: this machine's are"),
        (["--look", "oil", "--check"], "no look 'oil'"),
        (["--port", "70000"], "--port"),
        (["--control", "127.0.0.1:\u00b2"], "is not HOST:PORT"),
        (["--seconds", "0.05", "--screenshot", "/no/such/folder/x.png"], "cannot write"),
        (["--seconds", "0.05", "--screenshot", "shot.jpeg2000"], "end its name in .png"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_2(options, sentence, capsys):
    settled = "--port" in options or "--check" in options
    argv = options if settled else ["--port", str(free_port()), *options]
    assert main(argv) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_options_can_be_checked_without_a_window(capsys):
    assert main(["--look", "ribbons", "--check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_without_a_display_the_terminal_draws(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--port", str(free_port()), "--seconds", "0.05"]) == 0
    told = capsys.readouterr()
    assert "no display" in told.err
    assert "terminal" in told.err
    assert "no signal" in told.out


def test_a_driver_that_cannot_open_a_window_counts_as_no_display(monkeypatch, capsys):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    assert main(["--port", str(free_port()), "--seconds", "0.05"]) == 0
    assert "cannot open a window" in capsys.readouterr().err
