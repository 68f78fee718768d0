"""Twin of large-margin pairs: as small-margin pairs, with the other sign."""

from tests.reference.active_dueling import small_margin

CASES = small_margin.CASES


class LargeMargin(small_margin.SmallMargin):
    sign = 1
