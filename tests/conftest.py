"""What every test stands on.

- ``chargen`` is imported before NumPy: it fixes the thread count of NumPy's matrix library.
- The user's folders are a temporary folder, one for each test.
- No test may wait for a person (modal dialogs raise), leave a thread behind, or warn (Qt included).
- ``soak`` and ``windowed`` tests are deselected by ``addopts`` in pyproject.toml; ``-m soak`` and
  ``-m windowed`` choose them instead.

Nothing here imports torch. Qt is imported by pytest-qt; ``-p no:pytest-qt`` leaves it out.
"""

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import chargen  # first: see above

# isort: split
import hypothesis
import pytest

assert chargen.__version__

THREADS = min(2, os.cpu_count() or 1)
# Also for the programs that tests start. Set before torch is imported, which reads it once.
os.environ["OMP_NUM_THREADS"] = str(THREADS)

hypothesis.settings.register_profile("chargen", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("chargen")

QT_PACKAGES = "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3"
_qt_missing = ""  # why Qt cannot be loaded here; empty where it can


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Where Qt's system libraries are missing, leave pytest-qt out: the rest can still be tested."""
    global _qt_missing
    plugin = pluginmanager.get_plugin("pytest-qt")
    if plugin is None:  # -p no:pytest-qt: its entries in pyproject.toml must still be known
        for name in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            kind = "linelist" if name == "qt_log_ignore" else "string"
            parser.addini(name, "belongs to pytest-qt", type=kind)
        _qt_missing = "pytest-qt is switched off"
        return
    try:
        if sys.platform == "win32":  # its loader needs torch before Qt
            import torch  # noqa: F401
        import PySide6.QtTest
        import PySide6.QtWidgets  # noqa: F401
    except ImportError as error:
        _qt_missing = f"Qt cannot be loaded ({error}); on Debian: apt-get install {QT_PACKAGES}"
        pluginmanager.unregister(plugin)


def pytest_configure(config: pytest.Config) -> None:
    """``-m windowed`` opens real windows; every other run is offscreen.

    Windowed tests that do as well without a display, ``windowed(offscreen=True)``, can be chosen so:
    ``QT_QPA_PLATFORM=offscreen python -m pytest -m "windowed and not soak" tests/journeys/test_newcomer.py``.
    """
    if config.getoption("markexpr").strip() != "windowed":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        return
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        del os.environ["QT_QPA_PLATFORM"]
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise pytest.UsageError("windowed tests need a display: xvfb-run -a python -m pytest -m windowed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the window's tests out where Qt cannot be loaded (the report's header says so)."""
    if _qt_missing and collection_path.relative_to(config.rootpath).parts[:2] in {
        ("tests", "gui"), ("tests", "journeys")
    }:
        return True
    return None


def pytest_report_header() -> list[str]:
    return [f"THE WINDOW IS NOT TESTED: {_qt_missing}"] if _qt_missing else []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _qt_missing:
        terminalreporter.write_line(f"THE WINDOW WAS NOT TESTED: {_qt_missing}", red=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    mark = item.get_closest_marker("windowed")
    if mark and not mark.kwargs.get("offscreen") and os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        pytest.fail("needs a real window: xvfb-run -a python -m pytest -m windowed", pytrace=False)


def pytest_unconfigure() -> None:
    """A test that left a thread has failed; do not let that thread keep the run from ending."""
    if _left_behind(set()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Set up first and torn down last: jobs must be joined by then."""
    before = set(threading.enumerate())
    yield
    patience = time.monotonic() + 2.0
    while (left := _left_behind(before)) and time.monotonic() < patience:
        time.sleep(0.01)
    if left:
        pytest.fail(f"left running: {', '.join(sorted(thread.name for thread in left))}", pytrace=False)


def _left_behind(before: set[threading.Thread]) -> set[threading.Thread]:
    own = {threading.main_thread(), threading.current_thread()} | before
    return {
        thread for thread in threading.enumerate()
        if thread not in own and (not thread.daemon or thread.name.startswith("chargen-"))
    }


@pytest.fixture(scope="session", autouse=True)
def home_of_wider_fixtures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fixtures of modules are made before a test's own folders: not even they may touch the user's."""
    os.environ["CHARGEN_HOME"] = str(tmp_path_factory.mktemp("chargen-home-of-fixtures"))


_homes = itertools.count()


@pytest.fixture(autouse=True)
def chargen_home(no_thread_left_behind: None, tmp_path_factory: pytest.TempPathFactory,
                 monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folders of this test; children inherit it through the environment."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))  # mktemp reads all that are there, each time
    home.mkdir(parents=True)
    monkeypatch.setenv("CHARGEN_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def two_torch_threads() -> None:
    """The same thread count for every test, whatever the last one tried."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != THREADS:
        torch.set_num_threads(THREADS)


@pytest.fixture(scope="session", autouse=True)
def no_modal_dialogs() -> None:
    """A dialog that waits for a person would hang the run: it raises instead.

    Use ``open()`` and signals, and inject whatever asks for a file name.
    """
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None:
        return
    modal = {
        "QDialog": ("exec", "exec_"),
        "QMessageBox": ("exec", "exec_", "about", "aboutQt", "critical", "information", "question",
                        "warning"),
        "QFileDialog": ("exec", "exec_", "getExistingDirectory", "getExistingDirectoryUrl", "getOpenFileName",
                        "getOpenFileNames", "getOpenFileUrl", "getOpenFileUrls", "getSaveFileName",
                        "getSaveFileUrl", "getOpenFileContent"),
        "QInputDialog": ("exec", "exec_", "getDouble", "getInt", "getItem", "getMultiLineText", "getText"),
        "QColorDialog": ("exec", "exec_", "getColor"),
        "QFontDialog": ("exec", "exec_", "getFont"),
        "QMenu": ("exec", "exec_"),
    }
    for class_name, methods in modal.items():
        owner = getattr(widgets, class_name)
        for method in methods:
            if hasattr(owner, method):
                setattr(owner, method, _refuse(f"{class_name}.{method}"))


def _refuse(name: str) -> Any:
    def refuse(*arguments: Any, **keywords: Any) -> NoReturn:
        raise AssertionError(f"{name} waits for a person; use open() and signals")

    return refuse
