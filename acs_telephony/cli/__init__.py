"""The command line `acs-telephony`: `commands.py` takes what a person or a pipeline gives, `reports.py` answers."""
