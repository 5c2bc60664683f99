"""Contact: what is found where bodies touch, beside what is known."""

import numpy as np

from benchmarks.verification.cases import Row
from tests.mechanics import pressed


def rows():
    """Hertz, with something rigid and between equal bodies; even pressure; friction on a slope."""
    width, known = pressed.line_contact()
    yield Row("rigid cylinder on a block: half-width [mm]", "Hertz", known, width, 0.02)
    _, force, known = pressed.rigid_ball()
    yield Row("rigid ball on a block: force [mN]", "Hertz", known, force, 0.02)
    _, force, known = pressed.two_balls()
    yield Row("two equal elastic balls: force [mN]", "Hertz, E*/2 and R/2", known, force, 0.02)
    for lower, upper, how in (
        ((3, 3, 2), (3, 3, 2), "meshed alike"),
        ((3, 3, 2), (5, 5, 2), "upper one finer"),
        ((4, 4, 2), (3, 3, 2), "upper one coarser"),
    ):
        pressure = pressed.patch(lower, upper)[1].contacts[0].pressure_kpa
        worst = pressure.ravel()[np.abs(pressure - 1).argmax()]
        what = f"block on block, {how}: pressure farthest off [kPa]"
        yield Row(what, "even pressure", 1.0, worst, 0.2)
    for friction in (0.3, 0.5):
        yield from _inclined(friction)


def _inclined(friction):
    for steeper, what in ((-0.03, "sticks"), (0.1, "slides")):
        angle = np.arctan(friction) + steeper
        along = -pressed.inclined(angle, friction).contacts[0].force_mn[0]
        known = np.sin(angle) if steeper < 0 else friction * np.cos(angle)
        source = "W sin α" if steeper < 0 else "μ W cos α"
        name = f"block on a slope, μ {friction:g}, {what}: friction [mN]"
        yield Row(name, source, pressed.WEIGHT_MN * known, along, 0.01)
