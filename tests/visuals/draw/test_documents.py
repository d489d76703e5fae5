"""The pictures in the documents."""

from pathlib import Path

from live import palettes
from tools import make_looks
from visuals.draw import looks
from visuals.draw.surfaces import pygame


def test_every_look_has_its_picture_and_its_line_in_the_documents():
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "looks.md").read_text(encoding="utf-8")
    for look in looks.LOOKS:
        assert f"| `{look}` |" in page
        assert f"(images/looks/{look}.jpg)" in page
    pictures = [*(root / "docs" / "images" / "looks").iterdir()]
    assert {p.stem for p in pictures} == {*looks.LOOKS, "beat"}
    assert "(images/looks/beat.jpg)" in page
    assert sum(p.stat().st_size for p in pictures) < 1_500_000
    for palette in palettes.PALETTES:
        assert f"`{palette}`" in page


def test_sheets_of_looks_are_brighter_on_the_beat(tmp_path, take, monkeypatch):
    small = ["--size", "320", "180", "--shown", "160", "90", "--start", "1.4"]
    arguments = ["make_looks", str(take), str(tmp_path / "sheets"), "--looks", "neon", *small]
    monkeypatch.setattr("sys.argv", arguments)
    make_looks.main()
    sheet = pygame.surfarray.array3d(pygame.image.load(tmp_path / "sheets" / "neon.jpg"))
    assert sheet.shape == (480, 180, 3)
    assert sheet[:, :90].sum() > 1.3 * sheet[:, 90:].sum()


def test_the_strip_is_brightest_on_the_beat_in_every_row(tmp_path, take, monkeypatch):
    small = ["--size", "320", "180", "--shown", "160", "90", "--start", "1.4"]
    chosen = ["--looks", "neon", "chalk", "--strip"]
    monkeypatch.setattr("sys.argv", ["make_looks", str(take), str(tmp_path), *chosen, *small])
    make_looks.main()
    sheet = pygame.surfarray.array3d(pygame.image.load(tmp_path / "beat.jpg")).astype(int)
    assert sheet.shape == (8 * 160, 2 * 90, 3)
    light = sheet.reshape(8, 160, 2, 90, 3).sum(axis=(1, 3, 4))
    assert (light[0] > 1.3 * light[3:].max(axis=0)).all()
