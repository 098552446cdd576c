"""Holds the prepared tables against schema.json; fails and names every violation before a model can learn from it."""

import argparse
import json
import sys
from pathlib import Path

import mlflow
import pandas as pd


def check(name: str, ok: bool, seen: object, allowed: object) -> dict:
    """One line of the report."""
    return {"check": name, "ok": bool(ok), "seen": str(seen), "allowed": str(allowed)}


def kind_of(column: pd.Series) -> str:
    """text, number or date, as schema.json calls them."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    return "number" if pd.api.types.is_numeric_dtype(column) else "text"


def check_column(table: str, column: pd.Series, rule: dict) -> list[dict]:
    """Kind, share of missing values, then range or pattern of the values that are there."""
    where = f"{table}.{column.name}"
    missing = column.isna().mean()
    results = [
        check(f"{where} kind", kind_of(column) == rule["kind"], kind_of(column), rule["kind"]),
        check(f"{where} missing", missing <= rule["max_missing"], f"{missing:.4f}", f"<= {rule['max_missing']}"),
    ]
    present = column.dropna()
    if "pattern" in rule and results[0]["ok"]:
        strange = present[~present.str.fullmatch(rule["pattern"])].unique()
        results.append(check(f"{where} pattern", len(strange) == 0, list(strange[:5]), rule["pattern"]))
    if "minimum" in rule and results[0]["ok"]:
        inside = present.between(rule["minimum"], rule["maximum"]).all()
        seen = f"{present.min()} to {present.max()}"
        results.append(check(f"{where} range", inside, seen, f"{rule['minimum']} to {rule['maximum']}"))
    return results


def check_table(name: str, table: pd.DataFrame, schema: dict) -> list[dict]:
    """Size, columns (none missing, none unknown, none from after departure), then the values where there are any."""
    rules, leaks = schema["columns"], set(schema["unknown_before_departure"]) & set(table.columns)
    results = [
        check(f"{name} rows", len(table) >= schema["minimum_rows"], len(table), f">= {schema['minimum_rows']}"),
        check(
            f"{name} columns",
            set(table.columns) == set(rules),
            sorted(set(table.columns) ^ set(rules)),
            "none extra, none absent",
        ),
        check(f"{name} leakage", not leaks, sorted(leaks), "only what is known before departure"),
    ]
    if table.empty:
        return results
    for column in [column for column in rules if column in table.columns]:
        results += check_column(name, table[column], rules[column])
    if "late" in table.columns:
        rate, allowed = table["late"].mean(), schema["late_rate"]
        inside = allowed["minimum"] <= rate <= allowed["maximum"]
        results.append(
            check(f"{name} late rate", inside, f"{rate:.3f}", f"{allowed['minimum']} to {allowed['maximum']}")
        )
    return results


def check_split(tables: dict[str, pd.DataFrame]) -> list[dict]:
    """The holdout must lie wholly after training, or its score is no promise about the future."""
    train, holdout = tables["train"], tables["holdout"]
    if "date" not in train.columns or "date" not in holdout.columns or train.empty or holdout.empty:
        return []
    last, first = train["date"].max(), holdout["date"].min()
    return [
        check("split by time", last < first, f"train ends {last:%F}, holdout starts {first:%F}", "train before holdout")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--schema", type=Path, required=True)
    parser.add_argument("--checks", type=Path, required=True)
    args = parser.parse_args()
    schema = json.loads(args.schema.read_text())
    tables = {name: pd.read_parquet(args.prepared / f"{name}.parquet") for name in schema["tables"]}
    results = [line for name, table in tables.items() for line in check_table(name, table, schema)] + check_split(
        tables
    )
    failed = [line for line in results if not line["ok"]]
    report = {"passed": not failed, "rows": {name: len(table) for name, table in tables.items()}, "checks": results}
    args.checks.mkdir(parents=True, exist_ok=True)
    (args.checks / "report.json").write_text(json.dumps(report, indent=2))
    mlflow.log_dict(report, "report.json")
    mlflow.log_metrics({"checks": len(results), "checks_failed": len(failed)})
    if failed:
        lines = [f"  {line['check']}: {line['seen']}; allowed: {line['allowed']}" for line in failed]
        sys.exit(f"{len(failed)} of {len(results)} data checks failed:\n" + "\n".join(lines))
    print(f"{len(results)} data checks passed")


if __name__ == "__main__":
    main()
