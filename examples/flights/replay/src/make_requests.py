"""Writes real flights of July as requests to the endpoint, one file per day, beside what turned out to be true.

`2013-07-01.json` is a body that the endpoint takes, `2013-07-01.labels.json` holds the label of each of its rows, in the
same order. Rows are in the order of departure.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd

NOT_FEATURES = ["date", "late"]


def body(rows: pd.DataFrame) -> dict:
    """The form that pandas calls `split`; a value that is missing is null."""
    split = json.loads(rows.drop(columns=NOT_FEATURES).to_json(orient="split"))
    return {"input_data": {"columns": split["columns"], "index": list(range(len(rows))), "data": split["data"]}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--first-day", type=date.fromisoformat, required=True)
    parser.add_argument("--last-day", type=date.fromisoformat, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    args = parser.parse_args()
    flights = pd.read_parquet(args.prepared / "july.parquet")
    flights = flights[flights["date"].between(pd.Timestamp(args.first_day), pd.Timestamp(args.last_day))]
    if flights.empty:
        raise SystemExit(f"no flights between {args.first_day} and {args.last_day}: the table holds July 2013")
    args.requests.mkdir(parents=True, exist_ok=True)
    days = flights.sort_values("departure_minute", kind="stable").groupby("date")
    for day, rows in days:
        (args.requests / f"{day:%F}.json").write_text(json.dumps(body(rows)))
        (args.requests / f"{day:%F}.labels.json").write_text(json.dumps(rows["late"].tolist()))
    mlflow.log_metrics({"days": len(days), "flights": len(flights), "late_rate": float(flights["late"].mean())})
    print(f"{len(flights):,} flights on {len(days)} days, {flights['late'].mean():.1%} late")


if __name__ == "__main__":
    main()
