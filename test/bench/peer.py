"""The usual figures of a million returns with numpy, where it is installed. Prints one line of JSON."""

import json
import sys
import time

import numpy as np

n = int(sys.argv[1])
r = (np.random.default_rng(7).random((n, 4)).sum(axis=1) - 2) * 0.006 + 0.00002
began = time.process_time()
growth = np.log1p(r).sum()
mean, sd = r.mean(), r.std(ddof=1)
wealth = np.cumprod(1 + r)
depth = (wealth / np.maximum(np.maximum.accumulate(wealth), 1) - 1).min()
off = r - mean
annual = np.expm1(growth * 8760 / n)
figures = [
    np.expm1(growth), annual, sd * 8760**0.5, mean / sd * 8760**0.5,
    mean / np.sqrt((np.minimum(r, 0) ** 2).mean()) * 8760**0.5, depth, annual / -depth,
    (off**3).mean() / (off**2).mean() ** 1.5, (off**4).mean() / (off**2).mean() ** 2 - 3,
    *np.quantile(r, [0.05, 0.5, 0.95]), (r > 0).mean(), r[r > 0].sum() / -r[r < 0].sum(),
]
print(json.dumps({"seconds": time.process_time() - began, "figures": len(figures), "numpy": np.__version__}))
