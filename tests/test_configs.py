"""The example settings are complete and true: every key is known, every default is the one in force."""

import re
from pathlib import Path

import msgspec
import pytest

from edge_agent.config import AgentSettings, load_agent
from registry.config import CentreSettings, load_centre
from service.settings import SettingsError, parse

CONFIGS = Path(__file__).parent.parent / "configs"
COMMENTED = re.compile(r"^# (?=\w+ = )", re.MULTILINE)


def test_the_agent_example_lacks_nothing_but_its_certificates():
    with pytest.raises(SettingsError) as caught:
        load_agent(CONFIGS / "agent.toml")
    assert [(fault.path, fault.rule) for fault in caught.value.faults] == [
        (f"mqtt.{key}", "there is no such file") for key in ("ca_file", "cert_file", "key_file")
    ]


def test_the_centre_example_is_ready_to_copy():
    assert load_centre(CONFIGS / "centre.toml").centre.name == "农村生活污水处理设施监管中心"


@pytest.mark.parametrize(("name", "model"), [("agent.toml", AgentSettings), ("centre.toml", CentreSettings)])
def test_what_is_commented_out_is_the_default(name, model):
    text = (CONFIGS / name).read_text()
    lines = [
        line for line in text.splitlines() if "postgresql+psycopg" not in line and "parameters" not in line
    ]
    shown = "\n".join(
        line for line in lines if not line.startswith(("# username", "# password", "# path", "# shared"))
    )
    quiet = parse(shown, name, model)
    loud = parse(COMMENTED.sub("", shown), name, model)
    quiet_mqtt, loud_mqtt = quiet.mqtt, loud.mqtt
    assert loud_mqtt.actual_port == quiet_mqtt.actual_port
    assert msgspec.structs.replace(loud, mqtt=quiet_mqtt) == quiet
