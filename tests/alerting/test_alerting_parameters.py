"""Thresholds given as words on a command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.parameters import settings_with
from registry.config import AlertingSettings
from service.settings import SettingsError


def test_without_words_all_is_as_it_comes():
    assert settings_with([]) == AlertingSettings()


def test_words_change_some_keys():
    found = settings_with(["stop_window_s=21600", "stop_floor_kwh_per_day=0.3", "coverage=0.5"])
    assert (found.stop_window_s, found.stop_floor_kwh_per_day, found.coverage) == (21_600, 0.3, 0.5)
    usual = AlertingSettings()
    assert (found.learn_s, found.idle_window_s) == (usual.learn_s, usual.idle_window_s)


def test_the_last_word_on_a_key_counts_and_blanks_do_not():
    assert settings_with(["stop_window_s=60", "stop_window_s= 120 "]).stop_window_s == 120


@pytest.mark.parametrize("word", ['holidays_file="days.csv"', "holidays_file=days.csv"])
def test_a_text_needs_no_quotes(word):
    assert settings_with([word]).holidays_file == "days.csv"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("stop_window_s", "stop_window_s"),
        ("", ""),
        ("=5", ""),
        ("stop_window=5", "stop_window"),
        ("STOP_WINDOW_S=5", "STOP_WINDOW_S"),
        ("stop_window_s=0", "stop_window_s"),
        ("stop_window_s=-5", "stop_window_s"),
        ("stop_window_s=4h", "stop_window_s"),
        ("stop_window_s=1.5", "stop_window_s"),
        ("stop_window_s=", "stop_window_s"),
        ("stop_window_s=true", "stop_window_s"),
        (f"stop_window_s={'9' * 5_000}", "stop_window_s"),
        (f"stop_window_s={'[' * 5_000}", "stop_window_s"),
        ("coverage=1.1", "coverage"),
        ("coverage=0", "coverage"),
        ("coverage=nan", "coverage"),
        ("effluent_share=1", "effluent_share"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(word, key):
    with pytest.raises(SettingsError) as error:
        settings_with([word, "learn_s=60"])
    (fault,) = error.value.faults
    assert fault.path == key
    assert fault.rule
    assert fault.remedy


def test_all_faults_are_told_at_once():
    with pytest.raises(SettingsError) as error:
        settings_with(["coverage=2", "learn_s=x"])
    assert [fault.path for fault in error.value.faults] == ["coverage", "learn_s"]
    with pytest.raises(SettingsError) as error:
        settings_with(["a=2", "b"])
    assert [fault.path for fault in error.value.faults] == ["a", "b"]


@given(st.lists(st.text(max_size=20) | st.text(max_size=12).map("coverage={}".format), max_size=3))
def test_any_words_give_settings_or_faults(words):
    try:
        found = settings_with(words)
    except SettingsError:
        return
    assert 0 < found.coverage <= 1
