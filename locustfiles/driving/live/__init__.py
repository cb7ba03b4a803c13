"""The live page: what every process saw, folded together while a run goes on.

Whatever stands there is a lead; the judge decides after the run.  A `Digest` looks over the
recorder's shoulder in each process, a `Board` holds the sum, a page of Locust's web UI shows it.
"""
