"""The house stands as drawn: imports, doors, colours, dependencies, and documents that are true.

Everything here reads the source; nothing imports Qt or torch in this process.
"""

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargen.settings import OPTIONS, Option

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "chargen"
MODULES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WINDOW_ONLY = ("PySide6", "shiboken6", "pyqtgraph")


def name_of(path: Path) -> str:
    """chargen/gui/app.py -> chargen.gui.app"""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def nodes(*kinds: type) -> Iterator[tuple[Path, ast.AST]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kinds):
                yield path, node


def dotted(node: ast.AST) -> str:
    """The words of ``a.b.c``; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else node.attr
    return ""


def is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


# imports


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_imports_point_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("jobs.py", "import PySide6.QtCore", "Only the window knows Qt"),
        ("cli/output.py", "from chargen.gui import theme", "Imports point down"),
        ("corpus/corpus.py", "import chargen.training.config", "Imports point down"),
        ("files.py", "import chargen.jobs", "Imports point down"),
        ("gui/theme.py", "import chargen.gui.widgets.cards", "Inside the window, imports point down too"),
        ("gui/widgets/themed.py", "import torch", "Widgets know neither jobs nor learning"),
    ],
)
def test_the_contracts_can_fail(tmp_path: Path, module: str, line: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "chargen", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "chargen" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert re.search(rf"{contract} +BROKEN", done.stdout), done.stdout


def test_no_module_escapes_the_contracts() -> None:
    inside = {name_of(path).split(".")[1] for path in MODULES if path != PACKAGE / "__init__.py"}
    contracts = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    layers = contracts["Imports point down"]["layers"]
    named = {name.strip(" ()").removeprefix("chargen.") for layer in layers for name in re.split(r"[|:]", layer)}
    assert inside == named
    without_qt = {name.removeprefix("chargen.") for name in contracts["Only the window knows Qt"]["source_modules"]}
    # cli and __main__ lead to gui on purpose, at run time; the next test holds them instead
    assert inside - without_qt <= {"gui", "__main__", "cli"}


def test_everything_but_the_window_imports_without_qt() -> None:
    names = [name_of(path) for path in MODULES if PACKAGE / "gui" not in path.parents]
    code = f"""
import importlib, json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {WINDOW_ONLY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps(sorted(name for name in sys.modules if name.startswith("chargen.gui"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_command_line_starts_without_torch_or_qt() -> None:
    """``--help`` and ``--version`` must not wait seconds for what they do not need."""
    code = (
        "import sys; from chargen.cli.main import build_parser; build_parser();"
        "print([name for name in ('torch', 'PySide6', 'pyqtgraph') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_every_imported_package_is_declared() -> None:
    declared = {re.split(r"[<>=!~\[; ]", entry)[0].lower() for entry in PROJECT["project"]["dependencies"]}
    package_of = {"pyside6": "pyside6-essentials", "shiboken6": "pyside6-essentials"}
    used: dict[str, str] = {}
    for path, node in nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if node.level == 0 else []
        else:
            assert isinstance(node, ast.Import)
            names = [alias.name for alias in node.names]
        for name in names:
            top = name.split(".")[0]
            if top not in sys.stdlib_module_names and top not in ("chargen", ""):
                used.setdefault(package_of.get(top.lower(), top.lower().replace("_", "-")), where(path, node))
    assert {name: place for name, place in used.items() if name not in declared} == {}
    unused = declared - set(used)
    # chosen by name at run time rather than imported; anything else unused has no reason to be there
    assert unused == set(), f"declared, but imported nowhere: {unused}"


# doors


def test_nothing_runs_code_from_data() -> None:
    found = []
    for path, node in nodes(ast.Import, ast.ImportFrom):
        assert isinstance(node, ast.Import | ast.ImportFrom)
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        if {name.split(".")[0] for name in names} & {"pickle", "dill", "marshal", "shelve", "joblib", "cloudpickle"}:
            found.append(where(path, node))
    for path, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        call = dotted(node.func)
        keywords = {word.arg: word.value for word in node.keywords}
        if (
            call in ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load", "torch.save",
                     "torch.jit.load", "runpy.run_path", "yaml.load")
            or any(name in keywords and not is_false(keywords[name])
                   for name in ("shell", "allow_pickle"))
        ):
            found.append(f"{where(path, node)} {call}")
    assert found == []


MAY_WRITE = {
    "chargen/files.py": "the door itself",
    "chargen/cli/main.py": "appends to the log of unexpected errors, which must not fail in its turn",
    "chargen/bench/learn.py": "a run folder for as long as a measurement lasts",
    "chargen/cli/output.py": "opens the null device after a broken pipe",
    "chargen/corpus/readers/plain.py": "a nameless copy of standard input, which must be read twice",
    "chargen/model/state_library.py": "moves a deleted state, whatever is in it, to the folder of deleted ones",
    "chargen/gui/lag.py": "measures in a temporary user folder of its own",
    "chargen/gui/theme.py": "tinted icons for Qt's style sheet, in a folder of this process",
}


def writes(node: ast.Call) -> bool:
    call = dotted(node.func)
    last = call.rsplit(".", 1)[-1]
    if last == "open":
        if call == "os.open":
            return True
        arguments = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
        modes = [entry.value for entry in arguments if isinstance(entry, ast.Constant) and isinstance(entry.value, str)]
        return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    if last in ("write_text", "write_bytes"):
        return not isinstance(node.func, ast.Name) and call != "files.write_text"  # chargen.files has one, too
    if last == "replace" and call != "os.replace":
        return len(node.args) == 1 and not node.keywords  # Path.replace; strings and dates take others
    return call in ("os.replace", "os.rename", "os.link", "os.symlink", "os.mkfifo", "os.truncate") or last in (
        "touch", "rename", "symlink_to", "hardlink_to", "save_file", "savez", "savez_compressed", "tofile", "memmap",
        "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "mkstemp", "mkdtemp",
        "copyfile", "copy2", "copytree", "copyfileobj", "extractall",
    )


def test_one_door_for_writing() -> None:
    found: dict[str, list[str]] = {}
    for path, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if writes(node):
            found.setdefault(path.relative_to(ROOT).as_posix(), []).append(where(path, node))
    assert {path: places for path, places in found.items() if path not in MAY_WRITE} == {}
    assert set(MAY_WRITE) == set(found), "an entry of MAY_WRITE is no longer needed"


def test_the_search_for_writing_finds_it() -> None:
    for line in ("open(p, 'w')", "p.open('r+b')", "open(p, mode='ab')", "os.open(p, 1)", "p.write_bytes(b'')",
                 "Path(p).write_text(t)",
                 "np.savez(p)", "a.replace(b)", "io.open(p, 'xt')", "tempfile.mkstemp()"):
        assert writes(ast.parse(line).body[0].value), line  # type: ignore[attr-defined]
    for line in ("open(p)", "p.open('rb')", "open(p, encoding='utf-8')", "s.replace('a', 'b')", "write_text(p, t)",
                 "date.replace(day=1)", "dialog.open()", "zipfile.open('name.txt')"):
        assert not writes(ast.parse(line).body[0].value), line  # type: ignore[attr-defined]


def test_only_the_theme_names_colours() -> None:
    found = []
    for path, node in nodes(ast.Constant, ast.Attribute, ast.Call):
        if PACKAGE / "gui" not in path.parents or path.name == "theme.py":
            continue
        named = (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
            and re.search(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\brgba?\(", node.value)
        ) or (
            isinstance(node, ast.Attribute) and "GlobalColor." in dotted(node) and node.attr != "transparent"
        ) or (
            isinstance(node, ast.Call) and dotted(node.func).endswith(("QColor", "QColor.fromRgb", "mkColor", "mkPen"))
            and any(isinstance(entry, ast.Constant) and entry.value is not None for entry in node.args)
        )
        if named:
            found.append(where(path, node))
    assert found == []


# words


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_every_option_is_explained_in_one_sentence(option: Option) -> None:
    assert option.help[0].isupper()
    assert option.help.endswith(".")
    assert len(re.findall(r"[.!?](?=\s|$)", option.help)) == 1, option.help
    assert "\n" not in option.help
    assert option.label[0].isupper()
    assert not option.label.endswith((".", ":"))


def test_nothing_is_left_for_later() -> None:
    left = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    files = [*MODULES, *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md"), ROOT / "pyproject.toml"]
    found = [str(path.relative_to(ROOT)) for path in files if left.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path, tree in TREES.items() if not ast.get_docstring(tree)]
    assert silent == []


# documents


def readme_block(mark: str) -> str:
    found = re.search(rf"^<!-- {mark} -->\n```sh\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)
    assert found, f"README.md has no block <!-- {mark} -->"
    return found[1]


def test_ci_runs_what_the_readme_says() -> None:
    """The script holds no copy of a command, so there is nothing that could drift."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for mark in ("run", "system packages", "test", "windowed packages", "windowed test"):
        assert f'readme "{mark}"' in script
        assert len(readme_block(mark).splitlines()) == 1
    commands = "\n".join(line for line in script.splitlines() if not line.lstrip().startswith("#"))
    for word in ("pip install", "-m pytest", "apt-get install", "chargen train", "xvfb-run"):
        assert word not in commands, f".ci/run repeats “{word}”"


def test_the_readme_names_the_torch_that_is_needed() -> None:
    [torch] = [entry for entry in PROJECT["project"]["dependencies"] if entry.startswith("torch")]
    assert f'"{torch}"' in README


def test_the_readme_names_what_qt_needs() -> None:
    packages = readme_block("system packages").split()
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    found = re.search('^QT_PACKAGES = "(.+)"$', conftest, re.MULTILINE)
    assert found
    needed = found[1].split()
    assert packages[packages.index("--no-install-recommends") + 1 :][: len(needed)] == needed


def commands_in(text: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith("chargen ")]


@pytest.mark.parametrize("command", commands_in(README + CONTRIBUTING))
def test_every_command_in_the_documents_is_understood(command: str) -> None:
    from chargen.cli.main import build_parser

    words = shlex.split(command, comments=True)[1:]
    assert callable(build_parser().parse_args(words).run)


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def map_of_the_house() -> Iterator[tuple[str, str]]:
    """Each path that the map in CONTRIBUTING.md names, with what it says about it."""
    found = re.search(r"^<!-- map -->\n```\n(.*?)\n```$", CONTRIBUTING, re.DOTALL | re.MULTILINE)
    assert found, "CONTRIBUTING.md has no block <!-- map -->"
    parents: list[str] = []
    for line in found[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names, _, words = line.strip().partition("  ")
        for name in names.split():
            parents = [*parents[:depth], name.rstrip("/")]
            yield "/".join(parents) + ("/" if name.endswith("/") else ""), words.strip()


def test_the_map_is_true() -> None:
    entries = dict(map_of_the_house())
    for path in entries:
        assert (ROOT / path).is_dir() if path.endswith("/") else (ROOT / path).is_file(), f"the map names {path}"
    folders = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in PACKAGE.rglob("__init__.py")}
    assert folders - set(entries) == set(), "the map leaves out a folder"
    # The widgets are many, alike, and say themselves what they are.
    listed = [path for path in MODULES if path.name != "__init__.py" and path.parent != PACKAGE / "gui" / "widgets"]
    modules = {path.relative_to(ROOT).as_posix() for path in listed}
    assert modules - set(entries) == set(), "the map leaves out a module"


def test_the_tests_mirror_the_package() -> None:
    """A folder of tests is a folder of the package, or one of the two kinds that cross it."""
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("_")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - packages - {"journeys", "soak", "data"} == set()


def test_versions_agree() -> None:
    import chargen

    assert PROJECT["project"]["version"] == chargen.__version__
    assert f"## [{chargen.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_script_is_executable() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
