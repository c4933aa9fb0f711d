#!/usr/bin/env bash
# Builds what a release consists of: the command, its manual pages and completions, in one archive whose
# bytes depend on the commit and the compiler alone.
set -euo pipefail
cd "$(dirname "$0")"

PLACET_COMMIT=$(git rev-parse --short=12 HEAD)
export PLACET_COMMIT
version=$(cargo metadata --locked --no-deps --format-version 1 |
    sed -n 's/.*"name":"placet-cli","version":"\([^"]*\)".*/\1/p')
host=$(rustc -vV | sed -n 's/^host: //p')
name=placet-$version-$host

# Paths of the machine that builds are no part of the result.
remap="--remap-path-prefix=$PWD=placet --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
RUSTFLAGS="${RUSTFLAGS:-} $remap" cargo build --locked --release -p placet-cli

out=target/releases/$name
rm -rf "$out"
mkdir -p "$out/completions"
cp target/release/placet README.md LICENSE "$out"
"$out/placet" man "$out/man"
"$out/placet" completions bash > "$out/completions/placet.bash"
"$out/placet" completions zsh > "$out/completions/_placet"
"$out/placet" completions fish > "$out/completions/placet.fish"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" \
    -C target/releases -cf - "$name" | gzip -n > "$out.tar.gz"
(cd target/releases && sha256sum "$name.tar.gz")
