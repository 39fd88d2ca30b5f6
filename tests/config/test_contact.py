"""Who is asked about what we submit: a partner's own contact, else the organisation's; somebody there must be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.config.shipped import shipped_config


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped configuration, of which the partner names nobody."""
    made = tmp_path / "config"
    shutil.copytree(shipped_config(), made)
    partner = made / "partners/practice.yaml"
    lines = [line for line in partner.read_text().splitlines() if not line.strip().startswith("contact:")]
    assert len(lines) < len(partner.read_text().splitlines())
    partner.write_text("\n".join(lines) + "\n")
    return made


def test_nobody_at_all_is_a_fault_at_the_partner(root: Path) -> None:
    gateway = root / "gateway.yaml"
    kept = [line for line in gateway.read_text().splitlines() if not line.strip().startswith("contact:")]
    gateway.write_text("\n".join(kept) + "\n")
    found = load(root, secrets=False)
    assert isinstance(found, list)
    (fault,) = found
    assert "practice.yaml" in str(fault)
    assert "nobody is named who can be asked" in str(fault)


def test_a_partner_that_names_nobody_has_the_organisations(root: Path) -> None:
    found = load(root, secrets=False)
    assert isinstance(found, Config), found
    (partner,) = found.partners
    own = found.gateway.organisation.contact
    assert own is not None
    assert partner.submitter.contact == own == found.contact
    assert own.phone == "6145550100"


def test_a_partner_may_name_another(root: Path) -> None:
    partner = root / "partners/practice.yaml"
    name = "  name: STILLWATER HOME MEDICAL\n"
    assert partner.read_text().count(name) == 1
    text = partner.read_text().replace(name, f"{name}  contact: {{name: CLAIMS, email: claims@example.org}}\n")
    partner.write_text(text)
    found = load(root, secrets=False)
    assert isinstance(found, Config), found
    contact = found.partners[0].submitter.contact
    assert contact is not None
    assert contact.name == "CLAIMS"
    assert found.contact == found.gateway.organisation.contact
