"""The engine's books, looked at and changed from outside: for a command beside a gateway that runs, or does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dbos import DBOSClient

from .codec import JsonCodec
from .launch import APPLICATION, queue_of
from .port import WorkflowStatus
from .run import workflow_id
from .watching import in_our_words, step_to_redo, their_states


class Books:
    """See `books`."""

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    def list(self, states: Sequence[str], *, kind: str = "", limit: int = 100) -> Sequence[WorkflowStatus]:
        """Workflows in any of these states (all for none), newest first. Raises ValueError for an unknown state."""
        rows = self._client.list_workflows(
            name=kind or None,
            status=[theirs for state in states or ("",) for theirs in their_states(state)],
            limit=limit,
            sort_desc=True,
            load_input=False,
        )
        return [in_our_words(row) for row in rows]

    def resume(self, kind: str, key: str) -> str:
        """Let a failed or cancelled workflow go on from its last finished step, in the gateway that runs or at the
        next start. Returns the state it was in; one that is queued, running or done is left alone.

        Raises:
            LookupError: there is no such workflow.
        """
        name = workflow_id(kind, key)
        found = self._client.list_workflows(workflow_ids=[name], load_input=False)
        if not found:
            raise LookupError(f"no {kind} runs under {key!r}")
        state = in_our_words(found[0]).state
        if found[0].status == "ERROR":
            step = step_to_redo(found[0].error, self._client.list_workflow_steps(name))
            self._client.rewind_workflow(name, start_step=step, queue_name=queue_of(kind))
        elif state in ("failed", "cancelled"):
            self._client.resume_workflow(name, queue_name=queue_of(kind))
        return state


@contextmanager
def books(system_url: str) -> Iterator[Books]:
    """Open the books of the engine at this URL; they must exist (the gateway has been started once)."""
    client = DBOSClient(
        system_database_url=system_url,
        application_name=APPLICATION,
        serializer=JsonCodec(),
        retry_connection_errors=False,
    )
    try:
        yield Books(client)
    finally:
        client.destroy()
