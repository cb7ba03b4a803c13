"""The statistics of a judgement: bounds, quantiles, how many samples would do.

Pure functions of numbers; every formula names its source.
"""
