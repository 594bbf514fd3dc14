# For Bash programs and functions that run as tasks: what PROTOCOL.md says, as functions.
#
# Optional. A program sources it; a function in a file finds it sourced already. Outside of a task it does nothing.

# I am alive.
task_beat() {
  [[ ${TASK_CONTROL-} ]] && printf '{"beat":{}}\n' >&3
}

# I am at this step, and this part of all, 0 to 1, is done: task_progress STEP [FRACTION]
task_progress() {
  [[ ${TASK_CONTROL-} ]] || return 0
  local step
  step=$(task_quote "$1") || return
  printf '{"step":%s%s}\n' "$step" "${2:+,\"progress\":$2}" >&3
}

# A line for the log: task_log TEXT...
task_log() {
  [[ ${TASK_CONTROL-} ]] || return 0
  local text
  text=$(task_quote "$*") || return
  printf '{"log":%s}\n' "$text" >&3
}

# Asks for a sub-task with this input, JSON: task_spawn [-k KEY] [-r RUN] [-d] [INPUT]
# RUN is what it runs, as JSON; without, what its parent runs. -d: the parent does not wait for it.
task_spawn() {
  [[ ${TASK_CONTROL-} ]] || return 0
  local OPTIND=1 option members='' key
  while getopts k:r:d option; do
    case $option in
      k)
        key=$(task_quote "$OPTARG") || return
        members+=,\"key\":$key
        ;;
      r) members+=,\"run\":$OPTARG ;;
      d) members+=,\"detached\":true ;;
      *) return 2 ;;
    esac
  done
  shift $((OPTIND - 1))
  printf '{"spawn":{"with":%s%s}}\n' "${1:-null}" "$members" >&3
}

# The task's input, JSON, or what a jq filter finds in it: task_input [FILTER]
task_input() {
  if (($# > 0)); then
    jq -r "$@" <<<"${TASK_JSON-$(cat "${TASK_INPUT:-/dev/null}")}"
  else
    printf '%s\n' "${TASK_JSON-$(cat "${TASK_INPUT:-/dev/null}")}"
  fi
}

# Makes a value, JSON, the task's output. The last call counts.
task_output() {
  [[ ${TASK_OUTPUT-} ]] && printf '%s\n' "$1" >"$TASK_OUTPUT"
}

# Runs a command unless an attempt at this task has already run it to its end under this key: task_once KEY COMMAND...
# Prints what it printed, JSON (nothing is null), or what it printed then. PROTOCOL.md says what is promised.
task_once() {
  local key answer value
  key=$(task_quote "$1") || return
  shift
  while answer=$(_task_ask "{\"key\":$key}"); do
    case $answer in
      '{"mine":true}')
        value=$("$@") || return
        answer=$(_task_ask "{\"key\":$key,\"value\":${value:-null}}")
        [[ $answer == '{"kept":true}' ]] && printf '%s\n' "${value:-null}" && return
        ;;
      '{"wait":'*)
        answer=${answer//[!0-9]/}
        printf -v answer '%d.%03d' $((answer / 1000)) $((answer % 1000))
        sleep "$answer"
        continue
        ;;
    esac
    [[ $answer == '{"value":'* ]] || break
    answer=${answer#*:}
    printf '%s\n' "${answer%\}}"
    return
  done
  printf 'task_once: %s\n' "${answer:-no answer: within a task only, and what the command prints must be JSON}" >&2
  return 1
}

# Prints the answer to a question about an effect, which comes as a file.
_task_ask() {
  [[ ${TASK_ANSWERS-} ]] || return
  local number=${EPOCHREALTIME/[.,]/} turn
  printf '{"once":%s,"ask":%s}\n' "$1" "$number" >&3
  for ((turn = 0; turn < 6000; turn++)); do
    if [[ -f $TASK_ANSWERS/$number.json ]]; then
      printf '%s\n' "$(<"$TASK_ANSWERS/$number.json")"
      return
    fi
    sleep 0.01
  done
  return 1
}

# Prints a folder of the task's own, which is removed after it.
task_folder() {
  mkdir -p "${TASK_DIR:?no task}" && printf '%s\n' "$TASK_DIR"
}

# A text as JSON, in its quotes.
task_quote() {
  local LC_ALL=C text=${1//"\\"/"\\\\"} code char
  text=${text//"\""/"\\\""}
  for code in {1..31}; do
    [[ $text == *[$'\x01'-$'\x1f']* ]] || break
    printf -v code '%02x' "$code"
    printf -v char "\\x$code"
    text=${text//"$char"/"\\u00$code"}
  done
  printf '"%s"\n' "$text"
}
