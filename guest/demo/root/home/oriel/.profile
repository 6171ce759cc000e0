. /etc/profile
[ -n "${BASH_VERSION-}" ] && . ~/.bashrc
