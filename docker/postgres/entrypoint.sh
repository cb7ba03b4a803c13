#!/bin/sh
# Makes the database on the first start, as the official image does, then runs the server.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    umask 077
    printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
    initdb --username=postgres --pwfile=/tmp/password --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    # no TCP yet: whoever waits for the port waits for the finished database
    pg_ctl --wait --silent -o "-c listen_addresses=''" start
    psql --quiet --username=postgres --command="CREATE DATABASE \"$POSTGRES_DB\""
    for script in /docker-entrypoint-initdb.d/*.sql; do
        psql --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname="$POSTGRES_DB" --file="$script"
    done
    pg_ctl --wait --silent --mode=fast stop
fi
exec "$@" -c listen_addresses='*'
