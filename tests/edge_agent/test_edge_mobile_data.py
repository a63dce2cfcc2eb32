"""What a station costs on a paid link: all that passes a counting proxy, with TLS and a certificate."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "benchmarks" / "bench_mobile_data.py"


@pytest.mark.soak
def test_a_station_and_month_cost_at_most_ten_megabytes():
    done = subprocess.run(
        [sys.executable, str(BENCH)], capture_output=True, text=True, check=True, timeout=300
    )
    [month] = re.findall(r"a month, with TCP timestamps +([\d.]+) MB", done.stdout)
    assert 1 < float(month) <= 10
