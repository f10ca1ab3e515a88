#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completions, in each shell itself: what it offers for a line that is being typed.
. "$(dirname "$0")/docs.sh"
need bash zsh fish
for shell in bash zsh fish; do "$binary" completions $shell >"$work/completion.$shell"; done

# offers SHELL LINE WORD...: each word is among what the shell offers for LINE.
offers() {
  shell=$1
  line=$2
  shift 2
  offered=$("ask_$shell" "$line")
  for word in "$@"; do
    printf '%s\n' "$offered" | grep -qxF -- "$word" ||
      fail "$shell does not offer '$word' for '$line', but: $offered"
  done
}
# lacks SHELL LINE WORD
lacks() {
  ! "ask_$1" "$2" | grep -qxF -- "$3" || fail "$1 offers '$3' for '$2'"
}

ask_bash() {
  bash --norc -c '
    source "$1"
    read -ra COMP_WORDS <<<"$2"
    [[ $2 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    $(complete -p mini_container | sed "s/.*-F \([^ ]*\).*/\1/")
    printf "%s\n" "${COMPREPLY[@]}"' bash "$work/completion.bash" "$1"
}

ask_fish() {
  HOME=$work XDG_CONFIG_HOME=$work XDG_DATA_HOME=$work fish --no-config -c '
    source $argv[1]
    complete -C $argv[2]' "$work/completion.fish" "$1" | cut -f1
}

# zsh completes only at a terminal: one of its own, whose shell notes what it finds.
cat >"$work/typist.zsh" <<'END'
zmodload zsh/zpty
zpty typist zsh -f -i
zpty -w typist "source $1/shell.zsh"
zpty -r -m typist answer '*READY*'
zpty -w -n typist "$2"$'\t'
for ((i = 0; i < 100; i++)); do
  [[ -e $1/completed ]] && break
  sleep 0.1
done
zpty -d typist
END
cat >"$work/shell.zsh" <<END
PS1= RPS1= PROMPT_EOL_MARK=
fpath=($work/functions \$fpath)
autoload -U compinit && compinit -D -u
compadd() {
  local -a found
  [[ \${argv[(r)-[OAD]]} == -[OAD] ]] || { builtin compadd -O found "\$@"; print -rl -- \$found >>$work/offered }
  builtin compadd "\$@"
}
note() { _main_complete; : >$work/completed }
zle -C note complete-word note
bindkey '^I' note
print RE'ADY'
END
ask_zsh() {
  mkdir -p "$work/functions"
  cp "$work/completion.zsh" "$work/functions/_mini_container"
  rm -f "$work/completed"
  : >"$work/offered"
  LC_ALL=C.UTF-8 TERM=vt100 zsh -f "$work/typist.zsh" "$work" "$1" </dev/null >"$work/zsh.log" 2>&1
  cat "$work/offered"
}

offers bash 'mini_container r' run
offers bash 'mini_container --uts.' --uts.hostname --uts.domainname
offers bash 'mini_container --rootfs.propagation ' slave private
offers bash "mini_container validate $work/comp" "$work/completion.bash"
offers bash 'mini_container plan --j' --json
offers bash 'mini_container plugin ' list info check
offers bash 'mini_container plugin info u' uts user
lacks bash 'mini_container plugin info u' pid
offers bash 'mini_container completions ' bash zsh fish
offers bash 'mini_container exec --' --env --process --cgroup --help
lacks bash 'mini_container exec --' --uts.hostname
offers bash 'mini_container --root=/x start --' --help

offers fish 'mini_container r' run
offers fish 'mini_container --uts.' --uts.hostname --uts.domainname
offers fish 'mini_container --rootfs.propagation ' slave private
offers fish 'mini_container plugin ' list info check
offers fish 'mini_container plugin info u' uts user
lacks fish 'mini_container plugin info u' pid
offers fish 'mini_container exec --' --env --process --cgroup
lacks fish 'mini_container exec --' --uts.hostname
lacks fish 'mini_container --' --process

offers zsh 'mini_container r' run
offers zsh 'mini_container --uts.' --uts.hostname --uts.domainname
offers zsh 'mini_container --rootfs.propagation=' slave private
offers zsh 'mini_container exec --' --env --process --cgroup
lacks zsh 'mini_container exec --' --uts.hostname
