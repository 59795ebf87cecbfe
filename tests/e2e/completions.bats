#!/usr/bin/env bats
# Completions in the shells themselves: commands, options of a command, values, rule ids.

setup() {
    cd "$BATS_TEST_TMPDIR"
    made=$BUILD_DIR/contrib/completions
    mkdir bin; ln -s "$DMLINT" bin/dmlint
    PATH=$PWD/bin:$PATH
    touch web.cfg
}

# What each shell offers behind "dmlint WORD...", the last word being begun; one per line.
in_bash() {
    bash --norc -c 'source "$1"; shift; COMP_WORDS=(dmlint "$@"); COMP_CWORD=$#; _dmlint; printf "%s\n" "${COMPREPLY[@]}"' - "$made/bash/dmlint" "$@"
}
in_fish() {
    fish --no-config -c "source $made/fish/dmlint.fish; complete -C 'dmlint $*'" | cut -f1
}
in_zsh() {
    cat >complete.zsh <<'F'
zmodload zsh/zpty
zpty z zsh -f -i
send() { zpty -w z "$1" }
send "PROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump; zstyle ':completion:*' menu no; LISTMAX=0; bindkey '^I' complete-word"
send "compadd() { [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd \"\$@\"; return }; local -a __hits; builtin compadd -O __hits \"\$@\"; print -l -- \$__hits >>$PWD/hits; builtin compadd \"\$@\" }"
: >$PWD/hits
zpty -w -n z "$2"$'\t'
size=-1
for i in {1..150}; do # until it has said something, and nothing more for a second
    sleep 0.2
    now=$(stat -c %s $PWD/hits)
    if ((now && now == size)); then ((++same > 5)) && break; else same=0; fi
    size=$now
done
zpty -d z
F
    zsh -f complete.zsh "$made/zsh" "dmlint $*" >/dev/null 2>&1
    cat hits
}

# offers SHELL WORD... -- WANTED... [! UNWANTED...]
offers() {
    local shell=$1 words=() want=1 got
    shift
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    shift
    got=$("in_$shell" "${words[@]}")
    for word; do
        case $word in
        !) want='' ;;
        *) if grep -q -x -e "$word" <<<"$got"; then [ -n "$want" ]; else [ -z "$want" ]; fi || { echo "$shell, dmlint ${words[*]}: $word"; echo "$got"; return 1; } ;;
        esac
    done
}

all() {
    offers "$1" mi -- migrate
    offers "$1" argv --do -- --domid ! --fix
    offers "$1" --req -- --require-ready --require-protection ! --domid
    offers "$1" migrate --to '' -- restrict qemu-xen
    offers "$1" --xen 4.2 -- 4.20 4.22 ! 4.17
    offers "$1" explain DM400 -- DM4001 ! DM2001
    offers "$1" --policy restrict -- restrict-ready
    offers "$1" host c -- collect check ! users
    offers "$1" we -- web.cfg
}

@test "bash" { all bash; }

@test "fish" {
    command -v fish || skip "fish is not installed"
    all fish
}

@test "zsh" {
    command -v zsh || skip "zsh is not installed"
    all zsh
}
