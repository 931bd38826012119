#!/bin/sh
# In place of the program: this package was made on a computer that cannot link programs for macOS, to look at its structure.
echo "This is a stand-in and not On-demand Agent. installer/macos/release.sh makes the real package, on a Mac." >&2
exit 78
