"""The bench of learning: that it measures what it says. No speed is asserted."""

import json
import math

import pytest
import torch

from chargen.bench import train
from chargen.bench.plain import PlainLoop
from chargen.cli.main import main
from chargen.model.config import ModelConfig


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(train, "STREAMS", 8)
    monkeypatch.setattr(train, "UNROLL", 4)
    monkeypatch.setattr(train, "SHAPES", ((1, 8), (2, 8)))


def test_operations_are_those_of_the_products():
    config = ModelConfig("gru", 2, 8, 4, 10)
    weights = 3 * 8 * (4 + 8) + 3 * 8 * (8 + 8) + 10 * 8
    assert train.operations(config) == 6 * weights


@pytest.mark.parametrize("cell", train.CELLS)
def test_both_loops_learn(cell):
    """The plain loop and ours lower the loss of the same characters."""
    config = ModelConfig(cell, 1, 16, train.EMBEDDING, train.VOCABULARY)
    plain, block = PlainLoop(config), train._block("cpu")
    learn, close, backend = train.ours(config, "cpu", 1)
    before = torch.get_num_threads()
    try:
        losses = [(plain.learn(block), float(learn())) for _ in range(40)]
    finally:
        close()
        torch.set_num_threads(before)
    assert backend.threads == 1
    for first, last in zip(losses[0], losses[-1], strict=True):
        assert first == pytest.approx(math.log(train.VOCABULARY), rel=0.1) and last < 0.97 * first


def test_one_object_a_shape(capsys):
    assert main(["bench", "train", "--cell", "rnn", "--rounds", "1", "--turn", "0.001", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["cell"], line["layers"], line["hidden"]) for line in lines] == [("rnn", 1, 8), ("rnn", 2, 8)]
    names = ("characters_per_second", "plain_characters_per_second", "ratio", "matrix_fraction")
    assert all(line["event"] == "bench train" and all(line[name] > 0 for name in names) for line in lines)
    assert {line["precision"] for line in lines} <= {"float32", "bfloat16"}


def test_a_table_for_people(capsys):
    assert main(["bench", "train", "--cell", "lstm", "--rounds", "1", "--turn", "0.001"]) == 0
    head, *rows, _, words = capsys.readouterr().out.splitlines()
    assert [row[:8] for row in rows] == ["lstm 1×8", "lstm 2×8"]
    assert len({len(line) for line in (head, *rows)}) == 1 and words.startswith("Medians")


def test_a_table_for_a_document(capsys):
    assert main(["bench", "train", "--cell", "rnn", "--rounds", "1", "--turn", "0.001", "--markdown"]) == 0
    head, rule, *rows, _, _ = capsys.readouterr().out.splitlines()
    assert head.startswith("| network | computed by |") and rule.startswith("|---|---:|")
    assert [row.split("|")[1] for row in rows] == [" rnn 1×8 ", " rnn 2×8 "]
