from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.view import LONGEST_TEXT, PageView, parse
from tests.unit.api.page.documents import down, server, virtual

VIEWS = st.builds(
    PageView,
    text=st.text(st.characters(codec="utf-8"), max_size=20).map(str.strip),
    states=st.frozensets(st.sampled_from(sorted(STATES))),
    virtual=st.sampled_from(["", "tcp:10.0.0.1:80", "udp:[2001:db8::1]:53"]),
    page=st.integers(1, 100_000),
)


@given(VIEWS)
def test_the_address_of_a_view_is_that_view(view: PageView) -> None:
    assert parse(parse_qsl(urlsplit(view.query(page=view.page)).query)) == view


@given(st.lists(st.tuples(st.sampled_from(["q", "state", "page", "virtual", "other"]), st.text(max_size=300))))
def test_any_query_is_a_view(pairs: list[tuple[str, str]]) -> None:
    view = parse(pairs)
    assert 1 <= view.page <= 100_000
    assert len(view.text) <= LONGEST_TEXT
    assert view.states <= STATES.keys()


def test_a_changed_view_begins_with_its_first_page() -> None:
    assert PageView(text="a b", page=7).query(states=frozenset({"up", "down"})) == "/?q=a+b&state=down&state=up"
    assert PageView(text="x", page=7).query(text="") == "/"


def test_a_filter_looks_at_states_names_and_reasons() -> None:
    fine, broken = server(), down(detail="The Peer said <no>")
    shop = virtual(reals=[fine, broken], servicename="Shop")

    def found(**wanted: object) -> list[bool]:
        return [PageView(**wanted).matches(shop, each) for each in (fine, broken)]

    assert found() == [True, True]
    assert found(states=frozenset({"down", "draining"})) == [False, True]
    assert found(text="shop 10.0.0.5") == [True, False]
    assert found(text="peer SAID") == [False, True]
    assert found(text="peer", states=frozenset({"up"})) == [False, False]
