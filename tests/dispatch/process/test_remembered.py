"""A caller whose question takes long gets the latest answer, and waits for a moment at most."""

import threading

import pytest

from dispatch.process import remembered
from dispatch.process.remembered import Remembered
from tests.waiting import wait_until


class Question:
    """Answers when it is told to, with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = threading.Event()

    def __call__(self) -> int:
        self.asked += 1
        self.go_on.wait(10)
        return self.asked


@pytest.fixture
def question():
    asked = Question()
    yield asked
    asked.go_on.set()


@pytest.fixture
def patient(monkeypatch):
    """Makes every caller wait for the answer, so that no machine is too slow for it."""
    monkeypatch.setattr(remembered, "WAIT_SEC", 10)


def test_the_answer_of_a_quick_question_is_always_new(patient):
    numbers = iter(range(100))
    answers = Remembered(lambda: next(numbers), unknown=-1)
    assert [answers() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_question_that_hangs_is_asked_once_and_answered_as_unknown(question):
    answers = Remembered(question, unknown=-1)
    assert [answers() for _ in range(20)] == [-1] * 20
    assert question.asked == 1


def test_while_it_hangs_the_answer_before_it_counts(question, monkeypatch):
    monkeypatch.setattr(remembered, "KEEP_SEC", 1000)
    question.go_on.set()
    answers = Remembered(question, unknown=-1)
    wait_until(lambda: answers() >= 1, "there is an answer")
    question.go_on.clear()
    known = answers()
    assert known >= 1
    assert answers() == known


def test_an_answer_is_forgotten_when_no_newer_one_comes(question, monkeypatch):
    question.go_on.set()
    answers = Remembered(question, unknown=-1)
    wait_until(lambda: answers() >= 1, "there is an answer")
    question.go_on.clear()
    monkeypatch.setattr(remembered, "KEEP_SEC", 0)
    assert answers() == -1


def test_when_it_answers_again_so_do_we(question):
    answers = Remembered(question, unknown=-1)
    assert answers() == -1
    question.go_on.set()
    wait_until(lambda: answers() >= 1, "it answers")
