"""``chargen bench learn``: what may be typed, and what comes out."""

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargen.bench import learn
from chargen.bench.learn import Standing
from chargen.cli.bench_learn import parse_budgets, parse_mark
from chargen.errors import SettingError
from tests.cli.conftest import Run


@given(st.lists(st.floats(0.6, 2_678_400), min_size=1, max_size=20), st.sampled_from([",", ", ", " ,"]))
def test_budgets_are_read_in_rising_order(budgets: list[float], comma: str) -> None:
    assert parse_budgets(comma.join(map(repr, budgets))) == sorted(set(budgets))


@given(st.text(max_size=30))
def test_anything_else_is_refused_in_a_sentence(words: str) -> None:
    try:
        budgets = parse_budgets(words)
    except SettingError as error:
        assert str(error).endswith(".")
    else:
        assert budgets == sorted(budgets) and all(0.6 <= budget <= 2_678_400 for budget in budgets)
    try:
        mark = parse_mark(words)
    except SettingError as error:
        assert str(error).endswith(".")
    else:
        assert mark.name and 0 <= mark.value <= 20 and math.isfinite(mark.value)


@given(st.text(min_size=1, max_size=40).filter(str.strip), st.floats(0, 20))
def test_a_mark_has_any_name(name: str, loss: float) -> None:
    mark = parse_mark(f"{name}={loss!r}")
    assert (mark.name, mark.value) == (" ".join(name.split()), loss)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--budgets", "5,x"],
            "A budget must be a number, not “x”; --budgets takes seconds with commas between: 5,15,40.",
        ),
        (
            ["--budgets", "0"],
            "A budget must be between 0.6 and 2,678,400, not “0”; "
            "--budgets takes seconds with commas between: 5,15,40.",
        ),
        (["--budgets", ",".join(map(str, range(1, 22)))], "--budgets takes at most 20 of them, not 21."),
        (["--minutes", "0"], "Minutes must be between 0.01 and 44,640, not “0”."),
        (["--minutes", "1", "--budgets", "5"], "--budgets and --minutes exclude each other; give one of them."),
        (["--mark", "1.5"], "--mark takes a name and a loss, such as “last year=1.52”, not “1.5”."),
        (["--mark", "a=nan"], "The loss of a mark must be finite, not “nan”."),
        (["--plot", "a.png"], "A plot is written as SVG; give --plot a name that ends in .svg, not “a.png”."),
        (["--plot", "no/a.svg"], "The plot cannot be written to “no/a.svg”: there is no folder “no”."),
        (["--split", "first"], "Split must be one of last, inner, not “first”."),
        (
            ["--validation", "0"],
            "No part of the text is kept aside to measure the loss on; give --validation a larger share.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_said_at_once(
    run: Run, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("bench", "learn", text, *words)
    assert (result.code, result.err) == (2, sentence.replace("/", str(Path("/"))) + "\n")
    assert "1" not in result.out and list(tmp_path.iterdir()) == [text]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two budgets, known losses."""

    def standings(corpus: object, budgets: list[float], *, overrides: object, told: object):  # type: ignore[no-untyped-def]
        assert overrides == {"seed": 7}
        for place, budget in enumerate(budgets):
            for who, loss in (("plain", 2.5), ("chargen", 2.0)):
                curve = ((budget / 2, loss + 1), (budget, loss - place / 4))
                yield Standing(who, budget, budget, 9, 1.25, loss - place / 4, 2.75, "lstm 1×9", "own float32", curve)  # type: ignore[arg-type]

    monkeypatch.setattr(learn, "measure", standings)


COMMON = ("--budgets", "2,8", "--seed", "7")


def test_a_row_for_each_budget(run: Run, text: Path, measured: None) -> None:
    result = run("bench", "learn", text, *COMMON)
    head, *rows, _, words = result.out.splitlines()
    assert [row.split()[:6] for row in rows] == [
        ["2", "s", "2.000", "2.750", "2.500", "2.750"],
        ["8", "s", "1.750", "2.750", "2.250", "2.750"],
    ]
    assert len({len(line) for line in (head, *rows)}) == 1
    assert "the last part of “verse”" in words and "every 256" in words
    assert run("bench", "learn", text, *COMMON, "--split", "inner").out.endswith(words.partition("streams")[2] + "\n")


def test_markdown_and_json(run: Run, text: Path, measured: None) -> None:
    assert run("bench", "learn", text, *COMMON, "--markdown").out.startswith("| time | chargen | in windows |")
    lines = run("bench", "learn", text, *COMMON, "--json").only("bench learn")
    assert [(line["contestant"], line["budget"], line["loss"]) for line in lines] == [
        ("plain", 2, 2.5), ("chargen", 2, 2), ("plain", 8, 2.25), ("chargen", 8, 1.75),
    ]  # fmt: skip
    assert lines[-1]["curve"] == [[4, 3], [8, 1.75]]


def test_the_plot(run: Run, text: Path, measured: None, tmp_path: Path) -> None:
    plot = tmp_path / "learning.svg"
    assert run("bench", "learn", text, *COMMON, "--plot", plot, "--mark", "a goal=1.5").code == 0
    picture = plot.read_text(encoding="utf-8")
    for words in ("Learning “verse”", "plain loop 2.250", "chargen 1.750", "a goal 1.5"):
        assert f">{words}</text>" in picture
    assert picture.count("<polyline") == 3


def test_from_a_text_to_losses(run: Run, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one real measurement: both learn, and nothing is left behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(learn, "HIDDEN", 8)
    result = run("bench", "learn", text, "--minutes", "0.01", "--seed", "2", "--json")
    assert result.code == 0, result.err
    plain, ours = result.only("bench learn")
    for line in (plain, ours):
        assert line["steps"] > 0 and 0 < line["loss"] < 4.5 and 0 < line["window_loss"] < 4.5
        assert line["curve"][-1][1] == pytest.approx(line["loss"], rel=0.05)  # ours may be bfloat16 on its way
    assert plain["computed_by"] == "nn.LSTM float32" and ours["network"].startswith("lstm ")
    assert list(folder.iterdir()) == []
