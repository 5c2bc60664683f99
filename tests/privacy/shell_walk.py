"""Every command on a canary's scan, in one process; run by the tests with its paths."""

import contextlib
import json
import logging
import os
import shutil
import sys
from pathlib import Path


def walk(scan: Path, out: Path, *, import_only: bool) -> None:
    from surgiplan.cli import main

    def run(*arguments: object) -> None:
        sys.stdout.write(f"$ {arguments[0]}\n")
        code = main([str(a) for a in arguments])
        assert code == 0, (arguments[0], code)

    case, plain = out / "case.splan", out / "plain.splan"
    run("scan", scan, "--json")
    run("scan", scan)
    run("import", scan, "-o", case, "--json")
    run("import", scan, "-o", plain, "--no-identity")
    run("info", case)
    for one in () if import_only else (case, plain):
        run("segment", one, "threshold", "--low-hu", "0", "--high-hu", "3000", "--json")
        name = next(iter(json.loads(_last_manifest(one))["case"]["segments"]))
        for suffix in ("stl", "ply", "obj", "glb"):
            run("surface", one, name, "-o", out / f"{one.stem}.{suffix}", "--json")
        for suffix in ("nii.gz", "nrrd", "mha"):
            file = out / f"{one.stem}.{suffix}"
            run("segments", "export", one, "-o", file, "--segment", name, "--json")
            run("segments", "import", one, file, "--json")
        for kind in ("seg", "rtstruct"):
            file = out / f"{one.stem}-{kind}.dcm"
            run("segments", "export", one, "-o", file, "--format", kind, "--segment", name)
            run("segments", "import", one, file)
            if one == case:
                file.unlink()  # it holds the name, as an archive demands
        run("measure", one, "-30,18,102", "-29,19,104")
        run("report", one, "-o", out / f"{one.stem}.pdf")
        run("info", one)
        run("info", one, "--json")
        run("verify", one, "--json")
        run("audit", one)
        run("pack", one, "-o", out / f"{one.stem}.splanz")
    if not import_only:
        dropped, sealed = out / "dropped.splan", out / "sealed.splan"
        for copy in (dropped, sealed):
            shutil.copytree(case, copy)
        run("identity", dropped, "--drop", "--json")
        run("verify", dropped)
        os.environ["SURGIPLAN_PASSPHRASE"] = "a horse that counts to nine"
        run("encrypt", sealed)
        run("info", sealed, "--json")
        run("surface", sealed, name, "-o", out / "sealed.stl")
        run("report", sealed, "-o", out / "sealed.pdf")
        run("measure", sealed, "-30,18,102", "-29,19,104")
        run("verify", sealed)
        run("audit", sealed)
        del os.environ["SURGIPLAN_PASSPHRASE"]
    run("deidentify", scan, "-o", out / "nameless", "--json")
    run("scan", out / "nameless", "--json")
    run("import", out / "nameless", "-o", out / "nameless.splan")
    (out / "ignored").mkdir()
    damaged = out / "ignored" / "damaged"
    whole = sorted(scan.iterdir())[0].read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    with contextlib.suppress(SystemExit):
        main(["import", str(damaged), "-o", str(out / "never.splan")])
    damaged.unlink()


def _last_manifest(case: Path) -> str:
    return max((case / "manifests").iterdir()).read_text()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    walk(Path(sys.argv[1]), Path(sys.argv[2]), import_only=len(sys.argv) > 3)
    sys.stdout.write("walked\n")
