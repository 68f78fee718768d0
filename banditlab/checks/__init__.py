"""Checks of policies and environments: the contracts of every one, and a certificate for a policy."""

from __future__ import annotations

from banditlab.checks.contracts import check_environment, check_policy
from banditlab.checks.findings import Finding
from banditlab.checks.measures import FAST, FULL, Size
from banditlab.checks.replay import Following, Run, follow, run
from banditlab.checks.transcriptions import Transcription, transcription_of
from banditlab.checks.verification import Verification, verify

__all__ = [
    "FAST",
    "FULL",
    "Finding",
    "Following",
    "Run",
    "Size",
    "Transcription",
    "Verification",
    "check_environment",
    "check_policy",
    "follow",
    "run",
    "transcription_of",
    "verify",
]
