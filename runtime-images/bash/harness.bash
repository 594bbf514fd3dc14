# The warm process for Bash: runs calls of functions in files, one after another, each in a copy of this shell.
# JSON lines on fd 3 (in) and fd 4 (out); see ../PROTOCOL.md. Bash 5 or later, and no other program but mkfifo, mkdir, mv and rm.

if ((BASH_VERSINFO[0] < 5)); then
  echo "functions in Bash need Bash 5 or later, this is $BASH_VERSION" >&2
  exit 1
fi
namesBefore=" $(compgen -v | tr '\n' ' ') "
here=${BASH_SOURCE[0]%/*}
outputMax=${2:-16777216}
lineMax=64000 batchMax=16000 lastMax=1000000 tailMax=2000
localeBefore=${LC_ALL-unset}
# Bytes, so that all of them pass, and fast.
LC_ALL=C
set -f
shopt -u patsub_replacement 2>/dev/null
source "$here/harness_json.bash"

# ---- pipes ----

# A pipe that both ends of are ours: $1 becomes its number.
openPipe() {
  local path=$HOME/pipe-$BASHPID-$1
  mkfifo -m 600 "$path" && eval "exec {$1}<>\"\$path\"" && rm "$path" || exit 1
}

# Says something to the executor. Of all that are ours one writes at a time: who holds the letter that is in `turn`.
send() {
  local letter
  read -r -N 1 -u "$turn" letter
  printf '%s\n' "$1" >&4
  printf x >&"$turn"
}

# ---- what calls print and say: one reader for each, as long as the process lives ----

mark=$'\x1e'$SRANDOM$SRANDOM:

# Reads a call's stdout (0), stderr (1) or control channel (say). Marked lines tell whose they are, and when it is over.
follow() {
  trap '' TERM USR1
  local stream=$1 fd=$2 line order at='' id='' last='' tail='' missing='' batch='' batchSize=0
  while IFS= read -r -u "$fd" line; do
    order=
    if [[ $line == *"$mark"* ]]; then
      order=${line#*"$mark"} line=${line%%"$mark"*}
      [[ $order == missing ]] && missing=1
    fi
    [[ $line == '' && $order ]] || followLine
    case $order in
      begin*) id=${order#begin} last='' tail='' missing='' ;;
      end)
        flushBatch
        answer
        ;;
    esac
  done
}

followLine() {
  if [[ $stream == say ]]; then
    [[ $line == '{'* && ${#line} -le $lastMax ]] && isJson "$line" && lookAtClock && send "[\"say\",$id,$at,$line]"
    return
  fi
  if [[ $stream == 0 ]]; then
    [[ $line == *[![:space:]]* ]] && last=$line
  elif ((${#tail} < 4 * tailMax)); then
    tail+=$line$'\n'
  else
    tail=${tail: -tailMax}$line$'\n'
  fi
  while ((${#line} > lineMax)); do
    addLine "${line:0:lineMax}"
    line=${line:lineMax}
  done
  addLine "$line"
  # What is there already travels together.
  ((batchSize < batchMax)) && read -r -t 0 -u "$fd" || flushBatch
}

addLine() {
  quote "$1"
  batch+=${batch:+,}$REPLY
  ((batchSize += ${#REPLY}))
}

flushBatch() {
  [[ $batch ]] && lookAtClock && send "[\"log\",$id,$at,$stream,[$batch]]"
  batch='' batchSize=0
}

# What the harness wants to know of a call that has ended.
answer() {
  case $stream in
    0)
      ((${#last} <= lastMax)) || last=
      printf '%s\n' "$last" >&"$answers0"
      ;;
    1)
      tail=${tail%$'\n'}
      ((${#tail} <= tailMax)) || tail=${tail: -tailMax}
      quote "$tail"
      printf '%s\n' "$REPLY" >&"$answers1"
      ;;
    say) printf '%s\n' "$missing" >&"$answersSay" ;;
  esac
}

# Sets `at` to epoch ms.
lookAtClock() {
  at=${EPOCHREALTIME/[.,]/}
  at=${at%???}
}

# ---- calls ----

declare -A paths names folders
ids=() definitions=() inputs=() attempts=() left=() needed=()
head=0 running='' isWaiting='' isReading='' readAgain=''

take() {
  split "$1"
  local -a message=("${ITEMS[@]}")
  case ${message[0]} in
    '"define"') define "${message[@]:1}" ;;
    '"call"')
      split "${message[2]}"
      local call
      for call in "${ITEMS[@]}"; do enqueue "${message[1]}" "$call"; done
      ;;
    '"cancel"')
      if [[ ${message[1]} == "$running" ]]; then
        # All of ours, the call's processes too; we and the readers mind not.
        kill -TERM 0
      else
        giveBack "${message[1]}"
      fi
      ;;
    '"recall"') giveBack '' ;;
    '"answer"') [[ ${message[1]} == "$running" ]] && answerAsk "${message[2]}" "${message[3]}" ;;
  esac
}

define() {
  local member
  split "$2"
  for member in "${ITEMS[@]}"; do
    case $member in
      '"path":'*) unquote "${member#*:}" && paths[$1]=$REPLY ;;
      '"name":'*) unquote "${member#*:}" && names[$1]=$REPLY ;;
    esac
  done
  folders[$1]=$PWD
  [[ $3 == null ]] || { unquote "$3" && folders[$1]=$REPLY; }
}

enqueue() {
  split "$2"
  definitions+=("$1") ids+=("${ITEMS[0]}") inputs+=("${ITEMS[1]}")
  unquote "${ITEMS[2]}" && local run=$REPLY
  unquote "${ITEMS[3]}" && local task=$REPLY
  unquote "${ITEMS[5]}" && attempts+=("$run"$'\n'"$task"$'\n'"${ITEMS[4]}"$'\n'"$REPLY")
  left+=('') needed+=('')
  [[ ${#ITEMS[@]} -lt 7 ]] || takeFolders "${ITEMS[6]}"
}

# What a call has asked for comes as a file, whole at once.
answerAsk() {
  printf '%s\n' "$2" >"$HOME/answers/new" && mv -- "$HOME/answers/new" "$HOME/answers/$1.json"
}

# Where the call that came last may leave files, and finds those that its needs have left.
takeFolders() {
  local member
  split "$1"
  for member in "${ITEMS[@]}"; do
    case $member in
      '"left":'*) unquote "${member#*:}" && left[-1]=$REPLY ;;
      '"needed":'*) unquote "${member#*:}" && needed[-1]=$REPLY ;;
    esac
  done
}

# Gives back one call that has not begun, or all.
giveBack() {
  local at back='' keptIds=() keptDefinitions=() keptInputs=() keptAttempts=() keptLeft=() keptNeeded=()
  for ((at = head; at < ${#ids[@]}; at++)); do
    if [[ $1 == '' || $1 == "${ids[at]}" ]]; then
      back+=,${ids[at]}
    else
      keptIds+=("${ids[at]}") keptDefinitions+=("${definitions[at]}")
      keptInputs+=("${inputs[at]}") keptAttempts+=("${attempts[at]}")
      keptLeft+=("${left[at]}") keptNeeded+=("${needed[at]}")
    fi
  done
  ids=("${keptIds[@]}") definitions=("${keptDefinitions[@]}")
  inputs=("${keptInputs[@]}") attempts=("${keptAttempts[@]}")
  left=("${keptLeft[@]}") needed=("${keptNeeded[@]}") head=0
  send "[\"recalled\"$back]"
}

# Tells the readers of what a call writes.
tell() {
  printf '%s\n' "$mark$1" >&"$out"
  printf '%s\n' "$mark$1" >&"$err"
  printf '%s\n' "$mark$1" >&"$say"
}

runNext() {
  local definition=${definitions[head]} id=${ids[head]} input=${inputs[head]} attempt=${attempts[head]}
  local ownLeft=${left[head]} ownNeeded=${needed[head]}
  ids[head]='' inputs[head]='' attempts[head]=''
  ((++head))
  if ((head == ${#ids[@]})); then ids=() definitions=() inputs=() attempts=() left=() needed=() head=0; fi
  local path=${paths[$definition]} name=${names[$definition]} folder=${folders[$definition]}
  [[ $path == /* ]] || path=$folder/$path
  local code=0 started=${EPOCHREALTIME/[.,]/} startError=''
  tell "begin$id"
  if [[ -f $path ]]; then
    running=$id
    call &
    await $!
    running=
  else
    startError="the file $path is missing"
  fi
  local us=$((${EPOCHREALTIME/[.,]/} - started))
  local last tail missing
  tell end
  IFS= read -r -u "$answers0" last
  IFS= read -r -u "$answers1" tail
  IFS= read -r -u "$answersSay" missing
  [[ $missing ]] && startError="$path has no function $name"
  endCall
}

# In a copy of this shell: with nothing of ours but what fanfold.bash gives, the file and then the function.
call() {
  trap - TERM USR1
  exec 0<<<"$input" 1>&"$out" 2>&"$err" 3>&"$say" 4>&-
  IFS=$'\n' read -r -d '' TASK_RUN TASK_ID TASK_ATTEMPT TASK_WORKFLOW <<<"$attempt"
  export TASK_RUN TASK_ID TASK_ATTEMPT TASK_WORKFLOW
  export TASK_CONTROL=/dev/fd/3 TASK_OUTPUT=$HOME/output TASK_DIR=$HOME/task
  export TASK_ANSWERS=$HOME/answers
  [[ $ownLeft ]] && export TASK_ARTIFACTS=$ownLeft
  [[ $ownNeeded ]] && export TASK_INPUTS=$ownNeeded
  exec {turn}>&- {out}>&- {err}>&- {say}>&- {answers0}>&- {answers1}>&- {answersSay}>&-
  cd -- "$folder" || exit
  set -- "$path" "$name" "$input" "$mark" "$localeBefore" "$here/fanfold.bash"
  TASK_JSON=$3
  unset -f "${ownFunctions[@]}"
  unset -v "${ownNames[@]}"
  set +f
  shopt -s patsub_replacement 2>/dev/null
  if [[ $5 == unset ]]; then unset LC_ALL; else LC_ALL=$5; fi
  source "$6"
  source "$1"
  if declare -F -- "$2" >/dev/null; then
    "$2" "$3"
  else
    printf '%s\n' "$4missing" >&3
    exit 127
  fi
}

# Waits for the call's end, and meanwhile reads messages when told to.
await() {
  isWaiting=1
  readMessages
  while true; do
    wait "$1"
    code=$?
    ((code > 128)) || break
    # That is also the answer when a signal came in between, maybe just as it ended: how it ended is remembered.
    kill -0 "$1" 2>/dev/null && continue
    wait "$1"
    local ended=$?
    ((ended == 127)) || code=$ended
    break
  done
  isWaiting=
}

endCall() {
  local text=null
  if [[ $startError ]]; then
    quote "$startError"
    sendEnd fail "{\"reason\":\"start\",\"message\":$REPLY}"
  elif ((code != 0)); then
    describeFailure
    sendEnd fail "{$REPLY}"
  elif ! readOutput; then
    sendEnd fail '{"reason":"output","message":"the output file holds no JSON"}'
  elif ((${#text} > outputMax)); then
    sendEnd fail "{\"reason\":\"output\",\"message\":\"the output has ${#text} bytes, more than $outputMax\"}"
  else
    sendEnd 'done' "$text"
  fi
  [[ -e $HOME/output || -e $HOME/task ]] && rm -rf -- "$HOME/output" "$HOME/task"
  local -a old
  set +f
  old=("$HOME"/answers/*.json)
  set -f
  [[ ! -e ${old[0]} ]] || rm -f -- "${old[@]}"
}

# What the function said last is why it failed; a shell tells of a signal by a code above 128.
describeFailure() {
  local why="\"exitCode\":$code" how="exit code $code" reason=error
  if ((code > 128)) && REPLY=$(kill -l "$((code - 128))" 2>/dev/null); then
    why="\"signal\":\"SIG$REPLY\"" how="ended by SIG$REPLY" reason=exit
  fi
  [[ $tail == *allocate\ *\ bytes* ]] && reason=memory
  [[ $tail == '""' ]] && quote "its function ended: $how" && tail=$REPLY
  REPLY="\"reason\":\"$reason\",\"message\":$tail,$why"
}

readOutput() {
  if [[ -f $HOME/output ]]; then
    text=$(<"$HOME/output")
    isJson "$text" || return 1
    # Between tokens, as in strings there can be none.
    text=${text//[$'\r\n']/ }
  elif [[ $last ]] && isJson "$last"; then
    text=$last
  fi
}

sendEnd() {
  send "[\"$1\",$id,${started%???},$us,$2]"
}

# ---- messages ----

# Whoever started us is gone: nothing that we have started may stay.
abandon() {
  kill -KILL 0
}

# Reads what is there. Called by a signal too, in the middle of itself at worst: then it looks once more.
readMessages() {
  local line
  if [[ $isReading ]]; then
    readAgain=1
    return
  fi
  isReading=1
  while true; do
    readAgain=
    while read -r -t 0 -u 3; do
      IFS= read -r -u 3 line || abandon
      take "$line"
    done
    [[ $readAgain ]] || break
  done
  isReading=
}

mkdir -p -- "$HOME/answers"
openPipe turn
openPipe out
openPipe err
openPipe say
openPipe answers0
openPipe answers1
openPipe answersSay
printf x >&"$turn"
follow 0 "$out" 3<&- &
follow 1 "$err" 3<&- &
follow say "$say" 3<&- &
trap ':' TERM
trap '[[ ! $isWaiting ]] || readMessages' USR1

mapfile -t ownFunctions < <(compgen -A function)
ownNames=()
for namesAfter in $(compgen -v); do
  [[ $namesBefore == *" $namesAfter "* || $namesAfter == BASH* || $namesAfter == TASK_* ]] || ownNames+=("$namesAfter")
done
ownNames+=(REPLY ITEMS message)
send '["ready","SIGUSR1"]'
while true; do
  if ((head < ${#ids[@]})); then
    readMessages
    ((head < ${#ids[@]})) && runNext
  else
    IFS= read -r -u 3 message || abandon
    take "$message"
  fi
done
