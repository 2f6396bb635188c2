"""What follows from what was found: pure functions over values, and the one state that they change.

Inputs with their moment go in, events come out (`state`); what is wanted of a virtual service, and why, is a decision
(`decision`); what has to be written for it is a plan (`plan`).  No clock, no I/O, no asyncio.
"""
