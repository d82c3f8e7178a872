"""Settings of the JVMs that tests start."""

from __future__ import annotations

from typing import Final

SHORT_LIVED: Final = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
"""Most of what a JVM that lives shortly compiles is never used: the quick compiler does.

By itself that one gets 48 MB for its code, which Spark fills; the JVM then interprets, many times slower.
"""
