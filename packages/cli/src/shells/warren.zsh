#compdef warren
# Completion of warren for zsh:  source <(warren completion zsh), after compinit
_warren() {
  local program=${~${(Q)words[1]}} line
  local -a found described
  found=("${(@f)$("$program" complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == :files ]]; then
    _files
    return
  fi
  for line in $found; do
    described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe warren described
}
if [[ ${funcstack[1]-} == _warren ]]; then
  _warren "$@"
else
  compdef _warren warren
fi
