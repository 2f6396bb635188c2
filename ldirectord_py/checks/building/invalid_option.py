"""The error of a check that cannot be made of its directives."""


class InvalidOption(ValueError):
    """What a directive asks for cannot be asked; the message is a sentence for the author of the configuration."""

    def __init__(self, directive: str, sentence: str) -> None:
        self.directive = directive
        super().__init__(sentence)
