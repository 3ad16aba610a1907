"""Run by test_guests.py in a process of its own, as SciPy reads SCIPY_ARRAY_API once: what libraries compute with arrays and with tensors.

Prints one line of JSON: for each call whether every result is a tensor of the array's dtype (or a float), and the largest difference.
"""

from __future__ import annotations

import json

import numpy as np
import sklearn
from scipy import cluster, fft, signal, special, stats
from sklearn import metrics, preprocessing
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge, RidgeClassifier

from workbench import engine

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5))
LABELS = (X[:, 0] + 0.5 * X[:, 1] > 0).astype("int64")
GUESSES = np.roll(LABELS, 1)
TARGETS = X @ np.arange(5.0) + 0.1 * rng.normal(size=60)
CLASS_METRICS = (
    "accuracy_score", "balanced_accuracy_score", "confusion_matrix", "f1_score", "hamming_loss", "jaccard_score", "precision_score",
    "recall_score", "zero_one_loss",
)  # fmt: skip
REAL_METRICS = (
    "explained_variance_score", "max_error", "mean_absolute_error", "mean_squared_error", "mean_tweedie_deviance", "r2_score",
    "root_mean_squared_error",
)  # fmt: skip
KERNELS = ("cosine_similarity", "euclidean_distances", "linear_kernel", "paired_cosine_distances", "polynomial_kernel", "rbf_kernel")


def lda(to):
    model = LinearDiscriminantAnalysis(solver="svd").fit(to(X), to(LABELS))
    return model.predict(to(X)), model.transform(to(X)), model.predict_proba(to(X))


def pca(solver):
    def fit(to):
        model = PCA(3, svd_solver=solver, power_iteration_normalizer="QR", random_state=0).fit(to(X))
        return model.transform(to(X)), model.components_, model.explained_variance_ratio_, model.inverse_transform(model.transform(to(X)))

    return fit


def ridge(to):
    model = Ridge(solver="svd", alpha=0.5).fit(to(X), to(TARGETS))
    return model.predict(to(X)), model.coef_


def scaler(name):
    return lambda to: getattr(preprocessing, name)().fit_transform(to(X))


def pairs(module, name, a, b):
    return lambda to: getattr(module, name)(to(a), to(b))


CALLS = {
    "LinearDiscriminantAnalysis": lda,
    "Ridge": ridge,
    "RidgeClassifier": lambda to: RidgeClassifier(solver="svd").fit(to(X), to(LABELS)).predict(to(X)),
    "LabelEncoder": lambda to: preprocessing.LabelEncoder().fit_transform(to(LABELS)),
    "KernelCenterer": lambda to: preprocessing.KernelCenterer().fit_transform(to(X @ X.T)),
    "scipy.fft.fft": lambda to: fft.fft(to(X)),
    "scipy.signal.detrend": lambda to: signal.detrend(to(X)),
    "scipy.special.logsumexp": lambda to: special.logsumexp(to(X), axis=1),
    "scipy.special.softmax": lambda to: special.softmax(to(X), axis=1),
    "scipy.stats.skew": lambda to: stats.skew(to(X)),
    "scipy.stats.ttest_1samp": lambda to: stats.ttest_1samp(to(X), 0.0).pvalue,
    "scipy.stats.zscore": lambda to: stats.zscore(to(X)),
    "scipy.cluster.vq.whiten": lambda to: cluster.vq.whiten(to(X)),
}
CALLS |= {f"PCA {solver}": pca(solver) for solver in ("full", "covariance_eigh", "randomized")}
CALLS |= {n: scaler(n) for n in ("Binarizer", "MaxAbsScaler", "MinMaxScaler", "Normalizer", "PolynomialFeatures", "StandardScaler")}
CALLS |= {n: pairs(metrics, n, LABELS, GUESSES) for n in CLASS_METRICS}
CALLS |= {n: pairs(metrics, n, TARGETS, np.roll(TARGETS, 1)) for n in REAL_METRICS}
CALLS |= {n: pairs(metrics.pairwise, n, X, X[::-1].copy()) for n in KERNELS}


def difference(ours, theirs):
    """The largest absolute difference; None where a result is of another class or dtype than it should be."""
    if isinstance(theirs, tuple):
        found = [difference(a, b) for a, b in zip(ours, theirs)]
        return None if None in found else max(found)
    if isinstance(ours, engine.Tensor):
        ours = ours.numpy()
        if ours.dtype != theirs.dtype:
            return None
    elif not isinstance(ours, float):
        return None
    return float(np.abs(ours.astype("complex128") - theirs).max()) if isinstance(ours, np.ndarray) else abs(ours - theirs)


if __name__ == "__main__":
    sklearn.set_config(array_api_dispatch=True)
    print(json.dumps({name: difference(f(engine.from_numpy), f(np.asarray)) for name, f in CALLS.items()}))
