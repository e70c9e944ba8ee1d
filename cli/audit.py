"""`audit`: proves from the rows that every promise holds."""

from dataclasses import dataclass

import click

from cli.shared.output import answers, console
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.audit import CHECKS, Violation
from dispatch.audit import audit as prove


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether every promise holds, and the violations found."""

    ok: bool
    violations: list[Violation]


def _show(verdict: Verdict) -> None:
    if verdict.ok:
        queries = sum(len(found) for found in CHECKS.values())
        console().print(f"[green]Every promise holds[/green]: {', '.join(CHECKS)}; {queries} queries found nothing.")
    for violation in verdict.violations:
        more = ", …" if violation.count > len(violation.ids) else ""
        console().print(f"[red]{violation.invariant}[/red]  {violation.what}: {violation.count}")
        console().print(f"    {', '.join(violation.ids)}{more}", style="dim")


def _is_broken(verdict: Verdict) -> bool:
    return not verdict.ok


@click.command()
@account_option(required=False, help="Audit this account only.  [default: all]")
@answers(show=_show, failed=_is_broken)
@with_database
def audit(account: str | None) -> Verdict:
    """Prove from the rows that every promise holds; exit status 1 and the ids when one does not.

    It reads one snapshot and blocks nothing, so it may run at any time. A violation names its invariant
    (docs/glossary.md explains I1, I3, I5, I7, I8, I9 and I12), what is wrong, and the first ids:
    a campaign's number, a message's <campaign>-<n>, a batch's b-<campaign>-<number>, a schedule's id.

    \b
    python -m cli audit
    python -m cli audit --json
    """
    violations = prove(tenant_of(account))
    return Verdict(ok=not violations, violations=violations)
