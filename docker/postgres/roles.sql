-- Who may do what in the platform's database; runs once, when the database is made.
\getenv platform_password PLATFORM_DATABASE_PASSWORD
\getenv auditor_password AUDITOR_DATABASE_PASSWORD

-- The platform owns its tables and makes the role under row-level security by itself;
-- it is no superuser, whom row-level security would not bind.
CREATE ROLE platform LOGIN NOSUPERUSER CREATEROLE PASSWORD :'platform_password';
ALTER DATABASE platform OWNER TO platform;
REVOKE ALL ON DATABASE platform FROM PUBLIC;

-- The auditor reads everybody's rows and changes none: under row-level security it would
-- see nothing, and a leaking platform would look clean.
CREATE ROLE auditor LOGIN NOSUPERUSER BYPASSRLS PASSWORD :'auditor_password';
GRANT pg_read_all_data TO auditor;
GRANT CONNECT ON DATABASE platform TO auditor;
ALTER ROLE auditor SET default_transaction_read_only = on;
