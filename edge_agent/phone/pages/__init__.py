"""The pages of the installer's site, one room each."""
