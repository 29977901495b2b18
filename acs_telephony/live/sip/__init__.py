"""Live SIP on this computer: an ACS side, SBCs and a carrier that send each other real messages, on loopback only.

The ACS side is our model of what Microsoft documents, not Microsoft's code. The application's own leg is no SIP, and no
media flows.
"""
