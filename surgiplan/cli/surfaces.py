"""The command that writes surfaces of segments."""

from argparse import Namespace
from typing import Any

from surgiplan import io
from surgiplan.errors import PlanError
from surgiplan.model import Surface

from .open_case import loaded
from .output import Answer, Console

__all__ = ["surface"]


def surface(options: Namespace, console: Console) -> Answer:
    """Write the surface of a segment, or those of several into one file."""
    from surgiplan.meshing import decimated, surfaces_of

    if options.triangles is not None and options.triangles < 4:
        raise PlanError("A closed surface has at least 4 triangles; ask for more (--triangles).")
    if options.triangles is not None and options.shared:
        raise PlanError(
            "Thinned surfaces no longer share their borders; leave out --shared or --triangles."
        )
    case = loaded(options.case)
    segments = list({one.id: one for one in map(case.segment, options.segment)}.values())
    console.report(0.1, f"Making the surface of {', '.join(one.name for one in segments)}")
    made = list(surfaces_of(segments, shared=options.shared))
    if options.triangles is not None:
        console.report(0.6, "Thinning out")
        made = [decimated(one, options.triangles) for one in made]
    names = [one.name for one in segments]
    keys = names if len(set(names)) == len(names) else [one.id for one in segments]
    bodies = dict(zip(keys, made, strict=True))
    io.write_surface(
        bodies if len(made) > 1 else made[0], options.output, pseudonym=case.patient.pseudonym
    )
    io.log_export(options.case, options.output)
    parts = [_told(one) for one in made]
    answer = {
        "file": str(options.output),
        "pseudonym": case.patient.pseudonym or None,
        "vertices": sum(one["vertices"] for one in parts),
        "triangles": sum(one["triangles"] for one in parts),
        "volume_ml": sum(one["volume_ml"] for one in parts),
        "closed": all(one["closed"] for one in parts),
        "surfaces": [
            {"segment": one.id, **told} for one, told in zip(segments, parts, strict=True)
        ],
        "space": "LPS",
        "unit": "mm",
    }
    closed = "closed" if answer["closed"] else "open"
    line = (
        f"{options.output}: {answer['triangles']} triangles, {answer['volume_ml']:.1f} ml, {closed}"
    )
    return Answer(answer, (line,))


def _told(surface: Surface) -> dict[str, Any]:
    from surgiplan.meshing import is_closed

    return {
        "vertices": len(surface.points_lps),
        "triangles": len(surface.triangles),
        "volume_ml": surface.volume_ml,
        "closed": is_closed(surface.triangles),
    }
