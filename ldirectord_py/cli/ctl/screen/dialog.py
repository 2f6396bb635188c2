"""A question before something is done: what will be done, and why."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


class Confirmation(ModalScreen[str | None]):
    """Asks for a reason; the answer is None if nothing is to be done."""

    CSS = """
    Confirmation { align: center middle; }
    #box { width: 72; max-width: 90%; height: auto; padding: 1 2; border: round $accent; background: $surface; }
    #question { margin-bottom: 1; }
    #keys { color: $text-muted; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Leave it")]

    def __init__(self, question: str, reason: str = "") -> None:
        super().__init__()
        self._question = question
        self._reason = reason

    def compose(self) -> ComposeResult:
        """See `Screen.compose`."""
        with Vertical(id="box"):
            yield Static(self._question, id="question", markup=False)
            yield Input(self._reason, placeholder="reason, shown by status, why and events", id="reason")
            yield Static("Enter: do it    Escape: leave it", id="keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do it."""
        event.stop()
        _ = self.dismiss(event.value)

    def action_leave(self) -> None:
        """Do nothing."""
        _ = self.dismiss(None)
