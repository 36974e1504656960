"""The same text again, from an export."""

from collections.abc import Callable

from chargen.errors import ExportError
from chargen.model.model_file import Model
from chargen.sampling.batch import BLOCK, path_from_text, write_again
from chargen.sampling.sample import Sample, versions
from chargen.sampling.sampler import Sampler
from chargen.sampling.writer import Writer


def replay(
    model: Model | Sampler,
    record: Sample,
    *,
    allow_other_model: bool = False,
    check: Callable[[int], None] = lambda written: None,
) -> Sample:
    """Write ``record`` again, change of temperature, steering and state by change, as many characters as it has.

    On the same model, device and versions the text is the same, byte for byte. What differs is said in the
    notices of the result: another model (where allowed), another formulation or version, another text.
    ``check`` is called every few characters with how many are written, and may raise to end it.

    Raises:
        ExportError: the model is another one and that is not allowed. StateError: the seed state does not fit.
    """
    sampler = (model if isinstance(model, Sampler) else Sampler(model)).as_in(record.engine)
    notices = []
    if record.model_fingerprint != sampler.model.fingerprint:
        sentence = (
            f"The sample was written by another model ({record.model_fingerprint[:12]}), "
            f"not by this one ({sampler.model.fingerprint[:12]})"
        )
        if not allow_other_model:
            raise ExportError(f"{sentence}; open the model that wrote it.")
        notices.append(f"{sentence}, so the text differs.")
    writer = _write(sampler, record, check)
    for what, then, now in (
        ("formulation", record.engine, writer.formulation),
        ("version", record.versions, versions()),
    ):
        changed = [key for key in sorted({*then, *now}) if then.get(key) != now.get(key)]
        notices += [
            f"The {what} differs ({key} was {then.get(key)}, is {now.get(key)}); the text may differ."
            for key in changed
        ]
    written = writer.text
    if written != record.text:
        pairs = zip(written, record.text, strict=False)
        same = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(written), len(record.text)))
        by_hand = ", which was changed by hand," if record.edited else ""
        notices.append(f"The text differs from the exported one{by_hand} from character {same + 1:,} on.")
    return writer.sample(notices)


def _write(sampler: Sampler, record: Sample, check: Callable[[int], None]) -> Writer:
    """The same characters again, alone or in the batches that the record tells of."""
    path = path_from_text(record.engine.get("path"))
    changed = record.temperature_changes or record.steering_changes or record.state_changes or record.by_hand
    if path is not None and not changed and not record.settings.beam:
        return write_again(sampler.engine, record, path, check)
    stream = sampler.stream(record.settings, record.seed_state, after=record.after, given=record.text[: record.by_hand])
    temperatures, steerings = dict(record.temperature_changes), dict(record.steering_changes)
    states = dict(record.state_changes)
    for position in range(len(record.text) + 1):  # what was set after the last character is set, too
        if position % BLOCK == 0:
            check(position)
        if position in temperatures:
            stream.set_temperature(temperatures[position])
        if position in steerings:
            stream.set_steering(steerings[position])
        if position in states:
            stream.set_state(states[position])
        if position == len(record.text) or next(stream, None) is None:
            break
    return stream
