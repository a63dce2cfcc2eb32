"""The station's box: meters to outbox to MQTT, and the installer's commands."""
