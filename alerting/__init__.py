"""Quarter hours kept fresh, station states, alarms and their life."""
