"""Counter-based randomness: a number that is a function of what it is for, and needs no memory.

Outcome noise is drawn here, so that policies which play the same arm for the n-th time, or an arm in the same round,
meet the same noise whatever they did before. Keys and mixing constants are unsigned 64-bit integers.
"""

from __future__ import annotations

import math

import numpy as np

from banditlab.fuse import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD1B54A32D192ED03)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11, _S12 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11), np.uint64(12)
_ULP = 2.0**-53


@kernel
def mix(z):
    """Finaliser of SplitMix64 (Steele, Lea, Flood 2014; variant 13 of Stafford): a bijection of 64-bit words."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@kernel
def bits(key, what, count):
    """64 random bits, a function of a stream's key and two counters (what was played, which time).

    key : uint64; what, count : int64, count below 2**32 apart for distinct draws
    """
    return mix(mix(key + np.uint64(what) * _STEP) + np.uint64(count) * _GOLDEN)


@kernel
def uniform(key, what, count):
    """Uniform on [0, 1), 53 bits; arguments as of `bits`."""
    return (bits(key, what, count) >> _S11) * _ULP


@kernel
def positive_uniform(key, what, count):
    """Uniform on (0, 1), never an end, for inversion; arguments as of `bits`."""
    return ((bits(key, what, count) >> _S12) + 0.5) * 2.0**-52


@kernel
def normal(key, what, count):
    """Draw a standard normal by inversion, so that it grows with its uniform; arguments as of `bits`."""
    return normal_quantile(positive_uniform(key, what, count))


@kernel
def gumbel(key, what, count):
    """Draw a standard Gumbel by inversion; arguments as of `bits`."""
    return -math.log(-math.log(positive_uniform(key, what, count)))


@kernel
def exponential(key, what, count):
    """Draw a standard exponential by inversion; arguments as of `bits`."""
    return -math.log(positive_uniform(key, what, count))


@kernel
def normal_quantile(p):
    """Return the standard normal quantile for p in (0, 1) (Wichura 1988, AS 241, PPND16; error about 1e-16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2.5090809287301226727e3
        top = top * r + 3.3430575583588128105e4
        top = top * r + 6.7265770927008700853e4
        top = top * r + 4.5921953931549871457e4
        top = top * r + 1.3731693765509461125e4
        top = top * r + 1.9715909503065514427e3
        top = top * r + 1.3314166789178437745e2
        top = top * r + 3.3871328727963666080e0
        low = 5.2264952788528545610e3
        low = low * r + 2.8729085735721942674e4
        low = low * r + 3.9307895800092710610e4
        low = low * r + 2.1213794301586595867e4
        low = low * r + 5.3941960214247511077e3
        low = low * r + 6.8718700749205790830e2
        low = low * r + 4.2313330701600911252e1
        return q * top / (low * r + 1.0)
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        top = 7.74545014278341407640e-4
        top = top * r + 2.27238449892691845833e-2
        top = top * r + 2.41780725177450611770e-1
        top = top * r + 1.27045825245236838258e0
        top = top * r + 3.64784832476320460504e0
        top = top * r + 5.76949722146069140550e0
        top = top * r + 4.63033784615654529590e0
        top = top * r + 1.42343711074968357734e0
        low = 1.05075007164441684324e-9
        low = low * r + 5.47593808499534494600e-4
        low = low * r + 1.51986665636164571966e-2
        low = low * r + 1.48103976427480074590e-1
        low = low * r + 6.89767334985100004550e-1
        low = low * r + 1.67638483018380384940e0
        low = low * r + 2.05319162663775882187e0
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7
        top = top * r + 2.71155556874348757815e-5
        top = top * r + 1.24266094738807843860e-3
        top = top * r + 2.65321895265761230930e-2
        top = top * r + 2.96560571828504891230e-1
        top = top * r + 1.78482653991729133580e0
        top = top * r + 5.46378491116411436990e0
        top = top * r + 6.65790464350110377720e0
        low = 2.04426310338993978564e-15
        low = low * r + 1.42151175831644588870e-7
        low = low * r + 1.84631831751005468180e-5
        low = low * r + 7.86869131145613259100e-4
        low = low * r + 1.48753612908506148525e-2
        low = low * r + 1.36929880922735805310e-1
        low = low * r + 5.99832206555887937690e-1
    value = top / (low * r + 1.0)
    return value if q > 0.0 else -value
