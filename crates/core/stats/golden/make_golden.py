#!/usr/bin/env python3
"""Writes tests/it/golden/*.csv: values of SciPy and mpmath that the statistics are tested against.

Run by hand (`pip install scipy mpmath`, then this file); the committed numbers were made with
SciPy 1.17.1 and mpmath 1.4.1. SciPy is used where it is exact to 12 digits, mpmath elsewhere.
"""
import csv
import pathlib
import mpmath as mp
from scipy import special, stats

mp.mp.dps = 40
OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "it" / "golden"


def beta_quantile(p, upper, a, b):
    """SciPy's start (its own last digits are wrong for tiny answers at large b), then mpmath's root."""
    p, upper = mp.mpf(p), mp.mpf(upper)
    x = stats.beta.isf(float(upper), a, b) if upper < p else stats.beta.ppf(float(p), a, b)
    if max(a, b) < 1e5 or min(a, b) > 1e4:
        return x
    mirrored = a > b
    if mirrored:
        a, b, p, upper, x = b, a, upper, p, (stats.beta.ppf(float(upper), b, a) if upper < p else stats.beta.isf(float(p), b, a))
    a, b = mp.mpf(a), mp.mpf(b)

    def lower(x):
        # The binomial sum: 1 - P(fewer than a hits in a + b - 1 trials); a is whole wherever this is used.
        n = a + b - 1
        return 1 - mp.fsum(mp.binomial(n, k) * x**k * (1 - x)**(n - k) for k in range(int(a)))

    assert a == int(a) and a < 200, (a, b)
    root = mp.findroot(lambda x: lower(x) - mp.mpf(p), (mp.mpf(float(x)), mp.mpf(float(x)) * (1 + mp.mpf("1e-6"))), tol=1e-30)
    return 1 - root if mirrored else root


def write(name, header, rows):
    with open(OUT / f"{name}.csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(header)
        for row in rows:
            w.writerow([repr(float(x)) if not isinstance(x, int) else x for x in row])


write("normal", ["z", "cdf"],
      [(z, mp.ncdf(mp.mpf(z))) for z in [-37.0, -20.0, -8.5, -5.0, -3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0, 3.0]])
write("normal_quantile", ["p", "z"],
      [(p, -mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(p))) for p in
       [1e-15, 1e-9, 1e-5, 0.001, 0.01, 0.025, 0.05, 0.0749, 0.0751, 0.2, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]])

rows = []
for shape in [0.01, 0.3, 1.0, 2.5, 10.0, 100.0, 1e4, 1e8]:
    for k in [-4, -1, 0, 1, 5]:
        x = shape + k * mp.sqrt(shape)
        if x > 0:
            x = float(x)
            rows.append((shape, x, special.gammainc(shape, x), special.gammaincc(shape, x)))
write("gamma", ["shape", "x", "lower", "upper"], rows)

rows = []
for shape in [0.05, 0.3, 1.0, 2.5, 25.0, 1e4]:
    for p in [1e-9, 0.001, 0.1, 0.5, 0.9, 0.999]:
        rows.append((shape, p, special.gammaincinv(shape, p)))
write("gamma_quantile", ["shape", "p", "x"], rows)

rows = []
for a, b in [(0.5, 0.5), (0.5, 5.0), (1.0, 3.0), (2.0, 8.0), (30.0, 4.0), (50.0, 950.0), (1e4, 2e4), (3.0, 1e8), (1e7, 9e7)]:
    for p in [1e-8, 0.001, 0.3, 0.5, 0.9, 0.9999]:
        rows.append((a, b, p, beta_quantile(p, 1 - mp.mpf(p), a, b)))
write("beta_quantile", ["a", "b", "p", "x"], rows)

rows = []
for df in [1, 2, 3, 5, 9, 29, 100, 10000]:
    for p in [0.6, 0.9, 0.975, 0.995, 0.9995, 1 - 1e-9]:
        rows.append((df, p, stats.t.ppf(p, df)))
write("student", ["freedom", "p", "t"], rows)

rows = []
for k, n in [(0, 1), (1, 1), (0, 10), (3, 10), (10, 10), (1, 1000), (50, 1000), (999, 1000), (123456, 1000000),
             (0, 10**8), (1, 10**8), (50, 10**8), (20000, 10**8), (5 * 10**7, 10**8), (10**8 - 3, 10**8)]:
    for confidence in [0.9, 0.95, 0.99, 0.999]:
        tail = (1 - mp.mpf(confidence)) / 2
        low = 0.0 if k == 0 else beta_quantile(tail, 1 - tail, k, n - k + 1)
        high = 1.0 if k == n else beta_quantile(1 - tail, tail, k + 1, n - k)
        rows.append((k, n, confidence, low, high))
write("clopper_pearson", ["k", "n", "confidence", "low", "high"], rows)

rows = []
for n, p in [(1, 0.3), (20, 0.05), (100, 0.5), (1000, 0.001), (10**6, 0.01), (10**8, 0.5)]:
    for confidence in [0.95, 0.999]:
        tail = (1 - confidence) / 2
        rows.append((n, p, confidence, int(stats.binom.ppf(tail, n, p)), int(stats.binom.isf(tail, n, p))))
write("binomial_bounds", ["n", "p", "confidence", "low", "high"], rows)

rows = []
for n, p in [(20, 0.05), (1000, 0.3), (10**6, 0.01), (10**8, 0.5)]:
    for z in [-5, -1, 0, 1, 4]:
        k = int(n * p + z * (n * p * (1 - p)) ** 0.5)
        if 0 <= k <= n:
            rows.append((k, n, p, stats.binom.cdf(k, n, p), stats.binom.sf(k, n, p)))
write("binomial", ["k", "n", "p", "lower", "upper"], rows)
