"""A plan as one HTML page to be attached to a change ticket: it loads nothing, runs nothing,
and escapes everything.
"""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.primitives.inventories import in_words
from orchestrator.report.html.page import html_page
from orchestrator.report.repin.ticket import Ticket, role_words
from orchestrator.report.repin.ticket_screen import signature_rows, signature_title, warnings


def ticket_html(ticket: Ticket, now: datetime) -> str:
    """Write the page. Everything that is put into it is cleaned, then escaped. `now` is aware."""
    return html_page(
        "ticket.html.j2",
        styles=["page.css", "ticket.css"],
        ticket=ticket,
        plan=ticket.plan,
        warnings=list(warnings(ticket, now)),
        role_words=role_words,
        inventory=in_words(ticket.plan.inventory),
        signature_title=signature_title(ticket.approvals),
        signature_rows=list(signature_rows(ticket.approvals)),
    )
