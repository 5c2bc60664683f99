"""Hounsfield values of the tissues by contrast phase."""

from dataclasses import dataclass, replace

from .options import Phase


@dataclass(frozen=True)
class Tissues:
    """Mean value of each tissue [HU]."""

    aorta: float = 300.0
    artery: float = 295.0
    portal: float = 176.0
    hepatic_vein: float = 168.0
    vena_cava: float = 165.0
    vena_cava_low: float = 125.0
    iliac_vein: float = 115.0
    liver: float = 110.0
    spleen: float = 125.0
    kidney_cortex: float = 195.0
    kidney_medulla: float = 178.0
    pancreas: float = 104.0
    bowel_wall: float = 92.0
    myocardium: float = 112.0
    left_heart: float = 285.0
    right_heart: float = 185.0
    pulmonary_artery: float = 205.0
    tumour: float = 62.0
    prostate: float = 70.0
    muscle: float = 60.0
    thrombus: float = 40.0
    vessel_wall: float = 48.0
    lymph: float = 70.0
    fat: float = -103.0
    skin: float = 25.0
    bile: float = 8.0
    urine: float = 6.0
    bowel_fluid: float = 22.0
    fluid: float = 8.0
    cord: float = 36.0
    disc: float = 85.0
    cartilage: float = 112.0
    lung: float = -862.0
    cortex: float = 1050.0
    marrow: float = 165.0


_SPLIT_BOLUS = Tissues()
_TISSUES = {
    Phase.SPLIT_BOLUS: _SPLIT_BOLUS,
    Phase.NATIVE: replace(
        _SPLIT_BOLUS,
        aorta=42, artery=42, portal=41, hepatic_vein=41, vena_cava=41, vena_cava_low=41,
        iliac_vein=41, liver=58, spleen=48, kidney_cortex=33, kidney_medulla=31, pancreas=42,
        bowel_wall=38, myocardium=43, left_heart=42, right_heart=42, pulmonary_artery=42,
        tumour=40, prostate=38, muscle=52, lymph=35, skin=15,
    ),
    Phase.ARTERIAL: replace(
        _SPLIT_BOLUS,
        aorta=345, artery=338, portal=75, hepatic_vein=52, vena_cava=72, vena_cava_low=48,
        iliac_vein=46, liver=66, spleen=118, kidney_cortex=190, kidney_medulla=78, pancreas=112,
        bowel_wall=95, myocardium=118, left_heart=330, right_heart=160, pulmonary_artery=190,
        tumour=52, prostate=62, muscle=55, lymph=50,
    ),
    Phase.PORTAL: replace(
        _SPLIT_BOLUS,
        aorta=150, artery=148, portal=178, hepatic_vein=170, vena_cava=150, vena_cava_low=118,
        iliac_vein=110, liver=112, spleen=122, kidney_cortex=188, kidney_medulla=176, pancreas=96,
        bowel_wall=95, myocardium=108, left_heart=145, right_heart=142, pulmonary_artery=143,
        tumour=66, prostate=74, muscle=62, lymph=85,
    ),
}  # fmt: skip


def tissues(phase: Phase, age_years: int) -> Tissues:
    """Values for a phase; marrow and cortex thin out with age."""
    base = _TISSUES[phase]
    years = max(age_years - 30, 0)
    return replace(base, marrow=235.0 - 2.0 * years, cortex=1150.0 - 3.0 * years)
