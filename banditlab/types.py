"""The types that parameters and states are declared with.

Parameter types are checked when a grid is read: a string is never taken for a number, and a value out of range is
refused with the name of its key.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.typing import NDArray
from pydantic import AllowInfNan, Strict

Real = Annotated[float, Strict(), AllowInfNan(False)]
Positive = Annotated[float, Strict(), AllowInfNan(False), Gt(0)]
NonNegative = Annotated[float, Strict(), AllowInfNan(False), Ge(0)]
Probability = Annotated[float, Strict(), AllowInfNan(False), Ge(0), Le(1)]
Fraction = Annotated[float, Strict(), AllowInfNan(False), Gt(0), Lt(1)]
AtLeastOne = Annotated[float, Strict(), AllowInfNan(False), Ge(1)]
Count = Annotated[int, Strict(), Ge(1)]
Arms = Annotated[int, Strict(), Ge(2)]
Index = Annotated[int, Strict(), Ge(0)]
Bit = Annotated[int, Strict(), Ge(0), Le(1)]
UpToThree = Annotated[int, Strict(), Ge(1), Le(3)]
Stationary = Literal["rbf", "matern-1/2", "matern-3/2", "matern-5/2"]

#: What a user reads of each.
IN_WORDS = {
    "Real": "number",
    "Positive": "number > 0",
    "NonNegative": "number >= 0",
    "Probability": "number in [0, 1]",
    "Fraction": "number in (0, 1)",
    "AtLeastOne": "number >= 1",
    "Count": "whole number >= 1",
    "Arms": "whole number >= 2",
    "Index": "whole number >= 0",
    "Bit": "0 or 1",
    "UpToThree": "1, 2 or 3",
    "float": "number",
    "int": "whole number",
    "bool": "true | false",
    "str": "text",
}

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Tensor = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
