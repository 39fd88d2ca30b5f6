"""Every table of the gateway, whichever module it stands in: what migrations and tests create."""

from __future__ import annotations

from . import (
    admin_tables,
    api_tables,
    cash_tables,
    denial_tables,
    inquiry_tables,
    patient_money_tables,
    practitioner_tables,
    sign_on_tables,
    tables,
    user_tables,
    view_tables,
)

MODULES = (
    tables,
    admin_tables,
    api_tables,
    cash_tables,
    denial_tables,
    inquiry_tables,
    patient_money_tables,
    practitioner_tables,
    sign_on_tables,
    user_tables,
    view_tables,
)
metadata = tables.metadata
