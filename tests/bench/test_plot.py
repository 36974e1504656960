"""The picture: well-formed, nothing outside it, no name on another."""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargen.bench.plot import HEIGHT, WIDTH, Curve, Mark, picture, spread, value_ticks

SVG = "{http://www.w3.org/2000/svg}"
losses = st.floats(0.001, 20)
points = st.lists(st.tuples(st.floats(0.05, 2_678_400), losses), min_size=1, max_size=6).map(sorted)


def drawn(*curves, marks=()):
    return ElementTree.fromstring(picture("Title", "under it", "loss", curves, marks))


@settings(max_examples=50)
@given(points, points, st.lists(st.builds(Mark, st.text(max_size=60), losses), max_size=5), st.text(max_size=80))
def test_whatever_is_drawn_lies_inside_and_is_xml(ours, theirs, marks, title):
    curves = [Curve("ours", ours, "accent"), Curve("theirs", theirs, "data_1", thin=True)]
    root = ElementTree.fromstring(picture(title, "", "loss", curves, marks))
    for element in root.iter():
        pairs = [pair.split(",") for pair in element.get("points", "").split()]
        across = [float(element.get(key)) for key in ("x", "x1", "x2", "cx") if key in element.attrib]
        down = [float(element.get(key)) for key in ("y", "y1", "y2", "cy") if key in element.attrib]
        assert all(0 <= x <= WIDTH for x in across + [float(x) for x, _ in pairs])
        assert all(0 <= y <= HEIGHT for y in down + [float(y) for _, y in pairs])


def test_lower_is_lower_and_later_is_to_the_right():
    root = drawn(Curve("a", [(1, 3.0), (10, 2.0), (100, 1.0)], "accent"))
    line = root.find(f"{SVG}polyline").get("points")
    xs, ys = zip(*(map(float, pair.split(",")) for pair in line.split()), strict=True)
    assert ys[0] < ys[1] < ys[2] and ys[1] - ys[0] == pytest.approx(ys[2] - ys[1], abs=0.2)
    assert xs[0] < xs[1] < xs[2] and xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)  # logarithmic


def test_a_mark_is_a_line_at_its_value_with_its_name_beside():
    root = drawn(Curve("a", [(1, 3.0), (9, 1.0)], "accent"), marks=[Mark("<b> & co", 2.0)])
    [text] = [each for each in root.iter(f"{SVG}text") if each.text == "<b> & co"]
    [line] = [each for each in root.iter(f"{SVG}line") if each.get("stroke-dasharray") == "4 4"]
    ends = re.findall(r",([\d.]+)", root.find(f"{SVG}polyline").get("points"))
    assert float(line.get("y1")) == pytest.approx(sum(map(float, ends)) / 2, abs=0.1)
    assert float(text.get("y")) == pytest.approx(float(line.get("y1")) + 4.5, abs=0.1)


@given(st.lists(st.floats(0, 400), max_size=8))
def test_names_keep_their_distance_and_their_order(places):
    moved = spread(places, 18, 0, 400)
    order = sorted(range(len(places)), key=lambda index: places[index])
    assert all(moved[b] - moved[a] >= 18 - 1e-6 for a, b in itertools.pairwise(order))
    assert all(-1e-6 <= place <= 400 + 1e-6 for place in moved)
    if all(places[b] - places[a] >= 18 for a, b in itertools.pairwise(order)):
        assert moved == pytest.approx(places)


@given(losses, st.floats(0.02, 20))
def test_values_on_the_axis_are_round_few_and_inside(low, height):
    ticks = value_ticks(low, low + height)
    assert 3 <= len(ticks) <= 9
    assert all(low - 1e-9 <= tick <= low + height + 1e-9 for tick in ticks)
    step = ticks[1] - ticks[0]
    leading = step / 10 ** math.floor(math.log10(step * (1 + 1e-6)))
    assert min(abs(leading - round_one) for round_one in (1, 2, 5)) < 1e-6
