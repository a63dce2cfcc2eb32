"""What the audit trail keeps of a revision that was frozen. Pure."""

from typing import Any

from registry.tables import Report

FREEZE = "report.freeze"
"""The action under which it stands there."""


def subject_of(report: Report) -> str:
    """What the audit trail calls a revision."""
    return f"report-{report.month}-r{report.revision}"


def frozen_fields(report: Report) -> dict[str, Any]:
    """What the audit trail keeps of a frozen revision, by which its row is verified."""
    return {
        "files": report.files,
        "figures_sha256": report.figures_sha256,
        "rule_version": report.rule_version,
        "data_cutoff_ms": report.data_cutoff_ms,
        "frozen_ms": report.frozen_ms,
        "frozen_by": report.frozen_by,
        "summary": report.summary,
    }
