"""Line plots as SVG, with nothing but text: the same bytes from the same numbers."""

from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 700, 400, 80, 60, 30, 220
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e")


@dataclass(frozen=True)
class Line:
    """A named line of points; ``marks`` puts points alone on the line before it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    marks: bool = False


def plot(title, x_name, y_name, lines, *, log=False):
    """An SVG of lines against their axes; ``log`` makes both axes logarithmic."""
    scale = np.log10 if log else np.asarray
    xs = np.concatenate([scale(np.array(line.x, float)) for line in lines])
    ys = np.concatenate([scale(np.array(line.y, float)) for line in lines])
    box = [_wide(xs), _wide(ys)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{title}</text>',
        *_axes(box, x_name, y_name, log=log),
    ]
    number = -1
    for line in lines:
        number += not line.marks
        parts += _drawn(line, box, scale, COLOURS[number % len(COLOURS)], number)
    return "\n".join([*parts, "</svg>", ""])


def _wide(values):
    low, high = float(values.min()), float(values.max())
    pad = 0.06 * (high - low or 1.0)
    return low - pad, high + pad


def _place(box, x, y):
    (x0, x1), (y0, y1) = box
    across = LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
    up = HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP)
    return across, up


def _axes(box, x_name, y_name, *, log):
    bottom, left, right = HEIGHT - BOTTOM, LEFT, WIDTH - RIGHT
    frame = f"M{left} {TOP}V{bottom}H{right}"
    yield f'<path d="{frame}" fill="none" stroke="black"/>'
    for value in _ticks(box[0], log=log):
        x, _ = _place(box, value, box[1][0])
        yield f'<path d="M{x:.1f} {bottom}v5" stroke="black"/>'
        label = _label(value, log=log)
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>'
    for value in _ticks(box[1], log=log):
        _, y = _place(box, box[0][0], value)
        yield f'<path d="M{left} {y:.1f}h-5" stroke="black"/>'
        label = _label(value, log=log)
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    middle = (left + right) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 15}" text-anchor="middle">{x_name}</text>'
    turned = f"rotate(-90 18 {HEIGHT / 2})"
    yield f'<text x="18" y="{HEIGHT / 2}" text-anchor="middle" transform="{turned}">{y_name}</text>'


def _ticks(span, *, log):
    low, high = span
    if log and high - low > 1.5:
        return [float(v) for v in range(int(np.ceil(low)), int(np.floor(high)) + 1)]
    step = 10 ** np.floor(np.log10((high - low) / 4))
    step *= min((1, 2, 5, 10), key=lambda m: abs((high - low) / (m * step) - 5))
    return [round(float(v), 10) for v in np.arange(np.ceil(low / step), high / step) * step]


def _label(value, *, log):
    return f"{10**value:.3g}" if log else f"{value:.4g}"


def _drawn(line, box, scale, colour, number):
    x, y = _place(box, scale(np.array(line.x, float)), scale(np.array(line.y, float)))
    if not line.marks:
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    for a, b in zip(x, y, strict=True):
        yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>'
    if line.marks:
        return
    at = WIDTH - RIGHT + 12, TOP + 14 + 18 * number
    yield f'<circle cx="{at[0]}" cy="{at[1] - 4}" r="4" fill="{colour}"/>'
    yield f'<text x="{at[0] + 10}" y="{at[1]}">{line.name}</text>'
