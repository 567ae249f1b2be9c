#!/bin/sh
# Run by npm after an install: checks that the Node that came as a package starts. On a minimal Debian it lacks one
# system library, which is installed here where that is allowed. A shell script, since there may be no Node to run.
set -u
node=node_modules/.bin/node
[ -x "$node" ] || exit 0
if fault=$("$node" --version 2>&1); then exit 0; fi

case $fault in
*libatomic*) ;;
*)
  echo "trueup: the Node that npm installed does not start: $fault" >&2
  exit 1
  ;;
esac
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "trueup: Node needs libatomic1: installing it with apt-get" >&2
  apt-get install -y -q libatomic1 >&2 || { apt-get update -q >&2 && apt-get install -y -q libatomic1 >&2; }
  "$node" --version >/dev/null && exit 0
fi
echo "trueup: Node does not start ($fault): install libatomic1 (apt-get install libatomic1) and run npm ci again" >&2
exit 1
