"""What is kept of a check that is followed."""

from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.probing.tracing.recorder import MOST_BYTES, MOST_STEPS, TraceRecorder


def test_bytes_are_kept_up_to_a_bound_and_counted_beyond() -> None:
    recorder = TraceRecorder()
    for _ in range(5):
        recorder.note(StepKind.RECEIVE, b"x" * (MOST_BYTES // 4))
    recorder.note(StepKind.SEND, b"quit")
    *received, sent = recorder.finish(())

    assert [len(step.text) for step in received] == [MOST_BYTES // 4] * 4 + [1]
    assert {step.size for step in received} == {MOST_BYTES // 4}
    assert (sent.text, sent.size) == ("…", 4)


def test_steps_are_kept_up_to_a_bound_and_the_verdict_is_the_last_one() -> None:
    recorder = TraceRecorder()
    for _ in range(MOST_STEPS + 1):
        recorder.note(StepKind.RECEIVE, b"x")
    recorder.conclude("up")
    steps = recorder.finish(())

    assert len(steps) == MOST_STEPS + 2
    assert [step.text for step in steps[-2:]] == ["… and more steps than are shown", "up"]


def test_a_secret_in_two_pieces_of_what_one_side_says_is_found() -> None:
    recorder = TraceRecorder()
    recorder.note(StepKind.RECEIVE, b"you said hun")
    recorder.note(StepKind.SEND, b"PASS x\r\n")
    recorder.note(StepKind.RECEIVE, b"ter22")
    recorder.note(StepKind.RUN, "/bin/check hunter22 \x1b")
    steps = recorder.finish(["hunter22"])

    assert [step.text for step in steps] == ["you said ***", r"PASS x\r\n", "***", r"/bin/check *** \x1b"]
    assert [step.at for step in steps] == sorted(step.at for step in steps)
