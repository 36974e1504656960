"""Learning against the clock: the same time and the same text for both, scored alike. No speed is asserted."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from chargen.bench import learn
from chargen.corpus.corpus import corpus_from_text
from chargen.errors import CorpusError
from chargen.model.network import CharRNN
from chargen.model.scoring import score_ids
from tests.cli.conftest import VERSE


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(learn, "HIDDEN", 8)
    monkeypatch.setattr(learn, "STREAMS", 8)
    monkeypatch.setattr(learn, "UNROLL", 16)


@pytest.fixture
def corpus():
    return corpus_from_text(VERSE * 40, "verse")


def test_both_stand_at_each_budget_in_turns(corpus, monkeypatch):
    now = itertools.count(step=0.0625)
    monkeypatch.setattr(learn.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr(learn, "_ours", lambda corpus, device, budget, overrides, told: (budget, overrides))
    heard = []
    plain, ours, longer, again = learn.measure(
        corpus, [2.0, 1.0], overrides={"seed": 2, "threads": 1}, told=lambda *words: heard.append(words)
    )
    assert (ours, again) == ((1.0, {"seed": 2, "threads": 1}), (2.0, {"seed": 2, "threads": 1}))
    assert (plain.budget, plain.steps, longer.budget, longer.steps) == (1.0, 16, 2.0, 32)  # the same run goes on
    assert longer.curve[: len(plain.curve)] == plain.curve and longer.curve[-1] == (longer.seconds, longer.loss)
    assert len(longer.curve) == 3  # and once on the way
    assert heard[0][::2] == ("plain loop", 1.0) and heard[-1][::2] == ("plain loop", 2.0)
    line = longer.to_json()
    assert line["bits_per_character"] == pytest.approx(longer.loss / np.log(2))
    assert line["readings"] == pytest.approx(32 * 8 * 16 / len(corpus.training), abs=0.001)


def test_the_plain_loops_clock_stands_still_while_it_is_measured(corpus, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(learn.time, "perf_counter", lambda: now[0])
    plain = learn._Plain(corpus, "cpu", 1, 0)
    step, look = plain._loop.learn, learn.loss_of

    def learns(block):
        now[0] += 0.5
        return step(block)

    def looks(*words, **more):
        now[0] += 100.0
        return look(*words, **more)

    monkeypatch.setattr(plain._loop, "learn", learns)
    monkeypatch.setattr(learn, "loss_of", looks)
    standing = plain.standing_after(4.0, [1.0, 2.0], lambda *words: None)
    assert standing.seconds == 4.0 and standing.steps == 8
    assert [seconds for seconds, _ in standing.curve] == [1.0, 2.0, 4.0]
    assert plain.standing_after(6.0, [1.0, 2.0], lambda *words: None).steps == 12


def test_the_plain_loop_reads_the_text_in_order_and_again(corpus, monkeypatch):
    plain = learn._Plain(corpus, "cpu", 1, 0)
    read, begun = [], []
    monkeypatch.setattr(plain._loop, "learn", lambda block: read.append(block.numpy()))
    monkeypatch.setattr(plain._loop, "forget", lambda: begun.append(len(read)))
    length = len(corpus.training) // plain._streams
    for _ in range(2 * length // plain._unroll):
        plain._steps = 0
        plain._learn_until(0.0, lambda *words: None, 1.0)
    epoch = np.concatenate([read[0][:1], *(block[1:] for block in read[: begun[0]])])
    for stream in range(plain._streams):
        at = stream * length
        np.testing.assert_array_equal(epoch[:, stream], corpus.training[at : at + len(epoch)])
    assert length - len(epoch) < plain._unroll
    np.testing.assert_array_equal(read[begun[0]], read[0])


def test_the_loss_in_windows_starts_afresh():
    corpus = corpus_from_text(VERSE * 9, "verse")
    network: CharRNN = learn._Plain(corpus, "cpu", 1, 0)._loop.network()
    carried = learn.loss_of(network, corpus.validation, 2)
    windows = learn.loss_of(network, corpus.validation, 2, window=16)
    pieces = [score_ids(network, corpus.validation[at : at + 17]) for at in range(0, len(corpus.validation) - 1, 16)]
    assert windows == pytest.approx(sum(p.nats for p in pieces) / sum(p.characters for p in pieces), rel=1e-4)
    assert carried == pytest.approx(score_ids(network, corpus.validation).loss, rel=1e-4)


def test_the_inner_split_never_sees_the_last_part():
    corpus = corpus_from_text("abcdefgh" * 90 + "\n" + "XYZ" * 26 + "!!", "letters")
    inside = learn.inner(corpus)
    assert inside.text() == corpus.text(0, len(corpus.training))
    assert "X" not in inside.text() and len(inside.validation) == pytest.approx(0.1 * inside.characters, abs=1)


def test_a_text_with_nothing_kept_aside_is_refused():
    whole = corpus_from_text(VERSE * 10, "verse", validation=0.0)
    with pytest.raises(CorpusError, match="--validation"):
        next(learn.measure(whole, [1.0]))


def test_the_run_folder_goes_even_when_a_training_is_left(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def leave(*words):
        assert list(Path(tmp_path).iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn._ours(corpus, "cpu", 5.0, {}, leave)
    assert list(tmp_path.iterdir()) == []
