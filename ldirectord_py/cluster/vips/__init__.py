"""VIPs that the director brings up itself, where no cluster manager does (`vips`).

`wanted.py` and `vip_plan.py` are pure: which addresses a configuration wants, and what is to be done so that they are
here, or are not.  `keeper.py` does it, and keeps at it.
"""
