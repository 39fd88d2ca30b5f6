"""gateway.yaml: the organisation, where things are kept, what listens, and the billing systems that send claims."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from gateway.core.model.bank_csv import FIELDS as CSV_FIELDS
from gateway.plugins.settings import Seconds, Secret

from .alarms import Alarms
from .checks import Checks
from .contact import Contact
from .sign_on import SignOn
from .values import Model, Name, Npi, Zone, nested
from .webhooks import Webhook


class Organisation(Model):
    """The supplier: one organisation, with any number of billing NPIs."""

    name: str = Field(min_length=1, max_length=60)
    billing_npis: tuple[Npi, ...] = Field(min_length=1)
    tax_id: Annotated[str, StringConstraints(pattern=r"^\d{2}-?\d{7}$")]
    time_zone: Zone = "America/New_York"
    """Business dates are taken here."""
    contact: Contact | None = None
    """Who is asked about what we submit; a partner may name another."""


def _database_url(value: object, info: ValidationInfo) -> object:
    if value is None or isinstance(value, Secret):
        return value
    text = str(value)
    if text.startswith(("env:", "file:")):
        context = info.context or {}
        secret = Secret(text, base=context.get("root"))
        context.get("secrets", set()).add(secret)
        return secret
    if not text.startswith(("sqlite:", "postgresql")):
        raise ValueError("sqlite (the default), a postgresql URL, or a reference to one: env:NAME, file:/path")
    if "://" in text and "@" in text and ":" in text.split("://", 1)[1].rsplit("@", 1)[0]:
        raise ValueError("a URL without a password; keep the whole URL outside: url: env:GATEWAY_DATABASE_URL")
    return text


class Database(Model):
    """Where the memory is. Without `url`: two SQLite files under `data_dir`, `business.db` and `engine.db`.

    `url` is PostgreSQL, for business rows and engine alike, without a password or by reference.
    """

    url: Annotated[str | Secret | None, BeforeValidator(_database_url)] = None

    def reveal(self) -> str | None:
        """The URL itself; None: SQLite under `data_dir`. Raises SecretMissing."""
        return self.url.reveal() if isinstance(self.url, Secret) else self.url


class Web(Model):
    """What listens. Loopback by default; whatever listens asks for a token."""

    host: str = "127.0.0.1"
    port: int = Field(default=8470, ge=0, le=65535)
    max_upload_mb: int = Field(default=512, ge=1, le=4096)
    open_metrics: bool = False
    """Whether /metrics answers without a token."""
    idle_minutes: int = Field(default=30, ge=1, le=720)
    """Who has done nothing in the console for so long signs in again."""
    tls_certificate: Path | None = None
    """The certificate (PEM, with its chain) with which it listens; its key is in `tls_key`."""
    tls_key: Path | None = None
    behind_proxy: bool = False
    """A proxy of the supplier's own stands before it and speaks TLS with the browsers."""

    sign_on: SignOn | None = None
    """The OpenID Connect provider through which people may sign in to the console."""

    @model_validator(mode="after")
    def _nothing_goes_in_the_clear(self) -> Web:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together: name both, or neither")
        loopback = self.host in ("127.0.0.1", "::1", "localhost")
        if not loopback and self.tls_certificate is None and not self.behind_proxy:
            raise ValueError(
                f"listening on {self.host} needs TLS: name tls_certificate and tls_key, or say behind_proxy: true "
                "where a proxy of yours speaks TLS"
            )
        return self


class Documents(Model):
    """Papers of patients: orders, proofs of delivery, certificates."""

    max_mb: int = Field(default=20, ge=1, le=512)
    """The largest file that is taken."""


class Bank(Model):
    """A bank, and how its files are read."""

    name: Name
    format: Literal["bai2", "csv", "auto"] = "auto"
    """auto tells by the first bytes."""
    accounts: tuple[str, ...] = ()
    """Lines of other accounts than these are not taken; of every account without it."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Of a CSV file: what stands in which column, as `amount: Credit Amount`."""
    date_format: str = Field(default="", max_length=40)
    """Of a CSV file: how dates are written, as `%m/%d/%Y`; told by itself without it."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    total: str = Field(default="", max_length=40)
    """Of a CSV file: what stands in the date's column of the row with the total."""

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = [field for field in value if field not in CSV_FIELDS]
        if unknown:
            raise ValueError(f"no field is called {unknown[0]!r}; there are {', '.join(CSV_FIELDS)}")
        if value and not ("date" in value and ("amount" in value or "credit" in value)):
            raise ValueError("name the columns of date, and of amount or credit")
        return value

    @field_validator("date_format")
    @classmethod
    def _a_date(cls, value: str) -> str:
        day = dt.date(2026, 11, 26)
        try:
            if value and dt.datetime.strptime(f"{day:{value}}", value).replace(tzinfo=dt.UTC).date() != day:
                raise ValueError
        except (ValueError, re.error):
            raise ValueError("a form of dates such as %m/%d/%Y") from None
        return value


class Cash(Model):
    """Money at the bank: its files, and when what is missing is told."""

    banks: tuple[Bank, ...] = ()
    match_days: int = Field(default=3, ge=0, le=30)
    """Business days that a remittance and its money may lie apart where no number says that they belong together."""
    era_without_money_days: int = Field(default=3, ge=0, le=60)
    """Business days after which a remittance without money is a work item."""
    money_without_era_days: int = Field(default=4, ge=0, le=60)
    """Business days after which money without a remittance is a work item."""

    def bank(self, name: str) -> Bank | None:
        """The bank of this name; without a name, the only one. Where none is configured there is one called bank, which
        reads BAI2, and CSV with plain columns. None: there is none, or several."""
        known = self.banks or (Bank(name="bank"),)
        if not name:
            return known[0] if len(known) == 1 else None
        return next((one for one in known if one.name == name), None)


class Workers(Model):
    """How much runs at the same time."""

    decide_processes: int = Field(default=2, ge=1, le=64)
    """Child processes that run the plugins."""
    decide_memory_mb: int = Field(default=1024, ge=128, le=65536)
    """The most memory that one of them may take before it is ended."""
    chunk: int = Field(default=500, ge=1, le=5000)
    """Claims or payments that are decided and committed together."""
    files: int = Field(default=4, ge=1, le=64)
    """Files and batches under way at once."""
    heartbeat: Seconds = Field(default=10.0, gt=0)
    takeover_after: Seconds = Field(default=60.0, gt=0)
    """A worker that has been silent for so long is taken for dead, and its work is resumed by another."""

    @model_validator(mode="after")
    def _takeover_is_slower_than_the_heartbeat(self) -> Workers:
        if self.takeover_after < 2 * self.heartbeat:
            raise ValueError("takeover_after is at least twice heartbeat, or live workers are taken for dead")
        return self


class Retention(Model):
    """How long things are kept, in days, before `gateway purge` may remove them (0: for ever).

    HIPAA wants its documents six years; Medicare suppliers keep records seven years from the date of service.
    """

    claims_days: int = Field(default=0, ge=0)
    raw_files_days: int = Field(default=0, ge=0)
    access_log_days: int = Field(default=2190, ge=0)


class GatewayConfig(Model):
    """gateway.yaml. Relative paths count from the folder of the file."""

    organisation: Organisation
    environment: Literal["test", "production"]
    """What stands in ISA15: T or P. A partner of the other kind is refused before anything is sent."""
    data_dir: Path = Path("var")
    database: Database = nested()
    web: Web = nested()
    documents: Documents = nested()
    cash: Cash = nested()
    alarms: Alarms = nested()
    workers: Workers = nested()
    retention: Retention = nested()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    plugins_dir: Path | None = None
    """A folder of the organisation's own plugins, a folder or a file each."""
    plugins: tuple[str, ...] | None = None
    """Names of the plugins to load; without it, all that are found."""
    desk: dict[str, Any] = Field(default_factory=dict)
    """What plugins do beside the chains: their settings, by the plugin's name."""
    stable_for: Seconds = Field(default=5.0, ge=0)
    """How long a file in a drop folder must stand still before it is taken."""
    poll_every: Seconds = Field(default=5.0, gt=0)
    """How often drop folders are looked at."""
    sources: tuple[Source, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    """Who is told when something happens."""

    @property
    def usage(self) -> Literal["P", "T"]:
        """ISA15."""
        return "P" if self.environment == "production" else "T"

    @property
    def archive_dir(self) -> Path:
        """The content-addressed archive of raw bytes."""
        return self.data_dir / "archive"


Answer = Literal["999", "277CA", "835", "postings"]


class Source(Model):
    """A billing system that sends claims, and what it wants back."""

    name: Name
    drop_folder: Path | None = None
    """Where it puts files; `<data_dir>/in/<name>` without it."""
    drop: str = Field(default="", max_length=121)
    """Its files are no claims, but documents for this drop of a plugin: `plugin/name`."""
    patients_of: str = ""
    """Of a source with `drop`: its documents know patients by the ids of this source; by its own without it."""
    bank: str = ""
    """Its files are no claims, but those of this bank (`cash.banks`)."""
    patterns: tuple[str, ...] = ("*",)
    """Which file names are taken; shell patterns, upper and lower case alike."""
    format: Literal["837", "json", "auto"] = "auto"
    """What its files hold; auto tells by the first bytes."""
    answers_folder: Path | None = None
    """Where its answers go; `<data_dir>/out/<name>` without it."""
    answers: tuple[Answer, ...] = ("999", "277CA", "835", "postings")
    ta1: Literal["asked", "always", "never"] = "asked"
    """When it gets a TA1: where ISA14 asks for one or the interchange is refused; always; never."""
    check: Checks = nested()
    """What is done about claims that do not keep to their guide."""
    our_claim_numbers: bool = False
    """Give its claims our own CLM01, mapped back in what goes back to it."""


GatewayConfig.model_rebuild()
