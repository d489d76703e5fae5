"""A clothed person in a room, filmed: joints to pictures that a pose network takes for a film.

Enters: joints [T, 19, 3] and a camera for every frame. Leaves: RGB pictures, by OpenGL without a
window (software will do). Made of tubes and ellipsoids: a head with face, ears and hair, a T-shirt,
trousers, hands with fingers, shoes; light from a window and a lamp, a shadow, a room with things.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from live.body.skeleton import JOINT

_SKIN, _HAIR, _SOLE = (0.80, 0.60, 0.48), (0.13, 0.09, 0.07), (0.92, 0.92, 0.9)
_EYE, _IRIS, _LIPS, _BROW = (
    (0.95, 0.95, 0.93),
    (0.12, 0.10, 0.09),
    (0.66, 0.34, 0.32),
    (0.16, 0.1, 0.08),
)
_SHOULDERS_M = 0.165  # from the middle
_AROUND = 16  # corners of a tube


@dataclass(frozen=True)
class Clothes:
    """Colours 0 to 1 of shirt, trousers and shoes."""

    shirt: tuple[float, float, float] = (0.62, 0.14, 0.17)
    trousers: tuple[float, float, float] = (0.16, 0.21, 0.36)
    shoes: tuple[float, float, float] = (0.75, 0.74, 0.72)


@dataclass(frozen=True)
class Camera:
    """Where it is (metres), what way it looks (rows: right, up, back), and how narrowly."""

    position: np.ndarray
    rotation: np.ndarray
    focal: float  # in heights of the picture

    def project(self, points: np.ndarray, width: int, height: int) -> np.ndarray:
        """Points [..., 3] to pixels [..., 2]."""
        local = (points - self.position) @ self.rotation.T
        scale = self.focal * height / -local[..., 2:]
        return local[..., :2] * scale * (1, -1) + (width / 2, height / 2)


def look_at(position: np.ndarray, target: np.ndarray, focal: float, roll: float = 0.0) -> Camera:
    """A camera that looks at a point. roll: radians."""
    back = _unit(position - target)
    right = _unit(np.cross((0.0, 1.0, 0.0), back))
    up = np.cross(back, right)
    c, s = np.cos(roll), np.sin(roll)
    return Camera(position, np.stack([c * right + s * up, c * up - s * right, back]), focal)


class Mesh:
    """Triangles that grow: position, normal, colour, and 1 where cloth is woven."""

    def __init__(self) -> None:
        self._vertices: list[np.ndarray] = []

    def grid(self, points: np.ndarray, colour: Any, cloth: float = 0.0) -> None:
        """A surface given as points [rows, columns, 3], closed along the columns."""
        around = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
        along = np.gradient(points, axis=0)
        normals = np.cross(around, along)
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-9
        centre = points.mean(axis=1, keepdims=True)
        inward = np.sum(normals * (points - centre), axis=(1, 2)).mean() < 0
        normals = -normals if inward else normals
        colours = np.broadcast_to(np.asarray(colour, float).reshape(-1, 1, 3), points.shape)
        cloths = np.full((*points.shape[:2], 1), cloth)
        whole = np.concatenate([points, normals, colours, cloths], axis=-1)
        a, b = whole[:-1], whole[1:]
        c, d = np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)
        self._vertices.append(np.stack([a, b, c, c, b, d], axis=2).reshape(-1, 10))

    def tube(
        self, line: Any, radii: Any, side: np.ndarray, colour: Any, cloth: float = 0.0
    ) -> None:
        """Along points [n, 3] with radii [n, 2] (along `side`, and across it), rounded ends."""
        line, radii = np.asarray(line, float), np.asarray(radii, float)
        line, radii, colour = _rounded(line, radii, np.asarray(colour, float))
        along = _unit(np.gradient(line, axis=0))
        sides = _unit(side - along * np.sum(along * side, axis=1, keepdims=True))
        fronts = np.cross(along, sides)
        angle = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
        ring = np.cos(angle)[:, None] * sides[:, None] * radii[:, None, :1]
        ring = ring + np.sin(angle)[:, None] * fronts[:, None] * radii[:, None, 1:]
        self.grid(line[:, None] + ring, colour, cloth)

    def ellipsoid(self, centre: Any, axes: np.ndarray, radii: Any, colour: Any) -> None:
        """axes: rows [3, 3]; radii along them."""
        v = np.linspace(0.02, np.pi - 0.02, 11)[:, None]
        u = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)[None]
        ball = np.stack([np.sin(v) * np.cos(u), np.cos(v) + 0 * u, np.sin(v) * np.sin(u)], axis=-1)
        self.grid(np.asarray(centre) + (ball * radii) @ axes, colour)

    def vertices(self) -> np.ndarray:
        return np.concatenate(self._vertices).astype(np.float32)


def figure(joints: np.ndarray, clothes: Clothes, front: np.ndarray) -> np.ndarray:
    """One frame's person: vertices [n, 10]. front: [3], where the face looks."""
    j = dict(zip(JOINT, joints.astype(float), strict=True))
    mesh = Mesh()
    _torso(mesh, j, clothes)
    _head(mesh, j, front)
    for s in "lr":
        _arm(mesh, j, s, clothes)
        _leg(mesh, j, s, clothes)
    return mesh.vertices()


def with_shoulders(joints: np.ndarray) -> np.ndarray:
    """Joints [T, 19, 3] of which no shoulders are narrower than a human's: some skeletons have them
    at the collar bones, and nobody looks like that."""
    out, left, right = joints.copy(), JOINT["l_shoulder"], JOINT["r_shoulder"]
    middle, across = (out[:, left] + out[:, right]) / 2, out[:, left] - out[:, right]
    width = np.linalg.norm(across, axis=1, keepdims=True)
    half = np.maximum(_SHOULDERS_M, width / 2) * _unit(across)
    out[:, left], out[:, right] = middle + half, middle - half
    return out


def face_fronts(joints: np.ndarray) -> np.ndarray:
    """[T, 3]: where faces look: forward of the shoulders, smoothed over a third of a second."""
    across = joints[:, JOINT["l_shoulder"]] - joints[:, JOINT["r_shoulder"]]
    across = across + joints[:, JOINT["l_hip"]] - joints[:, JOINT["r_hip"]]
    fronts = np.cross(across, joints[:, JOINT["neck"]] - joints[:, JOINT["pelvis"]])
    kernel = np.hanning(11) / np.hanning(11).sum()
    padded = np.pad(fronts, ((5, 5), (0, 0)), mode="edge")
    return _unit(np.stack([np.convolve(padded[:, k], kernel, "valid") for k in range(3)], axis=1))


def _torso(mesh: Mesh, j: dict[str, np.ndarray], clothes: Clothes) -> None:
    hips, shoulders = j["l_hip"] - j["r_hip"], j["l_shoulder"] - j["r_shoulder"]
    middle = (j["l_shoulder"] + j["r_shoulder"]) / 2
    base = (j["l_hip"] + j["r_hip"]) / 2
    side = _unit(_unit(hips) + _unit(shoulders))
    wide = np.linalg.norm(shoulders) / 2
    seat, waist = base + 0.12 * (base - middle), base + 0.28 * (middle - base)
    mesh.tube([seat, base, waist], [(0.15, 0.11), (0.165, 0.115), (0.14, 0.1)], _unit(hips),
              clothes.trousers, 1)  # fmt: skip
    at = [base + f * (middle - base) for f in (0.12, 0.3, 0.55, 0.8, 0.97, 1.06)]
    radii = [
        (0.155, 0.115),
        (0.142, 0.105),
        (0.16, 0.115),
        (wide * 0.98, 0.12),
        (wide, 0.085),
        (0.1, 0.06),
    ]
    mesh.tube(at, radii, side, clothes.shirt, 1)
    up = _unit(middle - base)
    mesh.tube(
        [middle + 0.02 * up, _skull(j) - 0.03 * up], [(0.058, 0.058), (0.05, 0.055)], side, _SKIN
    )


def _skull(j: dict[str, np.ndarray]) -> np.ndarray:
    """The middle of the head, a head's height above the shoulders and below the head's joint."""
    middle = (j["l_shoulder"] + j["r_shoulder"]) / 2
    return middle + 0.21 * _unit(j["head"] - middle)


def _head(mesh: Mesh, j: dict[str, np.ndarray], front: np.ndarray) -> None:
    middle = (j["l_shoulder"] + j["r_shoulder"]) / 2
    up = _unit(j["head"] - middle)
    ahead = _unit(front - up * (front @ up))
    left = np.cross(up, ahead)
    axes = np.stack([left, up, ahead])
    centre = _skull(j) + 0.02 * ahead

    def part(x: float, y: float, z: float, radii: Any, colour: Any) -> None:
        mesh.ellipsoid(centre + np.array([x, y, z]) @ axes, axes, radii, colour)

    part(0, 0, 0, (0.076, 0.112, 0.093), _SKIN)
    part(0, -0.055, 0.025, (0.058, 0.062, 0.066), _SKIN)  # jaw
    part(0, 0.03, -0.022, (0.085, 0.1, 0.092), _HAIR)
    part(0, -0.03, -0.05, (0.075, 0.08, 0.06), _HAIR)
    part(0, -0.012, 0.1, (0.013, 0.022, 0.018), (0.84, 0.6, 0.5))  # nose
    part(0, -0.058, 0.084, (0.026, 0.008, 0.012), _LIPS)
    for s in (-1, 1):
        part(s * 0.08, -0.005, 0.0, (0.012, 0.03, 0.02), _SKIN)  # ears
        part(s * 0.031, 0.02, 0.081, (0.015, 0.009, 0.01), _EYE)
        part(s * 0.031, 0.02, 0.087, (0.007, 0.007, 0.007), _IRIS)
        part(s * 0.032, 0.042, 0.084, (0.019, 0.005, 0.008), _BROW)


def _arm(mesh: Mesh, j: dict[str, np.ndarray], s: str, clothes: Clothes) -> None:
    shoulder, elbow, wrist = (j[f"{s}_{n}"] for n in ("shoulder", "elbow", "wrist"))
    side = _across(elbow - shoulder, wrist - elbow)
    sleeve = shoulder + 0.62 * (elbow - shoulder)
    inner = shoulder + 0.06 * ((j["l_shoulder"] + j["r_shoulder"]) / 2 - shoulder)
    mesh.tube([inner, sleeve], [(0.066, 0.066), (0.056, 0.056)], side, clothes.shirt, 1)
    mesh.tube([shoulder, elbow], [(0.048, 0.048), (0.04, 0.042)], side, _SKIN)
    third = elbow + 0.3 * (wrist - elbow)
    mesh.tube([elbow, third, wrist], [(0.04, 0.042), (0.043, 0.04), (0.026, 0.032)], side, _SKIN)
    along = _unit(wrist - elbow)
    thumb = np.cross(side, along) * (1 if s == "l" else -1)
    mesh.tube([wrist, wrist + 0.09 * along], [(0.018, 0.035), (0.016, 0.042)], side, _SKIN)
    for k in (-1.5, -0.5, 0.5, 1.5):
        root = wrist + 0.085 * along + k * 0.02 * thumb
        tip = root + (0.085 - 0.008 * abs(k)) * along
        mesh.tube([root, tip], [(0.009, 0.009), (0.007, 0.007)], side, _SKIN)
    root = wrist + 0.03 * along + 0.03 * thumb
    mesh.tube(
        [root, root + 0.045 * along + 0.035 * thumb], [(0.012, 0.012), (0.009, 0.009)], side, _SKIN
    )


def _leg(mesh: Mesh, j: dict[str, np.ndarray], s: str, clothes: Clothes) -> None:
    hip, knee, ankle, toe = (j[f"{s}_{n}"] for n in ("hip", "knee", "ankle", "toe"))
    side = _unit(j["l_hip"] - j["r_hip"])
    mid, calf = hip + 0.5 * (knee - hip), knee + 0.3 * (ankle - knee)
    mesh.tube(
        [hip, mid, knee], [(0.092, 0.098), (0.08, 0.085), (0.06, 0.063)], side, clothes.trousers, 1
    )
    mesh.tube([knee, calf, ankle], [(0.06, 0.062), (0.062, 0.066), (0.048, 0.05)], side,
              clothes.trousers, 1)  # fmt: skip
    along = _unit(toe - ankle)
    up = _unit(knee - ankle)
    up = _unit(up - along * (up @ along))
    flat = np.cross(up, along)
    heel = ankle - 0.055 * up - 0.05 * along
    tip = toe + 0.05 * along - 0.005 * up
    line = [heel, heel + 0.35 * (tip - heel), heel + 0.75 * (tip - heel), tip]
    mesh.tube(
        line, [(0.034, 0.04), (0.04, 0.045), (0.047, 0.034), (0.035, 0.022)], flat, clothes.shoes
    )
    low = [p - 0.028 * up for p in line]
    mesh.tube(low, [(0.036, 0.012), (0.042, 0.012), (0.05, 0.012), (0.037, 0.01)], flat, _SOLE)
    mesh.tube([ankle, ankle - 0.03 * up], [(0.042, 0.042), (0.04, 0.045)], flat, clothes.shoes)


def _rounded(line: np.ndarray, radii: np.ndarray, colour: np.ndarray) -> tuple[Any, Any, Any]:
    """More rings between the given ones, and round ends."""
    n = len(line)
    at = np.linspace(0, n - 1, 4 * (n - 1) + 1)
    fine = np.stack([np.interp(at, range(n), line[:, k]) for k in range(3)], axis=1)
    sizes = np.stack([np.interp(at, range(n), radii[:, k]) for k in range(2)], axis=1)
    angles = np.linspace(0.05, np.pi / 2, 5)[:-1]
    first, last = _unit(line[0] - line[1]), _unit(line[-1] - line[-2])
    head = [line[0] + first * np.cos(a) * radii[0].min() for a in angles]
    tail = [line[-1] + last * np.cos(a) * radii[-1].min() for a in angles[::-1]]
    sines = np.sin(angles)[:, None]
    sizes = np.concatenate([sines * radii[0], sizes, sines[::-1] * radii[-1]])
    return np.concatenate([head, fine, tail]), sizes, colour


def _across(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Across both, even where they are nearly in line."""
    across = np.cross(_unit(a), _unit(b)) + 0.2 * np.cross(_unit(a), (0.3, 0.2, 0.9))
    return _unit(across)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9)


_VERTEX = """
#version 330
uniform mat4 view;
uniform bool flat_shadow;
in vec3 position; in vec3 normal; in vec3 colour; in float cloth;
out vec3 at, face, paint; out float woven;
void main() {
    at = position; face = normal; paint = colour; woven = cloth;
    vec3 p = position;
    if (flat_shadow) p = vec3(p.x + 0.35 * p.y, 0.004, p.z - 0.3 * p.y);
    gl_Position = view * vec4(p, 1);
}
"""
_FRAGMENT = """
#version 330
uniform vec3 eye; uniform bool flat_shadow; uniform float wall;
in vec3 at, face, paint; in float woven; out vec4 pixel;
float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }
float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p); f = f * f * (3 - 2 * f);
    float low = mix(hash(i), hash(i + vec2(1, 0)), f.x);
    return mix(low, mix(hash(i + vec2(0, 1)), hash(i + 1), f.x), f.y);
}
void main() {
    if (flat_shadow) { pixel = vec4(0, 0, 0, 0.38); return; }
    vec3 n = normalize(face), base = paint;
    vec3 window_light = normalize(vec3(-0.6, 0.7, 0.55)), lamp = normalize(vec3(0.55, 0.5, 0.8));
    if (woven > 1.5) {  // the room
        if (n.y > 0.5) {
            float plank = floor(at.x / 0.14);
            float along = floor(at.z / 1.3 + hash(vec2(plank, 3.)) * 5);
            base = vec3(0.52, 0.38, 0.25) * (0.8 + 0.25 * hash(vec2(plank, along)));
            base *= 0.9 + 0.15 * noise(vec2(at.x * 60, at.z * 3));
        } else {
            float u = abs(n.x) > 0.5 ? at.z : at.x;
            base = vec3(0.78, 0.77, 0.72) * (0.94 + 0.06 * noise(vec2(u, at.y) * 3));
            if (at.y < 0.1) base = vec3(0.9);
            if (abs(u - wall * 0.35) < 0.5 && at.y > 1.0 && at.y < 1.9)
                base = mix(vec3(0.2, 0.4, 0.5), vec3(0.8, 0.6, 0.3), noise(vec2(u, at.y) * 4));
            if (abs(u + wall * 0.4) < 0.45 && at.y < 2.05) base = vec3(0.42, 0.3, 0.2);
        }
        pixel = vec4(base * (0.75 + 0.25 * max(0, n.y)), 1);
        return;
    }
    if (woven > 0.5)
        base *= 0.82 + 0.3 * noise(at.xy * 22 + at.z * 17) + 0.06 * hash(floor(at.xy * 400));
    float rim = pow(1 - max(0, dot(n, normalize(eye - at))), 3);
    float light = 0.42 + 0.12 * n.y + 0.5 * max(0, dot(n, window_light));
    light += 0.4 * max(0, dot(n, lamp));
    pixel = vec4(base * light + 0.05 * rim, 1);
}
"""


class Studio:
    """A room, and who dances in it, drawn in software or on a card."""

    def __init__(self, width: int = 960, height: int = 540) -> None:
        import moderngl

        backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
        self._gl = moderngl.create_standalone_context(**backend)
        self.width, self.height = width, height
        size = (width, height)
        self._program: Any = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        colour = self._gl.renderbuffer(size, 4, samples=4)
        self._smooth = self._gl.framebuffer([colour], self._gl.depth_renderbuffer(size, samples=4))
        self._plain = self._gl.framebuffer([self._gl.renderbuffer(size, 4)])
        self._gl.enable(moderngl.DEPTH_TEST)
        self._gl.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        self._blend = moderngl.BLEND

    def picture(self, people: list[np.ndarray], camera: Camera, wall: float = 5.0) -> np.ndarray:
        """uint8 [height, width, 3] of people's vertices. wall: metres from the middle to a wall."""
        self._smooth.use()
        self._smooth.clear(0.7, 0.7, 0.7)
        self._program["view"].write(self._matrix(camera).T.astype("f4").tobytes())
        self._program["eye"] = tuple(camera.position)
        self._program["wall"] = wall
        self._draw(_room(wall))
        self._gl.enable(self._blend)
        self._program["flat_shadow"] = True
        for person in people:
            self._draw(person)
        self._program["flat_shadow"] = False
        self._gl.disable(self._blend)
        for person in people:
            self._draw(person)
        self._gl.copy_framebuffer(self._plain, self._smooth)
        raw = self._plain.read(components=3)
        return np.frombuffer(raw, np.uint8).reshape(self.height, self.width, 3)[::-1].copy()

    def _draw(self, vertices: np.ndarray) -> None:
        buffer = self._gl.buffer(np.ascontiguousarray(vertices, np.float32).tobytes())
        names = ("position", "normal", "colour", "cloth")
        array = self._gl.vertex_array(self._program, [(buffer, "3f 3f 3f 1f", *names)])
        array.render()
        array.release()
        buffer.release()

    def _matrix(self, camera: Camera) -> np.ndarray:
        near, far = 0.1, 60.0
        projection = np.zeros((4, 4))
        projection[0, 0] = 2 * camera.focal * self.height / self.width
        projection[1, 1] = 2 * camera.focal
        projection[2, 2:] = (far + near) / (near - far), 2 * far * near / (near - far)
        projection[3, 2] = -1
        view = np.eye(4)
        view[:3, :3] = camera.rotation
        view[:3, 3] = -camera.rotation @ camera.position
        return projection @ view


def _room(wall: float) -> np.ndarray:
    """Floor and four walls, 3 m high: vertices [n, 10]."""
    out = []
    w, high = wall, 3.0
    floor = np.array([(-w, 0, -w), (w, 0, -w), (-w, 0, w), (w, 0, w)])
    side = np.array([(-w, 0, -w), (w, 0, -w), (-w, high, -w), (w, high, -w)])
    quads = [(floor, (0, 1, 0)), (side, (0, 0, 1)), (side * (1, 1, -1), (0, 0, -1))]
    quads += [(side[:, [2, 1, 0]], (1, 0, 0)), (side[:, [2, 1, 0]] * (-1, 1, 1), (-1, 0, 0))]
    for corners, normal in quads:
        for i in (0, 1, 2, 2, 1, 3):
            out.append((*corners[i], *normal, 1, 1, 1, 2))
    return np.array(out, np.float32)
