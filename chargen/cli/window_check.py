"""Whether the window can open here, found out without loading Qt, and what mends it.

Qt ends the process when its platform plugin cannot load, so it has to be known beforehand.
"""

import ctypes
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """A shared library that Qt needs from the system, and the packages that hold it."""

    name: str
    apt: str
    dnf: str


_ALWAYS = (
    Library("libGL.so.1", "libgl1", "libglvnd-glx"),
    Library("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libX11.so.6", "libx11-6", "libX11"),
)
_X11 = (
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
)
_WAYLAND = (
    Library("libwayland-client.so.0", "libwayland-client0", "libwayland-client"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor"),
)
_XCB_PLATFORMS = ("xcb",)
_WORKING_COMMANDS = "chargen train, chargen sample and chargen doctor work without it"


def _is_missing(library: Library) -> bool:
    try:
        ctypes.CDLL(library.name)
    except OSError:
        return True
    return False


def _chosen_platform() -> str:
    """The first word of QT_QPA_PLATFORM, or nothing."""
    return os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]


def _needed() -> Sequence[Sequence[Library]]:
    """The sets of libraries of which one must be complete."""
    chosen = _chosen_platform()
    if chosen and not chosen.startswith("wayland"):
        return [_ALWAYS + _X11] if chosen in _XCB_PLATFORMS else [_ALWAYS]
    sets: list[Sequence[Library]] = []
    if os.environ.get("DISPLAY"):
        sets.append(_ALWAYS + _X11)
    if os.environ.get("WAYLAND_DISPLAY") or chosen:
        sets.append(_ALWAYS + _WAYLAND)
    return sets or [_ALWAYS + _X11]  # no display now: what one would need


def missing_libraries() -> list[Library]:
    """The libraries that the window lacks here; none on systems where Qt brings them all."""
    if sys.platform != "linux":
        return []
    return min(([library for library in needed if _is_missing(library)] for needed in _needed()), key=len)


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _apt_name(library: Library, release: dict[str, str]) -> str:
    """The Debian package; the transition to 64-bit time renamed libglib2.0-0 (Ubuntu 24.04, Debian 13)."""
    if library.apt != "libglib2.0-0":
        return library.apt
    first = {"ubuntu": 24, "debian": 13}.get(release.get("ID", ""))
    try:
        renamed = first is not None and int(release.get("VERSION_ID", "0").split(".")[0]) >= first
    except ValueError:
        renamed = False
    # Mint, Pop!_OS and others number themselves; the Ubuntu below them is named.
    renamed = renamed or release.get("UBUNTU_CODENAME", "")[:1] in tuple("nopqrs")
    return "libglib2.0-0t64" if renamed else library.apt


def install_command(libraries: list[Library]) -> str:
    """The exact command that installs ``libraries`` here; where no package manager is known, their names."""
    release = _os_release()
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    sudo = "" if getattr(os, "geteuid", lambda: 1)() == 0 else "sudo "
    if family & {"debian", "ubuntu"}:
        names = " ".join(dict.fromkeys(_apt_name(library, release) for library in libraries))
        return f"{sudo}apt-get update && {sudo}apt-get install -y {names}"
    if family & {"fedora", "rhel", "centos"}:
        return f"{sudo}dnf install -y {' '.join(dict.fromkeys(library.dnf for library in libraries))}"
    return f"install the packages that hold {', '.join(library.name for library in libraries)}"


def _x_server_answers() -> bool:
    """Whether the X server that DISPLAY names accepts us; True where that cannot be found out quickly."""
    if os.environ.get("DISPLAY", "").split(":")[0] not in ("", "unix", "localhost"):
        return True  # over a network the attempt itself could take minutes
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # said elsewhere, as a missing library
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    broken = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not broken


def display_problem() -> str | None:
    """Why there is no display to open a window on, or None. A clause without a full stop."""
    if sys.platform != "linux":
        return None
    chosen = _chosen_platform()
    if chosen and chosen not in (*_XCB_PLATFORMS, "wayland", "wayland-egl"):
        return None  # offscreen, vnc, eglfs: Qt brings its own
    if os.environ.get("WAYLAND_DISPLAY") and chosen not in _XCB_PLATFORMS:
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR", "/"))
        if (runtime / os.environ["WAYLAND_DISPLAY"]).exists() or chosen:
            return None
    if not os.environ.get("DISPLAY"):
        return "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    if not _x_server_answers():
        return f"the display {os.environ['DISPLAY']} does not answer"
    return None


def window_problem() -> str | None:
    """One sentence saying why the window cannot open here and what works, or None if it should."""
    missing = missing_libraries()
    problem = display_problem()
    if problem is not None:
        return f"The window cannot open: {problem}; {_WORKING_COMMANDS}."
    if missing:
        names = ", ".join(library.name for library in missing)
        are = "are" if len(missing) > 1 else "is"
        return f"The window cannot open: {names} {are} missing ({install_command(missing)}); {_WORKING_COMMANDS}."
    return None


def import_problem(error: ImportError) -> str:
    """One sentence for Qt that could not be imported."""
    words = str(error).splitlines()[0] if str(error) else "no reason given"
    for library in (*_ALWAYS, *_X11, *_WAYLAND):
        if library.name in words:
            words = f"{library.name} is missing ({install_command([library])})"
            break
    else:
        if isinstance(error, ModuleNotFoundError):
            words = f"{error.name} is not installed ({sys.executable} -m pip install chargen mends it)"
    return f"The window cannot open: {words}; {_WORKING_COMMANDS}."
