#!/bin/sh
# Starts the warm process for Java: harness.sh CONCURRENCY OUTPUT_BYTES_MAX
# Images hold it as fanfold.jar. Elsewhere a JDK compiles it once, beside its sources or, where these can only be read,
# into the runner's folder.
here=$(dirname "$0")
place=$here/fanfold.jar
if [ ! -f "$place" ]; then
  name=harness-$(cat "$here"/src/main/java/dev/fanfold/*.java | cksum | cut -d ' ' -f 1)
  place=$here/target/$name
  mkdir -p "$here/target" 2>/dev/null && [ -w "$here/target" ] || place=$(dirname "$HOME")/$name
  if [ ! -d "$place" ]; then
    command -v javac >/dev/null || {
      echo "functions in Java need a JDK (javac), or fanfold.jar in $here" >&2
      exit 1
    }
    new=$place.$$
    javac --release 17 -nowarn -d "$new" "$here"/src/main/java/dev/fanfold/*.java || exit 1
    # Another one may have been first.
    mv -T "$new" "$place" 2>/dev/null || rm -rf "$new"
  fi
fi
# A collector for small heaps, and no file about each process in /tmp. JAVA_TOOL_OPTIONS says otherwise.
exec java -XX:+UseSerialGC -XX:-UsePerfData -Djava.io.tmpdir="$TMPDIR" --add-opens java.base/java.io=ALL-UNNAMED \
  -cp "$place" dev.fanfold.Harness "$@"
