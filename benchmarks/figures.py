"""How a figure is printed: what, measured, budget."""


def show(what: str, measured: str, budget: str) -> None:
    """One aligned line."""
    print(f"{what:<58} {measured:>18}   budget {budget}", flush=True)
