"""`qingliu agent web`: the installer's commands on a phone."""
