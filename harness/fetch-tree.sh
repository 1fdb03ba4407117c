#!/bin/sh
# Fetches a kernel's sources from the distribution into a cache, and prints the folder: fetch-tree.sh 7.3 [cache]
# Only what compiling arm64's page-table code needs is unpacked (300 MB). Needs apt; other suites than the machine's own
# are reached through its archive, with lists kept in the cache, so that nothing on the machine changes.
set -eu
release=${1:?usage: fetch-tree.sh RELEASE [CACHE], as in fetch-tree.sh 7.3}
cache=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/pagetrail/trees}
for tree in "$cache/linux-$release" "$cache/linux-$release".*; do
	[ -f "$tree/Makefile" ] && { echo "$tree"; exit 0; }
done
command -v apt-get >/dev/null || { echo "fetch-tree.sh: there is no apt-get here" >&2; exit 3; }

apt=$cache/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$cache/sources"
. /etc/os-release
archive=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 2>/dev/null | awk -v own="$VERSION_CODENAME" '$2 == own { print $1; exit }')
[ -n "$archive" ] || { echo "fetch-tree.sh: apt knows no archive of $VERSION_CODENAME; run apt-get update" >&2; exit 3; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
for suite in trixie trixie-backports bookworm-backports forky sid experimental; do
	for type in deb deb-src; do echo "$type [signed-by=$keyring] $archive $suite main"; done
done >"$apt/sources.list"
apt_get() {
	verb=$1; shift
	"$verb" -qq -oDir::Etc::sourcelist="$apt/sources.list" -oDir::Etc::sourceparts=/nonexistent \
		-oDir::State::Lists="$apt/lists" -oDir::Cache="$apt" "$@"
}
# Some suite may be gone; what could be fetched is used.
apt_get apt-get update >/dev/null 2>&1 || true

# As a source package, then as a binary package with the sources in it; the newest of the release that is still there.
cd "$cache/sources"
found=
for version in $(apt_get apt-cache showsrc --only-source linux 2>/dev/null | sed -n "s/^Version: \($release[.~-].*\)/\1/p" | sort -rVu); do
	apt_get apt-get source --download-only --tar-only "linux=$version" >/dev/null 2>&1 || continue
	found=$(ls linux_"${version%%[-~]*}"*.orig.tar.xz 2>/dev/null | head -n 1)
	[ -n "$found" ] && { stream="cat $found"; break; }
done
if [ -z "$found" ]; then
	for version in $(apt_get apt-cache madison "linux-source-$release" 2>/dev/null | awk '$5 != "Sources" { print $3 }' | sort -rVu); do
		apt_get apt-get download "linux-source-$release=$version" >/dev/null 2>&1 || continue
		found=$(ls linux-source-"$release"_*.deb 2>/dev/null | tail -n 1)
		[ -n "$found" ] && { stream="dpkg-deb --fsys-tarfile $found | tar -xO --wildcards *.tar.xz"; break; }
	done
fi
[ -n "$found" ] || { echo "fetch-tree.sh: no sources of Linux $release can be had" >&2; exit 3; }

# Under another name until it is whole.
part=$cache/unpacking-$release
rm -rf "$part"
mkdir "$part"
sh -c "$stream" | tar -xJ --strip-components=1 -C "$part" --exclude='*/Documentation/?*/*' --exclude='*/drivers/*.[ch]' \
	--exclude='*/sound/*.[ch]' --exclude='*/fs/*/*.c' --exclude='*/net/*/*.c' --exclude='*/tools/testing/*' \
	--exclude='*.dts' --exclude='*.dtsi' --exclude='*/arch/[b-z]*/*.c'
version=$(make -s -C "$part" kernelversion)
mv "$part" "$cache/linux-$version"
rm -f "$found"
echo "$cache/linux-$version"
