"""The program's version, once: the distribution, `--version`,
every scan and every JSON document take it from here.
"""

from __future__ import annotations

VERSION = "0.2.0"
