# Completion of warren for bash 4 or newer:  source <(warren completion bash)
_warren() {
  local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} last before
  local -a words found
  # Not COMP_WORDS, which bash cuts at the colons of addresses, and at =.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  last=${words[${#words[@]} - 1]}
  mapfile -t found < <("${words[0]/#\~/$HOME}" complete "${words[@]:1}" 2>/dev/null | cut -f 1)
  if [[ ${found[0]-} == :files ]]; then
    compopt -o default
    COMPREPLY=()
    return
  fi
  # What stands before bash's own last word is there already.
  [[ $current == [=:]* ]] && current=${current:1}
  before=${last%"$current"}
  COMPREPLY=("${found[@]#"$before"}")
}
complete -F _warren warren
