#!/bin/bash
# Sources a completion script in its shell and looks at what it offers.
# usage: completion_test.sh SHELL FOLDER
# The inner shells expand these strings, and tr is given sets.
# shellcheck disable=SC2016,SC2020
set -u
shell=$1 folder=$(cd "$2" && pwd)
if ! command -v "$shell" >/dev/null; then
  echo "skipped: $shell is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/firmware.bin"
# What the last search found; what a shell would run is no address.
export XDG_CACHE_HOME=$work/cache
mkdir -p "$XDG_CACHE_HOME/aiot"
printf '%s\n' 'miio://192.0.2.7' '$(touch ran)' >"$XDG_CACHE_HOME/aiot/discovered"
cd "$work" || exit 1
failed=0

# What the shell offers for a command line whose last word is being typed, one a line.
offers() {
  case $shell in
    bash)
      bash --norc -c '
        source "$1/aiotctl.bash"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _aiotctl 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' bash "$folder" "$@" ;;
    fish)
      fish --no-config -c 'source $argv[1]/aiotctl.fish; complete -C "$argv[2]"' \
        "$folder" "$*" | cut -f1 ;;
    zsh)
      # zsh completes only at a prompt: give it one, on a pseudo-terminal. Before the prompt is there the
      # terminal edits the line itself, and takes ^U as its own.
      zsh -f -c '
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z "PS1=; TERM=dumb; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
        zpty -w z "zstyle \":completion:*\" list-separator \"  \"; LISTMAX=1000; COLUMNS=200"
        zpty -w z "list() { compstate[list]=list; compstate[insert]= }; comppostfuncs=(list)"
        zpty -w z "bindkey \"^I\" complete-word; zle -C complete-word complete-word _main_complete"
        zpty -w z "PS1=AT-PRO\"\"MPT"
        zpty -r -m z line "*AT-PROMPT*"
        zpty -w -n z "$2"$'"'\\t'"'
        zpty -w -n z $'"'\\x15'"'"print DO""NE"$'"'\\n'"'
        zpty -r -m z line "*DONE*"
        print -r -- $line' zsh "$folder" "$*" | tr -s " \r\t" "\n\n\n" ;;
  esac
}

expect() {
  local wanted=$1
  shift
  if ! offers "$@" | grep -qxF -e "$wanted"; then
    echo "$shell: no \"$wanted\" for: $*"
    failed=1
  fi
}

expect flash aiotctl fl
expect config aiotctl con
expect erase aiotctl flash er
expect --baud aiotctl flash write --ba
expect --json aiotctl flash info --js
expect usb-jtag aiotctl flash info --before us
expect esp32c3 aiotctl sim esp32c
expect firmware.bin aiotctl flash image firm
expect always aiotctl --color al
expect --where aiotctl discover --wh
expect mdns aiotctl discover --only md
expect miio://192.0.2.7 aiotctl flash info mi
if [ -e ran ]; then
  echo "$shell: ran what a device said"
  failed=1
fi
[ $failed = 0 ] && echo "$shell completes"
exit $failed
