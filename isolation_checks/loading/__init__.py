"""From a run's directory to relations that checks can ask: batch by batch, over Arrow.

Loading reads evidence and derives columns; what they mean is for the checks to say.
"""
