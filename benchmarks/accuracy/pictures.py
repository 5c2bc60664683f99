"""What a method drew on a scan: three axial slices and a coronal one, side by side."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.patients import Known
from surgiplan.model import Segment
from surgiplan.render import save_png
from surgiplan.render.colours import default_colour, rgb

__all__ = ["file_of", "picture"]

_HEIGHT, _WIDEST = 420, 640
"""Pixels of a pane; a flat scan gets a lower pane instead of a wider one."""
_WINDOW_HU = (-160.0, 260.0)
_TINT = 0.3
"""How much of its colour covers the inside of a structure."""

_NOT_DRAWN = ("body", "skin")

Pixels = npt.NDArray[np.uint8]


def picture(known: Known, found: tuple[Segment, ...], folder: Path) -> Path:
    """Write the picture of one scan and say where."""
    labels = np.zeros(known.scan.grid.shape, np.uint8)
    colours = np.zeros((len(found) + 1, 3), np.uint8)
    for n, one in enumerate(found, start=1):
        if one.id not in _NOT_DRAWN:
            labels[one.grid.box_in(known.scan.grid)][one.mask] = n
            colours[n] = np.rint(255 * np.array(rgb(default_colour(f"segments/{one.id}", one.id))))
    k_mm, j_mm, i_mm = known.scan.grid.spacing_mm
    slices, rows, _ = labels.shape
    cuts = [(int(slices * part), 0) for part in (0.75, 0.5, 0.25)] + [(int(rows * 0.5), 1)]
    panes = []
    for place, axis in cuts:
        values, drawn = known.scan.values.take(place, axis), labels.take(place, axis)
        steps = (j_mm, i_mm) if axis == 0 else (k_mm, i_mm)
        if axis == 1:
            values, drawn = values[::-1], drawn[::-1]
        panes.append(_pane(values, drawn, colours, steps))
    path = folder / file_of(known.name)
    save_png(np.concatenate(panes, axis=1), path)
    return path


def file_of(name: str) -> str:
    """The name of the picture of a scan."""
    return name.replace(",", "").replace(" ", "-") + ".png"


def _pane(
    values: npt.NDArray[np.integer],
    labels: npt.NDArray[np.uint8],
    colours: Pixels,
    steps: tuple[float, float],
) -> Pixels:
    """Grey values with each label tinted and outlined, upright."""
    tall, wide = (n * step for n, step in zip(labels.shape, steps, strict=True))
    height = int(min(_HEIGHT, _WIDEST * tall / wide))
    rows = (np.arange(height) * labels.shape[0] // height).astype(int)
    width = int(height * wide / tall)
    columns = (np.arange(width) * labels.shape[1] // width).astype(int)
    low, high = _WINDOW_HU
    grey = np.clip((values[np.ix_(rows, columns)] - low) / (high - low), 0, 1) * 255
    pixels = np.repeat(grey[..., None].astype(np.uint8), 3, axis=-1)
    here = labels[np.ix_(rows, columns)]
    edge = np.zeros(here.shape, bool)
    edge[1:] |= here[1:] != here[:-1]
    edge[:, 1:] |= here[:, 1:] != here[:, :-1]
    edge &= here > 0
    inside = here > 0
    mixed = (1 - _TINT) * pixels[inside] + _TINT * colours[here[inside]]
    pixels[inside] = mixed.astype(np.uint8)
    pixels[edge] = colours[here[edge]]
    return np.pad(pixels, ((0, _HEIGHT - height), (0, 0), (0, 0)))
