"""Trees beside scikit-learn, XGBoost and LightGBM on the same rows, in turns, the best of several.

    python tests/bench/bench_trees.py BUILD_DIR [rows ...] [--forest] [--cpu] [--seeds N]

Rows of 28 columns, two classes. Boosting: 100 rounds of 31 leaves without a limit of depth, learning
rate 0.1, 255 bins, l2 = 1, at least 20 rows in a leaf (XGBoost knows no such limit, so its leaves weigh
at least 5: twenty rows of a quarter each). Forests: 100 trees, the square root of the columns for each
question, leaves of one row. Two threads everywhere, or with --cpu one, and its processor time.

Beside the times stands how good the models are on 20,000 other rows: log loss and share of right
answers, the mean over --seeds tables (default: 10 for 1,000 and 10,000 rows, 3 for 100,000, 1 for more),
and the standard error of its difference to ours. Needs scikit-learn, xgboost and lightgbm.
"""
import argparse
import os
import sys
CPU = "--cpu" in sys.argv
THREADS = 1 if CPU else 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)
import subprocess
import tempfile
import time

import numpy as np

D, ROUNDS, HELD_OUT = 28, 100, 20000
CLOCK = time.process_time if CPU else time.perf_counter


def make(n, seed):
    r = np.random.default_rng(seed)
    x = r.standard_normal((n, D)).astype(np.float32)
    z = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] ** 2 - 0.5 + 0.3 * x[:, 4:10].sum(1) * (x[:, 10] > 0)
    return x, (z + r.standard_normal(n) > 0).astype(np.float32)


def ours(build, train, test, n, model, repeats):
    """Seconds to fit and to predict; log loss on the training rows, log loss and accuracy on others."""
    command = [f"{build}/tests/bench/bench_trees", train, n, test, HELD_OUT, D, model, repeats, ROUNDS, THREADS]
    out = subprocess.run([str(a) for a in command + ["cpu"] * CPU], capture_output=True, text=True, check=True)
    return [float(a) for a in out.stdout.split()]


def log_loss(p, y):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def theirs(fit, predict, x, y, held_out, repeats):
    best = [1e9, 1e9]
    for i in range(repeats):
        start = CLOCK()
        m = fit(x, y)
        done = CLOCK()
        p = predict(m, x)
        best = [min(best[0], done - start), min(best[1], CLOCK() - done)]
    q = predict(m, held_out[0])
    return best + [log_loss(p, y), log_loss(q, held_out[1]), float(np.mean((q > 0.5) == held_out[1]))]


def peers(forest):
    """Name: (fit, predict)."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    import lightgbm as lgb
    import xgboost as xgb

    def probability(m, x):
        return m.predict_proba(x)[:, 1]

    if forest:
        return {"scikit-learn": (lambda x, y: RandomForestClassifier(ROUNDS, n_jobs=THREADS).fit(x, y), probability)}
    xp = {"objective": "binary:logistic", "eta": 0.1, "max_leaves": 31, "max_depth": 0, "grow_policy": "lossguide",
          "tree_method": "hist", "max_bin": 255, "lambda": 1, "min_child_weight": 5, "nthread": THREADS,
          "verbosity": 0}
    lp = {"objective": "binary", "learning_rate": 0.1, "num_leaves": 31, "max_bin": 255, "lambda_l2": 1,
          "min_data_in_leaf": 20, "min_sum_hessian_in_leaf": 0, "num_threads": THREADS, "verbosity": -1}
    sp = {"max_iter": ROUNDS, "learning_rate": 0.1, "max_leaf_nodes": 31, "max_bins": 255, "l2_regularization": 1,
          "min_samples_leaf": 20, "early_stopping": False}
    return {
        "XGBoost": (lambda x, y: xgb.train(xp, xgb.QuantileDMatrix(x, y, nthread=THREADS, max_bin=255), ROUNDS),
                    lambda m, x: m.inplace_predict(x)),
        "LightGBM": (lambda x, y: lgb.train(lp, lgb.Dataset(x, y, params={"verbosity": -1}), ROUNDS),
                     lambda m, x: m.predict(x, num_threads=THREADS)),
        "scikit-learn": (lambda x, y: HistGradientBoostingClassifier(**sp).fit(x, y), probability),
    }


def save(folder, name, x, y):
    path = os.path.join(folder, name)
    np.hstack([x, y[:, None]]).astype(np.float32).tofile(path)
    return path


def compare(args, n, seeds, rounds):
    """{name: results of each seed}, the times of all the best of `rounds` turns."""
    all_results = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            (x, y), held_out = make(n, seed), make(HELD_OUT, 1000 + seed)
            train, test = save(folder, "train", x, y), save(folder, "test", *held_out)
            for turn in range(rounds if seed == 0 else 1):
                model, again = "forest" if args.forest else "boosting", 1 if n >= 1000000 or seed else 2
                results = {"awml-c": ours(args.build, train, test, n, model, again)}
                for name, way in peers(args.forest).items():
                    results[name] = theirs(*way, x, y, held_out, again)
                for name, r in results.items():
                    rows = all_results.setdefault(name, [])
                    if turn == 0:
                        rows.append(r)
                    for row in rows:
                        row[:2] = [min(a, b) for a, b in zip(row[:2], r[:2])] if seed == 0 else rows[0][:2]
    return {name: np.array(rows) for name, rows in all_results.items()}


def show(results):
    mine = results["awml-c"]
    for name, r in results.items():
        fit, predict, seen, loss, right = r.mean(0)
        line = (f"    {name:13} fit {fit:9.4f} s  predict {predict:9.5f} s  log loss on its rows {seen:.4f}, "
                f"on others {loss:.4f}, right {100 * right:.2f} %")
        if name != "awml-c" and len(r) > 1:
            error = (r - mine).std(0, ddof=1) / len(r) ** 0.5
            line += f" (+- {error[3]:.4f}, {100 * error[4]:.2f})"
        print(line)
    others = [r for name, r in results.items() if name != "awml-c"]
    ratio = [min(r[0, k] for r in others) / mine[0, k] for k in (0, 1)]
    print(f"    ratio to the best peer: fit {ratio[0]:.2f}, predict {ratio[1]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("rows", nargs="*", type=int, default=[1000, 10000, 100000])
    parser.add_argument("--forest", action="store_true")
    parser.add_argument("--cpu", action="store_true", help="one thread each, processor time")
    parser.add_argument("--seeds", type=int, help="tables for the comparison of what the models know")
    args = parser.parse_args()
    for n in args.rows:
        rounds = 7 if n <= 10000 else 3 if n <= 100000 else 1
        seeds = args.seeds or (10 if n <= 10000 else 3 if n <= 100000 else 1)
        print(f"{n} rows, {'forest' if args.forest else 'boosting'}, {THREADS} thread{'s' * (THREADS > 1)}")
        show(compare(args, n, seeds, rounds))


main()
