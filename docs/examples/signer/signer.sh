#!/bin/sh
# A machine that signs, for Vouch, with OpenSSL alone: one request on stdin, its answer on stdout. KEY names the key in PEM.
# systemd-socket-activate --accept --inetd --listen=/run/signer.sock --setenv=KEY=/etc/vouch/key.pem ./signer.sh
set -eu

hexadecimal() { od -An -v -tx1 | tr -d ' \n'; }
answer() { printf 'HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "$1" "${#2}" "$2"; }
refuse() { answer '400 Bad Request' '' && exit; }

read -r method path _
length=0
while read -r name value && [ "$name" != "$(printf '\r')" ]; do
  case "$name" in [Cc]ontent-[Ll]ength:) length="$(printf %s "$value" | tr -cd 0-9)" ;; esac
done

if [ "$method $path" = 'GET /key' ]; then
  public="$(openssl ec -in "$KEY" -pubout -conv_form compressed -outform DER 2>/dev/null | tail -c 33 | hexadecimal)"
  answer '200 OK' "{\"public_key\":\"$public\"}"
elif [ "$method $path" = 'POST /sign' ] && [ "$length" -le 1024 ]; then
  digest="$(head -c "$length" | sed -n 's/^{"digest":"\([0-9a-f]\{64\}\)"}$/\1/p')"
  [ -n "$digest" ] || refuse
  escaped="$(printf %s "$digest" | sed 's/../0x& /g' | xargs printf '\\0%03o')"
  numbers="$(printf '%b' "$escaped" | openssl pkeyutl -sign -inkey "$KEY" | openssl asn1parse -inform DER |
    awk -F: '/INTEGER/ { printf "%64s", $NF }' | tr 'A-F ' 'a-f0')"
  answer '200 OK' "{\"signature\":\"$numbers\"}"
else
  refuse
fi
