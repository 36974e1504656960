"""The loss of a text, counted by hand and by the scorer."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from chargen.errors import CorpusError
from chargen.model.network import CharRNN
from chargen.model.scoring import iterate_losses, score_ids, validation_streams
from tests.model.helpers import small_config

IDS = np.random.default_rng(0).integers(0, 18, 1000).astype(np.uint8)


def network():
    return CharRNN(small_config(), torch.Generator().manual_seed(1)).requires_grad_(False)


def by_hand(net, ids):
    block = torch.from_numpy(ids.astype(np.int64))[:, None]
    logits, _ = net(block[:-1], net.start_state(1))
    return F.cross_entropy(logits[:, 0], block[1:, 0], reduction="none").numpy()


def test_one_carried_stream_is_the_whole_text(monkeypatch):
    monkeypatch.setattr("chargen.model.scoring._CHUNK", 64)  # cut into many pieces
    net = network()
    score = score_ids(net, IDS)
    expected = by_hand(net, IDS)
    assert score.characters == 999
    assert score.loss == pytest.approx(float(expected.mean()), rel=1e-5)
    assert score.bits_per_character == pytest.approx(score.loss / np.log(2))
    pieces = np.concatenate([piece[:, 0] for piece in iterate_losses(net, IDS)])
    np.testing.assert_allclose(pieces, expected, atol=1e-5)


@pytest.mark.parametrize("streams", [3, 7, 64])
def test_streams_predict_every_character_once(streams):
    net = network()
    score = score_ids(net, IDS, streams=streams)
    length = 999 // streams
    cuts = [IDS[k * length : (k + 1) * length + 1] for k in range(streams)]
    rest = IDS[streams * length :]
    expected = [by_hand(net, cut) for cut in cuts] + ([by_hand(net, rest)] if len(rest) > 1 else [])
    assert score.characters == 999
    assert score.nats == pytest.approx(float(np.concatenate(expected).sum()), rel=1e-5)


def test_windows_start_afresh():
    net = network()
    score = score_ids(net, IDS, window=100)
    expected = np.concatenate([by_hand(net, IDS[k : k + 101]) for k in range(0, 999, 100)])
    assert score.characters == 999
    assert score.nats == pytest.approx(float(expected.sum()), rel=1e-5)


@pytest.mark.parametrize("window", [999, 1000, 5000])
def test_a_window_longer_than_the_text_is_the_text(window):
    net = network()
    assert score_ids(net, IDS, window=window).loss == pytest.approx(float(by_hand(net, IDS).mean()), rel=1e-5)


@pytest.mark.parametrize(("streams", "threads"), [(8, 2), (7, 3), (1, 2)])
def test_threads_share_the_streams_without_changing_the_loss(streams, threads):
    from chargen.training.workers import Workers

    net, workers = network(), Workers(threads)
    pieces = list(iterate_losses(net, IDS, streams=streams, side_by_side=workers))
    workers.close()
    for mine, theirs in zip(pieces, iterate_losses(net, IDS, streams=streams), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_validation_uses_at_most_64_streams():
    assert [validation_streams(n) for n in (20, 600, 111_540)] == [1, 2, 64]


def test_too_short():
    with pytest.raises(CorpusError):
        score_ids(network(), IDS[:1])


def test_check_is_called_between_pieces(monkeypatch):
    monkeypatch.setattr("chargen.model.scoring._CHUNK", 100)
    calls = []
    score_ids(network(), IDS, check=lambda: calls.append(1))
    assert len(calls) == 10
