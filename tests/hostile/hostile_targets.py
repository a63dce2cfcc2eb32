"""All targets of hostile input by name, in the order in which `make fuzz` takes them."""

import hostile_files
import hostile_tables
import hostile_wire

TARGETS = (*hostile_wire.TARGETS, *hostile_files.TARGETS, *hostile_tables.TARGETS)
BY_NAME = {target.name: target for target in TARGETS}
