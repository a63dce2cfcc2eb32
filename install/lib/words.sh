# What the scripts say, in the reader's language: `say KEY VALUE…` prints the sentence of that key.
# shellcheck shell=sh
# shellcheck source=words_en.sh
. "$lib/words_en.sh"
# shellcheck source=words_zh.sh
. "$lib/words_zh.sh"

# The language of the environment, decided as the agent does.
language_of_environment() {
    for said in "${QINGLIU_LANGUAGE:-}" "${LC_ALL:-}" "${LC_MESSAGES:-}" "${LANG:-}"; do
        case $said in
        "") ;;
        [zZ][hH]*)
            echo zh-CN
            return
            ;;
        *) break ;;
        esac
    done
    echo en
}

sentence() { # sentence KEY VALUE…
    if [ "$language" = zh-CN ]; then format=$(words_zh "$1"); else format=$(words_en "$1"); fi
    shift
    # shellcheck disable=SC2059  # the formats are ours
    printf -- "$format\n" "$@"
}

say() { # a terminal that has gone, as when the link of a station breaks, stops nothing
    sentence "$@" 2>/dev/null || true
}

warn() {
    sentence "$@" >&2 || true
}

# refuse KEY VALUE…: one sentence with the next step, and the end
refuse() {
    sentence "$@" >&2
    exit 1
}

# misuse KEY VALUE…: likewise for a wrong command line
misuse() {
    sentence "$@" >&2
    exit 2
}
