"""One study from options to files."""

from dataclasses import dataclass
from pathlib import Path

from .anatomy import Anatomy, anatomy_of, paint_patient
from .canvas import Canvas
from .dicom_files import write_slices
from .options import Options
from .patient import Patient, patient_of
from .scanner import Pixels, Scan, expose, paint_couch, scan_of
from .truth import write_truth


@dataclass(frozen=True)
class Study:
    """A synthetic scan with everything that is known about it; pixels are HU, (k, j, i)."""

    patient: Patient
    anatomy: Anatomy
    scan: Scan
    canvas: Canvas
    pixels: Pixels


def make_study(options: Options) -> Study:
    """Builds the patient, paints it and scans it."""
    patient = patient_of(options)
    anatomy = anatomy_of(patient)
    scan = scan_of(patient, anatomy.frame)
    canvas = Canvas(scan.fine_grid)
    paint_couch(canvas, anatomy.frame, patient.scale)
    paint_patient(canvas, patient, anatomy)
    return Study(patient, anatomy, scan, canvas, expose(canvas, scan, patient))


def write_study(study: Study, folder: Path) -> None:
    """Images into ``folder/ct`` and the truth into ``folder/truth``, in place of an older study."""
    for old in [*folder.glob("ct/slice_*.dcm"), *folder.glob("truth/segments/*.nrrd")]:
        old.unlink()
    write_slices(study.pixels, study.scan, study.patient, folder / "ct")
    write_truth(study.canvas, study.scan, study.patient, study.anatomy, folder / "truth")
