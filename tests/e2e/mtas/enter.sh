#!/bin/bash
# enter.sh NAME FOLDER: runs mtas/NAME.sh in a root of its own: this machine's files with the packages of FOLDER
# unpacked over them, in memory. Their scripts never run and nothing stays. Meant for `unshare -mpuf --kill-child`:
# whoever ends that ends every process that was started here.
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)
name=$1 folder=$2
mount -t tmpfs -o size=512m,mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
for package in "$folder"/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x -C /mnt/root --keep-directory-symlink
done
# A benchmark wants the queue on the disk.
[ -z "${QUEUE:-}" ] || mount --bind "$QUEUE" /mnt/root/var/spool/postfix
mount --rbind /dev /mnt/root/dev
mount -t proc proc /mnt/root/proc
rm -f /mnt/root/etc/hosts /mnt/root/etc/resolv.conf
echo "127.0.0.1 mx.$name.example mx localhost" >/mnt/root/etc/hosts
# Nobody answers there: no name of ours leaves this machine.
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >/mnt/root/etc/resolv.conf
hostname "mx.$name.example"
cp "$scripts/common.sh" "$scripts/scenario.sh" "$scripts/$name.sh" /mnt/root/run/
cd /mnt/root
exec chroot /mnt/root /bin/bash -eu "/run/$name.sh"
