"""The programs that run on the card, GLSL 3.30 core. All pictures have their first row on top."""

# A picture-filling triangle without a buffer; `at` is 0..1 over the picture.
WHOLE = """
#version 330 core
out vec2 at;
uniform float flip;  // 1: for the window, whose first row is at the bottom
void main() {
    at = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
    at.y = mix(at.y, 1.0 - at.y, flip);
}
"""

COPY = """
#version 330 core
in vec2 at;
out vec4 light;
uniform sampler2D source;
uniform float gain;
void main() { light = gain * texture(source, at); }
"""

# Towards nothing: multiplied, and a little taken away, or a faint rest would stay for long.
FADE = """
#version 330 core
in vec2 at;
out vec4 light;
uniform sampler2D source;
uniform vec3 keep;
uniform float less;
void main() {
    light = vec4(clamp(texture(source, at).rgb * keep - less, 0.0, 1.0), 1.0);
}
"""

# One direction of a Gaussian; stride: from texel to texel, sigma: in texels.
BLUR = """
#version 330 core
in vec2 at;
out vec4 light;
uniform sampler2D source;
uniform vec2 stride;
uniform float sigma;
void main() {
    vec4 sum = vec4(0.0);
    float weights = 0.0;
    for (int k = -7; k <= 7; ++k) {
        float weight = exp(-0.5 * float(k * k) / (sigma * sigma));
        sum += weight * texture(source, at + float(k) * stride);
        weights += weight;
    }
    light = sum / weights;
}
"""

# Crossfade to 8 bit. Dithered, or dark light falls off in rings; black stays black.
BLEND = """
#version 330 core
in vec2 at;
out vec4 light;
uniform sampler2D first;
uniform sampler2D second;
uniform float share;
uniform float level;
void main() {
    vec3 a = clamp(texture(first, at).rgb, 0.0, 1.0);
    vec3 b = clamp(texture(second, at).rgb, 0.0, 1.0);
    float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    light = vec4(floor(255.0 * level * mix(a, b, share) + 0.001 + 0.998 * noise) / 255.0, 1.0);
}
"""

# What visuals.draw.safety.luminance measures: relative luminance, 36 samples to a texel.
MEASURE = """
#version 330 core
in vec2 at;
out float light;
uniform sampler2D source;
uniform float gain;
uniform vec2 cells;
void main() {
    vec2 corner = floor(at * cells);
    vec2 size = vec2(textureSize(source, 0));
    float sum = 0.0;
    for (int k = 0; k < 36; ++k) {
        vec2 inside = (vec2(k % 6, k / 6) + 0.5) / 6.0;
        vec3 seen = texelFetch(source, ivec2((corner + inside) / cells * size), 0).rgb;
        seen = floor(255.0 * gain * seen + 0.01) / 255.0;
        sum += dot(pow(seen, vec3(2.2)), vec3(0.2126, 0.7152, 0.0722));
    }
    light = sum / 36.0;
}
"""

SHOW = """
#version 330 core
in vec2 at;
out vec4 light;
uniform sampler2D source;
uniform sampler2D text;
uniform float gain;
uniform float printed;
uniform mat3 pin;  // from the screen to the picture
void main() {
    vec3 there = pin * vec3(at, 1.0);
    vec2 from = there.xy / there.z;
    bool inside = there.z > 0.0 && all(greaterThanEqual(from, vec2(0.0)))
                  && all(lessThanEqual(from, vec2(1.0)));
    vec3 seen = floor(255.0 * gain * texture(source, from).rgb + 0.01) / 255.0;
    vec4 ink = texture(text, from);
    light = inside ? vec4(mix(seen, ink.rgb, ink.a * printed), 1.0) : vec4(0.0, 0.0, 0.0, 1.0);
}
"""

# Instances: a chain of three tubes over four points, or a quadrilateral with round corners. One
# distance to all of it: where its tubes meet, nothing that shines through is laid on twice.
SHAPE_VERTEX = """
#version 330 core
in vec4 ab;
in vec4 cd;
in vec4 radii;  // at the four points; of a quadrilateral's corners the first
in vec2 form;  // softness of the edge, 1 for a quadrilateral
in vec4 color;  // multiplied by alpha
in vec4 shine;  // of the colour, at the four points
uniform vec2 size;
uniform float pixel;  // of the target, in pixels of the picture
out vec2 place;
flat out vec4 start;
flat out vec4 end;
flat out vec4 thick;
flat out vec2 kind;
flat out vec4 paint;
flat out vec4 shines;
void main() {
    float pad = max(max(radii.x, radii.y), max(radii.z, radii.w)) + 1.5 * pixel;
    vec2 low = min(min(ab.xy, ab.zw), min(cd.xy, cd.zw)) - pad;
    vec2 high = max(max(ab.xy, ab.zw), max(cd.xy, cd.zw)) + pad;
    place = mix(low, high, vec2(gl_VertexID & 1, gl_VertexID >> 1));
    start = ab; end = cd; thick = radii; kind = form; paint = color; shines = shine;
    gl_Position = vec4(2.0 * place / size - 1.0, 0.0, 1.0);
}
"""

SHAPE = """
#version 330 core
in vec2 place;
flat in vec4 start;
flat in vec4 end;
flat in vec4 thick;
flat in vec2 kind;
flat in vec4 paint;
flat in vec4 shines;
out vec4 light;
uniform float pixel;

float outside(vec2 p, vec2 v[4]) {  // distance to a quadrilateral, negative inside
    float nearest = dot(p - v[0], p - v[0]);
    float side = 1.0;
    for (int i = 0, j = 3; i < 4; j = i, ++i) {
        vec2 e = v[j] - v[i], w = p - v[i];
        vec2 off = w - e * clamp(dot(w, e) / max(dot(e, e), 1e-6), 0.0, 1.0);
        nearest = min(nearest, dot(off, off));
        bvec3 crossed = bvec3(p.y >= v[i].y, p.y < v[j].y, e.x * w.y > e.y * w.x);
        if (all(crossed) || !any(crossed)) side = -side;
    }
    return side * sqrt(nearest);
}

void main() {
    vec2 at[4] = vec2[4](start.xy, start.zw, end.xy, end.zw);
    float radius = thick.x, shine = shines.x, inside = -1e6;
    if (kind.y > 0.5) {
        inside = radius - outside(place, at);
    } else {
        float deepest = -1e6;
        for (int k = 0; k < 3; ++k) {
            vec2 axis = at[k + 1] - at[k], off = place - at[k];
            float along = clamp(dot(off, axis) / max(dot(axis, axis), 1e-6), 0.0, 1.0);
            float wide = max(mix(thick[k], thick[k + 1], along), 0.5 * pixel);
            float deep = wide - length(off - along * axis);
            if (deep / wide > deepest) {
                deepest = deep / wide;
                inside = deep;
                radius = wide;
                shine = mix(shines[k], shines[k + 1], along);
            }
        }
    }
    float cover = kind.x > 0.0 ? smoothstep(0.0, max(kind.x * radius, pixel), inside)
                               : clamp(0.5 + inside / pixel, 0.0, 1.0);
    light = paint * cover;
    light.rgb *= shine;
}
"""

SHEET_VERTEX = """
#version 330 core
in vec2 corner;
in vec3 color;
uniform vec2 size;
out vec3 paint;
void main() {
    paint = color;
    gl_Position = vec4(2.0 * corner / size - 1.0, 0.0, 1.0);
}
"""

SHEET = """
#version 330 core
in vec3 paint;
out vec4 light;
void main() { light = vec4(paint, 1.0); }
"""
