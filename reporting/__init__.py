"""Operating rate and monthly report. Nothing is built here yet."""
