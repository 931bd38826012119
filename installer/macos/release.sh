#!/bin/sh
# Makes the package that is shipped, on a Mac: builds for both processors, signs, packs, has Apple notarise it.
# docs/installing-macos.md says what it needs. Nothing of it was run by the project's own tests.
#
# APPLE_APPLICATION_IDENTITY  "Developer ID Application: …", from the keychain
# APPLE_INSTALLER_IDENTITY    "Developer ID Installer: …", from the keychain
# APPLE_NOTARY_PROFILE        a profile that `xcrun notarytool store-credentials` made
set -eu
cd "$(dirname "$0")/../.."
: "${APPLE_APPLICATION_IDENTITY:?}" "${APPLE_INSTALLER_IDENTITY:?}" "${APPLE_NOTARY_PROFILE:?}"
target=${CARGO_TARGET_DIR:-target}
export MACOSX_DEPLOYMENT_TARGET=12.3

for triple in aarch64-apple-darwin x86_64-apple-darwin; do
    rustup target add "$triple"
    cargo build --release --locked --package ondemand-agent --target "$triple"
done
program=$target/ondemand-agent-universal
lipo -create -output "$program" \
    "$target/aarch64-apple-darwin/release/ondemand-agent" "$target/x86_64-apple-darwin/release/ondemand-agent"
codesign --force --timestamp --options runtime --identifier org.ondemand-agent \
    --sign "$APPLE_APPLICATION_IDENTITY" "$program"

version=$("$program" --version | awk '{ print $2 }')
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cargo xtask package macos --agent "$program" --output "$root/unsigned"
# The seal of the whole application lies beside the program, so it is made in the laid-out application.
pkgutil --expand-full "$root/unsigned/ondemand-agent-$version.pkg" "$root/expanded"
application="$root/expanded/agent.pkg/Payload/Applications/On-demand Agent.app"
codesign --force --timestamp --options runtime --sign "$APPLE_APPLICATION_IDENTITY" "$application"
codesign --verify --strict --verbose=2 "$application"
mkdir "$root/scripts"
cp installer/macos/preinstall.sh "$root/scripts/preinstall"
cp installer/macos/postinstall.sh "$root/scripts/postinstall"
chmod +x "$root/scripts/"*
pkgbuild --root "$root/expanded/agent.pkg/Payload" --identifier org.ondemand-agent --version "$version" \
    --install-location / --ownership recommended --scripts "$root/scripts" "$root/agent.pkg"
sed "s/@VERSION@/$version/" installer/macos/Distribution.xml >"$root/Distribution.xml"
package=$target/packages/ondemand-agent-$version.pkg
mkdir -p "$target/packages"
productbuild --distribution "$root/Distribution.xml" --package-path "$root" \
    --sign "$APPLE_INSTALLER_IDENTITY" --timestamp "$package"
xcrun notarytool submit --wait --keychain-profile "$APPLE_NOTARY_PROFILE" "$package"
xcrun stapler staple "$package"
spctl --assess --type install --verbose=2 "$package"
echo "$package"
