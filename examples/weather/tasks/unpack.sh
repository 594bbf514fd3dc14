# Unpacks the observations into out/, and fails when they are not what the other tasks count on.
set -eu

packed=data/weather.csv.gz
file=out/weather.csv
expected=location,date,precipitation,temp_max,temp_min,wind,weather

mkdir -p out
gzip -t "$packed"
gzip -dc "$packed" > "$file.$$"

header=$(head -n 1 "$file.$$")
if [ "$header" != "$expected" ]; then
  echo "the columns are $header; expected $expected" >&2
  exit 1
fi
awk -F, 'NR > 1 && (NF != 7 || $2 !~ /^[0-9]+-[0-9]+-[0-9]+$/) { print "bad row " NR ": " $0; bad = 1 } END { exit bad }' "$file.$$" >&2

rows=$(($(wc -l < "$file.$$") - 1))
mv "$file.$$" "$file"
echo "unpacked $rows rows" >&2
echo "{\"file\": \"$file\", \"rows\": $rows}"
