"""The committed CloudFormation templates."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muster_deploy.settings import ROOT

FOLDER = ROOT / "deploy" / "templates"
_SUFFIX = ".template.json"
SHARED = "muster-messaging"
"""Deployed before the others, which name its bus and topics."""


@dataclass(frozen=True, slots=True)
class Template:
    """One committed template.

    Attributes:
        name: of its stack, with the default prefix.
        body: the text that CloudFormation gets.
    """

    name: str
    body: str

    @property
    def document(self) -> Mapping[str, Any]:
        """The parsed template."""
        document: Mapping[str, Any] = json.loads(self.body)
        return document

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """Its resources by logical id."""
        resources: Mapping[str, Mapping[str, Any]] = self.document["Resources"]
        return resources

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of every resource of one type, by logical id.

        Args:
            kind: such as `AWS::SQS::Queue`.
        """
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def stack(self, prefix: str) -> str:
        """Return the stack's name in a stage."""
        return prefix + self.name.removeprefix("muster")


def load(folder: Path = FOLDER) -> Sequence[Template]:
    """Read every committed template, the shared one first."""
    found = [
        Template(path.name.removesuffix(_SUFFIX), path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"*{_SUFFIX}"))
    ]
    return sorted(found, key=lambda template: template.name != SHARED)
