"""The files of the page: nothing from elsewhere, nothing that could turn text into markup, enough contrast."""

import re
from importlib.resources import files

import pytest

from muster_gamelift.page.endpoint import ASSETS, HEADERS

FOLDER = files("muster_gamelift.page") / "assets"
TEXTS = {name: (FOLDER / name).read_text(encoding="utf-8") for name in ASSETS}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
PAIRS = [
    *((text, ground) for text in ("text", "quiet", "link") for ground in ("ground", "surface", "sunken")),
    *((f"{tone}-text", f"{tone}-ground") for tone in ("wait", "ask", "good", "bad", "off")),
    *((f"{tone}-text", "sunken") for tone in ("wait", "ask", "good", "bad")),
    ("bad-text", "surface"),
]
"""Text on its ground."""


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def palettes() -> list[dict[str, str]]:
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", TEXTS["style.css"])
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def test_there_are_a_light_palette_and_a_dark_one_that_is_the_same_in_both_places() -> None:
    light, dark, chosen = palettes()

    assert dark == chosen
    assert light.keys() == dark.keys()
    assert luminance(light["ground"]) > 0.5 > luminance(dark["ground"])


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_has_the_contrast_of_wcag_aa(text: str, ground: str) -> None:
    for palette in palettes():
        assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("mark", ["accent", "change"])
def test_marks_have_the_contrast_of_wcag_aa(mark: str) -> None:
    for palette in palettes():
        assert contrast(palette[mark], palette["surface"]) >= 3


@pytest.mark.parametrize("name", TEXTS)
def test_files_lead_nowhere_else(name: str) -> None:
    addresses = set(re.findall(r"(?<!file:)(?:https?:)?//[\w.]+\.\w+[^\s\"']*", TEXTS[name]))

    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    "danger", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"]
)
def test_scripts_cannot_turn_text_into_markup(danger: str) -> None:
    assert [] == [name for name, text in SCRIPTS.items() if danger in text]


def test_every_module_that_is_imported_is_served() -> None:
    imported = {name for text in SCRIPTS.values() for name in re.findall(r'from "\./([\w.]+)"', text)}

    assert imported <= SCRIPTS.keys()


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"https?:|\*|data:", policy)
