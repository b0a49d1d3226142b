-- The role that Grafana reads by: the views for readers, and nothing else. May be run again.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/grafana_database_password`
SELECT format('CREATE ROLE grafana LOGIN')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') \gexec
ALTER ROLE grafana WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
GRANT USAGE ON SCHEMA public TO grafana;
GRANT SELECT ON report_shares, report_person_events, report_flow_days, report_flows, report_pipeline
  TO grafana;
