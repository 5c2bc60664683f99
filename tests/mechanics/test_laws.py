"""Tissue laws against closed formulas and published numbers: stretched bars and sheets."""

import numpy as np
import pytest

from surgiplan.mechanics import (
    HolzapfelGasserOgden,
    Linear,
    Loads,
    MooneyRivlin,
    NeoHookean,
    NeoHookeanIsochoric,
    Ogden,
    Polynomial,
    Pressure,
    Problem,
    RaghavanVorp,
    solve,
)
from surgiplan.mechanics.loads import Held
from tests.mechanics import canonical

STIFF = 1e5
"""Bulk over shear modulus that is incompressible to all digits compared here."""

FIBRES = HolzapfelGasserOgden(
    shear_modulus_kpa=3.0, k1_kpa=2.3632, k2=0.8393, fibre_angle_rad=np.radians(29),
    bulk_modulus_kpa=3.0 * STIFF,
)  # fmt: skip

LAWS = {
    "neo-Hookean": NeoHookean(1.0, 0.49),
    "linear": Linear(1.0, 0.3),
    "isochoric": NeoHookeanIsochoric(shear_modulus_kpa=1.0, bulk_modulus_kpa=30.0),
    "Mooney-Rivlin": MooneyRivlin(c10_kpa=0.3, c01_kpa=0.2, bulk_modulus_kpa=20.0),
    "Raghavan-Vorp": RaghavanVorp(a_kpa=0.3, b_kpa=3.0, bulk_modulus_kpa=20.0),
    "all invariants": Polynomial(
        bulk_modulus_kpa=9.0, c10_kpa=0.2, c20_kpa=0.3, c01_kpa=0.1, c02_kpa=0.5, d1_kpa=0.3, d2=2.0
    ),
    "Holzapfel-Gasser-Ogden": HolzapfelGasserOgden(
        shear_modulus_kpa=1.0, k1_kpa=2.0, k2=0.8, fibre_angle_rad=0.5, bulk_modulus_kpa=30.0
    ),
    "Ogden": Ogden(((0.67, -19.0), (1.0, 2.0)), 148.0),
}


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("name", LAWS)
def test_stress_is_the_slope_of_energy_and_the_tangent_that_of_stress(name, mixed):
    mesh = canonical.jittered_cube()
    random = np.random.default_rng(0)
    u, way = 0.02 * random.standard_normal((2, *mesh.nodes_mm.shape))
    axes = np.tile([[1.0, 0, 0], [0, 0.6, 0.8]], (len(mesh.cells), 1, 1))
    loads = Loads(pressures=(Pressure(mesh.surface, 0.3),))
    problem = Problem(mesh, LAWS[name], loads, axes=axes, mixed=mixed)
    state = problem.at(u, 1.0, tangent=True)
    rows = np.repeat(np.arange(problem.node_count), np.diff(problem.pattern.starts))
    predicted = np.zeros_like(u)
    np.add.at(predicted, rows, np.einsum("sij,sj->si", state.blocks, way[problem.pattern.columns]))
    h = 5e-5
    ahead, behind = (problem.at(u + s * h * way, 1.0, tangent=False) for s in (1, -1))
    slope = (ahead.residual - behind.residual) / (2 * h)
    assert np.linalg.norm(predicted - slope) < 1e-6 * np.linalg.norm(slope)
    assert (ahead.energy - behind.energy) / (2 * h) == pytest.approx(
        float(np.vdot(state.internal, way)), rel=1e-6
    )


def stretched(material, stretches, axes=None):
    """Cauchy stress [kPa] of a cube whose faces keep still or move by ``stretches`` (3,).

    A stretch of None leaves that side free.
    """
    mesh, ijk = canonical.box((1, 1, 1), (1, 1, 1))
    low = canonical.supports(mesh, x=ijk[:, 0] == 0, y=ijk[:, 1] == 0, z=ijk[:, 2] == 0)
    mask, moved = low.mask.copy(), low.displacement_mm.copy()
    for axis, stretch in enumerate(stretches):
        if stretch is not None:
            high = canonical.on(mesh, ijk[:, axis] == 1)
            mask[high, axis], moved[high, axis] = True, stretch - 1
    if axes is not None:
        axes = np.tile(axes, (len(mesh.cells), 1, 1))
    problem = Problem(mesh, material, axes=axes)
    answer = solve(problem, Held(mask, moved), steps=4, tolerance=1e-9)
    stress, _ = problem.stress_kpa(answer.displacement_mm, answer.pressure_kpa)
    assert np.ptp(stress, axis=(0, 1)).max() < 1e-5 * np.abs(stress).max()
    return stress.mean(axis=(0, 1))


@pytest.mark.parametrize(
    ("stretch", "stress_n_per_cm2"),
    [(1.02, 2.141745), (1.05, 6.044372), (1.10, 16.852113), (1.15, 36.765051), (1.20, 69.800640)],
)
def test_an_aneurysm_wall_pulls_as_raghavan_and_vorp_say(stretch, stress_n_per_cm2):
    wall = RaghavanVorp(a_kpa=174.0, b_kpa=1881.0, bulk_modulus_kpa=348.0 * STIFF)
    stress = stretched(wall, (stretch, None, None))
    assert stress[0, 0] == pytest.approx(10 * stress_n_per_cm2, rel=1e-4)
    assert np.abs(stress[[1, 2], [1, 2]]).max() < 1e-5 * stress[0, 0]


def test_a_rubber_bar_pulls_as_the_isochoric_law_says():
    rubber = NeoHookeanIsochoric(shear_modulus_kpa=1.0, bulk_modulus_kpa=STIFF)
    assert stretched(rubber, (1.2, None, None))[0, 0] == pytest.approx(0.606667, rel=1e-4)


@pytest.mark.parametrize("stretch", [0.8, 1.3])
def test_a_mooney_rivlin_bar_and_sheet_pull_as_the_formula_says(stretch):
    c1, c2, l = 3.0, 1.5, stretch  # noqa: E741
    law = MooneyRivlin(c10_kpa=c1, c01_kpa=c2, bulk_modulus_kpa=9.0 * STIFF)
    bar = 2 * (l**2 - 1 / l) * (c1 + c2 / l)
    assert stretched(law, (l, None, None))[0, 0] == pytest.approx(bar, rel=1e-4)
    sheet = 2 * (l**2 - l**-4) * (c1 + c2 * l**2)
    assert stretched(law, (l, l, None))[1, 1] == pytest.approx(sheet, rel=1e-4)


@pytest.mark.parametrize("stretch", [0.9, 1.05])
def test_brain_pulls_and_resists_as_its_ogden_law_says(stretch):
    mu, alpha, l = 0.67, -19.0, stretch  # noqa: E741
    law = Ogden(((mu, alpha),), mu * STIFF)
    bar = 2 * mu / alpha * (l**alpha - l ** (-alpha / 2))
    assert stretched(law, (l, None, None))[0, 0] == pytest.approx(bar, rel=1e-4)
    sheet = 2 * mu / alpha * (l**alpha - l ** (-2 * alpha))
    assert stretched(law, (l, l, None))[0, 0] == pytest.approx(sheet, rel=3e-4)


def test_an_artery_sheet_pulls_as_its_fibres_say():
    l1, l2 = 1.15, 1.05
    angle, mu, k1, k2 = np.radians(29), 3.0, 2.3632, 0.8393
    e = (l1 * np.cos(angle)) ** 2 + (l2 * np.sin(angle)) ** 2 - 1
    pull = 4 * k1 * e * np.exp(k2 * e**2)
    across2 = (l1 * l2) ** -2
    exact = (
        mu * (l1**2 - across2) + pull * (l1 * np.cos(angle)) ** 2,
        mu * (l2**2 - across2) + pull * (l2 * np.sin(angle)) ** 2,
    )
    stress = stretched(FIBRES, (l1, l2, None), axes=[[1.0, 0, 0], [0, 1.0, 0]])
    assert stress[[0, 1], [0, 1]] == pytest.approx(exact, rel=1e-4)


def test_fibres_that_are_pressed_do_nothing():
    stress = stretched(FIBRES, (0.9, None, 1.0), axes=[[1.0, 0, 0], [0, 0, 1.0]])
    across2 = 1 / 0.9**2
    assert stress[0, 0] == pytest.approx(3.0 * (0.9**2 - across2), rel=1e-4)


def test_two_tissues_in_a_row_share_the_stretch():
    mesh, ijk = canonical.box((2, 1, 1), (2, 1, 1))
    ends = ijk[:, 0] == 0, ijk[:, 0] == 2
    held = canonical.supports(mesh, x=ends[0] | ends[1], y=ijk[:, 1] == 0, z=ijk[:, 2] == 0)
    pulled = canonical.on(mesh, ends[1])
    held.displacement_mm[pulled, 0] = 2e-4
    far = mesh.nodes_mm[mesh.cells].mean(axis=1)[:, 0] > 1
    soft, firm = Linear(1.0, 0.0), Linear(3.0, 0.0)
    answer = solve(Problem(mesh, (soft, firm), material_of=far.astype(int)), held)
    assert answer.support_mn[pulled, 0].sum() == pytest.approx(2e-4 / (1 + 1 / 3), rel=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NeoHookean(0.0, 0.45),
        lambda: NeoHookean(float("nan"), 0.45),
        lambda: NeoHookean(1.0, 0.5),
        lambda: MooneyRivlin(c10_kpa=0.0, c01_kpa=0.0, bulk_modulus_kpa=1.0),
        lambda: Ogden((), 1.0),
    ],
)
def test_a_tissue_without_stiffness_is_refused(make):
    with pytest.raises(ValueError, match=r"(?i)elastic solid|Ogden"):
        make()
