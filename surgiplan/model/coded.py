"""What a structure is, in the codes of DICOM's anatomy lists."""

from dataclasses import dataclass

from .noun import Noun

__all__ = ["Code", "CodedAnatomy"]


@dataclass(frozen=True)
class Code(Noun):
    """One concept: ``10200004``, ``SCT``, ``Liver``."""

    value: str
    scheme: str
    meaning: str

    @property
    def key(self) -> tuple[str, str]:
        """What two programs must agree on; the meaning is for people."""
        return self.value, self.scheme


@dataclass(frozen=True)
class CodedAnatomy(Noun):
    """What a segment shows: property category and type of a DICOM segmentation, and where it is."""

    category: Code
    kind: Code
    side: Code | None = None
    """Modifier of the type, left or right mostly."""
    region: Code | None = None
    """The anatomic region, where the type alone does not say it: a thrombus, in the aorta."""
    region_side: Code | None = None
