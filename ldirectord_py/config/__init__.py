"""From the text of a configuration to a complete `Config`, or to every problem in it.

`load` is the one way in.  `grammar` says what may be written, `syntax` reads files, `meaning` makes values of them;
`lint` and `convert` serve `ldirectorctl`.  Nobody below knows anybody above.
"""
