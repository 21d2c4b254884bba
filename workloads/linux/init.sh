#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first program of user space where the cores have FP and Advanced SIMD: prints marks, starts processes, maps
# memory, loads and unloads a kernel module (if there is one for this kernel), loads a BPF program, powers off. Where the
# board has a disk with a root file system, hands over to that instead.

fail() {
    echo "init: failed: $1"
    /bin/busybox poweroff -f
}

echo "init: user space"
/bin/busybox mount -t proc proc /proc || fail "mount"

# A disk: its root file system takes over, if it has one.
if [ -f /lib/virtio_blk.ko ]; then
    /bin/busybox insmod /lib/virtio_mmio.ko || fail "insmod virtio_mmio"
    /bin/busybox insmod /lib/virtio_blk.ko || fail "insmod virtio_blk"
    /bin/busybox mount -t devtmpfs dev /dev || fail "mount devtmpfs"
    if /bin/busybox mount /dev/vda /mnt; then
        echo "init: disk mounted"
        for next in /sbin/init /etc/init /bin/init /init; do
            if [ -x "/mnt$next" ] || [ -L "/mnt$next" ]; then
                echo "init: the disk's $next takes over"
                /bin/busybox mkdir -p /mnt/dev && /bin/busybox mount -t devtmpfs dev /mnt/dev
                /bin/busybox umount /proc
                exec /bin/busybox switch_root -c /dev/console /mnt "$next"
            fi
        done
    else
        echo "init: /dev/vda holds no file system that this kernel mounts without further modules"
    fi
fi

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
