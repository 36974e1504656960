"""The text on the page: the tip of a draft, and the pen that goes on with it. No Qt."""

from chargen.model.state import HiddenState
from chargen.sampling.drafts import Draft, begun, continued
from chargen.sampling.drafts_tree import branched
from chargen.sampling.events import Written
from chargen.sampling.requests import Pen, Request
from chargen.sampling.sample import Sample


class Document:
    """A draft with a text, as it grows. The pen that wrote it also continues it, whatever model is open meanwhile.

    Attributes:
        pen: None where the model that wrote it is not open.
        request: what the text was asked with, to be asked again.
    """

    def __init__(self, draft: Draft, pen: Pen | None, request: Request | None = None) -> None:
        if draft.tip is None:
            raise ValueError("There is no text.")
        self.draft, self.pen = draft, pen
        first = draft.parts[draft.path()[0]].sample
        self.request = request or Request(first.settings, first.seed_state)

    @classmethod
    def begun(cls, draft: Draft, pen: Pen, writer: str, request: Request, written: Written) -> "Document":
        """A new text in the draft; those before it stay there."""
        return cls(begun(draft, written, writer), pen, request)

    def extend(self, written: Written) -> None:
        """A continuation. Where it only goes on, the two are one sample, and are made again as one."""
        self.draft = continued(self.draft, written)

    def branch(self, parent: int, at: int, written: Written) -> None:
        """What was written goes on in the middle of a part; what stood there stays as another branch."""
        self.draft = branched(self.draft, parent, at, written)

    @property
    def _tip(self) -> int:
        assert self.draft.tip is not None
        return self.draft.tip

    @property
    def name(self) -> str:
        """Of the model that wrote it."""
        return self.draft.parts[self._tip].writer

    @property
    def parts(self) -> list[Sample]:
        return self.draft.samples()

    @property
    def last(self) -> Sample:
        return self.draft.parts[self._tip].sample

    @property
    def state(self) -> HiddenState | None:
        """After the last character; None where it is spoiled, or unknown."""
        return self.draft.parts[self._tip].state

    @property
    def began(self) -> HiddenState:
        """What the text began with, by value."""
        return self.draft.parts[self.draft.path()[0]].sample.seed_state

    @property
    def after(self) -> str:
        """Everything written, without the prompt: what a continuation has before it."""
        return self.last.after + self.last.text

    @property
    def characters(self) -> int:
        return self.draft.characters

    @property
    def bits(self) -> float:
        """The sum of all surprises."""
        return float(sum(part.surprises.sum(dtype="float64") for part in self.parts))

    def bits_before(self, count: int) -> float:
        """The sum of the surprises of so many characters at the beginning."""
        total = 0.0
        for part in self.parts:
            total += float(part.surprises[: max(count, 0)].sum(dtype="float64"))
            count -= len(part.text)
        return total
