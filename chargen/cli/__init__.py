"""The command line: one module per verb, each a thin watcher of what the lower folders do.

``main`` parses and reports errors; ``parser`` turns the table of options into flags; ``output`` and
``progress`` are the only places that print. Verbs import torch and the rest where they use it, so
that ``--help`` and the quick verbs answer at once.
"""
