"""The small print: tempo, confidence, level and onsets in the corners, `no signal`, the keys."""

from visuals.draw.surfaces import Color, mix, pygame, scaled
from visuals.feed.view import View

_TEXT = (150, 160, 185)
_FAINT = (70, 78, 100)
_BAR = (60, 150, 190)
_WARNING = (220, 150, 60)
_LINE = 1.7  # from line to line of the list, of its unit
_MOST_COLUMNS = 5
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
        """The list of (key, meaning) over a darkened middle, as large as fits, whatever the shape
        of the canvas."""
        width, height = canvas.get_size()
        columns, unit = self._layout_of(keys, width, height)
        rows = -(-len(keys) // columns)
        key_px, meaning_px = self._widths(keys, unit)
        column_px = key_px + meaning_px + 2 * unit
        line_px = int(_LINE * unit)
        size = (min(columns * column_px + unit, width), min((rows + 1) * line_px, height))
        panel = pygame.Surface(size, pygame.SRCALPHA)
        panel.fill((6, 8, 14, 225))
        for k, (key, meaning) in enumerate(keys):
            x, y = unit + column_px * (k // rows), int((k % rows + 0.6) * line_px)
            self._print(panel, key, (230, 235, 245), unit, topleft=(x, y))
            self._print(panel, meaning, _TEXT, unit, topleft=(x + key_px + unit, y))
        canvas.blit(panel, panel.get_rect(center=canvas.get_rect().center))

    def _layout_of(self, keys: list[tuple[str, str]], width: int, height: int) -> tuple[int, int]:
        """(columns, unit) of the largest letters with which the list fits; unit in pixels."""
        best = (1, 1)
        for columns in range(1, _MOST_COLUMNS + 1):
            rows = -(-len(keys) // columns)
            unit = min(max(height // 45, 10), int(height / (_LINE * (rows + 1.5))))
            # Letters are not quite as wide as their size says: measured, and down until they fit.
            while unit > best[1] and self._list_width(keys, columns, unit) > 0.98 * width:
                unit -= 1
            if unit > best[1]:
                best = (columns, unit)
        return best

    def _list_width(self, keys: list[tuple[str, str]], columns: int, unit: int) -> int:
        return columns * (sum(self._widths(keys, unit)) + 2 * unit) + unit

    def _widths(self, keys: list[tuple[str, str]], unit: int) -> tuple[int, int]:
        """Pixels of the widest key and of the widest meaning."""
        font = self._font(unit)
        return max(font.size(k)[0] for k, _ in keys), max(font.size(m)[0] for _, m in keys)

    def _font(self, size: int) -> pygame.font.Font:
        return self._fonts.setdefault(size, pygame.font.Font(None, max(round(size * 1.4), 1)))

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
        self._form(canvas, view, right, box.top - unit // 2, unit)

    def _form(self, canvas, view: View, right: int, bottom: int, unit: int) -> None:
        """The section's name, and where in its phrase the music is, as a line that fills."""
        phase, length = view.phrase
        if not length:
            return
        thin, wide = max(unit // 4, 2), 6 * unit
        left = right - wide
        pygame.draw.rect(canvas, scaled(_FAINT, 0.4), (left, bottom - thin, wide, thin))
        pygame.draw.rect(canvas, _BAR, (left, bottom - thin, round(wide * phase), thin))
        name = f"{view.section} again" if view.returns else view.section
        if view.section:
            self._print(canvas, name, _FAINT, unit, bottomright=(right, bottom - 2 * thin))

    def _print(self, canvas, text: str, color: Color, size: int, **place) -> pygame.Rect:
        """Draw text; place names a corner as pygame.Rect does. Returns the rectangle covered."""
        key = (text, color, size)
        if key not in self._texts:
            if len(self._texts) > 256:  # tempo texts come and go for hours
                self._texts.clear()
            self._texts[key] = self._font(size).render(text, True, color)
        picture = self._texts[key]
        return canvas.blit(picture, picture.get_rect(**place))


def draw_marks(canvas: pygame.Surface, corner: int) -> None:
    """The picture's edge, its diagonals, and the corner that keys move."""
    width, height = canvas.get_width() - 1, canvas.get_height() - 1
    places = [(0, 0), (width, 0), (width, height), (0, height)]
    pygame.draw.lines(canvas, (150, 160, 185), True, places, 2)
    for k in range(2):
        pygame.draw.aaline(canvas, (70, 78, 100), places[k], places[k + 2])
    pygame.draw.circle(canvas, (220, 150, 60), places[corner], max(height // 20, 4))
