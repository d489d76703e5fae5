"""The small print: tempo, confidence, level and onsets in the corners, `no signal`, the keys."""

from visuals.draw.surfaces import Color, mix, pygame, scaled
from visuals.feed.view import View

_TEXT = (150, 160, 185)
_FAINT = (70, 78, 100)
_BAR = (60, 150, 190)
_WARNING = (220, 150, 60)
_QUIET_STATES = ("", "dancing")  # what needs no word on a stage


class Hud:
    """Text is rendered once a wording and kept."""

    def __init__(self):
        pygame.font.init()
        self._fonts: dict[int, pygame.font.Font] = {}
        self._texts: dict[tuple, pygame.Surface] = {}

    def draw(self, canvas: pygame.Surface, view: View, pulse: float, notice: str = "") -> None:
        """State in the lower corners; pulse 0..1 lights the beat's dot; notice: a line above."""
        unit = max(canvas.get_height() // 45, 10)
        left, right = unit, canvas.get_width() - unit
        bottom = canvas.get_height() - unit
        self._meters(canvas, view, left, bottom, unit)
        middle = (canvas.get_width() / 2, bottom)
        if view.lost:
            self._print(canvas, "no signal", _WARNING, unit, midbottom=middle)
        elif view.state not in _QUIET_STATES:
            self._print(canvas, view.state, _FAINT, unit, midbottom=middle)
        if notice:
            above = (middle[0], bottom - 2 * unit)
            self._print(canvas, notice, _WARNING, unit, midbottom=above)
        if view.bpm > 0 and not view.lost:
            self._tempo(canvas, view, right, bottom, unit, pulse)

    def draw_keys(self, canvas: pygame.Surface, keys: list[tuple[str, str]]) -> None:
        """The list of (key, meaning) over a darkened middle."""
        rows = -(-len(keys) // 2)
        unit = max(canvas.get_height() // 50, 9)
        panel = pygame.Surface((62 * unit, int((rows + 1) * 1.7 * unit)), pygame.SRCALPHA)
        panel.fill((6, 8, 14, 225))
        for k, (key, meaning) in enumerate(keys):
            x, y = unit + 31 * unit * (k // rows), int((k % rows + 0.6) * 1.7 * unit)
            self._print(panel, key, (230, 235, 245), unit, topleft=(x, y))
            self._print(panel, meaning, _TEXT, unit, topleft=(x + 8 * unit, y))
        canvas.blit(panel, panel.get_rect(center=canvas.get_rect().center))

    def _meters(self, canvas, view: View, left: int, bottom: int, unit: int) -> None:
        """Level lying, the three onset bands standing on it."""
        level = 0.0 if view.lost else view.level
        thin = max(unit // 4, 2)
        if view.style_name:
            auto = f"auto: {view.style_name}" if view.style_request == "auto" else view.style_name
            name_at = (left, bottom - 3 * thin - 2 * unit)
            self._print(canvas, auto, _FAINT, unit, bottomleft=name_at)
        pygame.draw.rect(canvas, scaled(_FAINT, 0.4), (left, bottom - thin, 6 * unit, thin))
        pygame.draw.rect(canvas, _BAR, (left, bottom - thin, round(6 * unit * level), thin))
        for band, onset in enumerate(view.onset):
            height = 0 if view.lost else round(2 * unit * onset)
            x = left + round(band * 2.1 * unit)
            color = scaled(_BAR, 0.55 + 0.2 * band)
            top = bottom - 2 * thin - height
            pygame.draw.rect(canvas, color, (x, top, round(1.8 * unit), height))

    def _tempo(self, canvas, view: View, right: int, bottom: int, unit: int, pulse: float) -> None:
        sure = mix(_FAINT, _TEXT, view.confidence)
        box = self._print(canvas, f"{view.bpm:.1f}", sure, unit, bottomright=(right, bottom))
        certainty = f"{100 * view.confidence:.0f}%"
        box = self._print(canvas, certainty, _FAINT, unit, bottomright=(box.left - unit, bottom))
        light = mix(scaled(_FAINT, 0.5), (255, 255, 255), pulse)
        pygame.draw.circle(canvas, light, (box.left - unit, box.centery), unit / 3)

    def _print(self, canvas, text: str, color: Color, size: int, **place) -> pygame.Rect:
        """Draw text; place names a corner as pygame.Rect does. Returns the rectangle covered."""
        key = (text, color, size)
        if key not in self._texts:
            if len(self._texts) > 256:  # tempo texts come and go for hours
                self._texts.clear()
            font = self._fonts.setdefault(size, pygame.font.Font(None, round(size * 1.4)))
            self._texts[key] = font.render(text, True, color)
        picture = self._texts[key]
        return canvas.blit(picture, picture.get_rect(**place))
