"""Pictures of the answers, drawn with Matplotlib (the extra ``report``); imported only where one is wanted."""

from __future__ import annotations

from vitalake.analytics.extra import require_extra

require_extra()
