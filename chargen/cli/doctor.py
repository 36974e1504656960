"""``chargen doctor``: what is installed, which device computes and why, what is missing and what mends it."""

import argparse
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chargen import __version__, paths
from chargen.cli import window_check
from chargen.cli.output import print_event, print_table, write
from chargen.cli.parser import HelpFormatter

_WHEELS = "https://download.pytorch.org/whl"
_QT_TRIAL = "from PySide6 import QtCore, QtGui, QtWidgets; print(QtCore.qVersion())"
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be. ``stops``: ``commands``, ``window`` or ``speed``."""

    stops: str
    what: str
    mend: str


@dataclass
class Findings:
    """Everything that was looked at: rows to show, values for scripts, problems."""

    values: dict[str, Any] = field(default_factory=dict)
    rows: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, key: str, label: str, value: Any, shown: str | None = None) -> None:
        self.values[key] = value
        self.rows.append((label, str(value) if shown is None else shown))

    def stopped(self, what: str) -> bool:
        return any(problem.stops == what for problem in self.problems)


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="what works here, what is missing, and the command that mends it",
        formatter_class=HelpFormatter,
        description="Says which versions are installed, which device computes and why, what is missing for the window\n"
        "and the exact command that mends it. The exit code is 0 if the commands work, even where the window cannot.",
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.set_defaults(run=run)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _first_line(error: BaseException) -> str:
    words = str(error).strip().splitlines()
    return words[0][:300] if words else type(error).__name__


def _pip(arguments: str) -> str:
    return f"{sys.executable} -m pip install {arguments}"


# -- PyTorch and the device -------------------------------------------------------------------


def graphics_cards() -> list[str]:
    """Vendors of the graphics cards that the system shows, whether PyTorch can use them or not."""
    found: dict[str, None] = {}
    if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists():
        found["NVIDIA"] = None
    for file in sorted(Path("/sys/class/drm").glob("card*/device/vendor")):
        try:
            vendor = _VENDORS.get(file.read_text().strip())
        except OSError:
            continue
        if vendor:
            found[vendor] = None
    return list(found)


def _driver_cuda() -> float | None:
    """The newest CUDA that the NVIDIA driver here supports, e.g. 12.8; None where it cannot be asked."""
    try:
        answer = subprocess.run(["nvidia-smi"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    _, found, rest = answer.stdout.partition("CUDA Version:")
    try:
        return float(rest.split()[0]) if found else None
    except (IndexError, ValueError):
        return None


def _build_of(torch: Any) -> str:
    if getattr(torch.version, "hip", None):
        return f"ROCm {torch.version.hip}"
    if torch.version.cuda:
        return f"CUDA {torch.version.cuda}"
    if getattr(torch.version, "xpu", None):
        return f"Intel XPU {torch.version.xpu}"
    return "Apple Metal" if torch.backends.mps.is_built() else "CPU only"


def unused_card(cards: list[str], build: str) -> Problem | None:
    """The problem of a graphics card that this build of PyTorch leaves unused, with what to install."""
    if "NVIDIA" in cards:
        driver = _driver_cuda()
        if driver is None:
            return Problem(
                "speed",
                "An NVIDIA graphics card is there, but its driver does not answer.",
                "install NVIDIA's driver, then run chargen doctor again",
            )
        index = "cu130" if driver >= 13 else "cu126"
        what = (
            f"An NVIDIA graphics card is there (driver for CUDA {driver:g}), but this PyTorch ({build}) cannot use it."
        )
        return Problem("speed", what, _pip(f"--force-reinstall torch --index-url {_WHEELS}/{index}"))
    if build != "CPU only":
        return None
    if "AMD" in cards and sys.platform == "linux":
        return Problem(
            "speed",
            "An AMD graphics card is there, but this PyTorch was built for the CPU only.",
            "if ROCm supports the card, install the ROCm build as https://pytorch.org/get-started/locally/ says",
        )
    if "Intel" in cards:
        return Problem(
            "speed",
            "An Intel graphics unit is there, but this PyTorch was built for the CPU only.",
            f"only an Arc or newer is worth it: {_pip(f'--force-reinstall torch --index-url {_WHEELS}/xpu')}",
        )
    return None


def _look_at_torch(findings: Findings) -> None:
    version = _version("torch")
    try:
        import torch
    except Exception as error:  # a broken installation fails in every way there is
        findings.add("torch", "PyTorch", version, f"{version or 'not installed'}: cannot be loaded")
        for key in ("torch_build", "device", "reason", "threads"):
            findings.values[key] = None
        findings.problems.append(
            Problem(
                "commands",
                f"PyTorch cannot be loaded ({_first_line(error)}); train, score and state need it.",
                _pip(f"--force-reinstall torch --index-url {_WHEELS}/cpu") if version else _pip("torch"),
            )
        )
        return
    build = _build_of(torch)
    findings.add("torch", "PyTorch", torch.__version__, f"{torch.__version__} ({build})")
    findings.values["torch_build"] = build
    from chargen.training.device import choose_device, free_memory, processor_threads

    device = choose_device("auto")
    findings.add("device", "device", device.kind, device.describe())
    findings.values["device_name"], findings.values["reason"] = device.name, device.reason
    findings.add("threads", "threads", processor_threads())
    if device.kind == "cpu":
        problem = unused_card(graphics_cards(), build)
        if problem is not None:
            findings.problems.append(problem)
    else:
        free = free_memory(device.kind)
        findings.add("free_device_memory", "free on device", free, f"{free / 2**30:.1f} GiB")


# -- the window -------------------------------------------------------------------------------


def _look_at_window(findings: Findings) -> None:
    version = _version("PySide6-Essentials") or _version("PySide6")
    problems: list[Problem] = []
    missing = window_check.missing_libraries()
    if missing:
        names = ", ".join(library.name for library in missing)
        problems.append(
            Problem(
                "window",
                f"The window needs system libraries that are missing: {names}.",
                window_check.install_command(missing),
            )
        )
    if version is None:
        problems.append(Problem("window", "PySide6 is not installed.", _pip("PySide6-Essentials")))
    elif not missing:
        trouble = _qt_trouble()
        if trouble:
            problems.append(
                Problem("window", f"Qt cannot be loaded ({trouble}).", _pip("--force-reinstall PySide6-Essentials"))
            )
    findings.add("pyside6", "PySide6", version, version or "not installed")
    findings.add(
        "missing_libraries",
        "system libraries",
        [library.name for library in missing],
        "all there" if not missing else f"{len(missing)} missing",
    )
    display = window_check.display_problem()
    findings.add("display", "display", display is None, "there" if display is None else display)
    if display is not None:
        problems.append(
            Problem(
                "window",
                f"The window cannot open: {display}.",
                "use the commands, or run in a desktop session, over ssh -X, or under xvfb-run",
            )
        )
    findings.problems += problems


def _qt_trouble() -> str | None:
    """Why Qt cannot be imported, tried in another process: a broken Qt may end the one it is loaded in."""
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _QT_TRIAL], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return _first_line(error)
    if trial.returncode == 0:
        return None
    lines = trial.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with code {trial.returncode}"


# -- places and memory ------------------------------------------------------------------------


def _writable(path: Path) -> bool:
    """Whether ``path`` can be written, or made where it is not there yet."""
    try:
        there = next((place for place in (path, *path.parents) if place.exists()), Path("/"))
        if there.is_dir():  # rights alone do not tell: a full disk has them, and root has them everywhere
            return os.access(there, os.W_OK | os.X_OK) and shutil.disk_usage(there).free > 0
        return there == path and os.access(there, os.W_OK)
    except OSError:
        return False


def _look_at_places(findings: Findings) -> None:
    import psutil

    free = int(psutil.virtual_memory().available)
    findings.add("free_memory", "free memory", free, f"{free / 2**30:.1f} GiB")
    places = (
        ("runs", paths.runs_dir()),
        ("states", paths.states_dir()),
        ("settings", paths.settings_file()),
        ("log", paths.log_file()),
    )
    for key, place in places:
        writable = _writable(place)
        findings.add(key, key, str(place), f"{place}{'' if writable else ' (cannot be written)'}")
        findings.values[f"{key}_writable"] = writable
        if not writable and key == "runs":
            findings.problems.append(
                Problem(
                    "commands",
                    f"Runs cannot be written to “{place}”.",
                    "chargen train --run FOLDER, or set CHARGEN_HOME to a folder of yours",
                )
            )


def _look_at_disk(findings: Findings) -> None:
    place = paths.runs_dir()
    there = next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
    try:
        free = shutil.disk_usage(there).free
    except OSError:
        return
    findings.add("free_disk", "free on disk", free, f"{free / 2**30:.1f} GiB")


def examine() -> Findings:
    """Look at everything; never raises for what is broken."""
    findings = Findings()
    findings.add("chargen", "chargen", __version__)
    findings.add("python", "Python", platform.python_version(), f"{platform.python_version()} ({sys.executable})")
    findings.add("system", "system", platform.platform())
    _look_at_torch(findings)
    findings.add("numpy", "NumPy", _version("numpy"), _version("numpy") or "not installed")
    numba = _version("numba")
    findings.add("numba", "Numba", numba, numba or "not installed (long texts are written more slowly)")
    _look_at_window(findings)
    _look_at_places(findings)
    _look_at_disk(findings)
    return findings


def run(arguments: argparse.Namespace) -> int:
    """Examine and report. 0 if the commands work."""
    findings = examine()
    commands_work, window_works = not findings.stopped("commands"), not findings.stopped("window")
    code = 0 if commands_work else 2
    if arguments.json:
        verdict = {"commands_work": commands_work, "window_works": window_works and commands_work}
        problems = [asdict(problem) for problem in findings.problems]
        print_event("doctor", {**findings.values, **verdict, "problems": problems})
        return code
    print_table("What is here", findings.rows)
    for problem in findings.problems:
        write(f"\n{problem.what}\n  mend: {problem.mend}\n")
    window = "works" if window_works and commands_work else "cannot open"
    write(f"\nThe commands {'work' if commands_work else 'do not all work'}; the window {window}.\n")
    return code
