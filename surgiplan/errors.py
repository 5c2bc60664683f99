"""Errors a surgeon or a script can act on.  Bugs stay ValueError and TypeError."""

__all__ = [
    "Cancelled",
    "CaseFileError",
    "DicomError",
    "GeometryError",
    "PlanError",
    "SegmentationError",
    "SolveError",
    "SurgiplanError",
]


class SurgiplanError(Exception):
    """Something the user can understand; the message says what is wrong and what to do next."""


class DicomError(SurgiplanError):
    """A scan that cannot become a volume."""


class CaseFileError(SurgiplanError):
    """A case file that is damaged, locked, or from a newer version."""


class SegmentationError(SurgiplanError):
    """A method that found nothing it would sign for."""


class GeometryError(SurgiplanError):
    """A shape that is degenerate or open, or lies in another frame of reference."""

    def __init__(
        self, message: str, *, point_lps: tuple[float, float, float] | None = None
    ) -> None:
        super().__init__(message)
        self.point_lps = point_lps
        """Where to look in LPS [mm], if the error has a place."""


class PlanError(SurgiplanError):
    """An edit that makes no sense on this case."""


class SolveError(SurgiplanError):
    """A finite-element solve that did not converge."""

    def __init__(
        self,
        message: str,
        *,
        iterations: int = 0,
        residual: float | None = None,
        point_lps: tuple[float, float, float] | None = None,
    ) -> None:
        super().__init__(message)
        self.iterations = iterations
        self.residual = residual
        self.point_lps = point_lps
        """Where forces were left over most in LPS [mm], if that is known."""


class Cancelled(SurgiplanError):
    """The user stopped a job; never shown as an error."""
