"""Learning: from a corpus and a budget to a model. A generator of events, without threads or printing."""
