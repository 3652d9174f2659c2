#!/usr/bin/env python3
"""Writes the constant tables of `worstday-stats`: src/draw/tables.rs and src/math/exp_table.rs.

Needs mpmath (60 digits are used, the results are rounded once). The committed tables are the
contract: every draw depends on their bits, so this script documents them and is not run by the build.
"""
import pathlib
import struct
import mpmath as mp

mp.mp.dps = 60
SRC = pathlib.Path(__file__).resolve().parent.parent / "src"


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", float(x)))[0]


def array(name, doc, numbers, kind):
    out = [f"/// {doc}", "#[rustfmt::skip]", f"pub(super) static {name}: [{kind}; {len(numbers)}] = ["]
    per_line = 4
    for i in range(0, len(numbers), per_line):
        out.append("    " + " ".join(f"{n}," for n in numbers[i:i + per_line]))
    out.append("];\n")
    return "\n".join(out)


def edges(density, inverse, tail_area, low, high):
    """The 257 right edges of 256 layers of equal area under `density`."""
    def layers(r):
        v = r * density(r) + tail_area(r)
        x = [v / density(r), r]
        for _ in range(254):
            y = v / x[-1] + density(x[-1])
            if y >= 1:
                return v, x, mp.mpf(1)
            x.append(inverse(y))
        return v, x, v / x[-1] + density(x[-1]) - 1

    # The topmost layer must close at density 1: bisect on the start of the tail.
    low, high = mp.mpf(low), mp.mpf(high)
    for _ in range(190):
        r = (low + high) / 2
        if layers(r)[2] > 0:
            low = r
        else:
            high = r
    _, x, _ = layers(high)
    assert len(x) == 256
    return x + [mp.mpf(0)]


normal = edges(
    lambda x: mp.exp(-x * x / 2),
    lambda y: mp.sqrt(-2 * mp.log(y)),
    lambda r: mp.sqrt(mp.pi / 2) * mp.erfc(r / mp.sqrt(2)),
    3.6, 3.7)
exponential = edges(lambda x: mp.exp(-x), lambda y: -mp.log(y), lambda r: mp.exp(-r), 7.6, 7.8)


def floats(numbers):
    return [repr(float(n)) for n in numbers]


text = """//! Ziggurat tables: 256 layers of equal area under exp(-x) and exp(-x^2/2).
//!
//! `X[0]` is the width of the base layer as if its tail were folded in, `X[1]` is where the tail
//! begins, `X[256]` is 0; `Y[i]` is the density at `X[i]`. Written by `golden/make_tables.py` with
//! 60 digits; every history rests on these bits, so they are never regenerated silently.

"""
text += array("EXP_X", "Right edges of the layers under exp(-x).", floats(exponential), "f64") + "\n"
text += array("EXP_Y", "exp(-x) at the edges.", floats([mp.exp(-x) for x in exponential]), "f64") + "\n"
text += array("NORMAL_X", "Right edges of the layers under exp(-x^2/2).", floats(normal), "f64") + "\n"
text += array("NORMAL_Y", "exp(-x^2/2) at the edges.", floats([mp.exp(-x * x / 2) for x in normal]), "f64")
(SRC / "draw" / "tables.rs").write_text(text)

rows = []
for k in range(128):
    exact = mp.mpf(2) ** (mp.mpf(k) / 128)
    head = mp.mpf(float(exact))
    rows += [f"0x{bits(exact / head - 1):016x}", f"0x{(bits(head) - (k << 52) // 128) % 2**64:016x}"]
text = """//! 2^(k/128) for k in 0..128, as pairs of bit patterns: the relative rest that rounding lost, and the
//! rounded value less k/128 of an exponent, so that adding a shifted whole number completes it.
//! Written by `golden/make_tables.py` with 60 digits; part of every history.

"""
text += array("EXP2_TABLE", "(rest, rounded value) pairs.", rows, "u64")
(SRC / "math" / "exp_table.rs").write_text(text)
