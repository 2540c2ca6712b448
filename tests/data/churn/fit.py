#!/usr/bin/env python3
"""Fits the churn scorecard of examples/policies/ready.toml. Python's standard library only.

    ./fit.py wa_churn.csv     writes wa_churn_small.csv (the columns used), then fits
    ./fit.py                  fits wa_churn_small.csv

Logistic regression by Newton's method (iteratively reweighted least squares) with a ridge of 1 on all
but the intercept; the bins that the others are compared with are tenure of four years and more,
and charges of 65 and more. Prints the points, the AUC on all rows, and the mean AUC of five folds.
"""
import csv, math, os, sys

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = os.path.join(HERE, "wa_churn_small.csv")
DAYS_IN_MONTH = 365.25 / 12
TENURE = [90, 180, 365, 730, 1461]   # days, below
MONTHLY = [25, 45, 65]               # dollars a month, below
NAMES = (["intercept"] + [f"tenure < {days}" for days in TENURE]
         + [f"monthly < {dollars}" for dollars in MONTHLY] + ["automatic"])

def reduce(path):
    with open(path, newline="") as table, open(SMALL, "w") as out:
        out.write("tenure_days,monthly,automatic,churn\n")
        for row in csv.DictReader(table):
            days = round(float(row["tenure"]) * DAYS_IN_MONTH)
            automatic = int("automatic" in row["payment_method"])
            out.write(f"{days},{row['monthly_charges']},{automatic},{int(row['churn'] == 'Yes')}\n")

def row(days, monthly, automatic):
    tenure = next((n for n, below in enumerate(TENURE) if days < below), None)
    charges = next((n for n, below in enumerate(MONTHLY) if monthly < below), None)
    x = [1.0] + [0.0] * (len(NAMES) - 1)
    if tenure is not None:
        x[1 + tenure] = 1.0
    if charges is not None:
        x[1 + len(TENURE) + charges] = 1.0
    x[-1] = float(automatic)
    return x

def solve(matrix, right):
    n = len(right)
    rows = [list(matrix[i]) + [right[i]] for i in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(i + 1, n):
            factor = rows[k][i] / rows[i][i]
            for j in range(i, n + 1):
                rows[k][j] -= factor * rows[i][j]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (rows[i][n] - sum(rows[i][j] * x[j] for j in range(i + 1, n))) / rows[i][i]
    return x

def probability(weights, x):
    return 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, x))))

def fit(data):
    n = len(NAMES)
    weights = [0.0] * n
    for _ in range(25):
        gradient, hessian = [0.0] * n, [[0.0] * n for _ in range(n)]
        for x, y in data:
            p = probability(weights, x)
            known = [i for i in range(n) if x[i]]
            for i in known:
                gradient[i] += (y - p) * x[i]
                for j in known:
                    hessian[i][j] += p * (1 - p) * x[i] * x[j]
        for i in range(1, n):
            gradient[i] -= weights[i]
            hessian[i][i] += 1.0
        step = solve(hessian, gradient)
        weights = [w + s for w, s in zip(weights, step)]
        if max(abs(s) for s in step) < 1e-10:
            break
    return weights

def auc(pairs):
    """The share of pairs of a leaver and a stayer in which the leaver scores higher."""
    ranked = sorted(pairs)
    ranks, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        ranks += sum(y for _, y in ranked[at:end]) * (at + 1 + end) / 2
        at = end
    left = sum(y for _, y in ranked)
    return (ranks - left * (left + 1) / 2) / (left * (len(ranked) - left))

def main():
    if len(sys.argv) > 1:
        reduce(sys.argv[1])
    with open(SMALL, newline="") as table:
        rows = [[float(v) for v in r.values()] for r in csv.DictReader(table)]
    data = [(row(d, m, a), y) for d, m, a, y in rows]
    weights = fit(data)
    for name, weight in zip(NAMES, weights):
        print(f"{name:>16} {weight:+.3f}")
    rounded = [round(w, 2) for w in weights]
    score = lambda weights, part: auc([(probability(weights, x), y) for x, y in part])
    print("rounded to two decimals", rounded)
    print(f"churn rate {sum(y for _, y in data) / len(data):.4f} of {len(data)}")
    print(f"AUC {score(weights, data):.4f}, rounded {score(rounded, data):.4f}")
    folds = [[d for n, d in enumerate(data) if n % 5 == k] for k in range(5)]
    held = [score(fit([d for j in range(5) if j != k for d in folds[j]]), folds[k]) for k in range(5)]
    print(f"AUC of five folds {sum(held) / 5:.4f}")

main()
