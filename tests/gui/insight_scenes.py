"""The Insight page in its states, for pictures and for the clipping test."""

from collections.abc import Iterator

from chargen.gui.desk import Desk, OpenModel
from chargen.gui.pages.insight import InsightPage
from chargen.model.model_file import Model
from tests.gui.write_scenes import wait

TEXT = (
    "KEEPER: The lamp was low before the tide had turned,\nAnd every stair remembered someone's step.\n\n"
    "MARA: Then count them. Count the ones that did not come\nAnd set a bowl of salt for every name.\n\n"
) * 3


def scenes(desk: Desk, page: InsightPage, model: Model, name: str) -> Iterator[str]:
    """Puts ``page``, which is shown, into one state after the other."""
    desk._set_model(None)
    yield "no model"
    desk._set_model(OpenModel(model, name, None, False))
    yield "no text"
    page.score_button.click()
    yield "nothing to score"
    page.take(f"{TEXT}Ünd é ß œ æ ø å.", "a text with a long name that somebody gave it.txt")
    wait(lambda: page._score is not None)
    page.show_passage(page.result.worst.rows()[0].first, page.result.worst.rows()[0].last)
    yield "scored"
    page.open_drawer()
    yield "scored, the panel open"
    page.open_drawer(False)
    page.edit()
    yield "editing"
    page.take("ÄÖÜ")
    wait(lambda: page.banner.isVisible())
    yield "only unknown characters"
