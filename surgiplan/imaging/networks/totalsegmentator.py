"""An installed TotalSegmentator as one more method, under this program's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from surgiplan.errors import SegmentationError
from surgiplan.imaging.crop import cropped_segment
from surgiplan.imaging.method import seed_voxels
from surgiplan.jobs_report import Report
from surgiplan.model import Points, Quantity, Segment, Volume

__all__ = ["TotalSegmentator", "TotalSegmentatorSettings"]

_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lung_left": ("lung_upper_lobe_left", "lung_lower_lobe_left"),
        "lung_right": ("lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right"),
        "airways": ("trachea",),
        "spine": ("vertebrae_*", "sacrum"),
        "ribs": ("rib_*",),
        "pelvis": ("hip_left", "hip_right"),
        "long_bones": ("femur_left", "femur_right", "humerus_left", "humerus_right"),
        "aorta_lumen": ("aorta",),
        "iliac_artery_left": ("iliac_artery_left",),
        "iliac_artery_right": ("iliac_artery_right",),
        "heart": ("heart",),
        "liver": ("liver",),
        "spleen": ("spleen",),
        "kidney_left": ("kidney_left",),
        "kidney_right": ("kidney_right",),
        "portal_vein": ("portal_vein_and_splenic_vein",),
    }
)
"""Its classes that make up each of our segments; ``*`` stands for any ending."""
_TASK = "total"
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_AORTA = "It includes the vessel's wall and any thrombus."
_UNCHECKED = "TotalSegmentator drew this; nobody has measured how good it is on scans like this."


@dataclass(frozen=True)
class TotalSegmentatorSettings:
    """How fine it looks."""

    fast: Annotated[
        float,
        Quantity("1", 0, 1, "1: in steps of 3 mm, minutes without a graphics card; 0: 1.5 mm"),
    ] = 1.0


class TotalSegmentator:
    """The trunk's organs by the installed network."""

    title: ClassVar[str] = "TotalSegmentator (installed)"
    about: ClassVar[str] = (
        "Runs the TotalSegmentator installed beside this program. Its weights must be there "
        "already, since nothing is fetched from here; it says nothing of its confidence."
    )
    Settings: ClassVar[type] = TotalSegmentatorSettings
    seeds: ClassVar[tuple[int, int]] = (0, 0)
    names: ClassVar[tuple[str, ...]] = tuple(_PARTS)
    needs_hu: ClassVar[bool] = True

    @staticmethod
    def is_ready() -> bool:
        """Whether the package can be found; nothing of it is loaded."""
        return find_spec("totalsegmentator") is not None

    def run(
        self, volume: Volume, seeds_lps: Points, settings: TotalSegmentatorSettings, report: Report
    ) -> tuple[Segment, ...]:
        """A segment for each structure that it finds.

        Raises SegmentationError where it is not installed, fails, or finds nothing.
        """
        seed_voxels(TotalSegmentator, volume, seeds_lps)
        report(0.0, "Loading TotalSegmentator")
        labels, classes = _answer(volume, settings)
        report(0.9, "Naming what was found")
        segments = []
        for name, patterns in _PARTS.items():
            numbers = [n for n, one in classes.items() if any(_is(one, p) for p in patterns)]
            mask = np.isin(labels, numbers)
            if numbers and mask.any():
                segments.append(_segment(name, mask, volume))
        if not segments:
            raise SegmentationError("TotalSegmentator found none of its structures in this scan.")
        report(1.0, "Done")
        return tuple(segments)


def _answer(
    volume: Volume, settings: TotalSegmentatorSettings
) -> tuple[npt.NDArray[np.int64], dict[int, str]]:
    """Its label of each voxel (k, j, i), and what the labels mean."""
    if not TotalSegmentator.is_ready():
        raise SegmentationError(
            "TotalSegmentator is not installed; run: pip install TotalSegmentator."
        )
    try:
        import nibabel
        from totalsegmentator.map_to_binary import class_map
        from totalsegmentator.python_api import totalsegmentator

        image = nibabel.Nifti1Image(volume.values.transpose(2, 1, 0), _affine_of(volume))
        answer = totalsegmentator(
            image, None, ml=True, task=_TASK, fast=bool(round(settings.fast)), quiet=True
        )
        labels = np.asarray(answer.dataobj).astype(np.int64).transpose(2, 1, 0)
        classes = {int(number): str(name) for number, name in class_map[_TASK].items()}
    except Exception as error:  # whatever may go wrong in a package that we do not know
        raise SegmentationError(
            f"TotalSegmentator failed ({type(error).__name__}: {str(error).strip()[:200]}); try it "
            "alone on this scan."
        ) from error
    if labels.shape != volume.values.shape:
        raise SegmentationError("TotalSegmentator answered on other voxels; update it.")
    return labels, classes


def _affine_of(volume: Volume) -> npt.NDArray[np.float64]:
    """NIfTI's affine: voxels (i, j, k) to RAS."""
    turned = volume.grid.affine[:, [2, 1, 0, 3]]
    return np.asarray(_TO_RAS @ turned)


def _is(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _segment(name: str, mask: npt.NDArray[Any], volume: Volume) -> Segment:
    remarks = (_UNCHECKED, _AORTA) if name == "aorta_lumen" else (_UNCHECKED,)
    return cropped_segment(
        mask,
        volume.grid,
        segment_id=name,
        volume_id=volume.id,
        made_by="totalsegmentator: the installed network, task total",
        remarks=remarks,
    )
