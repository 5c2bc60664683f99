"""Puts the patient together: all shapes first, then paint from the skin inwards."""

from dataclasses import dataclass

from ..canvas import Canvas
from ..patient import Patient
from ..solids import Solid, sweep
from .arteries import Arteries, arteries_of
from .bowel import Obstacles, duodenum, obstacles_of, paint_bowel, paint_duodenum
from .chest import Diaphragm, crura, diaphragm_of, mediastinum_of, paint_lungs
from .frame import Frame, frame_of
from .heart import Heart, heart_of, paint_heart
from .liver import Liver, liver_of, paint_liver
from .paint_vessels import paint_arteries, paint_veins
from .pelvis import paint_pelvis
from .ribs import paint_ribs
from .spine import paint_spine, spine_clearance
from .torso import muscle_of, muscles_of, paint_muscles, paint_trunk
from .viscera import Viscera, paint_viscera, viscera_of


@dataclass(frozen=True)
class Anatomy:
    """Every shape of one patient that others need to know of, in template space."""

    frame: Frame
    dome: Diaphragm
    heart: Heart
    arteries: Arteries
    liver: Liver
    viscera: Viscera
    duodenum: Solid
    blocked: Obstacles


def anatomy_of(patient: Patient) -> Anatomy:
    """The shapes of this patient."""
    frame = frame_of(patient)
    dome = diaphragm_of(patient, frame)
    arteries = arteries_of(patient)
    liver = liver_of(patient, dome)
    viscera = viscera_of(patient, dome)
    gut = duodenum(patient)
    iliacs = [sweep(arteries.iliac_left.rows), sweep(arteries.iliac_right.rows)]
    both = (arteries.internal_left, arteries.internal_right)
    backs = [*muscles_of(frame), spine_clearance(frame)]
    vessels = [b.lumen for b in (*arteries.branches, *both)]
    organs = [
        *backs,
        *vessels,
        *viscera.all,
        liver.whole,
        liver.gallbladder,
        arteries.outer,
        *iliacs,
        gut,
    ]
    blocked = obstacles_of(frame, organs)
    return Anatomy(frame, dome, heart_of(patient), arteries, liver, viscera, gut, blocked)


def paint_patient(canvas: Canvas, patient: Patient, anatomy: Anatomy) -> None:
    """Paints the whole patient."""
    frame, arteries = anatomy.frame, anatomy.arteries
    paint_trunk(canvas, patient, frame)
    paint_muscles(canvas, patient, frame)
    mediastinum = mediastinum_of(patient, frame, anatomy.heart.whole, arteries.outer)
    paint_lungs(canvas, patient, frame, anatomy.dome, mediastinum)
    for leg in crura():
        canvas.paint(leg, muscle_of(patient).on)
    paint_bowel(canvas, patient, anatomy.blocked)
    paint_duodenum(canvas, patient, anatomy.duodenum)
    paint_veins(canvas, patient)
    paint_viscera(canvas, patient, anatomy.viscera)
    paint_liver(canvas, patient, anatomy.liver)
    paint_heart(canvas, patient, anatomy.heart)
    paint_spine(canvas, patient, frame)
    paint_ribs(canvas, patient, frame)
    paint_pelvis(canvas, patient)
    paint_arteries(canvas, patient, arteries)
