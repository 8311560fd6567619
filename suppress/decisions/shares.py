"""Shares of messages, items and customers, in whole numbers."""

from typing import Final

SHARE_PARTS: Final = 10_000
"""A `max_share` or a control group is so many parts of this."""
