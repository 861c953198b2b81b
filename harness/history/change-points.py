"""Where series change their level, by E-divisive as Apache Otava does it: JSON in, JSON out."""

import json
import sys

from otava.analysis import compute_change_points

# A change is one that chance makes in a thousand cases once, and that is 3% at least.
options = {"window_len": 50, "max_pvalue": 0.001, "min_magnitude": 0.03}


def changes(values):
    points, _ = compute_change_points(values, **options)
    return [
        {
            "index": int(point.index),
            "before": float(point.stats.mean_1),
            "after": float(point.stats.mean_2),
            "p": float(point.stats.pvalue),
        }
        for point in points
    ]


json.dump([changes(values) for values in json.load(sys.stdin)], sys.stdout)
