"""What holds for every unit test."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no slow code
settings.load_profile("untimed")
