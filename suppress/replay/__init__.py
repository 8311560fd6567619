"""What a change of rules would do: the same messages and the same facts under two rulesets, and what differs.

`compare` holds two decisions against each other, `people` counts and samples persons in bounded memory, `tally` adds
up, `report` is what comes out, `limits` says where a `max_share` would be passed, `run` walks the messages.
"""
