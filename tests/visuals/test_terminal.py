"""Poses to cells of a terminal."""

import io
import socket
from dataclasses import replace

import pytest
from rich.console import Console

from tests.visuals.stage import HEALTH, packets, still, wait_until
from visuals import terminal
from visuals.feed.feed import Feed


def test_terminal_shows_braille_and_the_tempo():
    picture = terminal.Picture().draw(still(), columns=80, rows=24, dt_s=0.03)
    lines = picture.plain.split("\n")
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    assert sum("\u2801" <= c <= "\u28ff" for c in picture.plain) > 50
    assert "120.0 bpm" in picture.plain


def test_terminal_without_braille_uses_plain_characters():
    assert terminal.has_braille("utf-8")
    assert not terminal.has_braille("cp1252")
    assert not terminal.has_braille("no such encoding")
    picture = terminal.Picture(braille=False).draw(still(), columns=80, rows=24, dt_s=0.03)
    assert picture.plain.isascii()
    assert picture.plain.count("@") > 10


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (30, 10), (200, 60)])
def test_terminal_of_any_size(columns, rows):
    picture = terminal.Picture().draw(still(), columns, rows, dt_s=0.03)
    lines = picture.plain.split("\n")
    assert len(lines) == rows
    assert max(map(len, lines)) <= columns


def test_terminal_blackout_and_lost_feed():
    dark = terminal.Picture().draw(still(health=replace(HEALTH, state="blackout")), 80, 24, 0.03)
    assert dark.plain.split() == []
    lost = terminal.Picture().draw(still(age_s=3.0), 80, 24, 0.03)
    assert "no signal" in lost.plain
    assert terminal.status_line(still(age_s=3.0), 0.0) == "no signal"
    assert "120.0 bpm" in terminal.status_line(still(), 60.0)


def test_terminal_animates_a_real_feed():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=24, legacy_windows=False)
    with Feed(port=0) as feed, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(packets(0)[0], ("127.0.0.1", feed.port))
        wait_until(lambda: feed.received == 1)
        terminal.animate(feed, console, seconds=0.05)
    assert any("\u2801" <= c <= "\u28ff" for c in screen.getvalue())
    assert "120.0 bpm" in screen.getvalue()
