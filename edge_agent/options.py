"""What options of several commands have in common."""

import argparse
from collections.abc import Callable


def number_between(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Reads a number of such a range, for argparse; the unit is for the complaint."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            rule = f"must be {low:g} to {high:g} {unit} (got {text!r})"
            raise argparse.ArgumentTypeError(rule)
        return number

    return read
