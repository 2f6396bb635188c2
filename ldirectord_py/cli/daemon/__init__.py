"""The daemon as the command line sees it: which process it is, whether it runs, how it is asked and started.

Everything here goes by the pid file's lock, the control socket and the kernel; the configuration on disk has no say.
"""
