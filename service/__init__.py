"""What every long-running process of the house shares: settings, broker link, conditions, stopping."""
