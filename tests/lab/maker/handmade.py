"""Packages written by hand, as spec files."""


def make(*_):
    return []
