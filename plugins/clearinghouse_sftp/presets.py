"""What is known of the partners of rules 8.1, as data that lies under a partner's own settings.

Each value has a confidence: H from the partner's own papers, M common knowledge of the field, L hearsay; L
(and all that is absent) must be confirmed at onboarding. Hosts, users and keys are never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Preset(NamedTuple):
    """A partner's known habits. `values` are settings, `confidence` of each group H, M or L, `note` what an
    administrator should know, `confirm` what to ask at onboarding."""

    title: str
    values: Mapping[str, Any]
    confidence: Mapping[str, str]
    note: str
    confirm: str


PRESETS: Mapping[str, Preset] = {
    "generic": Preset(
        "Any SFTP partner",
        {},
        {},
        "Upload and download folders must differ.",
        "Folders, file names, whether renaming is allowed, what may be deleted.",
    ),
    "stedi": Preset(
        "Stedi",
        {
            "folders": {"send": "to-stedi", "receive": ["from-stedi"]},
            "outgoing": {"name": "{date}_{isa13}.x12"},
            "pickup": {"masks": ["*.x12"]},
        },
        {"folders": "H", "pickup": "H", "outgoing": "M"},
        "Test and production are two users; ISA15 and ISA08 (STEDI or STEDITEST) must agree. Only "
        "negative 999s "
        "come unless more is asked for.",
        "Whether positive 999s are switched on.",
    ),
    "claim_md": Preset(
        "Claim.MD",
        {"folders": {"send": "/SendFiles", "receive": ["/ReceiveFiles"]}},
        {"folders": "H"},
        "A sub-folder per tax id is possible: name it in folders.receive. The host key's fingerprint is "
        "shown in "
        "their web pages.",
        "The acknowledgment format; sub-folders.",
    ),
    "optum": Preset(
        "Optum / Change Healthcare",
        {"pickup": {"masks": ["*"]}, "outgoing": {"name": "{isa13}.837"}},
        {"pickup": "H", "outgoing": "L"},
        "Mailbox names AAnnnnnn.XX recur (R5 835, X3 277, CF and SF reports, UF, FX, CN): a file is "
        "known by its "
        "content. Files are not kept for ever.",
        "Folders, and the name of an upload: confirm at onboarding.",
    ),
    "office_ally": Preset(
        "Office Ally",
        {
            "folders": {"send": "inbound", "receive": ["outbound"]},
            "outgoing": {"name": "{test}{sender}_{date}_{isa13}.837", "test_mark": "OATEST"},
            "zip": {"accept": True},
        },
        {"folders": "M", "outgoing": "H", "zip": "H"},
        "The SFTP login is not the web login. Test files carry OATEST in the name. Several files may come in one zip.",
        "Ask their support to switch 999 and 277 on.",
    ),
    "waystar": Preset(
        "Waystar",
        {"folders": {"send": "/{account}/upload", "receive": ["/{account}/download"]}},
        {"folders": "M"},
        "999 and 277CA must be asked for. Set variables.account.",
        "The folders of your account.",
    ),
    "availity": Preset(
        "Availity",
        {"folders": {"send": "SendFiles", "receive": ["ReceiveFiles"]}},
        {"folders": "M"},
        "Responses are told apart by their extension (.ack .999 .277CA .ebr .ibt .era).",
        "Which response types are switched on.",
    ),
    "trizetto": Preset(
        "TriZetto (Cognizant)",
        {"folders": {"send": "/{site}", "receive": ["/{site}/download"]}},
        {"folders": "L"},
        "Folders by site id; set variables.site. Confirm at onboarding.",
        "All folder names: confirm at onboarding.",
    ),
    "cedi": Preset(
        "CEDI (Medicare DME MACs)",
        {"outgoing": {"name": "{isa13}.837"}},
        {"outgoing": "L"},
        "Reached through an approved network service vendor; one enrolment serves the four DME MACs. "
        "TA1, 999, "
        "277CA and 835 come back by submitter id.",
        "Folders and file names depend on the vendor: confirm at onboarding.",
    ),
    "iehp": Preset(
        "IEHP",
        {
            "folders": {
                "send": "/{id}/{environment}/inbound",
                "receive": ["/{id}/{environment}/outbound"],
            },
            "outgoing": {"name": "{id}P{mmddyy}{letter}.837.PGP", "zone": "America/Los_Angeles"},
            "pgp": {"send": {"required": True}},
        },
        {"folders": "H", "outgoing": "H", "pgp": "H"},
        "Set variables.id (three characters) and variables.environment (5010, or editest for tests). At "
        "most 26 "
        "files a day by the letter in the name. More than 5 % errors leads back to testing.",
        "Their PGP key; whether answers are encrypted to ours.",
    ),
    "wa_provider_one": Preset(
        "Washington ProviderOne",
        {
            "folders": {
                "send": "{environment}/HIPAA_Inbound",
                "receive": ["{environment}/HIPAA_Ack", "{environment}/HIPAA_Outbound"],
            },
            "outgoing": {
                "name": "HIPAA.{tpid}.{timestamp}.{isa13}.dat",
                "zone": "America/Los_Angeles",
            },
            "pickup": {"masks": ["*.dat"]},
        },
        {"folders": "H", "outgoing": "H", "pickup": "H"},
        "Set variables.environment (TEST or PROD) and variables.tpid. Files they cannot read are moved to "
        "HIPAA_Error; only .dat is read.",
        "Nothing more than the two variables.",
    ),
    "dol_wcmbp": Preset(
        "DOL OWCP (WCMBP)",
        {
            "outgoing": {
                "name": "{isa13}.dat",
                "max_name": 50,
                "allowed": "[a-z0-9._]",
                "limit": 100_000_000,
            },
            "keep_open": 0.0,
        },
        {"outgoing": "H", "keep_open": "H"},
        "Uploads go to TEST/Inbound or PROD/Inbound; they are renamed and moved only after we log out, "
        "so the line "
        "is closed at once. Purged after 30 days.",
        "The folder of the answers: confirm at onboarding.",
    ),
    "bcbsm": Preset(
        "BCBS of Michigan EDDI",
        {},
        {},
        "A plain login; an account has SFTP or dial-up, not both.",
        "Folders and file names: confirm at onboarding.",
    ),
}
"""The presets by name."""
