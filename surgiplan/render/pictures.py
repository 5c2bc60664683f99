"""The pictures of a plan, for reports and files."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from surgiplan.model import Case, Points, Segment

from .anatomy_scene import AnatomyScene, SurfaceOf
from .fields import finding_arrays
from .frame import Frame
from .look import Look, ResponseLook
from .scene import NOTICE, StrutsOf
from .slice_plane import Orientation
from .slice_scene import SliceScene

__all__ = ["pictures", "save_png"]

Picture = npt.NDArray[np.uint8]

_PRINTED = ("displacement", "stress")
"""Which answers of a finding get a picture."""
_MOSTLY, _BESIDE_MM, _SAMPLES = 0.4, 9.0, 500
"""A structure lies in an organ if this share of it has organ at this distance on most sides."""


def pictures(
    case: Case,
    look: Look,
    *,
    surface_of: SurfaceOf,
    struts_of: StrutsOf | None = None,
    size: tuple[int, int] = (900, 700),
    pixel_ratio: float = 1.5,
) -> dict[str, Picture]:
    """Pictures of a case as RGB arrays (h, w, 3), by what they show.

    ``axial``, ``coronal`` and ``sagittal`` go through the crosshair of ``look``; ``overview`` is
    the whole in 3D; then ``stent <id>``, ``resection <id>`` and ``finding <id> displacement`` or
    ``stress``, each from near.  Raises SurgiplanError if this machine has no OpenGL.
    """
    drawn: dict[str, Picture] = {}
    look = replace(look, finding="", selected="", response=ResponseLook())
    if case.volumes:
        for orientation in Orientation:
            drawn[orientation.key] = _slice(case, look, orientation, struts_of, size, pixel_ratio)
    scene = AnatomyScene(surface_of=surface_of, struts_of=struts_of)
    scene.resize(*size, pixel_ratio)
    scene.patient = True
    frame = Frame(*size)
    try:
        for name, shown, near in _views(case, look):
            scene.show(case, shown)
            scene.fit_box(_box(case, near))
            drawn[name] = frame.picture(scene)[..., :3].copy()
    finally:
        frame.close()
    return drawn


def save_png(rgb: Picture, path: str | Path, *, notice: str = NOTICE) -> None:
    """Write an RGB or RGBA array (h, w, 3 or 4) as PNG that carries ``notice`` as text."""
    height, width, channels = rgb.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = np.ascontiguousarray(rgb).reshape(height, -1)
    kind = {3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    text = b"notice\0" + notice.encode("latin-1", "replace")
    chunks = (
        (b"IHDR", header),
        (b"tEXt", text),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    content = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)
    Path(path).write_bytes(content)


def _slice(
    case: Case,
    look: Look,
    orientation: Orientation,
    struts_of: StrutsOf | None,
    size: tuple[int, int],
    pixel_ratio: float,
) -> Picture:
    scene = SliceScene(orientation, struts_of=struts_of)
    scene.resize(*size, pixel_ratio)
    scene.show(case, look)
    frame = Frame(*size)
    try:
        return frame.picture(scene)[..., :3].copy()
    finally:
        frame.close()


def _views(case: Case, look: Look) -> Iterator[tuple[str, Look, list[str]]]:
    """Name of each 3D picture, what it shows, and the paths it is near to (empty: all)."""
    yield "overview", look, []
    for stent in case.plan.stents.values():
        path = f"plan/stents/{stent.id}"
        centerline = case.plan.centerlines.get(stent.centerline_id)
        around = [f"segments/{centerline.segment_id}"] if centerline else []
        shown = [path, f"plan/centerlines/{stent.centerline_id}", *around]
        yield f"stent {stent.id}", _only(case, look, shown), [path]
    for resection in case.plan.resections.values():
        path = f"plan/resections/{resection.id}"
        organ = f"segments/{resection.target_id}"
        shown = [path, organ, *_within(case, resection.target_id)]
        yield f"resection {resection.id}", _only(case, look, shown), [organ]
    for finding in case.findings.values():
        path = f"findings/{finding.id}"
        shown = [path, *(p for p in finding.made_from if not p.startswith("plan/resections"))]
        for array in (one for one in finding_arrays(finding) if one in _PRINTED):
            coloured = replace(_only(case, look, shown), finding=path, array=array)
            yield f"finding {finding.id} {array}", coloured, [path]


def _only(case: Case, look: Look, shown: list[str]) -> Look:
    """A look that hides all but the paths ``shown``."""
    for path in case.paths():
        if path not in shown:
            name = getattr(case.at(path), "name", "")
            look = look.with_style(path, name, visible=False)
    return look


def _within(case: Case, organ_id: str) -> list[str]:
    """Structures that lie mostly inside an organ: its vessels and tumours."""
    organ = case.segments.get(organ_id)
    if organ is None:
        return []
    others = [segment for segment in case.segments.values() if segment is not organ]
    return [f"segments/{one.id}" for one in others if _embedded_share(one, organ) > _MOSTLY]


def _embedded_share(segment: Segment, organ: Segment) -> float:
    """Fraction of a segment's voxels that have the organ on most sides."""
    voxels = np.argwhere(segment.mask)
    points = segment.grid.to_lps(voxels[:: max(1, len(voxels) // _SAMPLES)])
    sides = np.concatenate([np.eye(3), -np.eye(3)]) * _BESIDE_MM
    index = np.rint(organ.grid.to_index(points[:, None] + sides)).astype(int)
    inside = np.all((index >= 0) & (index < np.array(organ.grid.shape)), axis=-1)
    index[~inside] = 0
    organ_there = organ.mask[index[..., 0], index[..., 1], index[..., 2]] & inside
    return float((organ_there.sum(axis=1) >= 4).mean())


def _box(case: Case, near: list[str]) -> Points | None:
    """The box around nouns as (low, high) in LPS [mm], shape (2, 3); None for all there is."""
    points = [part for path in near if (part := _extent(case, path)) is not None]
    if not points:
        return None
    every = np.concatenate(points)
    return np.stack([every.min(axis=0), every.max(axis=0)])


def _extent(case: Case, path: str) -> Points | None:
    """Points in LPS [mm] that a picture of a noun must show, shape (n, 3)."""
    noun = case.at(path)
    if path.startswith("segments/") and noun is not None:
        corners: Points = noun.grid.corners_lps()
        return corners
    if path.startswith("findings/"):
        return np.asarray(noun.arrays["points_lps"], float) if noun.arrays else None
    if path.startswith("plan/stents/"):
        centerline = case.plan.centerlines.get(noun.centerline_id)
        if centerline is None:
            return None
        proximal_mm, distal_mm = noun.span_mm
        stations = np.linspace(proximal_mm, distal_mm, 32)
        axis = centerline.branch(noun.branch).point_at(stations)
        reach = 0.9 * noun.design.diameter_mm
        return np.concatenate([axis - reach, axis + reach])
    return None


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)
