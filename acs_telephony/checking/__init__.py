"""A whole route table in question: read as it is, audited, compared, its findings silenced for a reason.

Above the core, whose machine and words it uses; below the guide and the views.
"""
