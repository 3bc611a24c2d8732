"""Classical models on scikit-learn's six bundled data sets beside scikit-learn, XGBoost and LightGBM: 10 splits each,
the share of right answers or R2 on the rows kept out, and the difference with its standard error.

    python tests/classic/check_real.py build/kernel/awml-c      (needs scikit-learn, xgboost, lightgbm)

Fails where a model of ours is worse than the nearest peer by more than three standard errors and 0.01.
"""
import os
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
import lightgbm
import numpy as np
import xgboost
from sklearn import datasets, linear_model, neighbors, naive_bayes, tree
from sklearn import ensemble as E
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SPLITS = 10
CLASSES = {"iris": datasets.load_iris, "wine": datasets.load_wine, "breast_cancer": datasets.load_breast_cancer,
           "digits": datasets.load_digits}
NUMBERS = {"diabetes": datasets.load_diabetes, "linnerud": datasets.load_linnerud}  # of linnerud: the weight

# our model, its peers for classes, its peers for numbers
BOOST = {"n_estimators": 100, "learning_rate": 0.1, "random_state": 0, "n_jobs": 1}
MODELS = [
    ("DecisionTree(min_rows=3)", [lambda s: tree.DecisionTreeClassifier(min_samples_leaf=3, random_state=s)],
     [lambda s: tree.DecisionTreeRegressor(min_samples_leaf=3, random_state=s)]),
    ("RandomForest()", [lambda s: E.RandomForestClassifier(random_state=s)],
     [lambda s: E.RandomForestRegressor(max_features="sqrt", random_state=s)]),
    ("ExtraTrees()", [lambda s: E.ExtraTreesClassifier(random_state=s)],
     [lambda s: E.ExtraTreesRegressor(max_features="sqrt", random_state=s)]),
    ("GradientBoosting()",
     [lambda s: xgboost.XGBClassifier(max_depth=3, **BOOST),
      lambda s: lightgbm.LGBMClassifier(max_depth=3, min_child_samples=5, reg_lambda=1, verbosity=-1, **BOOST),
      lambda s: E.HistGradientBoostingClassifier(max_depth=3, min_samples_leaf=5, l2_regularization=1, early_stopping=False)],
     [lambda s: xgboost.XGBRegressor(max_depth=3, **BOOST),
      lambda s: lightgbm.LGBMRegressor(max_depth=3, min_child_samples=5, reg_lambda=1, verbosity=-1, **BOOST),
      lambda s: E.HistGradientBoostingRegressor(max_depth=3, min_samples_leaf=5, l2_regularization=1, early_stopping=False)]),
    ("KNeighbors(5)", [lambda s: neighbors.KNeighborsClassifier(5)], [lambda s: neighbors.KNeighborsRegressor(5)]),
    ("LogisticRegression(penalty=1)", [lambda s: linear_model.LogisticRegression(C=1, max_iter=1000)], []),
    ("NaiveBayes()", [lambda s: naive_bayes.GaussianNB()], []),
    ("Ridge(penalty=1)", [], [lambda s: linear_model.Ridge(1)]),
    ("LinearRegression()", [], [lambda s: linear_model.LinearRegression()]),
]


def splits(load, classes):
    """Scaled, as students do before neighbours and linear models: (train x, test x, train y, test y)."""
    d = load()
    y = d.target if d.target.ndim == 1 else d.target[:, 0]
    for seed in range(SPLITS):
        x0, x1, y0, y1 = train_test_split(d.data, y, test_size=0.3, random_state=seed, stratify=y if classes else None)
        s = StandardScaler().fit(x0)
        yield s.transform(x0), s.transform(x1), y0, y1


def score(classes, p, y):
    return np.mean(p == y) if classes else 1 - ((p - y) ** 2).mean() / y.var()


def ours(kernel, model, parts, classes):
    program = ""
    for seed, part in enumerate(parts):
        for name, a in zip(("x0", "x1", "y0"), part):
            np.save(f"{name}_{seed}.npy", a)
        two = classes and part[2].max() == 1
        answer = "m.predict(x1)" + (" > 0.5" if two else ".argmax(axis=1)" if classes else "")
        program += (f'm = {model}\nx0 = load("x0_{seed}.npy")\nx1 = load("x1_{seed}.npy")\ny0 = load("y0_{seed}.npy")\n'
                    f'train m on x0 -> y0:\n    seed: {seed}\np = {answer}\nsave(p, "p_{seed}.npy")\n')
    with open("cell.awml", "w", encoding="utf-8") as f:
        f.write(program)
    ran = subprocess.run([kernel, "run", "cell.awml"], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(ran.stderr)
    scores = []
    for seed, part in enumerate(parts):
        p = np.load(f"p_{seed}.npy")
        scores.append(score(classes, p.reshape(len(p)), part[3]))
    return np.array(scores)


def theirs(make, parts, classes):
    out = []
    for seed, (x0, x1, y0, y1) in enumerate(parts):
        out.append(score(classes, make(seed).fit(x0, y0).predict(x1), y1))
    return np.array(out)


def compare(kernel, name, parts, classes):
    bad = 0
    for model, for_classes, for_numbers in MODELS:
        peers = for_classes if classes else for_numbers
        if not peers:
            continue
        mine = ours(kernel, model, parts, classes)
        all_peers = [theirs(make, parts, classes) for make in peers]
        best = min(all_peers, key=lambda p: abs(p.mean() - mine.mean()))
        off, error = (mine - best).mean(), (mine - best).std(ddof=1) / SPLITS ** 0.5
        wrong = off < -0.01 and off < -3 * error
        bad += wrong
        print(f"{name:14} {model:30} {mine.mean():8.4f}   peers {' '.join(f'{p.mean():8.4f}' for p in all_peers):28}"
              f" {off:+.4f} +- {error:.4f}{'   <-- worse' if wrong else ''}", flush=True)
    return bad


def main():
    warnings.filterwarnings("ignore")
    kernel = os.path.abspath(sys.argv[1])
    os.chdir(tempfile.mkdtemp())
    bad = sum(compare(kernel, name, list(splits(load, classes)), classes)
              for sets, classes in ((CLASSES, True), (NUMBERS, False)) for name, load in sets.items())
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
