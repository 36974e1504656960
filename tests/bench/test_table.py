"""Rows that come one by one still make a table."""

from chargen.bench.table import Table, percent, readable


def test_rows_stand_under_their_heads():
    table = Table([("network", 0), ("a", 5), ("bb", 0)])
    lines = [table.head(), table.row(["1×2", "1", "2"]), table.row(["a longer one", "333333", "4"])]
    assert lines == ["network      a  bb\n", "1×2          1   2\n", "a longer one  333333   4\n"]


def test_markdown():
    table = Table([("network", 9), ("a", 5)], markdown=True)
    assert table.head() == "| network | a |\n|---|---:|\n"
    assert table.row(["x|y", "3"]) == "| x\\|y | 3 |\n"


def test_numbers_are_short():
    assert [readable(n) for n in (16123.4, 39.14, 0.6249, 1000, 0)] == ["16,100", "39.1", "0.625", "1,000", "0"]
    assert percent(0.034) == "3 %"
