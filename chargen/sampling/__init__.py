"""Text out: the fast single step, decoding, the stream of characters, and its provenance.

No torch: everything here is NumPy on the tensors of a :class:`~chargen.model.model_file.Model`, so that
writing starts at once, on a snapshot that nobody else changes.
"""
