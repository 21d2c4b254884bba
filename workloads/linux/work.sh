#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# A first program of user space that has the kernel use its linear map: a file in memory, read page by page in a
# scattered order, copied, and processes started. Each stretch begins with a mark on the console.

fail() {
    echo "work: failed: $1"
    /bin/busybox poweroff -f
}

/bin/busybox mknod /dev/zero c 1 5 && /bin/busybox mknod /dev/null c 1 3 || fail "mknod"
/bin/busybox dd if=/dev/zero of=/data bs=64k count=1024 2>/dev/null || fail "a file of 64 MiB"

echo "work: reads"
/bin/exercise reads /data || fail "reads"

echo "work: copy"
/bin/busybox dd if=/data of=/copy bs=16k 2>/dev/null || fail "copy"

echo "work: processes"
n=0
while [ $n -lt 60 ]; do
    /bin/busybox true || fail "a process"
    n=$((n + 1))
done

echo "work: end"
/bin/busybox poweroff -f
