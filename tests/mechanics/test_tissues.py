"""The table of tissues: sourced, ordered as a surgeon's hand knows them, and refused by name."""

import pytest

from surgiplan.errors import PlanError
from surgiplan.mechanics import tissue, tissues


def young(name):
    return tissue(name).material.stiffness_kpa[0]


def test_every_tissue_says_where_its_numbers_are_from():
    known = tissues()
    assert len(known) >= 20
    for found in known.values():
        assert found.source
        assert found.low <= 1 <= found.high
        assert 900 < found.density_kg_per_m3 < 1200
        nu = found.material.stiffness_kpa[1]
        assert 0.45 < nu < 0.5
    recalled = {name for name, found in known.items() if not found.confirmed}
    assert {"kidney", "spleen", "aorta", "plaque_calcified"} <= recalled
    assert not {"liver", "brain", "aneurysm_wall", "thrombus"} & recalled


def test_a_tumour_is_firmer_than_liver_and_softer_than_an_artery():
    order = ["subcutaneous_fat", "liver", "liver_diseased", "hepatocellular_carcinoma",
             "hepatic_artery", "aneurysm_wall", "plaque_calcified"]  # fmt: skip
    stiffness = [young(name) for name in order]
    assert stiffness == sorted(stiffness)


def test_the_numbers_are_those_of_the_sources():
    assert young("liver") == pytest.approx(2 * 1.8 * 1.49)
    # E = 6 a of an incompressible wall: 1.044 MPa.
    assert young("aneurysm_wall") == pytest.approx(1044, rel=0.01)
    assert tissue("brain").material.parameters[:2] == (0.67, -19.0)
    assert tissue("thrombus").material.parameters[2:4] == (28.04, 28.58)


def test_an_unknown_tissue_is_refused_with_those_there_are():
    with pytest.raises(PlanError, match=r"no tissue 'cartilage'.*liver"):
        tissue("cartilage")
