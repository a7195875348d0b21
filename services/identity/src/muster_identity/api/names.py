"""What players may call themselves."""

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories that no name holds: they show nothing, end a line, or turn around the text beside them."""
BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that count as letters or symbols, and show nothing all the same."""


def one_line(name: str) -> str:
    """Return *name* with single spaces, as names from providers have them.

    Raises:
        PydanticCustomError: it holds what cannot be seen, or nothing that can.
    """
    if any(unicodedata.category(character) in UNSEEN for character in name):
        raise PydanticCustomError("name_unseen", "Use one line, without control or invisible characters")
    if not any(unicodedata.category(character)[0] in "LNPS" and character not in BLANK for character in name):
        # Spaces, and marks with no letter to stand on.
        raise PydanticCustomError("name_unseen", "Use at least one character that can be seen")
    return " ".join(name.split())


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32), AfterValidator(one_line)]
"""What other players see; not unique."""
