"""Reference values for tests/classic: scikit-learn, XGBoost and LightGBM on real data.

Writes reference.h and data/*.npy beside this file. Run it with a Python that has numpy, scikit-learn,
xgboost, lightgbm, pandas and palmerpenguins:

    python tests/classic/reference.py

Row i is for testing if (7919 i) mod 10 < 3. Scores are accuracies, or r2 for numbers.
"""
import os
os.environ["OMP_NUM_THREADS"] = "1"
import pathlib
import warnings

import lightgbm as lgb
import numpy as np
import sklearn
import xgboost as xgb
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent
SEEDS = 10
lines = [f"/* Reference values by scikit-learn {sklearn.__version__}, XGBoost {xgb.__version__} and LightGBM "
         f"{lgb.__version__}; written by reference.py. */", "#pragma once", ""]


def penguins():
    from palmerpenguins import load_penguins
    t = load_penguins()
    x = t[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"]].to_numpy(float)
    x = np.column_stack([x, t["island"].astype("category").cat.codes])
    return x, t["species"].astype("category").cat.codes.to_numpy()


def sets():
    for name in ["iris", "wine", "breast_cancer", "digits"]:
        d = getattr(datasets, "load_" + name)()
        yield name, d.data, d.target, True
    yield ("penguins", *penguins(), True)  # has missing values
    d = datasets.load_diabetes()
    yield "diabetes", d.data, d.target, False


def parts(x, y):
    test = (7919 * np.arange(len(y))) % 10 < 3
    return x[~test], y[~test], x[test], y[test]


def score(m, data):
    return m.fit(data[0], data[1]).score(data[2], data[3])


def over_seeds(make, data):
    s = [score(make(k), data) for k in range(SEEDS)]
    return float(np.mean(s)), float(np.std(s))


class Boosted:
    """LightGBM or XGBoost with scikit-learn's score."""

    def __init__(self, kind, classes, seed):
        common = dict(n_estimators=100, learning_rate=0.1, max_depth=3, random_state=seed, n_jobs=1, subsample=0.8)
        if kind == "xgb":
            self.m = (xgb.XGBClassifier if classes else xgb.XGBRegressor)(min_child_weight=1, **common)
        else:
            common.update(subsample_freq=1, min_child_samples=5, verbosity=-1)
            self.m = (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(**common)

    def fit(self, x, y):
        self.m.fit(x, y)
        return self

    def score(self, x, y):
        return self.m.score(x, y)


def noisy(name, data, classes):
    gap = np.isnan(data[0]).any()
    rf, et = (RandomForestClassifier, ExtraTreesClassifier) if classes else (RandomForestRegressor, ExtraTreesRegressor)
    gb = GradientBoostingClassifier if classes else GradientBoostingRegressor
    forest = over_seeds(lambda k: rf(100, max_features="sqrt", random_state=k, n_jobs=1), data)
    extra = over_seeds(lambda k: et(100, max_features="sqrt", random_state=k, n_jobs=1), data)
    boosts = [over_seeds(lambda k, kind=kind: Boosted(kind, classes, k), data) for kind in ["xgb", "lgb"]]
    if not gap and name != "digits":  # exact splits of 10 classes take minutes
        boosts.append(over_seeds(lambda k: gb(subsample=0.8, min_samples_leaf=5, random_state=k), data))
    for label, (mean, std) in [("forest", forest), ("extra", extra)]:
        lines.append(f"static const double {name}_{label}[] = {{{mean:.6f}, {std:.6f}}};")
    low, high = min(b[0] for b in boosts), max(b[0] for b in boosts)
    std = max(b[1] for b in boosts)
    lines.append(f"static const double {name}_boosting[] = {{{low:.6f}, {high:.6f}, {std:.6f}}};")


def emit(name, x):
    lines.append(f"static const double {name}[] = {{{', '.join('%.12g' % v for v in np.ravel(x))}}};")


def exact(name, data, classes):
    x, y, tx, ty = data
    knn = (KNeighborsClassifier if classes else KNeighborsRegressor)(5).fit(x, y)
    emit(f"{name}_neighbors", (knn.predict_proba(tx) if classes else knn.predict(tx)[:, None])[:10])
    near = (KNeighborsClassifier if classes else KNeighborsRegressor)(7, weights="distance").fit(x, y)
    emit(f"{name}_near", (near.predict_proba(tx) if classes else near.predict(tx)[:, None])[:10])
    p = PCA(3).fit(x)
    emit(f"{name}_explained", p.explained_variance_ratio_)
    emit(f"{name}_components", np.abs(p.components_))
    if classes:
        emit(f"{name}_bayes", GaussianNB().fit(x, y).predict_proba(tx)[:10])
        sx = x / x.std(0).clip(1e-9)
        m = LogisticRegression(C=1.0, tol=1e-12, max_iter=100000).fit(sx, y)
        emit(f"{name}_logistic", m.predict_proba(tx / x.std(0).clip(1e-9))[:10])
    else:
        emit(f"{name}_linear", LinearRegression().fit(x, y).predict(tx)[:10])
        emit(f"{name}_ridge", Ridge(0.5).fit(x, y).predict(tx)[:10])
    tree = (DecisionTreeClassifier if classes else DecisionTreeRegressor)
    trees = [tree(max_depth=4, min_samples_leaf=3, random_state=k).fit(x, y) for k in range(SEEDS)]
    lines.append(f"static const double {name}_tree[] = {{{min(t.score(x, y) for t in trees):.6f}, "
                 f"{max(t.score(x, y) for t in trees):.6f}, {min(t.score(tx, ty) for t in trees):.6f}, "
                 f"{max(t.score(tx, ty) for t in trees):.6f}}};")


for name, x, y, classes in sets():
    small = np.asarray(x, np.uint8) if name == "digits" else np.asarray(x, np.float64)
    np.save(HERE / "data" / f"{name}_x.npy", small)
    np.save(HERE / "data" / f"{name}_y.npy", np.asarray(y, np.uint8 if classes else np.float64))
    data = parts(np.asarray(small, float), np.asarray(y))
    noisy(name, data, classes)
    if not np.isnan(x).any():
        exact(name, data, classes)
(HERE / "reference.h").write_text("\n".join(lines) + "\n")
