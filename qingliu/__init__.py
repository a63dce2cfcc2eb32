"""The one command, `qingliu`; its sub-commands are imported on use."""
