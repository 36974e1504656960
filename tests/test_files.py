"""The one door for writing. Each promise is broken on purpose in these tests' own way: a call that
fails, a disk that is full, a user without permission, a power cut replayed from the recorded calls."""

import errno
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen import files
from chargen.errors import FileError, ModelFileError

OLD, NEW = b"the old content", b"the new content, which is longer"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def run_python(code: str, *arguments: object, **keywords: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True, text=True, timeout=60, **keywords,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# writing


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
def test_what_is_written_is_read(tmp_path: Path, data: bytes) -> None:
    files.write_atomic(tmp_path / "f", data)
    assert files.read_capped(tmp_path / "f", len(data)) == data
    assert names(tmp_path) == {"f"}


def test_previous_is_kept_and_both_exist_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    files.write_atomic(path, b"1", keep_previous=True)
    assert names(tmp_path) == {"model"}
    files.write_atomic(path, b"2", keep_previous=True)
    real, seen = os.replace, []

    def replace(source: Any, target: Any) -> None:
        seen.append(path.read_bytes())
        real(source, target)
        seen.append(files.previous_of(path).read_bytes())
        assert path.exists()

    monkeypatch.setattr(os, "replace", replace)
    files.write_atomic(path, b"3", keep_previous=True)
    assert seen == [b"2", b"2", b"2", b"2"]
    assert (path.read_bytes(), files.previous_of(path).read_bytes()) == (b"3", b"2")
    assert names(tmp_path) == {"model", "model.previous"}


def test_previous_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    files.write_atomic(path, OLD)
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    files.write_atomic(path, NEW, keep_previous=True)
    assert (path.read_bytes(), files.previous_of(path).read_bytes()) == (NEW, OLD)
    assert names(tmp_path) == {"model", "model.previous"}


def failing(number: int) -> Callable[..., Any]:
    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


class Killed(BaseException):
    """Stands for a kill at this very call: no handler of ordinary errors sees it."""


def killed(*arguments: Any, **keywords: Any) -> Any:
    raise Killed


@pytest.mark.parametrize(
    ("call", "how"),
    [(call, how) for call in ("open", "fdopen", "fsync", "replace") for how in (errno.ENOSPC, errno.EIO, "killed")]
    + [("link", "killed")],  # a link that fails is copied instead: test_previous_without_hard_links
)
def test_a_failing_call_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, how: int | str
) -> None:
    path = tmp_path / "f"
    path.write_bytes(OLD)
    with monkeypatch.context() as broken:
        broken.setattr(os, call, killed if how == "killed" else failing(int(how)))
        with pytest.raises(Killed if how == "killed" else FileError) as caught:
            files.write_atomic(path, NEW, keep_previous=True)
    assert path.read_bytes() == OLD
    assert names(tmp_path) <= {"f", "f.previous"}
    if how == errno.ENOSPC:
        assert str(caught.value) == f"Cannot write “{path}”: the disk is full."


def test_the_second_replace_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(OLD)
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(target) == path:
            raise OSError(errno.EIO, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(FileError):
        files.write_atomic(path, NEW, keep_previous=True)
    assert (path.read_bytes(), files.previous_of(path).read_bytes()) == (OLD, OLD)
    assert names(tmp_path) == {"f", "f.previous"}


def test_pieces_become_one_file_and_each_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, pieces = tmp_path / "f", [b"head", memoryview(b"body" * 3_000_000), b""]
    files.write_atomic(path, pieces)
    assert path.read_bytes() == b"head" + b"body" * 3_000_000
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.pwrite(descriptor, b"?", 9_000_000))
    with pytest.raises(FileError, match="what was read back differs"):
        files.write_atomic(tmp_path / "g", pieces)
    assert not (tmp_path / "g").exists()
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.pwrite(descriptor, b"more", 12_000_004))
    with pytest.raises(FileError, match="what was read back differs"):
        files.write_atomic(tmp_path / "g", pieces)


def test_a_disk_that_lies_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.pwrite(descriptor, b"?", 0))
    with pytest.raises(FileError, match="what was read back differs"):
        files.write_atomic(path, NEW)
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert names(tmp_path) == {"f"}


def test_a_file_that_fails_its_check_is_not_put_in_place(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(OLD)
    seen = []

    def verify(data: bytes) -> None:
        seen.append(data)
        raise ModelFileError("no model")

    with pytest.raises(ModelFileError):
        files.write_atomic(path, NEW, verify=verify, keep_previous=True)
    assert seen == [NEW]
    assert path.read_bytes() == OLD
    assert names(tmp_path) == {"f"}


class Disk:
    """Records the calls of one write and replays a power cut after each of them.

    The harshest legal disk: content reaches it at fsync of the file, names at fsync of the folder
    or, on some file systems, as soon as they change. Both kinds are tried.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self._folder = folder
        real_open, real_fsync, real_replace, real_link = os.open, os.fsync, os.replace, os.link
        opened: dict[int, str] = {}

        def open_(path: Any, flags: int, *rest: Any, **keywords: Any) -> int:
            descriptor = real_open(path, flags, *rest, **keywords)
            opened[descriptor] = self._name(path)
            if flags & os.O_CREAT:
                assert flags & os.O_EXCL, "a temporary file must be new: somebody may have put a link there"
                self.calls.append(("create", self._name(path), ""))
            return descriptor

        def fsync(descriptor: int) -> None:
            real_fsync(descriptor)
            name = opened[descriptor]
            content = "" if name == "." else (folder / name).read_text()
            self.calls.append(("sync", name, content))

        def replace(source: Any, target: Any) -> None:
            real_replace(source, target)
            self.calls.append(("rename", self._name(source), self._name(target)))

        def link(source: Any, target: Any) -> None:
            real_link(source, target)
            self.calls.append(("link", self._name(source), self._name(target)))

        for name, wrapper in {"open": open_, "fsync": fsync, "replace": replace, "link": link}.items():
            monkeypatch.setattr(os, name, wrapper)

    def _name(self, path: Any) -> str:
        return str(Path(path).relative_to(self._folder))

    def after_power_cut(self, calls: int, start: dict[str, str], *, names_last_at_once: bool) -> dict[str, str]:
        """Name → content on the disk when the power goes after so many calls."""
        inodes = dict(enumerate(start.values()))
        seen = {name: number for number, name in enumerate(start)}
        disk = dict(seen)
        for kind, first, second in self.calls[:calls]:
            if kind == "create":
                inodes[len(inodes)] = "(never reached the disk)"
                seen[first] = len(inodes) - 1
            elif kind == "sync" and first != ".":
                inodes[seen[first]] = second
            elif kind == "link":
                seen[second] = seen[first]
            elif kind == "rename":
                seen[second] = seen.pop(first)
            if names_last_at_once or (kind, first) == ("sync", "."):
                disk = dict(seen)
        return {name: inodes[number] for name, number in disk.items()}


@pytest.mark.parametrize("names_last_at_once", [True, False])
@pytest.mark.parametrize("keep_previous", [True, False])
def test_a_power_cut_at_any_moment_leaves_old_or_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names_last_at_once: bool, keep_previous: bool
) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with monkeypatch.context() as patched:
        disk = Disk(patched, tmp_path)
        files.write_atomic(path, b"new", keep_previous=keep_previous)
    assert [call[0] for call in disk.calls] == (
        ["create", "sync", *(["link", "rename"] if keep_previous else []), "rename", "sync"]
    )
    for calls in range(len(disk.calls) + 1):
        left = disk.after_power_cut(calls, {"f": "old"}, names_last_at_once=names_last_at_once)
        assert left["f"] in ("old", "new"), (calls, left)
        assert left.get("f.previous", "old") == "old", (calls, left)
    assert left == {"f": "new", **({"f.previous": "old"} if keep_previous else {})}


def test_a_disk_full_in_the_middle_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(OLD)
    said = run_python(
        """
        import resource, signal, sys
        from pathlib import Path
        from chargen.errors import FileError
        from chargen.files import write_atomic
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_atomic(Path(sys.argv[1]), b"x" * 100_000, keep_previous=True)
        except FileError as error:
            print(error)
        """,
        tmp_path / "f",
    )
    assert said == f"Cannot write “{tmp_path / 'f'}”: the file would be larger than this system allows."
    assert (tmp_path / "f").read_bytes() == OLD
    assert names(tmp_path) == {"f"}


def test_somebody_without_permission(tmp_path: Path) -> None:
    """As another user, because root may write everywhere; as root or not, nothing is skipped."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "f").write_bytes(OLD)
    (folder / "secret").write_bytes(OLD)
    (folder / "secret").chmod(0)
    folder.chmod(0o555)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and os.getuid() == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)  # pytest's own folders, so that the other user gets here
    tmp_path.chmod(0o755)
    try:
        said = run_python(
            """
            import os, sys
            from pathlib import Path
            from chargen.errors import FileError
            from chargen import files
            if os.getuid() == 0:
                os.setgroups([]); os.setgid(65534); os.setuid(65534)
            folder = Path(sys.argv[1])
            for attempt in (
                lambda: files.write_atomic(folder / "f", b"new"),
                lambda: files.LineFile(folder / "log"),
                lambda: files.ensure_folder(folder / "a" / "b"),
                lambda: files.read_capped(folder / "secret", 100),
            ):
                try:
                    attempt()
                    print("went through")
                except FileError as error:
                    print(error)
            """,
            folder,
        ).splitlines()
    finally:
        folder.chmod(0o755)
    assert said == [
        f"Cannot write “{folder}/f”: there is no permission.",
        f"Cannot write “{folder}/log”: there is no permission.",
        f"Cannot create the folder “{folder}/a/b”: there is no permission.",
        f"Cannot read “{folder}/secret”: there is no permission.",
    ]
    assert (folder / "f").read_bytes() == OLD
    assert names(folder) == {"f", "secret"}


def test_a_killed_program_leaves_the_old_file(tmp_path: Path) -> None:
    """A real kill -9, between the sync and the rename."""
    (tmp_path / "f").write_bytes(OLD)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent("""
            import os, signal, sys
            from pathlib import Path
            from chargen.files import write_atomic
            os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            write_atomic(Path(sys.argv[1]), b"new")
        """), tmp_path / "f"], timeout=60, check=False,
    )
    assert done.returncode == -9
    assert (tmp_path / "f").read_bytes() == OLD
    files.write_atomic(tmp_path / "f", NEW)  # what the dead one left behind is in nobody's way
    assert (tmp_path / "f").read_bytes() == NEW


def test_a_program_killed_after_keeping_the_previous_file_leaves_nothing_for_ever(tmp_path: Path) -> None:
    """Both names are the same file then, and a rename between two names of one file does nothing."""
    (tmp_path / "f").write_bytes(OLD)
    os.link(tmp_path / "f", tmp_path / "f.previous")
    files.write_atomic(tmp_path / "f", NEW, keep_previous=True)
    assert names(tmp_path) == {"f", "f.previous"}
    assert ((tmp_path / "f").read_bytes(), (tmp_path / "f.previous").read_bytes()) == (NEW, OLD)


def test_places_that_are_no_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for name, reason in {
        "folder": "it is a folder",
        "pipe": "it is a device or a pipe, not a file",
        "absent/f": "it does not exist",
        "file/f": "a part of the path is not a folder",
        "n" * 300: "the name is too long",
        "round": "Cannot write",
        "zero\0byte": "this cannot be the name of a file",
    }.items():
        with pytest.raises(FileError, match=reason):
            files.write_atomic(tmp_path / name, NEW)
    with pytest.raises(FileError, match="not a file"):
        files.write_atomic(Path("/dev/null"), NEW)
    assert Path("/dev/null").is_char_device()
    assert names(tmp_path) == {"folder", "file", "pipe", "round"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "f")
    files.write_atomic(tmp_path / "link", NEW)  # also where the target is not there yet
    files.write_atomic(tmp_path / "link", OLD, keep_previous=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "f").read_bytes() == OLD
    assert names(tmp_path / "real") == {"f", "f.previous"}


def test_the_longest_names_work(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    files.write_atomic(path, NEW)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(("number", "raises"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, raises: bool
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    if raises:
        with pytest.raises(FileError):
            files.write_atomic(tmp_path / "f", NEW)
    else:
        files.write_atomic(tmp_path / "f", NEW)
    assert (tmp_path / "f").read_bytes() == NEW


def test_text_is_utf8_and_half_characters_are_refused(tmp_path: Path) -> None:
    files.write_text(tmp_path / "f", "Zoë\r\n\u2028😀")
    assert (tmp_path / "f").read_bytes() == "Zoë\r\n\u2028😀".encode()
    with pytest.raises(FileError, match="half a character"):
        files.write_text(tmp_path / "f", "\ud83d")


# reading


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 11)
    assert len(files.read_capped(tmp_path / "f", 11)) == 11
    with pytest.raises(FileError, match="larger than the 10 bytes"):
        files.read_capped(tmp_path / "f", 10)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(2**40)
    begin = time.monotonic()
    with pytest.raises(FileError):
        files.read_capped(tmp_path / "f", 2**33)
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("change", [b"", b"much longer than before"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(OLD)
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        result = real(descriptor)
        path.write_bytes(change)
        return result

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(FileError, match="changed while it was read"):
        files.read_capped(path, 1000)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent", Path("/dev/zero"), tmp_path / "a\0b"):
        with pytest.raises(FileError, match="Cannot read"):
            files.read_capped(path, 100)


# JSON


@given(JSON)
def test_json_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("json") / "f.json"
    files.write_json(path, value)
    assert files.read_json(path) == value


@given(st.binary(max_size=200) | st.text("[]{}\",:\\ u0e-NaIfity19", max_size=60).map(str.encode))
def test_foreign_bytes_are_json_or_refused(data: bytes) -> None:
    try:
        files.parse_json(data, "f")
    except FileError as error:
        assert str(error) == "“f” is not valid JSON; it may be damaged or of another kind."


@pytest.mark.parametrize(
    "text", ["NaN", "-Infinity", "1e999", "[-1e999]", '{"a": NaN}', "9" * 5000, "", "\ufeff1", "1 2"]
)
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(FileError):
        files.parse_json(text, "f")


def test_depth_is_bounded(tmp_path: Path) -> None:
    assert files.parse_json("[" * 32 + "]" * 32, "f") is not None
    for deep in ("[" * 33 + "]" * 33, "[" * 1_000_000, '{"a":' * 1_000_000, '["\\"", ' + "[" * 40 + "]" * 41):
        with pytest.raises(FileError):
            files.parse_json(deep, "f")
    assert files.parse_json('["' + "[{" * 50 + '\\"[[["]', "f") == ["[{" * 50 + '"[[[']
    assert files.parse_json("[" + ",".join(["[{}]"] * 50) + "]", "f") == [[{}]] * 50  # wide is not deep
    with pytest.raises(FileError):
        files.parse_json("[[1]]", "f", max_depth=1)


@pytest.mark.parametrize("text", ['"' + '\\"' * 1_000_000, '"' * 1_000_001, '"\\' * 1_000_000, "[]" * 1_000_000])
def test_hostile_json_takes_no_time(text: str) -> None:
    begin = time.monotonic()
    with pytest.raises(FileError):
        files.parse_json(text, "f")
    assert time.monotonic() - begin < 5  # quadratic would be minutes


def test_json_without_nan(tmp_path: Path) -> None:
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            files.write_json(tmp_path / "f", {"loss": number})
    assert names(tmp_path) == set()


# logs of JSON lines


@given(st.lists(JSON, max_size=5))
def test_lines_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    path = tmp_path_factory.mktemp("lines") / "log"
    log = files.LineFile(path)
    for value in values:
        log.append(value)
    log.close()
    assert files.read_lines(path) == values


def test_line_separators_inside_a_sample(tmp_path: Path) -> None:
    samples = [{"text": "one\u2028two\u2029three\x85four\x0bfive\rsix\nseven"}, {"text": "half \ud800 a character"}]
    log = files.LineFile(tmp_path / "log")
    for sample in samples:
        log.append(sample)
    log.close()
    assert files.read_lines(tmp_path / "log") == samples


def test_every_torn_end_is_repaired(tmp_path: Path) -> None:
    whole = b'{"a": 1}\n{"b": "\xc3\xab"}\n'
    for length in range(len(whole) + 1):
        path = tmp_path / f"log{length}"
        path.write_bytes(whole[:length])
        log = files.LineFile(path)
        log.append({"c": 3})
        log.append({"d": 4})
        log.close()
        lines = files.read_lines(path)
        complete = [{"a": 1}] * (length >= 8) + [{"b": "ë"}] * (length >= 20)
        assert lines == [*complete, {"c": 3}, {"d": 4}], length


def test_foreign_lines_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'1\nnonsense\n\xff\xfe\n[[[\n' + b"[" * 100_000 + b"\nNaN\n\n\r\n2\r\n3")
    assert files.read_lines(tmp_path / "log") == [1, 2, 3]
    assert files.read_lines(tmp_path / "absent") == []


def test_a_log_on_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    log = object.__new__(files.LineFile)
    log._path, log._torn = tmp_path / "full", False
    log._file = (tmp_path / "full").open("ab", buffering=0)
    with pytest.raises(FileError, match="the disk is full"):
        log.append({"a": 1})
    log.close()


def test_a_log_that_was_full_for_a_while(tmp_path: Path) -> None:
    said = run_python(
        """
        import resource, signal, sys
        from pathlib import Path
        from chargen.errors import FileError
        from chargen.files import LineFile
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = LineFile(Path(sys.argv[1]))
        log.append({"n": 1})
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
        for n in (2, 3):
            try:
                log.append({"n": n, "text": "x" * 100})
            except FileError as error:
                print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        log.append({"n": 4})
        log.close()
        """,
        tmp_path / "log",
    )
    assert len(said.splitlines()) == 2
    assert files.read_lines(tmp_path / "log") == [{"n": 1}, {"n": 4}]


def test_a_closed_log_can_be_closed_again(tmp_path: Path) -> None:
    log = files.LineFile(tmp_path / "log")
    log.close()
    log.close()
