# Copied as it is: only files that end in .j2 are templates.
export EDITOR=vi
umask 027
