"""The text formats."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ldirectord_py.model.text.escaping import printable
from ldirectord_py.observers.events.server_counters import DURATION_BOUNDS, Histogram
from ldirectord_py.observers.metrics.exposition import ENOUGH, Family, MetricType, histogram, labelled, sample


@given(st.text())
def test_any_label_value_comes_back_as_it_is_shown(value):
    (family,) = text_string_to_metric_families(sample("x", labelled(("a",), (value,)), 1))

    assert family.samples[0].labels == {"a": printable(value)}


def test_bytes_that_are_no_text_do_not_break_the_exposition():
    assert labelled(("a",), ("caf\udce9",)) == r'a="caf\\xe9"'


def test_a_counter_is_named_as_each_format_wants_it():
    family = Family("x_total", MetricType.COUNTER, "Things.")

    assert family.header(openmetrics=False) == "# HELP x_total Things.\n# TYPE x_total counter\n"
    assert family.header(openmetrics=True) == "# HELP x Things.\n# TYPE x counter\n"


def test_a_histogram_has_cumulative_buckets_a_sum_and_a_count():
    observed = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7):
        observed.add(value)

    assert histogram("h", 'a="b"', observed).splitlines() == [
        'h_bucket{a="b",le="0.1"} 2',
        'h_bucket{a="b",le="1.0"} 3',
        'h_bucket{a="b",le="+Inf"} 4',
        'h_sum{a="b"} 7.65',
        'h_count{a="b"} 4',
    ]


def test_a_family_comes_in_pieces_of_whole_lines():
    family = Family("x", MetricType.GAUGE, "Things.")

    pieces = list(family.of(range(300), lambda row: f"x {row}\n", openmetrics=False))

    assert len(pieces) == 4
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces).count(b"\n") == 302


def test_rows_of_many_lines_make_pieces_of_few_rows():
    family = Family("x", MetricType.HISTOGRAM, "Things.")
    rows = [histogram("x", f'row="{number}"', Histogram(DURATION_BOUNDS)) for number in range(1000)]

    pieces = list(family.of(rows, str, openmetrics=False))[1:]

    longest = max(map(len, rows))
    assert b"".join(pieces).decode() == "".join(rows)
    assert all(ENOUGH <= len(piece) < ENOUGH + longest for piece in pieces[:-1])
