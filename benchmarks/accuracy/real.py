"""The labelled real scans, their labels by surgiplan's names."""

import json
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.accuracy.patients import Known, Mask
from surgiplan import io
from surgiplan.geometry import mask_on
from surgiplan.model import Volume

__all__ = ["UNLABELLED", "real_scans"]

UNLABELLED = "torso, no contrast, 3.3 mm, without labels"

_NAMED = {
    "lung_left": ("lung_*_left",),
    "lung_right": ("lung_*_right",),
    "airways": ("trachea",),
    "spine": ("vertebrae_*", "sacrum"),
    "ribs": ("rib_*",),
    "pelvis": ("hip_*",),
    "long_bones": ("femur_*", "humerus_*"),
    "bone": ("vertebrae_*", "sacrum", "rib_*", "hip_*", "femur_*", "humerus_*", "sternum",
             "scapula_*", "clavicula_*", "skull"),
    "heart": ("heart",),
    "aorta_lumen": ("aorta",),
    "iliac_artery_left": ("iliac_artery_left",),
    "iliac_artery_right": ("iliac_artery_right",),
    "liver": ("liver",),
    "spleen": ("spleen",),
    "kidney_left": ("kidney_left",),
    "kidney_right": ("kidney_right",),
    "portal_vein": ("portal_vein_and_splenic_vein",),
}  # fmt: skip
"""surgiplan's names, and the labels of the reference that they stand for."""


def real_scans(data: Path) -> Iterator[Known]:
    """Each real set as a scan with its reference, a network's labels; one set has none."""
    folder = data / "ct-abdopelvis-multiorgan-totalseg"
    scan = io.load_volume_file(folder / "example_ct.nii.gz")[0]
    labels = folder / "example_seg_fast_force_split.nii.gz"
    yield _known("abdomen and pelvis, no contrast, 3 mm", scan, labels)
    folder = data / "ct-abdomen-dicom-totalseg"
    scan = _dicom(folder / "example_ct_dicom")
    labels = folder / "example_seg_dicom.nii.gz"
    yield _known("upper abdomen, contrast, 20 slices of 2 mm", scan, labels)
    folder = data / "cta-aorta-dissection-totalseg/aorta_report/test_result/models"
    scan = io.load_volume_file(folder / "ct_cropped.nii.gz")[0]
    (aorta,) = io.load_labels(folder / "aorta.nii.gz")
    truth = {"aorta_lumen": mask_on(scan.grid, aorta.mask, aorta.grid)}
    yield Known("dissected aorta, arterial, 1.5 mm", scan, truth, frozenset())
    scan = _dicom(data / "ct-torso-dicom-acrin042" / "ct")
    yield Known(UNLABELLED, scan, {}, frozenset())


def _dicom(folder: Path) -> Volume:
    (series,) = (one for one in io.scan(folder).series if one.is_volume)
    return io.load_series(series)[0]


def _known(name: str, scan: Volume, labels: Path) -> Known:
    names = json.loads((labels.parent / "labels_total.json").read_text(encoding="utf-8"))
    parts = io.load_labels(labels, {int(number): label for number, label in names.items()})
    truth: dict[str, Mask] = {}
    for own, patterns in _NAMED.items():
        for part in parts:
            if any(fnmatch(part.name, pattern) for pattern in patterns):
                where = mask_on(scan.grid, part.mask, part.grid)
                truth[own] = truth[own] | where if own in truth else where
    if "kidney_left" in truth and "kidney_right" in truth:
        truth["kidneys"] = truth["kidney_left"] | truth["kidney_right"]
    return Known(name, scan, truth, frozenset(n for n, mask in truth.items() if _is_whole(mask)))


def _is_whole(mask: Mask) -> bool:
    """Whether a structure does not reach the border of the scan."""
    return not any(mask.take(end, axis).any() for axis in range(3) for end in (0, -1))
