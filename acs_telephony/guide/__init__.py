"""What the pages teach beside routing and choosing: words, plans, prices and the checks of exercises.

Values in, values out, like the core, which it uses; the core knows nothing of it.
"""
