"""Builds the table the model learns from: one row per flown flight, what was known before departure, and `late`.

Nothing that is only known after push-back (departure delay, air time, actual times) may enter a row. Weather is the
observation of the hour BEFORE the scheduled one, so it too was known in time.
"""

import argparse
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd

WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
PLANE = ["plane_year", "engines", "seats"]
# The strongest gust ever measured near New York is far below; weather.csv holds one reading of 1,048 mph.
HIGHEST_WIND_MPH = 150


def minutes_of_day(clock: pd.Series) -> pd.Series:
    """Minutes since midnight of a timetable time written as HHMM."""
    return (clock // 100 * 60 + clock % 100).astype("float64")


def read_weather(raw: Path) -> pd.DataFrame:
    """Hourly weather per airport, keyed by the hour in which a flight may use it: one after the observation."""
    weather = pd.read_csv(raw / "weather.csv", usecols=["origin", "time_hour", *WEATHER])
    weather["time_hour"] = pd.to_datetime(weather["time_hour"]) + pd.Timedelta(hours=1)
    impossible = weather["wind_speed"] > HIGHEST_WIND_MPH
    weather.loc[impossible, "wind_speed"] = float("nan")
    print(f"wind speeds above {HIGHEST_WIND_MPH} mph set to missing: {int(impossible.sum())}")
    return weather


def read_planes(raw: Path) -> pd.DataFrame:
    """Age, engines and seats by tail number."""
    planes = pd.read_csv(raw / "planes.csv", usecols=["tailnum", "year", "engines", "seats"])
    return planes.rename(columns={"year": "plane_year"})


def build_rows(raw: Path, late_minutes: int) -> pd.DataFrame:
    """One row per flight that arrived; cancelled and diverted flights have no arrival delay and are left out."""
    flights = pd.read_csv(raw / "flights.csv")
    flown = flights.dropna(subset=["arr_delay"]).copy()
    print(f"flights: {len(flights):,}, of which cancelled or diverted: {len(flights) - len(flown):,}")
    flown["time_hour"] = pd.to_datetime(flown["time_hour"])
    rows = flown.merge(read_planes(raw), on="tailnum", how="left")
    rows = rows.merge(read_weather(raw), on=["origin", "time_hour"], how="left")
    day = pd.to_datetime(rows[["year", "month", "day"]])
    numbers = rows[["distance", "engines", "seats", *WEATHER]].astype("float64")
    return rows[["carrier", "origin", "dest"]].assign(
        date=day,
        weekday=day.dt.day_of_week.astype("float64"),
        departure_minute=minutes_of_day(rows["sched_dep_time"]),
        arrival_minute=minutes_of_day(rows["sched_arr_time"]),
        plane_age=(rows["year"] - rows["plane_year"]).astype("float64"),
        **{name: numbers[name] for name in numbers},
        late=(rows["arr_delay"] > late_minutes).astype("int64"),
    )


def split(rows: pd.DataFrame, train_from: date, train_until: date, holdout_until: date) -> dict[str, pd.DataFrame]:
    """Training and holdout never share a day, and the holdout lies after training; April and July are months to look at."""
    day, month = rows["date"], rows["date"].dt.month
    first, last, end = pd.Timestamp(train_from), pd.Timestamp(train_until), pd.Timestamp(holdout_until)
    if not first <= last <= end:
        raise SystemExit(f"wanted train_from <= train_until <= holdout_until, got {first:%F}, {last:%F}, {end:%F}")
    return {
        "train": rows[(day >= first) & (day <= last)],
        "holdout": rows[(day > last) & (day <= end)],
        "april": rows[month == 4],
        "july": rows[month == 7],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    for name in ("--train-from", "--train-until", "--holdout-until"):
        parser.add_argument(name, type=date.fromisoformat, required=True)
    parser.add_argument("--late-minutes", type=int, required=True)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--holdout", type=Path, required=True, help="folder: the holdout once more, to judge models by")
    args = parser.parse_args()
    args.prepared.mkdir(parents=True, exist_ok=True)
    days = {name: getattr(args, name) for name in ("train_from", "train_until", "holdout_until")}
    mlflow.log_params({**days, "late_minutes": args.late_minutes})
    parts = split(build_rows(args.raw, args.late_minutes), **days)
    args.holdout.mkdir(parents=True, exist_ok=True)
    parts["holdout"].drop(columns="date").to_parquet(args.holdout / "holdout.parquet", index=False)
    for name, part in parts.items():
        part.to_parquet(args.prepared / f"{name}.parquet", index=False)
        mlflow.log_metrics({f"{name}_rows": len(part), f"{name}_late_rate": float(part["late"].mean())})
        print(f"{name}: {len(part):,} rows, {part['late'].mean():.1%} late")


if __name__ == "__main__":
    main()
