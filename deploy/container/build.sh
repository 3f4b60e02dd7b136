#!/usr/bin/env bash
# Builds the container image of Vouch, from scratch: a root of Debian's packages, this clone's packages, and no image of others.
# Needs Debian's mmdebstrap and buildah, and a clone after `npm ci`.
#
#   deploy/container/build.sh [NAME]      the image's name (default: localhost/vouch)
#
# MIRROR names the server of Debian packages, if the one that this machine uses has none of SUITE.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
clone="$(cd "$here/../.." && pwd)"
name="${1:-localhost/vouch}"
# The first release of Debian whose Node.js is 20.19 or later.
suite=trixie

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Two builds of one commit are to have the same bytes, as far as the packages are the same.
SOURCE_DATE_EPOCH="$(git -C "$clone" log -1 --format=%ct)"
export SOURCE_DATE_EPOCH

# What the programs need of a system: Node.js, roots of certificates, and a folder of their own. No manuals, no package lists.
mmdebstrap --variant=essential --include=ca-certificates,nodejs \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/include/*' \
  --customize-hook='install -d -m 700 -o 65532 -g 65532 "$1/var/lib/vouch"' \
  --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*' \
  "$suite" "$work/root.tar" ${MIRROR:+"$MIRROR"}

# Of each package what npm would publish, and of all others what the lock file says. No install script runs.
npm --prefix "$clone" pack --workspaces --silent --pack-destination "$work" >"$work/packed"
mkdir "$work/app"
cp "$clone/package.json" "$clone/package-lock.json" "$work/app/"
for tarball in "$work"/vouch-*.tgz; do
  package="${tarball##*/vouch-}"
  mkdir "$work/app/${package%-*.tgz}"
  tar -xzf "$tarball" --strip-components=1 -C "$work/app/${package%-*.tgz}"
done
npm --prefix "$work/app" ci --omit=dev --ignore-scripts --no-audit --no-fund

buildah build --layers=false --timestamp "$SOURCE_DATE_EPOCH" --file "$here/Containerfile" --tag "$name" "$work"
