"""The heavy liver with other codes, each in a process of its own on one thread.

The peers are the extra ``bench``, and CalculiX where it is on the path.
"""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np

from benchmarks.mechanics_work import WEIGHT_KPA_PER_MM, Watch, liver

__all__ = ["is_there"]


def is_there(peer):
    """Whether a peer is installed."""
    if peer == "calculix":
        return which("ccx") is not None
    needs = {"scikit_fem": ("skfem", "pypardiso"), "ngsolve": ("ngsolve",)}[peer]
    return all(find_spec(name) for name in needs)


def scikit_fem(n, order):
    """scikit-fem: full Newton, PARDISO."""
    import pypardiso
    import skfem
    from skfem.helpers import ddot, det, grad, inv, mul, transpose

    points, tets, factor, back, _ = liver(n)
    watch = Watch()
    mesh = skfem.MeshTet(np.ascontiguousarray(points.T), np.ascontiguousarray(tets.T))
    kind = skfem.ElementTetP1() if order == 1 else skfem.ElementTetP2()
    basis = skfem.Basis(mesh, skfem.ElementVector(kind), intorder=order)
    E, nu = 20.0 * factor, 0.45
    mu, lam = (E / (2 * (1 + nu)))[:, None], (E * nu / ((1 + nu) * (1 - 2 * nu)))[:, None]

    def deformed(w):
        F = grad(w["u"]).copy()
        for i in range(3):
            F[i, i] = F[i, i] + 1.0
        return F

    @skfem.LinearForm
    def internal(v, w):
        F = deformed(w)
        R = transpose(inv(F))
        return ddot(mu * (F - R) + lam * np.log(det(F)) * R, grad(v))

    @skfem.BilinearForm
    def tangent(u, v, w):
        F = deformed(w)
        R, dF = transpose(inv(F)), grad(u)
        turned = mul(R, mul(transpose(dF), R))
        log_j = np.log(det(F))
        return ddot(mu * dF + (mu - lam * log_j) * turned + lam * ddot(R, dF) * R, grad(v))

    @skfem.LinearForm
    def weight(v, w):
        return -WEIGHT_KPA_PER_MM * v[2]

    held = basis.nodal_dofs[:, back].ravel()
    if order == 2:
        held = np.r_[held, basis.edge_dofs[:, back[mesh.edges].all(axis=0)].ravel()]
    free = np.setdiff1d(np.arange(basis.N), held)
    u, load, first = basis.zeros(), weight.assemble(basis), None
    for _ in range(40):
        there = {"u": basis.interpolate(u)}
        left = (load - internal.assemble(basis, **there))[free]
        first = first or np.linalg.norm(left)
        if np.linalg.norm(left) < 1e-6 * first:
            break
        K = tangent.assemble(basis, **there)[free][:, free].tocsr()
        step = basis.zeros()
        step[free] = pypardiso.spsolve(K, left)
        size = 1.0
        while det(deformed({"u": basis.interpolate(u + size * step)})).min() <= 0 or np.linalg.norm(
            (load - internal.assemble(basis, u=basis.interpolate(u + size * step)))[free]
        ) > 2 * np.linalg.norm(left):
            size /= 2
        u = u + size * step
    return watch.read(u_max_mm=float(np.abs(u[basis.nodal_dofs]).max()))


def ngsolve(n, order):
    """NGSolve: full Newton on the compiled energy, its own sparse Cholesky."""
    import ngsolve as ng

    points, tets, factor, back, _ = liver(n)
    watch = Watch()
    ng.SetNumThreads(1)
    mesh = _netgen_mesh(points, tets, back)
    space = ng.VectorH1(mesh, order=order, dirichlet="held")
    E = ng.GridFunction(ng.L2(mesh, order=0))
    E.vec.FV().NumPy()[:] = 20.0 * factor
    mu, lam = E / 2.9, E * 0.45 / (1.45 * 0.1)
    u = space.TrialFunction()
    F = ng.Id(3) + ng.Grad(u)
    J = ng.Det(F)
    stored = mu / 2 * (ng.InnerProduct(F, F) - 3) - mu * ng.log(J) + lam / 2 * ng.log(J) ** 2
    form = ng.BilinearForm(space, symmetric=True)
    form += ng.Variation(stored.Compile() * ng.dx)
    form += ng.Variation(WEIGHT_KPA_PER_MM * u[2] * ng.dx)
    found = ng.GridFunction(space)
    left, step, before = (found.vec.CreateVector() for _ in range(3))
    free = np.array(list(space.FreeDofs()))
    first = None
    for _ in range(40):
        form.AssembleLinearization(found.vec)
        form.Apply(found.vec, left)
        size = np.linalg.norm(left.FV().NumPy()[free])
        first = first or size
        if size < 1e-6 * first:
            break
        step.data = form.mat.Inverse(space.FreeDofs(), inverse="sparsecholesky") * left
        energy, share = form.Energy(found.vec), 1.0
        before.data = found.vec
        while share > 1e-3:
            found.vec.data = before - share * step
            now = form.Energy(found.vec)
            if now == now and now <= energy + 1e-9 * abs(energy):
                break
            share /= 2
    values = found.vec.FV().NumPy().reshape(3, -1)[:, : len(points)]
    return watch.read(u_max_mm=float(np.abs(values).max()))


def _netgen_mesh(points, tets, back):
    import ngsolve
    from netgen.meshing import Element2D, Element3D, FaceDescriptor, Mesh, MeshPoint, Pnt

    from surgiplan.mechanics import mesh_of

    mesh = Mesh(dim=3)
    for point in points.tolist():
        mesh.Add(MeshPoint(Pnt(*point)))
    faces = mesh_of(points, tets, order=1).surface
    on = back[faces].all(axis=1)
    for number, (name, chosen) in enumerate((("held", on), ("free", ~on)), 1):
        mesh.Add(FaceDescriptor(surfnr=number, domin=1, bc=number))
        mesh.SetBCName(number - 1, name)
        for face in (faces[chosen] + 1).tolist():
            mesh.Add(Element2D(number, face))
    for tet in (tets[:, [0, 2, 1, 3]] + 1).tolist():
        mesh.Add(Element3D(1, tet))
    return ngsolve.Mesh(mesh)


def calculix(n, order):
    """CalculiX: reading and writing its files included; its law splits off the change of volume.

    Its answer is 1.6 % smaller for that.  Linear elements only.
    """
    import resource

    points, tets, factor, back, _ = liver(n)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "liver.inp").write_text(_calculix_input(points, tets, factor, back))
        watch, before = Watch(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["ccx", "liver"], cwd=folder, check=True, capture_output=True)
        after, found = resource.getrusage(resource.RUSAGE_CHILDREN), watch.read()
        rows = [line.split() for line in Path(folder, "liver.dat").read_text().splitlines()]
    u = np.array([row[1:] for row in rows if len(row) == 4 and row[0].isdigit()], float)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    largest = float(np.abs(u[-len(points) :]).max())
    return {"processor": seconds, "wall": found["wall"], "u_max_mm": largest}


def _calculix_input(points, tets, factor, back):
    """The liver in tonnes, millimetres, seconds and MPa."""
    lines = ["*NODE,NSET=NALL"]
    lines += ["{},{:.12g},{:.12g},{:.12g}".format(i, *x) for i, x in enumerate(points, 1)]
    kinds, number = np.unique(factor), 1
    for kind, stiffer in enumerate(kinds):
        lines.append(f"*ELEMENT,TYPE=C3D4,ELSET=P{kind}")
        for tet in (tets[factor == stiffer] + 1).tolist():
            lines.append(",".join(map(str, [number, *tet])))
            number += 1
        E = 0.02 * stiffer
        mu, K = E / 2.9, E / 0.3
        lines += [
            f"*MATERIAL,NAME=M{kind}", "*HYPERELASTIC,NEO HOOKE", f"{mu / 2:.12g},{2 / K:.12g}",
            "*DENSITY", "1.06e-9", f"*SOLID SECTION,ELSET=P{kind},MATERIAL=M{kind}",
        ]  # fmt: skip
    lines += ["*NSET,NSET=FIX", *[f"{i}," for i in np.flatnonzero(back) + 1]]
    lines += ["*BOUNDARY", "FIX,1,3", "*STEP,NLGEOM,INC=100", "*STATIC", "1.,1.", "*DLOAD"]
    lines += [f"P{kind},GRAV,9810.,0.,0.,-1." for kind in range(len(kinds))]
    lines += ["*NODE PRINT,NSET=NALL,FREQUENCY=1000", "U", "*END STEP", ""]
    return "\n".join(lines)


PEERS = {"scikit_fem": scikit_fem, "ngsolve": ngsolve, "calculix": calculix}

if __name__ == "__main__":
    answer = PEERS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(answer) + "\n")
