import re

from ldirectord_py.api.page.files import load


def test_every_file_has_its_type_and_all_have_one_version() -> None:
    files = load()
    assert {name: kind for name, (kind, _) in files.found.items() if not name.endswith(".js")} == {
        "page.css": "text/css",
        "icon.svg": "image/svg+xml",
    }
    assert {kind for name, (kind, _) in files.found.items() if name.endswith(".js")} == {"text/javascript"}
    assert files == load()


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name, (_, content) in load().found.items():
        elsewhere = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", content.decode())
        assert [each for each in elsewhere if "www.w3.org" not in each] == [], name


def test_modules_import_what_there_is() -> None:
    found = load().found
    for name in (name for name in found if name.endswith(".js")):
        imported = re.findall(r'from "\./([^"]+)"', found[name][1].decode())
        assert set(imported) <= found.keys() - {name}
