"""The reference pages say what the code says."""

import pytest

from docs.generate import HERE, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert HERE.joinpath(name).read_text() == PAGES[name](), "run: .venv/bin/python docs/generate.py"
