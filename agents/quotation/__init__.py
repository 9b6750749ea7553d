"""Whether a sentence of a note can be quoted outside of it: it can be read alone, and it tells its reader something.

`telling` and `alone` decide; what they look at stands in a module each, and the words that those look for in `vocabulary`.
"""
