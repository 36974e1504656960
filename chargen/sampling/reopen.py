"""An export taken up again: written once more with the models that wrote it, and made a draft to go on with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chargen.errors import ExportError
from chargen.model.state import HiddenState
from chargen.sampling.difference import difference
from chargen.sampling.drafts import LONGEST, MAXIMUM_PARTS, Compared, Draft, Part, as_chosen, as_set, new_draft
from chargen.sampling.engine import Engine
from chargen.sampling.replay import replay
from chargen.sampling.sample import Sample, whole_texts
from chargen.sampling.sampler import Sampler
from chargen.sampling.side_by_side import CHANGES, MOST_COLUMNS, NUMBERS
from chargen.sampling.trail import Retrace

Check = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Again:
    """A sample of an export, written again.

    Attributes:
        sample: where the text is the same, as it was written now; else as it was exported.
        state: after its last character; None where it was changed by hand.
        writer: what its model is called.
        problem: how the text differs, in a sentence; empty where it is the same, byte for byte.
    """

    sample: Sample
    state: HiddenState | None
    writer: str
    problem: str


def write_again(record: Sample, sampler: Sampler, writer: str, check: Check = lambda written: None) -> Again:
    """Write a sample of an export again; ``check`` is called now and then, and may raise.

    Raises:
        ExportError: another model wrote it. StateError and others: it does not fit the model.
    """
    written = replay(sampler, record, check=check)
    same = written.text == record.text
    sample = replace(written, notices=record.notices) if same else record
    state = None
    if not record.edited:
        way = Retrace(Engine(sampler.engine.weights), sample, None, lambda done, _total: check(done))
        state = way.state_at(len(sample.text))
    return Again(sample, state, writer, "" if same else written.notices[-1])


def check_size(records: Sequence[Sample]) -> None:
    """Raise ExportError where an export holds more than a draft can."""
    if len(records) > MAXIMUM_PARTS or sum(len(record.text) for record in records) > LONGEST:
        raise ExportError(
            f"The export holds {len(records):,} texts, more than the window shows together ({MAXIMUM_PARTS}); "
            "`chargen sample --from-export` writes them again."
        )


def as_draft(again: Sequence[Again]) -> Draft:
    """The samples of an export as the draft they were: a text with its parts, a comparison, or several takes."""
    samples = [each.sample for each in again]
    chain = len(whole_texts(samples)) == 1
    parts = [
        Part(each.sample, each.writer, None, 0, each.state, each.state is not None and not _stopped(each.sample))
        for each in again
    ]
    if chain and len(parts) > 1:
        links = [replace(part, parent=place, at=len(parts[place].sample.text)) for place, part in enumerate(parts[1:])]
        parts = [parts[0], *links]
    draft = replace(new_draft(as_set(samples[0].settings), as_chosen(samples[0].seed_state)), parts=tuple(parts))
    if chain or len(parts) > MOST_COLUMNS:
        return replace(draft, tip=len(parts) - 1)
    told = difference(samples, [each.writer for each in again])
    change = told.name if told.name in CHANGES else CHANGES[0]
    values = told.values if told.name in NUMBERS else [""] * len(parts)
    return replace(draft, tip=0, compared=Compared(change, tuple(values)))


def _stopped(sample: Sample) -> bool:
    return bool(sample.settings.stop) and sample.text.endswith(sample.settings.stop)
