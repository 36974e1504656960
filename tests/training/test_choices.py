"""What the program chooses for the user: size, backend, device, memory."""

import json

import pytest
import torch

from chargen.errors import DeviceError, SettingError
from chargen.model.network import CharRNN
from chargen.paths import cache_dir
from chargen.training import autotune
from chargen.training.autotune import choose_backend, remember_pace, timings
from chargen.training.backend import Backend, candidates
from chargen.training.clock import Clock
from chargen.training.config import TrainingConfig
from chargen.training.device import choose_device, processor_threads
from chargen.training.memory import check_memory, estimate_bytes, smaller
from chargen.training.presets import PRESET_MINUTES, suggest
from chargen.training.speed import shape_key
from tests.model.helpers import small_config
from tests.training.helpers import CPU

BLOCK = torch.randint(0, 18, (9, 3), generator=torch.Generator().manual_seed(5))


# -- presets ---------------------------------------------------------------------------------------


def test_nothing_said_is_balanced():
    _, training = suggest({}, 200_000, 60, "cpu")
    assert training.minutes == PRESET_MINUTES["balanced"] and training.steps is None


@pytest.mark.parametrize("preset", PRESET_MINUTES)
def test_longer_presets_are_larger(preset):
    _, training = suggest({"preset": preset}, 200_000, 60, "cpu")
    assert training.minutes == PRESET_MINUTES[preset]
    quick, best = (suggest({"preset": name}, 1_000_000, 60, "cpu")[0].parameter_count() for name in ("quick", "best"))
    assert quick < best


def test_what_the_user_says_wins():
    model, training = suggest(
        {"hidden": 7, "layers": 3, "cell": "gru", "streams": 2, "steps": 9, "dropout": 0.5, "clip": 0.0},
        200_000,
        60,
        "cpu",
    )
    assert (model.hidden, model.layers, model.cell) == (7, 3, "gru")
    assert (training.streams, training.steps, training.dropout, training.clip) == (2, 9, 0.5, 0.0)
    assert training.minutes is None


def test_small_texts_get_more_dropout():
    dropouts = [suggest({"minutes": 5.0}, n, 60, "cpu")[1].dropout for n in (20_000, 200_000, 5_000_000)]
    assert dropouts == sorted(dropouts, reverse=True) and dropouts[0] > dropouts[2]


def test_two_budgets_are_refused():
    with pytest.raises(SettingError, match="exactly one budget"):
        suggest({"steps": 5, "minutes": 1.0}, 1000, 60, "cpu")


# -- backends --------------------------------------------------------------------------------------


def chosen(network, config, threads=1):
    answers = list(choose_backend(network, config, "cpu", threads, BLOCK))
    return answers[-1], len(answers) - 1


def test_the_fastest_correct_backend_is_taken_and_remembered(monkeypatch):
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    options = candidates("lstm", "cpu", "auto", 1)
    assert len(options) >= 2
    answers = {options[0]: (1.0, 3.0), options[1]: (1.001, 1.0)}
    monkeypatch.setattr(autotune, "_measure", lambda n, c, backend, b: answers.get(backend, (1.0, 9.0)))
    assert chosen(network, config) == (options[1], len(options) + 1)  # and once more, on the whole block
    monkeypatch.setattr(autotune, "_measure", lambda *_: pytest.fail("measured again"))
    assert chosen(network, config) == (options[1], 0)


def test_a_choice_cut_short_takes_what_was_measured_and_is_not_remembered(monkeypatch):
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    options = candidates("lstm", "cpu", "auto", 1)
    monkeypatch.setattr(autotune, "_measure", lambda n, c, backend, b: (1.0, 9.0 - options.index(backend)))
    assert list(choose_backend(network, config, "cpu", 1, BLOCK, lambda: True)) == [None, options[0]]
    assert chosen(network, config)[0] == options[-1]


def test_a_wrong_backend_is_never_taken_however_fast(monkeypatch):
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    options = candidates("lstm", "cpu", "auto", 1)
    monkeypatch.setattr(autotune, "_measure", lambda n, c, b, _: (1.0, 5.0) if b == options[0] else (1.5, 0.1))
    assert chosen(network, config)[0] == options[0]


def test_measuring_does_not_touch_the_network():
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    before = {name: p.clone() for name, p in network.named_tensors().items()}
    chosen(network, config)
    assert all(torch.equal(before[name], p) for name, p in network.named_tensors().items())


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 5}', "nonsense"])
def test_a_damaged_or_foreign_cache_is_measured_anew(content):
    cache_dir().mkdir(parents=True)
    (cache_dir() / "backends.json").write_text(content)
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    backend, trials = chosen(network, config)
    assert trials > 0 and isinstance(backend, Backend)
    assert json.loads((cache_dir() / "backends.json").read_text())


def test_the_cache_of_another_machine_is_kept_and_measured_anew(monkeypatch):
    """Folders of users travel between machines; the same PyTorch and as many threads say nothing of their speed."""
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    chosen(network, config)
    with monkeypatch.context() as patched:
        patched.setattr(autotune, "processor_name", lambda device: "another processor")
        assert autotune.timings("cpu", 1) == {}
        assert chosen(network, config)[1] > 0
    assert len(json.loads((cache_dir() / "backends.json").read_text())) == 2
    assert chosen(network, config)[1] == 0


def test_a_cached_backend_that_this_machine_lacks_is_not_used(monkeypatch):
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    chosen(network, config)
    path = cache_dir() / "backends.json"
    text = path.read_text()
    for kernels in ("native", "onednn", "own"):
        text = text.replace(kernels, "quantum")
    path.write_text(text)
    assert chosen(network, config)[0].kernels in ("native", "onednn", "own")


def test_an_asked_for_precision_is_kept():
    for precision in ("float32", "bfloat16"):
        assert {backend.precision for backend in candidates("lstm", "cpu", precision, 1)} == {precision}
        assert {backend.precision for backend in candidates("gru", "cpu", precision, 1)} == {precision}


# -- device and memory -------------------------------------------------------------------------------


def test_there_is_always_a_device_and_a_reason():
    device = choose_device("auto")
    assert device.name and device.reason
    assert choose_device("cpu").reason == "you chose it"


def test_a_missing_device_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="no “cuda” device"):
        choose_device("cuda")


def test_a_gpu_is_taken_when_it_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Test GPU")
    assert (choose_device("auto").kind, choose_device("auto").name) == ("cuda", "Test GPU")


def test_a_broken_driver_leaves_the_cpu(monkeypatch):
    def broken():
        raise RuntimeError("driver mismatch\nmore")

    monkeypatch.setattr(torch.cuda, "is_available", broken)
    assert choose_device("auto").kind == "cpu"
    with pytest.raises(DeviceError, match="driver mismatch"):
        choose_device("cuda")


def test_threads_are_at_least_one():
    assert processor_threads() >= 1


def test_memory_grows_with_everything():
    def need(hidden=64, streams=16, unroll=64, characters=10_000):
        return estimate_bytes(
            small_config(hidden=hidden), TrainingConfig(steps=1, streams=streams, unroll=unroll), characters
        )

    assert need(hidden=128) > need() and need(streams=32) > need() and need(unroll=128) > need()
    assert need(characters=10**9) > 10**9
    assert check_memory(small_config(), TrainingConfig(steps=1), 1000, CPU) > 0


def test_the_next_smaller_size():
    assert smaller(small_config(), TrainingConfig(steps=1, streams=32)) == "--streams 16"
    assert smaller(small_config(hidden=256), TrainingConfig(steps=1, streams=8)) == "--hidden 128"


# -- clock -------------------------------------------------------------------------------------------


def test_the_clock_leaves_out_pauses(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("chargen.training.clock.time.perf_counter", lambda: now[0])
    clock = Clock()
    now[0] = 5
    clock.pause()
    clock.pause()
    now[0] = 100
    assert clock.seconds() == 5
    clock.resume()
    now[0] = 101
    assert clock.seconds() == 6
    with clock.excluded():
        now[0] = 200
    assert clock.seconds() == 6


def test_a_runs_own_pace_takes_the_place_of_the_trials():
    network, config = CharRNN(small_config()), TrainingConfig(steps=1, streams=3, unroll=8)
    backend, key = chosen(network, config)[0], shape_key(network.config, config, 3, 8)
    remember_pace(network, config, "cpu", 1, (3, 8), backend, 0.25)
    assert timings("cpu", 1)[key] == 0.25
    assert chosen(network, config)[0] == backend
    other = Backend("native", "bfloat16", 1)
    remember_pace(network, config, "cpu", 1, (3, 8), other, 0.5)  # computed another way: says nothing of the chosen
    assert timings("cpu", 1)[key] == 0.25
