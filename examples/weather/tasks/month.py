"""How sure is what four years say of a month? Intervals by the bootstrap, for one city and month."""

import csv
import gzip
import random

WET_MM = 1.0
BLOCK_DAYS = 7
TOLD = 5


def main(input, task):
    years = years_of(input["file"], input["city"], input["month"])
    days = [day for year in years for day in year]
    blocks = [block for year in years for block in blocks_of(year)]
    # The same numbers each time, also when an attempt is made again.
    chance = random.Random("%s/%d" % (input["city"], input["month"]))
    resamples = input["resamples"]
    wet, high = [], []
    for n in range(resamples):
        if n % (resamples // TOLD or 1) == 0:
            task.progress("resample %d of %d" % (n, resamples), n / resamples)
        count, wet_days, highs = map(sum, zip(*chance.choices(blocks, k=len(blocks))))
        wet.append(wet_days / count)
        high.append(highs / count)
    return {
        "city": input["city"],
        "month": input["month"],
        "wet": interval(wet, sum(mm >= WET_MM for mm, _ in days) / len(days)),
        "high": interval(high, sum(top for _, top in days) / len(days)),
    }


def years_of(file, city, month):
    """The month's days, a list for each year: how much rain, and how warm."""
    years = {}
    with gzip.open(file, "rt", newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["location"] == city and int(row["date"][5:7]) == month:
                day = (float(row["precipitation"]), float(row["temp_max"]))
                years.setdefault(row["date"][:4], []).append(day)
    return list(years.values())


def blocks_of(days):
    """Weeks are drawn whole: a wet day is likely to follow a wet day, so single days would make us too sure."""
    weeks = [days[i : i + BLOCK_DAYS] for i in range(0, len(days), BLOCK_DAYS)]
    return [
        (len(week), sum(mm >= WET_MM for mm, _ in week), sum(top for _, top in week))
        for week in weeks
    ]


def interval(samples, value):
    """The value, with the range that holds 95 % of the resamples."""
    ranked = sorted(samples)
    low = ranked[int(0.025 * (len(ranked) - 1))]
    high = ranked[round(0.975 * (len(ranked) - 1))]
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
