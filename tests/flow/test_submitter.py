"""PER of the submitter."""

from __future__ import annotations

from gateway.config.contact import Contact
from gateway.core.flow.submitter import per
from gateway.core.x12.segment import Delimiters


def test_it_has_a_name_and_up_to_three_numbers_without_any_separator() -> None:
    contact = Contact(name="EDI*DESK", phone="6145550100", extension="12", email="a:b@example.org", fax="6145550101")
    said = ("PER", "IC", "EDI DESK", "TE", "6145550100", "EX", "12", "EM", "a b@example.org")
    assert per(contact, Delimiters()) == said


def test_only_what_is_there_is_said() -> None:
    contact = Contact(name="EDI DESK", email="edi@example.org")
    assert per(contact, Delimiters()) == ("PER", "IC", "EDI DESK", "EM", "edi@example.org")


def test_without_anybody_it_is_ours() -> None:
    assert per(None, Delimiters()) == ("PER", "IC", "GATEWAY")
