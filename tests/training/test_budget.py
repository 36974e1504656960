"""Budgets: minutes by the clock, steps and epochs by the count."""

import pytest

from chargen.training.budget import Budget, Due
from chargen.training.config import TrainingConfig


def budget(spent=0.0, **given):
    return Budget(TrainingConfig(**given), steps_per_epoch=50, spent=spent)


def test_minutes_are_this_sessions_and_the_schedule_goes_on_over_all():
    fresh, continued = budget(minutes=1.0), budget(minutes=1.0, spent=60.0)
    assert fresh.fraction(30, 999) == 0.5 and continued.fraction(0, 999) == 0.5
    assert not continued.exhausted(59, 10**9, 0.5) and continued.exhausted(59.8, 0, 0.5)
    assert fresh.seconds_left(45, 0, 0) == 15


@pytest.mark.parametrize(("given", "total"), [({"steps": 120}, 120), ({"epochs": 2.0}, 100), ({"epochs": 0.001}, 1)])
def test_steps_and_epochs_are_totals(given, total):
    counted = budget(**given, spent=1000.0)
    assert counted.exhausted(1e9, total, 0) and not counted.exhausted(1e9, total - 1, 1e9)
    assert counted.fraction(5, total) == 1


def test_time_left_follows_the_pace_of_this_session():
    counted = budget(steps=110)
    assert counted.seconds_left(10, 100, 2) is None
    assert counted.seconds_left(20, 100, 10) == 20


def test_under_a_time_budget_the_first_validation_comes_soon_and_none_just_before_the_last():
    long = budget(minutes=10.0)
    assert long.next_validation(0, 5, 0.0, first=True) == Due(seconds=10)
    assert long.next_validation(10, 50, 0.0, first=False) == Due(seconds=40)
    assert long.next_validation(10, 50, 8.0, first=False) == Due(seconds=210)
    assert not long.next_validation(560, 9, 0.0, first=False).reached(599, 10**9)


def test_under_a_count_validations_fall_on_the_same_steps_however_often_interrupted():
    counted = budget(steps=100)
    due = [
        counted.next_validation(seconds, step, took=9.0, first=False).step
        for seconds, step in ((0, 0), (99, 7), (5, 10))
    ]
    assert due == [10, 10, 20]
    assert not counted.next_validation(0, 95, 0.0, first=False).reached(0, 100)  # the last one comes at the end
