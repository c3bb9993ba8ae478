#!/bin/bash
# The manual pages are well-formed, and what they refer to among themselves is there.
set -euo pipefail
cd "$(dirname "$0")/man"
command -v mandoc >/dev/null || { echo "test-man: mandoc is missing; apt-get install mandoc" >&2; exit 1; }
for page in *.[1-8]; do
    mandoc -T lint -W warning "$page"
    while read -r _ name section _; do
        case $name in otp* | pam_otp) test -f "$name.$section" || { echo "test-man: $page refers to $name($section)" >&2; exit 1; } ;; esac
    done < <(grep '^\.Xr ' "$page")
done
echo "test-man: ok"
