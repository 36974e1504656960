"""The window. The only folder that knows Qt: it watches jobs, asks, and computes nothing itself."""
