"""MQTT in, check, write, then acknowledge; presence and quarantine."""
