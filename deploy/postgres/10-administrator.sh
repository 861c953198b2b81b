#!/bin/sh
# The database and its administrator, as managed servers give one: no superuser, but somebody who may make roles.
# Runs once, as the image of Postgres sets up an empty volume.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv password WORKLANE_DATABASE_PASSWORD
create role worklane login createrole password :'password';
create database worklane owner worklane;
SQL
