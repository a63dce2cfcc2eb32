"""Messages to people: outbox, channels, routes, duty roster, wording and delivery."""
