// Alerts and a dashboard for rollcall, as Prometheus mixins are: import it, change `_config`, and
// render `prometheusAlerts` and `grafanaDashboards` (README.md).
(import 'config.libsonnet') + (import 'alerts.libsonnet') + (import 'dashboard.libsonnet')
