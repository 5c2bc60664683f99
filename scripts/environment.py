"""Makes .venv from requirements.lock, after installing what the system lacks; quick when done."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
READY = VENV / ".ready"
"""Holds the digest of the files that the environment was made from."""
UNFINISHED = VENV / ".unfinished"
"""Lies there while packages are being installed; what an interrupted run left is made anew."""

# What Qt and VTK load from the system, with or without a display, and Debian's name for it.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libXcursor.so.1": "libxcursor1",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def main() -> None:
    install_system_packages()
    digest = digest_of_sources()
    if READY.is_file() and READY.read_text() == digest and runs(PYTHON, "-c", "import pip"):
        return
    make_environment()
    READY.write_text(digest)


def install_system_packages() -> None:
    """Asks Debian's or Ubuntu's package manager for what is missing; stops where it cannot."""
    packages = missing_packages()
    if not packages:
        return
    administrator = administrator_prefix()
    if administrator is not None:
        say(f"Installing system packages: {' '.join(packages)}")
        apt = [*administrator, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        subprocess.run([*apt, "update"])
        subprocess.run([*apt, "install", "--no-install-recommends", *packages])
        packages = missing_packages()
    if packages:
        sys.exit(
            "surgiplan needs system packages that are missing here and could not be installed; "
            f"install them (named as on Debian) and run make again: {' '.join(packages)}"
        )


def missing_packages() -> list[str]:
    missing = [] if runs(sys.executable, "-c", "import ensurepip, venv") else [venv_package()]
    if sys.platform != "linux":
        return missing
    missing += [package for library, package in LIBRARIES.items() if not loads(library)]
    return missing if has_font() else [*missing, "fonts-dejavu-core"]


def venv_package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font() -> bool:
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    return any(
        name.endswith((".ttf", ".otf", ".ttc", ".pfb"))
        for folder in folders
        for _, _, names in os.walk(folder)
        for name in names
    )


def administrator_prefix() -> list[str] | None:
    """What to put before a command that changes the system; None where there is no way."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and (sys.stdin.isatty() or runs("sudo", "-n", "true")):
        return ["sudo"]
    return None


def digest_of_sources() -> str:
    sources = (ROOT / "requirements.lock", ROOT / "pyproject.toml")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def make_environment() -> None:
    if UNFINISHED.exists() or not is_usable():
        say(f"Making .venv with Python {sys.version.split()[0]}")
        command(sys.executable, "-m", "venv", "--clear", VENV)
    READY.unlink(missing_ok=True)
    UNFINISHED.touch()
    say("Installing the locked libraries; the first time this takes some minutes")
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    command(*pip, "--require-hashes", "-r", ROOT / "requirements.lock")
    command(*pip, "--no-deps", "--no-index", "--no-build-isolation", "--editable", ROOT)
    UNFINISHED.unlink()


def is_usable() -> bool:
    supported = "import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))"
    return runs(PYTHON, "-c", supported)


def runs(*arguments: str | Path) -> bool:
    try:
        return subprocess.run(arguments, capture_output=True).returncode == 0
    except OSError:
        return False


def command(*arguments: str | Path) -> None:
    result = subprocess.run(arguments)
    if result.returncode:
        sys.exit(f"This failed, see above: {' '.join(str(part) for part in arguments)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped; run make again to go on.")
