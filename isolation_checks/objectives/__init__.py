"""What a plan's objectives say of samples, and how they are worded.

Pure functions of samples; which samples there are is `loading`'s to say.
"""
