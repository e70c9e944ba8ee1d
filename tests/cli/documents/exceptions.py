"""What the documents have people type and no test types for them, each with the reason."""

# By how the command begins.
NOT_RUN = {
    "git clone": "there is no public address to clone from; the tests run in a checkout",
    "make setup": ".ci/run has made .venv before any test runs",
    "make demo": "tests/embedded/test_demo.py runs `python -m cli demo`, which is all that it does",
    "make test": "it is what runs this test",
    "make faults": ".ci/run runs it beside the tests",
    "make lint": ".ci/run runs it before the tests",
    "make docs": "`make lint` runs it",
    "make bench": "it takes minutes; tests/benchmarks/ runs small ones",
    'grep \'"request_id"': "it reads a deployment's logs; tests/cli/campaign/test_trace.py follows a message",
    "python -m cli simulator": "tests/dispatch/providers/test_simulator_process.py runs it",
    "SIMULATOR_URL=": "tests/faults/deployment.py runs a whole deployment through a simulator",
    'curl -H "traceparent': "tests/dispatch/tracing/test_across_processes.py sends the same header",
    "grep 4bf92f": "it reads a deployment's logs; tests/dispatch/tracing/test_across_processes.py follows a trace",
    "docker": "there is no Docker where the tests run; tests/house/test_deployment.py reads both files",
}

# Pages whose blocks other tests run.
RUN_ELSEWHERE = {"docs/cron.md": "tests/examples/test_cron_page.py"}


def is_exception(command: str) -> bool:
    """Returns whether the command is in the table."""
    return command.startswith(tuple(NOT_RUN))
