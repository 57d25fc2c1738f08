"""The re-pin's figures in full, at the seam: thousands of hosts and runs over a fake Session.

python -m tests.bench.bench_repin [crash dead-hosts foreign plan wrong-host threshold undo ambiguous storage
signals]
"""

from __future__ import annotations

import argparse
import random
import sys

from tests.bench.bench_scan import say
from tests.bench.repin_figures import FIGURES


def main() -> int:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("figures", nargs="*", choices=[[], *FIGURES])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="as often as the tests do")
    given = parser.parse_args()
    good = True
    for name in given.figures or FIGURES:
        scale = FIGURES[name]
        count = scale.small if given.small else scale.full
        figure = scale.measure(count, random.Random(given.seed))  # noqa: S311  # moments
        say(str(figure))
        good = good and figure.good
    return not good


if __name__ == "__main__":
    sys.exit(main())
