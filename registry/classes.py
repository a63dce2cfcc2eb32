"""The life-cycle classes of a facility (分类)."""

NO_LONGER_DUE = ("to_sewer", "retired", "shut")
"""纳管, 退出, 停用: from the first day of such a class on, a facility is neither watched nor due to run.

One in use (在用) or being rebuilt (改造) is both.
"""
