"""The truth beside the images: segments, centrelines, measures and landmarks."""

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .anatomy import Anatomy
from .canvas import Bytes, Canvas
from .dicom_files import NOTICE, frame_of_reference
from .lesion_truth import Json, lesion_landmarks, lesion_measures
from .patient import Patient
from .scanner import Scan
from .vessel_truth import vessel_landmarks, vessel_measures, vessel_paths

_ASSUMED = (
    "All lengths are of the constructed shapes in patient LPS [mm]. The lumen is an ellipse swept "
    "along its axis; sections are orthogonal to the axis and measured at the edge of the contrast "
    "(half way between lumen and wall). Stations near ostia of branches and at the fork, where "
    "the section is no ellipse, are left out. Volumes of segments count occupied fractions of "
    "voxels on a grid finer than the slices. The liver includes its vessels and tumour; the outer "
    "diameter of the sac includes thrombus and wall; the neck runs from the axis point at "
    "the lower renal artery to where the outer wall is a tenth wider than that of the neck."
)


def write_truth(
    canvas: Canvas, scan: Scan, patient: Patient, anatomy: Anatomy, folder: Path
) -> None:
    """Segments as NRRD and everything else as ``truth.json`` into ``folder``."""
    (folder / "segments").mkdir(parents=True, exist_ok=True)
    segments: Json = {}
    masks: dict[str, Bytes] = {}
    for name, fine in canvas.segments.items():
        masks[name] = _mask(fine, scan)
        segments[name] = _extent(fine, scan)
        write_nrrd(masks[name], scan, folder / "segments" / f"{name}.nrrd")
    truth: dict[str, Any] = {
        "notice": NOTICE,
        "seed": patient.options.seed,
        "patient": _patient(patient),
        "frame_of_reference_uid": frame_of_reference(patient),
        "assumed": _ASSUMED,
        "geometry": {
            "shape_kji": list(scan.shape_kji),
            "spacing_kji_mm": list(scan.spacing_kji_mm),
            "origin_lps_mm": list(scan.origin_lps_mm),
        },
        "segments": segments,
        "centerlines": vessel_paths(anatomy.arteries, patient.scale),
        "measures": vessel_measures(anatomy.arteries, patient.scale)
        | lesion_measures(anatomy.liver, patient.scale)
        | {"liver_volume_ml": segments["liver"]["volume_ml"]},
        "landmarks": vessel_landmarks(anatomy.arteries, patient.scale)
        | lesion_landmarks(anatomy.liver, patient.scale)
        | _seeds(masks, scan),
    }
    text = json.dumps(_rounded(truth), indent=1) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8")


def write_nrrd(mask: Bytes, scan: Scan, path: Path) -> None:
    """A mask as gzip-compressed NRRD with its place in LPS; the same bytes for the same mask."""
    dz, dy, dx = scan.spacing_kji_mm
    x, y, z = scan.origin_lps_mm
    k, j, i = mask.shape
    header = (
        "NRRD0004\n"
        "type: unsigned char\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {i} {j} {k}\n"
        f"space directions: ({dx:g},0,0) (0,{dy:g},0) (0,0,{dz:g})\n"
        "kinds: domain domain domain\nencoding: gzip\n"
        f"space origin: ({x:.3f},{y:.3f},{z:.3f})\n\n"
    )
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    body = packer.compress(np.ascontiguousarray(mask).tobytes()) + packer.flush()
    path.write_bytes(header.encode("ascii") + body)


def _mask(fine: Bytes, scan: Scan) -> Bytes:
    layers = fine.reshape(scan.shape_kji[0], scan.sub_slices, *scan.shape_kji[1:])
    total = layers[:, 0].astype(np.uint16)
    for layer in range(1, scan.sub_slices):
        total += layers[:, layer]
    return (2 * total >= 255 * scan.sub_slices).astype(np.uint8)


def _extent(fine: Bytes, scan: Scan) -> Json:
    """Volume and centroid from the occupied fractions on the painting grid."""
    grid, scale = scan.fine_grid, scan.scale
    sums = [fine.sum(axis=axes, dtype=np.int64) for axes in ((1, 2), (0, 2), (0, 1))]
    total = max(float(sums[0].sum()), 1.0)
    centroid = [float((grid.axis(d).ravel() * sums[d]).sum()) / total * scale for d in (2, 1, 0)]
    volume = total / 255 * float(np.prod(scan.spacing_kji_mm)) / scan.sub_slices
    return {"volume_ml": volume / 1000, "centroid_lps": centroid}


def _patient(patient: Patient) -> Json:
    options = patient.options
    return {
        "age_years": patient.age_years,
        "sex": patient.sex.value,
        "size_scale": options.size_scale,
        "template_scale": patient.scale,
        "disease": options.disease.value,
        "phase": options.phase.value,
        "noise_hu": options.noise_hu,
    }


def _seeds(masks: dict[str, Bytes], scan: Scan) -> Json:
    """Points deep in plain tissue of large organs, away from their vessels and lesions."""
    plain = masks["liver"].astype(bool)
    for name in ("portal_vein", "hepatic_veins", "tumour"):
        if name in masks:
            plain &= masks[name] == 0
    seeds = {"liver_seed": _deepest(plain, scan)}
    for name in ("spleen", "kidney_left", "kidney_right"):
        seeds[f"{name}_seed"] = _deepest(masks[name].astype(bool), scan)
    return seeds


def _deepest(mask: np.ndarray, scan: Scan) -> list[float]:
    from scipy.ndimage import distance_transform_edt

    corners = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    low = [int(c[0]) for c in corners]
    part = mask[tuple(slice(c[0], c[-1] + 1) for c in corners)]
    depth = distance_transform_edt(np.pad(part, 1), sampling=scan.spacing_kji_mm)
    kji = np.array(np.unravel_index(int(depth.argmax()), depth.shape)) - 1 + low
    steps = kji[::-1] * np.array(scan.spacing_kji_mm)[::-1]
    return [float(v) for v in np.array(scan.origin_lps_mm) + steps]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value
