"""A wall is what its vessel is made of, with thrombus inside it and calcium in it."""

from dataclasses import replace

import numpy as np
import pytest

from surgiplan.errors import PlanError
from surgiplan.mechanics import Deposits, VesselSettings, deploy_stent, tissue
from surgiplan.mechanics.layers import layers_of
from surgiplan.mechanics.tube import wall_of
from tests.mechanics.test_meshes import lumen

RADIUS, LENGTH = 9.0, 40.0
AXIS = lumen(1e-9, length=LENGTH).mean(axis=1)
CONTOURS = lumen(RADIUS, length=LENGTH)
STENT = np.where(np.abs(AXIS[:, 2] - LENGTH / 2) < 12, 10.5, np.nan)
SMALL = VesselSettings(elements=72, stent_stiffness_kpa_per_mm=10.0)
THROMBUS = np.full(CONTOURS.shape[:2], 4.0)


def opened_mm(answer, of=slice(None)):
    """How much wider the lumen is halfway along."""
    return np.linalg.norm(answer.contours_mm[20, of, :2], axis=1).mean() - RADIUS


def deployed(deposits=None, **settings):
    changed = replace(SMALL, **settings)
    return deploy_stent(AXIS, CONTOURS, STENT, changed, deposits=deposits)


@pytest.fixture(scope="module")
def bare():
    return deployed()


def test_thrombus_lies_between_the_lumen_and_a_wall_that_is_as_thick_as_without():
    half = THROMBUS.copy()
    half[:20] = 0.0
    wall = wall_of(CONTOURS, 1.5, 200, thrombus_mm=half)
    volumes = wall.mesh.volumes_mm3
    ring = np.pi * ((RADIUS + 4) ** 2 - RADIUS**2) * LENGTH / 2
    assert volumes[wall.is_thrombus].sum() == pytest.approx(ring, rel=0.1)
    outer = np.hypot(*wall.mesh.nodes_mm[np.unique(wall.outer), :2].T)
    z = wall.mesh.nodes_mm[np.unique(wall.outer), 2]
    assert outer[z < 14] == pytest.approx(RADIUS + 1.5, abs=0.05)
    assert outer[z > 26] == pytest.approx(RADIUS + 5.5, abs=0.05)


def test_a_stent_opens_further_in_soft_thrombus_than_in_a_wall_as_thick():
    soft = deployed(Deposits(thrombus_mm=THROMBUS))
    solid = deployed(thickness_mm=5.0)
    assert opened_mm(soft) > 1.2 * opened_mm(solid)
    assert any("Thrombus up to 4 mm" in said for said in soft.assumptions)


def test_calcium_hardly_yields_where_it_lies(bare):
    plaque = deployed(Deposits(calcified=lambda points: points[:, 0] > 4.0))
    angles = CONTOURS.shape[1]
    there, opposite = [0, 1, -1], np.arange(3) + angles // 2 - 1
    before = np.linalg.norm(CONTOURS[20, :, :2], axis=1)
    after = np.linalg.norm(plaque.contours_mm[20, :, :2], axis=1)
    around = np.linalg.norm(np.diff(plaque.contours_mm[20], axis=0), axis=1)
    arc = 2 * np.pi * RADIUS / angles
    assert around[there].mean() - arc < 0.5 * (around[opposite].mean() - arc)
    assert (after - before).mean() < opened_mm(bare)


def test_a_stiffer_wall_opens_less(bare):
    assert opened_mm(deployed(wall_stiffness_factor=1.4)) < opened_mm(bare)
    assert opened_mm(deployed(wall_tissue="aneurysm_wall")) < opened_mm(bare)


def test_what_was_not_seen_is_marked_and_said(bare):
    seen = ~bare.thickness_assumed
    radius = np.hypot(*bare.response.points_mm[:, :2].T)
    assert radius[seen] == pytest.approx(RADIUS, abs=0.05)
    assert radius[bare.thickness_assumed].min() > RADIUS + 0.1
    assert any("1.5 mm thick" in said and "unconfirmed" in said for said in bare.assumptions)
    assert any("No thrombus" in said for said in bare.assumptions)


def test_a_wall_stiffer_than_its_source_knows_is_refused():
    wall = wall_of(CONTOURS, 1.5, 60)
    settings = VesselSettings(wall_tissue="aorta", wall_stiffness_factor=2.0)
    with pytest.raises(PlanError, match=r"outside 0\.57 to 1\.43, the range of the tissue aorta"):
        layers_of(wall, settings, Deposits())


def test_an_artery_that_hardly_changes_its_volume_finds_its_equilibrium():
    answer = deployed(young_modulus_kpa=700.0, poisson_ratio=0.499)
    assert answer.response.converged
    assert 0.1 < opened_mm(answer) < 1.5


def test_every_wall_to_choose_is_a_tissue_with_a_source():
    from surgiplan.model.quantity import choices

    names = choices(VesselSettings)["wall_tissue"][0].names
    assert len(names) >= 4
    assert all(len(tissue(name).source) > 20 for name in names)
