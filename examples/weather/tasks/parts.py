"""Lists what there is to compute: each city and year, and each city and month, that the data holds."""

import csv
import gzip
import json
import sys

job = json.load(sys.stdin)
years = {}
months = {}
with gzip.open(job["file"], "rt", newline="", encoding="utf-8") as rows:
    for row in csv.DictReader(rows):
        city, year, month = row["location"], int(row["date"][:4]), int(row["date"][5:7])
        years[city, year] = years.get((city, year), 0) + 1
        months[city, month] = months.get((city, month), 0) + 1

for (city, year), days in years.items():
    if days < 365:
        sys.exit("%s has only %d days in %d: its sums would be too low" % (city, days, year))

print("%d cities and years, %d cities and months" % (len(years), len(months)), file=sys.stderr)
print(
    json.dumps(
        {
            "years": [{"city": city, "year": year} for city, year in years],
            "months": [{"city": city, "month": month} for city, month in months],
        }
    )
)
