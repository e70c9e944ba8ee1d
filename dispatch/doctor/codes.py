"""Every reason that `doctor` reports: its code, whether a person has to do something, and what it means."""

from dataclasses import dataclass

from dispatch.formats.view import View


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means, as docs/doctor.md says it too."""

    #: Whether it stays as it is until a person does something; otherwise it passes by itself.
    needs_person: bool
    meaning: str


OF_CAMPAIGNS = {
    "not_yet": Code(False, "Its time has not come."),
    "due": Code(False, "Its time has come; the next sweep starts it."),
    "starting": Code(False, "A process has begun to start it, or was killed while it did."),
    "queue": Code(False, "Its jobs wait for a free worker."),
    "hours": Code(False, "It waits for the hours in which its people may be messaged, or for a cap on messages."),
    "rate": Code(False, "Its sender has a rate, or the provider asked to be called later."),
    "provider_away": Code(True, "The provider cannot be reached."),
    "circuit": Code(True, "The provider failed again and again, and is tried with one message at a time."),
    "provider_back": Code(False, "The provider had failed again and again, and is called again."),
    "provider_refused": Code(True, "The provider refuses the account, and the campaign was paused."),
    "paused": Code(True, "A person, or its schedule, paused it."),
    "importing": Code(False, "An import is still changing who is in its audience."),
    "receipts": Code(False, "It has sent everything; calls without an answer are still open."),
    "recovering": Code(False, "It lost its worker, and the sweeper hands it to another one."),
    "rule": Code(False, "Its rule decides later which variant those get who were held back."),
    "choice": Code(True, "Those who were held back wait for a person to choose a variant."),
    "stalled": Code(True, "It does not move, and nothing that `doctor` knows of explains it."),
    "no_worker": Code(True, "No worker serves the queue that it needs."),
    "no_sweeper": Code(True, "No sweeper runs, which would start or continue it."),
    "redis_away": Code(True, "Redis cannot be used, so no job can be handed to a worker."),
    "credits": Code(True, "The account has too few credits."),
    "subscription": Code(True, "The account has no active subscription."),
    "approval": Code(True, "It needs a second person's approval."),
    "quota": Code(True, "A limit that an operator has set for the account is reached."),
    "expired": Code(True, "Its `expires_at` passed before it could start."),
    "too_late": Code(True, "It missed its time by more than its grace."),
    "incomplete": Code(True, "It has no text, no audience, or nobody in it who can be messaged now."),
    "links": Code(True, "Its text has short links, and a setting that they need is missing."),
    "remote": Code(True, "A remote service that knows its audience is not set up, or failed."),
    "preparation_failed": Code(True, "Its messages could not be written."),
    "refused": Code(True, "It was refused for another reason, which the text names."),
    "schedule_failed": Code(True, "The schedule of a recurring campaign has failed."),
}

OF_THE_INSTALLATION = {
    "no_worker": Code(True, "No worker serves one of the queues."),
    "no_sweeper": Code(True, "No sweeper runs."),
    "queue_grows": Code(True, "Jobs of a queue wait for minutes although it has workers."),
    "clock": Code(True, "The clock of this machine differs from the database's."),
    "database_away": Code(True, "PostgreSQL cannot be used."),
    "schema_older": Code(True, "The database lacks migrations of this release."),
    "schema_newer": Code(False, "The database was migrated by a newer release."),
    "redis_away": Code(True, "Redis cannot be used."),
    "redis_read_only": Code(True, "The Redis in REDIS_URL is a replica."),
    "redis_evicts": Code(True, "Redis deletes keys when its memory is short, and jobs with them."),
    "redis_full": Code(True, "Redis has nearly no memory left."),
    "redis_forgets": Code(False, "Redis keeps nothing on disk, so a restart loses the queues."),
    "answers_set_aside": Code(True, "PostgreSQL refused answers of providers that an ended worker had kept in Redis."),
    "disk": Code(True, "A disk of this machine is nearly full."),
    "secrets_unreadable": Code(True, "Credentials or secrets were sealed with a key that is not in PROVIDER_KEY."),
    "webhook_off": Code(True, "A webhook was switched off after a day without a success, or because it is gone."),
    "circuit": Code(True, "Providers failed again and again, and are tried with one message at a time."),
    "callbacks_refused": Code(True, "A provider's last callbacks were refused because their signature is wrong."),
    "key_expires": Code(True, "An API key that is in use expires soon, and no other can replace it."),
}


class Reason(View):
    """Why something does not move, or is not as it should be, and what to do."""

    code: str
    text: str


def of_campaign(code: str, text: str) -> Reason:
    """Returns a reason of a campaign; KeyError for a code that the table does not have."""
    OF_CAMPAIGNS[code]
    return Reason(code=code, text=text)


def of_installation(code: str, text: str) -> Reason:
    """Returns a reason of the installation; KeyError for a code that the table does not have."""
    OF_THE_INSTALLATION[code]
    return Reason(code=code, text=text)
