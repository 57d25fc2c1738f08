"""The figures that a re-pin promises, in the small; `tests.bench.bench_repin` counts them in full."""

from __future__ import annotations

import random

import pytest

from tests.bench.repin_figures import FIGURES


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_holds(name: str) -> None:
    """What was promised is what is counted."""
    scale = FIGURES[name]
    figure = scale.measure(scale.small, random.Random(11))  # noqa: S311  # moments
    assert figure.good, str(figure)
