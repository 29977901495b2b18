"""Which connection, until when, what follows it and what it costs: decisions as tables, with a source for every row.

Above the core and the audit; below the guide and the views.
"""
