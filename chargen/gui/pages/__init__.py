"""The pages: one module each. They watch the desk and one another not at all."""
