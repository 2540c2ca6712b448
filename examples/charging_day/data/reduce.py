#!/usr/bin/env python3
"""Reduces the two published data sets to what the example reads.

    python3 reduce.py mlc_churn.csv CDNOW_master.txt.gz

writes `mlc_churn.csv` and `cdnow_sample.csv` beside this script. Running it
again on the same originals gives the same bytes.
"""

import csv
import gzip
import pathlib
import sys
from collections import defaultdict

COLUMNS = [
    "state", "account_length", "area_code",
    "international_plan",
    "total_day_minutes", "total_day_calls", "total_day_charge",
    "total_eve_minutes", "total_eve_calls", "total_eve_charge",
    "total_night_minutes", "total_night_calls", "total_night_charge",
    "total_intl_minutes", "total_intl_calls", "total_intl_charge",
    "number_customer_service_calls",
]
SAMPLE_EVERY = 10
SAMPLE_REMAINDER = 1


def reduce_churn(source, target):
    with open(source, newline="") as rows, open(target, "w", newline="") as out:
        writer = csv.DictWriter(
            out, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(csv.DictReader(rows))


def reduce_cdnow(source, target):
    cents = defaultdict(int)
    with gzip.open(source, "rt", encoding="ascii") as lines:
        next(lines)  # header
        for line in lines:
            fields = line.split()
            if not fields:
                continue
            customer, date, _quantity, dollars = fields
            if int(customer) % SAMPLE_EVERY == SAMPLE_REMAINDER:
                cents[int(customer), date] += round(float(dollars) * 100)
    with open(target, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["customer", "date", "dollars"])
        for (customer, date), total in sorted(cents.items()):
            writer.writerow([customer, date, f"{total // 100}.{total % 100:02d}"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    if pathlib.Path(sys.argv[1]).resolve() == here / "mlc_churn.csv":
        sys.exit("the original must not be the file this script writes")
    reduce_churn(sys.argv[1], here / "mlc_churn.csv")
    reduce_cdnow(sys.argv[2], here / "cdnow_sample.csv")
