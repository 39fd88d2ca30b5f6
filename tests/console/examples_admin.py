"""Examples of what administrators go to, and of plugins' pages."""

from __future__ import annotations

from .example import ADMINISTER, Example, file, form, page

EXAMPLES: dict[str, Example] = {
    "GET /console/admin": page("/console/admin", right=ADMINISTER),
    "POST /console/admin/partners/{name}/start": form("/console/admin/partners/{partner}/start", right=ADMINISTER),
    "POST /console/admin/reload": form("/console/admin/reload", right=ADMINISTER),
    "GET /console/admin/configuration": page(
        *("/console/admin/configuration", "/console/admin/configuration?part=gateway"), right=ADMINISTER
    ),
    "GET /console/admin/configuration.csv": file("/console/admin/configuration.csv?part=web", right=ADMINISTER),
    "GET /console/admin/users": page("/console/admin/users", right=ADMINISTER),
    "POST /console/admin/users": form("/console/admin/users", right=ADMINISTER),
    "POST /console/admin/users/{name}/{what}": form(
        *(f"/console/admin/users/{{user}}/{what}" for what in ("change", "password", "disable", "enable")),
        right=ADMINISTER, role="viewer",
    ),
    "GET /console/admin/access": page("/console/admin/access", right=ADMINISTER),
    "GET /console/admin/access.csv": file("/console/admin/access.csv", right=ADMINISTER),
    "GET /console/admin/alarms": page("/console/admin/alarms", right=ADMINISTER),
    "GET /console/admin/alarms.csv": file("/console/admin/alarms.csv", right=ADMINISTER),
    "POST /console/admin/alarms/{name}/test": form("/console/admin/alarms/nobody/test", right=ADMINISTER),
    "GET /console/admin/webhooks": page("/console/admin/webhooks", right=ADMINISTER),
    "GET /console/admin/webhooks.csv": file("/console/admin/webhooks.csv", right=ADMINISTER),
    "POST /console/admin/webhooks/{name}/test": form("/console/admin/webhooks/nobody/test", right=ADMINISTER),
    "POST /console/admin/webhooks/deliveries/{id}/again": form(
        "/console/admin/webhooks/deliveries/1/again", right=ADMINISTER
    ),
    "GET /console/admin/chains": page("/console/admin/chains", right=ADMINISTER),
    "GET /console/admin/chains.csv": file("/console/admin/chains.csv", right=ADMINISTER),
    "GET /console/admin/explain": page("/console/admin/explain", right=ADMINISTER),
    "POST /console/admin/explain": form("/console/admin/explain", right=ADMINISTER, file=True),
    "GET /console/admin/partners": page("/console/admin/partners", right=ADMINISTER),
    "GET /console/admin/partners.csv": file("/console/admin/partners.csv", right=ADMINISTER),
    "GET /console/admin/partners/new": page("/console/admin/partners/new", right=ADMINISTER),
    "POST /console/admin/partners/new": form("/console/admin/partners/new", right=ADMINISTER),
    "GET /console/admin/partners/new/test": file(
        "/console/admin/partners/new/test", right=ADMINISTER, noted=False, there=False
    ),
    "GET /console/admin/partners/{name}": page("/console/admin/partners/{partner}", right=ADMINISTER),
    "GET /console/admin/partners/{name}/test": file(
        "/console/admin/partners/{partner}/test", right=ADMINISTER, noted=False, there=False
    ),
    "POST /console/admin/partners/{name}/test": form("/console/admin/partners/{partner}/test", right=ADMINISTER),
    "GET /console/admin/plugins": page("/console/admin/plugins", right=ADMINISTER),
    "GET /console/admin/plugins.csv": file("/console/admin/plugins.csv", right=ADMINISTER),
    "GET /console/admin/plugins/{name}": page("/console/admin/plugins/scrubber", right=ADMINISTER),
    "GET /console/admin/plugins/{name}/errors.csv": file(
        "/console/admin/plugins/scrubber/errors.csv", right=ADMINISTER
    ),
    "GET /console/pages": page("/console/pages"),
    "GET /console/pages/{plugin}/{slug}": file("/console/pages/nobody/nothing", there=False),
}  # fmt: skip
