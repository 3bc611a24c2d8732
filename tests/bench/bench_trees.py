"""Trees beside scikit-learn, XGBoost and LightGBM on the same rows, in turns, the best of several.

    python tests/bench/bench_trees.py BUILD_DIR [rows ...] [--forest] [--predict]

Rows of 28 columns, two classes; boosting has 100 rounds of 31 leaves, learning rate 0.1, 255 bins,
two threads everywhere. Needs scikit-learn, xgboost and lightgbm in the Python that runs it.
"""
import os
os.environ.setdefault("OMP_NUM_THREADS", "2")
import subprocess
import sys
import tempfile
import time

import numpy as np

D, ROUNDS = 28, 100


def make(n, seed=0):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, D)).astype(np.float32)
    z = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] ** 2 - 0.5 + 0.3 * x[:, 4:10].sum(1) * (x[:, 10] > 0)
    return x, (z + r.standard_normal(n) > 0).astype(np.float32)


def ours(build, path, n, model, repeats):
    out = subprocess.run([f"{build}/tests/bench/bench_trees", path, str(n), str(D), model, str(repeats), str(ROUNDS)],
                         capture_output=True, text=True, check=True).stdout.split()
    return float(out[1]), float(out[3]), float(out[5])


def timed(make_model, fit, predict, x, y):
    start = time.perf_counter()
    m = make_model()
    m = fit(m, x, y) or m
    done = time.perf_counter()
    p = predict(m, x)
    end = time.perf_counter()
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return done - start, end - done, float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def peers(forest):
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    import lightgbm as lgb
    import xgboost as xgb
    if forest:
        return {"scikit-learn": (lambda: RandomForestClassifier(ROUNDS, n_jobs=2), lambda m, x, y: m.fit(x, y),
                                 lambda m, x: m.predict_proba(x)[:, 1])}
    xp = {"objective": "binary:logistic", "eta": 0.1, "max_leaves": 31, "max_depth": 0, "grow_policy": "lossguide",
          "tree_method": "hist", "nthread": 2, "verbosity": 0}
    lp = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 31, "num_threads": 2, "verbosity": -1,
          "min_data_in_leaf": 20}
    return {
        "XGBoost": (lambda: None, lambda m, x, y: xgb.train(xp, xgb.QuantileDMatrix(x, y, nthread=2), ROUNDS),
                    lambda m, x: m.inplace_predict(x)),
        "LightGBM": (lambda: None, lambda m, x, y: lgb.train(lp, lgb.Dataset(x, y, params={"verbosity": -1}), ROUNDS),
                     lambda m, x: m.predict(x, num_threads=2)),
        "scikit-learn": (lambda: HistGradientBoostingClassifier(max_iter=ROUNDS, early_stopping=False),
                         lambda m, x, y: m.fit(x, y), lambda m, x: m.predict_proba(x)[:, 1]),
    }


def main():
    build = sys.argv[1]
    rows = [int(a) for a in sys.argv[2:] if a.isdigit()] or [1000, 10000, 100000]
    forest = "--forest" in sys.argv
    for n in rows:
        x, y = make(n)
        repeats = 7 if n <= 10000 else 3 if n <= 100000 else 1
        with tempfile.NamedTemporaryFile() as f:
            np.hstack([x, y[:, None]]).astype(np.float32).tofile(f.name)
            best = {}
            for _ in range(repeats):
                results = {"awml-c": ours(build, f.name, n, "forest" if forest else "boosting", 2 if n < 1000000 else 1)}
                for name, p in peers(forest).items():
                    results[name] = timed(*p, x, y)
                for name, r in results.items():
                    old = best.get(name, r)
                    best[name] = (min(old[0], r[0]), min(old[1], r[1]), r[2])
        print(f"{n} rows, {'forest' if forest else 'boosting'}")
        for name, (fit, predict, loss) in best.items():
            print(f"    {name:14} fit {fit:9.4f} s  predict {predict:9.5f} s  log loss {loss:.4f}")
        others = [v for k, v in best.items() if k != "awml-c"]
        print(f"    ratio to the best peer: fit {min(o[0] for o in others) / best['awml-c'][0]:.2f}, "
              f"predict {min(o[1] for o in others) / best['awml-c'][1]:.2f}")


main()
