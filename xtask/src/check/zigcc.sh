#!/bin/sh
# Zig as the C compiler for macOS: it wants its own name for the target and knows no folder of Apple's.
# Objective-C needs Apple's headers, so nothing is compiled in its place: enough where nothing is linked.
skip=
for argument do
    shift
    if [ -n "$skip" ]; then
        skip=
        continue
    fi
    case $argument in
        -arch | -isysroot | -target) skip=yes ;;
        --target=* | -mmacosx-version-min=* | -mmacos-version-min=*) ;;
        *.m | *.mm) set -- "$@" '@EMPTY@' ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec '@PYTHON@' -m ziglang cc -target aarch64-macos "$@"
