# JSON as far as the harness needs it, in Bash alone. All of it takes time in proportion to the text.
# Wants LC_ALL=C and `set -f`. Answers are in REPLY or ITEMS.

# Puts a text into quotes.
quote() {
  local text=${1//\\/\\\\} code
  text=${text//\"/\\\"}
  if [[ $text == *[$'\x01'-$'\x1f']* ]]; then
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    text=${text//$'\r'/\\r}
    for code in {1..31}; do
      [[ $text == *[$'\x01'-$'\x1f']* ]] || break
      printf -v code '\\x%02x' "$code"
      printf -v REPLY '%b' "$code"
      text=${text//"$REPLY"/\\u00${code:2}}
    done
  fi
  REPLY=\"$text\"
}

# Takes a text out of its quotes.
unquote() {
  REPLY=${1:1:-1}
  [[ $REPLY == *\\* ]] || return 0
  REPLY=${REPLY//\\\"/\\x22}
  printf -v REPLY '%b' "$REPLY"
}

# The elements of an array, or the members of an object, that has no blanks between.
split() {
  local IFS='"' part piece item='' quoted='' depth=1 tail opens closes isFirst
  local -a parts pieces
  parts=(${1:1})
  ITEMS=()
  for part in "${parts[@]}"; do
    if [[ $quoted ]]; then
      item+=$part'"'
      # After an odd number of backslashes, a quote is part of the string.
      tail=${part##*[!\\]}
      ((${#tail} % 2)) || quoted=
      continue
    fi
    IFS=,
    pieces=($part)
    [[ $part == *, ]] && pieces+=('')
    isFirst=1
    for piece in "${pieces[@]}"; do
      if [[ ! $isFirst ]]; then
        if ((depth == 1)); then
          ITEMS+=("$item")
          item=
        else
          item+=,
        fi
      fi
      isFirst=
      opens=${piece//[!\[\{]/} closes=${piece//[!\]\}]/}
      ((depth += ${#opens} - ${#closes}))
      if ((depth == 0)); then
        item+=${piece%?}
        [[ $item == '' && ${#ITEMS[@]} == 0 ]] || ITEMS+=("$item")
        return
      fi
      item+=$piece
    done
    item+='"' quoted=1
  done
}

# Sets REPLY to the text with each string in it made one letter; fails where a string is not as it must be.
withoutStrings() {
  local IFS='"' part plain quoted='' goesOn skeleton=''
  local -a parts
  parts=($1' ')
  for part in "${parts[@]}"; do
    if [[ ! $quoted ]]; then
      skeleton+=$part quoted=1
      continue
    fi
    [[ $part == *[$'\x01'-$'\x1f']* ]] && return 1
    goesOn=
    if [[ $part == *\\* ]]; then
      plain=${part//\\[\\\/bfnrt]/x}
      plain=${plain//\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/x}
      [[ $plain == *\\ ]] && goesOn=1 plain=${plain%?}
      [[ $plain == *\\* ]] && return 1
    fi
    [[ $goesOn ]] || { skeleton+=' s ' quoted=; }
  done
  REPLY=$skeleton
  # The last part was outside of strings.
  [[ $quoted ]]
}

# Whether a text is JSON.
isJson() {
  local number='^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$'
  [[ $1 =~ $number ]] && return 0
  withoutStrings "$1" || return 1
  local sign token stack='' state=value
  for sign in '{' '}' '[' ']' ',' ':'; do REPLY=${REPLY//"$sign"/ "$sign" }; done
  local IFS=$' \t\n\r'
  for token in $REPLY; do
    case $state$token in
      value'[' | first'[') stack+='[' state=first ;;
      value'{' | first'{') stack+='{' state=key ;;
      first']' | next']')
        [[ $stack == *'[' ]] || return 1
        stack=${stack%?} state=next
        ;;
      key'}' | next'}')
        [[ $stack == *'{' ]] || return 1
        stack=${stack%?} state=next
        ;;
      keys | nextKeys) state=colon ;;
      colon:) state=value ;;
      next,)
        case $stack in
          *'{') state=nextKey ;;
          *'[') state=value ;;
          *) return 1 ;;
        esac
        ;;
      values | valuetrue | valuefalse | valuenull) state=next ;;
      firsts | firsttrue | firstfalse | firstnull) state=next ;;
      value* | first*)
        [[ $token =~ $number ]] || return 1
        state=next
        ;;
      *) return 1 ;;
    esac
  done
  [[ $state == next && $stack == '' ]]
}
