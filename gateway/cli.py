"""The command `gateway`: thin. Each subcommand is imported when it is called, so `gateway config check` stays quick."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .lazy_group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "alarm": ("gateway.operate.alarm_commands:alarm", "Alarms: what stands, what was told, trying a channel out."),
    "authorizations": (
        "gateway.operate.belongings_commands:authorizations",
        "Prior authorizations of patients; bringing them in.",
    ),
    "backup": ("gateway.operate.commands:backup", "Copy everything into a folder, while the gateway runs."),
    "bank": ("gateway.operate.bank_commands:bank", "What banks send: taking a bank's file."),
    "batches": ("gateway.operate.batch_commands:batches", "Interchanges made of claims; sending one that waits."),
    "claim": ("gateway.operate.claim_commands:claim", "One claim: its fields, correcting, cancelling, replacing it."),
    "config": ("gateway.config.commands:config", "Check and show the configuration."),
    "day": ("gateway.operate.day_commands:day", "The day's close: its figures, closing and reopening it."),
    "denial": ("gateway.operate.denial_commands:denial", "What payers refused, and what is done about it."),
    "plugins": ("gateway.operate.plugins_command:plugins", "The plugins that are found, who uses them, how they do."),
    "deliveries": ("gateway.operate.belongings_commands:deliveries", "What was delivered to patients; bringing it in."),
    "deposit": ("gateway.operate.deposit_commands:deposit", "Money expected and seen: matching, keying, naming it."),
    "demo": ("gateway.sandbox.demo:demo", "Watch claims leave and come back paid, on a practice clearinghouse."),
    "doctor": ("gateway.operate.commands:doctor", "Look whether everything is there and adds up."),
    "document": ("gateway.operate.document_commands:document", "Papers of patients: adding, listing, saving them."),
    "drop": ("gateway.operate.drop_command:drop", "Hand a document in to a plugin that takes such."),
    "equipment": ("gateway.operate.belongings_commands:equipment", "The equipment that patients have; bringing it in."),
    "exceptions": (
        "gateway.operate.exception_commands:exceptions",
        "Payments that did not post: why, what they may be for, what to do.",
    ),
    "explain": (
        "gateway.operate.explain_commands:explain",
        "What would happen to each claim or payment of a file, and why.",
    ),
    "export": ("gateway.operate.export_commands:export", "Tables as CSV, JSON or Parquet, to analyse elsewhere."),
    "graph": ("gateway.config.commands:graph", "Draw the chains: what each is for, and its steps."),
    "holds": ("gateway.operate.hold_commands:holds", "Claims that are kept back, and letting them go."),
    "import": (
        "gateway.operate.belongings_commands:bring_in",
        "Bringing in what patients have, and their papers' data, with a dry run.",
    ),
    "inquiry": ("gateway.operate.inquiry_commands:inquiry", "Asking payers how claims stand (276), and their answers."),
    "orders": ("gateway.operate.belongings_commands:orders", "Orders of practitioners; bringing them in."),
    "partner": (
        "gateway.operate.commands:partner",
        "Clearinghouses and payers: how their lines do; start a stopped one.",
    ),
    "patient": ("gateway.operate.patient_commands:patient", "Patients who are one person, or are not: merging them."),
    "plugin": ("gateway.plugins.scaffold:plugin", "Begin a plugin of your own; run a command of one."),
    "practitioners": (
        "gateway.operate.practitioner_commands:practitioners",
        "Who may order equipment: the list of Medicare, and looking somebody up.",
    ),
    "purge": ("gateway.operate.commands:purge", "Remove what the retention policy no longer keeps."),
    "queue": ("gateway.operate.queue_commands:queue", "What waits for a person, and working it."),
    "rejection": ("gateway.operate.rejection_commands:rejection", "Refused claims: where the fault is, what to do."),
    "replay": (
        "gateway.operate.again_commands:replay",
        "Run something again inside: claims, payments that wait, a file.",
    ),
    "report": ("gateway.operate.desk_commands:report", "DSO, ageing, rates and other figures; what plugins declare."),
    "requests": ("gateway.operate.again_commands:requests", "What was asked to be done again, and what came of it."),
    "restore": ("gateway.operate.commands:restore", "Bring a backup back into an empty place."),
    "resubmit": ("gateway.operate.again_commands:resubmit", "Send rejected claims again in a new interchange."),
    "sandbox": ("gateway.sandbox.commands:sandbox", "A practice clearinghouse, and invented claims to send."),
    "serve": ("gateway.operate.commands:serve", "Run the gateway."),
    "tables": ("gateway.config.tables_command:tables", "Code lists with dates: HCPCS, modifiers, ICD-10-CM."),
    "takebacks": (
        "gateway.operate.takeback_commands:takebacks",
        "What payers carried forward, announced to take back, or took.",
    ),
    "token": ("gateway.operate.commands:token", "Bearer tokens for the API."),
    "trace": ("gateway.operate.trace_commands:trace", "What did happen to a claim, an interchange or a file."),
    "upgrade": ("gateway.operate.commands:upgrade", "Bring the database to the schema of this version."),
    "user": ("gateway.operate.user_commands:user", "Who signs in to the console, and what they may."),
    "work": ("gateway.operate.work_commands:work", "Files and batches under way, and those that failed."),
    "worklists": ("gateway.operate.desk_commands:worklists", "Lists of work items that plugins declare."),
    "webhook": ("gateway.operate.webhook_commands:webhook", "Who is told when something happens, and what arrived."),
    "worker": ("gateway.operate.commands:worker", "Work beside a gateway that serves (PostgreSQL)."),
    "x12": ("gateway.operate.x12_commands:x12", "Look into X12 files."),
}
"""Name of a subcommand: where it is (`module:command`), and its line in the help. Nothing is imported for the help."""
ALIASES = {"hold": "holds"}
"""Other names of subcommands; the help does not list them."""


@click.group(cls=LazyGroup, lazy=COMMANDS, aliases=ALIASES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hme-edi-gateway", prog_name="gateway")
@click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config"),
    envvar="GATEWAY_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The configuration: its folder, or its gateway.yaml.",
)
@click.pass_context
def cli(ctx: click.Context, config_path: Path) -> None:
    """HME EDI gateway: claims out, answers in, every cent posted once."""
    ctx.obj = config_path


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 what was asked about is not in order, 2 it could not be asked."""
    try:
        cli(prog_name="gateway")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


if __name__ == "__main__":
    main()
