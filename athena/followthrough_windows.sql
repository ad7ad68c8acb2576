-- Athena's text of callclock/metrics/followthrough_windows.sql, written by make athena.
SELECT
  w.window_label,
  w.window_ms
FROM (VALUES
  ('15m', 900000),
  ('1h', 3600000),
  ('4h', 14400000),
  ('24h', 86400000),
  ('72h', 259200000)) AS w(window_label, window_ms)
