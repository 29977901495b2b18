"""What opens sockets on this computer, and on nothing else: the only code here that speaks somebody's protocol.

Above the guide; below the views, which show what it measured.
"""
