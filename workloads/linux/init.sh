#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first program of user space where the cores have FP and Advanced SIMD: prints marks, starts processes, maps
# memory, loads and unloads a kernel module (if there is one for this kernel), loads a BPF program, powers off.

fail() {
    echo "init: failed: $1"
    /bin/busybox poweroff -f
}

echo "init: user space"
/bin/busybox mount -t proc proc /proc || fail "mount"

for child in 1 2 3 4; do
    (exit "$((child + 40))")
    [ $? = "$((child + 40))" ] || fail "a child's exit"
done
[ "$(echo forty-two | /bin/busybox tr a-z A-Z)" = FORTY-TWO ] || fail "a pipe"
echo "init: forked"

/bin/exercise map || fail "map"
echo "init: mapped"

if [ -f /lib/dummy.ko ]; then
    /bin/busybox insmod /lib/dummy.ko || fail "insmod"
    echo "init: module loaded"
    /bin/busybox rmmod dummy || fail "rmmod"
    echo "init: module unloaded"
fi

/bin/exercise bpf && echo "init: bpf loaded"

echo "init: power off"
/bin/busybox poweroff -f
