"""Who a payer or clearinghouse asks about what we send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from .values import Model


class Contact(Model):
    """PER of the submitter (loop 1000A): a name and at least one number."""

    name: str = Field(min_length=1, max_length=60)
    phone: Annotated[str, StringConstraints(pattern=r"^\d{10}$")] | None = None
    extension: str | None = None
    email: str | None = None
    fax: Annotated[str, StringConstraints(pattern=r"^\d{10}$")] | None = None

    @model_validator(mode="after")
    def _one_way_to_reach(self) -> Contact:
        if not (self.phone or self.email or self.fax):
            raise ValueError("a phone, an email or a fax, or nobody can be asked")
        return self
