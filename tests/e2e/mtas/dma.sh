# dma: one smart host for all, so ours is the server that refuses as well as the one that takes the bounce.
. /run/common.sh
mkdir -p /etc/dma /var/spool/dma
chown root:mail /var/spool/dma
chmod 2775 /var/spool/dma
cat >/etc/dma/dma.conf <<END
SMARTHOST 127.0.0.1
PORT $OURS
MAILNAME $NAME.example
SECURETRANSFER
STARTTLS
SPOOLDIR /var/spool/dma
END
post "refused@remote-$NAME.example" dma -D
sleep infinity
