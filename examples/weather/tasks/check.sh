# Fails when the observations are not what the other tasks count on; says where they are, and how many.
set -eu

file=data/weather.csv.gz
expected=location,date,precipitation,temp_max,temp_min,wind,weather

gzip -t "$file"
header=$(gzip -dc "$file" | head -n 1)
if [ "$header" != "$expected" ]; then
  echo "the columns are $header; expected $expected" >&2
  exit 1
fi
gzip -dc "$file" | awk -F, 'NR > 1 && (NF != 7 || $2 !~ /^[0-9]+-[0-9]+-[0-9]+$/) { print "bad row " NR ": " $0; bad = 1 } END { exit bad }' >&2

rows=$(($(gzip -dc "$file" | wc -l) - 1))
echo "checked $rows rows" >&2
echo "{\"file\": \"$file\", \"rows\": $rows}"
