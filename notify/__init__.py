"""Outbox of messages, channels, routes and roster. Nothing is built here yet."""
