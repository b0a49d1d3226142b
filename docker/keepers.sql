-- The accounts of sealer and verifier: what their roles may, and nothing else. May be run again.
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['sealer', 'verifier']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
\set password `cat /run/secrets/sealer_database_password`
ALTER ROLE sealer WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT sst_sealer TO sealer;
\set password `cat /run/secrets/verifier_database_password`
ALTER ROLE verifier WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT sst_auditor TO verifier;
