# SPDX-License-Identifier: MIT
PS1='\[\e[1m\]\u@\h\[\e[0m\] \w \$ '
HISTFILE=
alias ls='ls --color=never -F' ll='ls -l' la='ls -la'
# The first terminal of the desktop greets, and tells init when it takes commands; others start with a prompt.
if mkdir /run/user/1000/greeted 2>/dev/null; then
  cat /etc/motd
  PROMPT_COMMAND='unset PROMPT_COMMAND; echo s >/run/oriel/requests'
fi
