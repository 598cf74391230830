{
  local config = $._config,
  local rollcall = config.rollcallSelector,
  local prometheus = config.prometheusSelector,

  local alert(name, severity, wait, expr, summary, description) = {
    alert: name,
    expr: expr,
    [if wait != '' then 'for']: wait,
    labels: { severity: severity },
    annotations: {
      summary: summary,
      description: description,
      runbook_url: config.runbookURL + '#' + std.asciiLower(name),
    },
  },

  // For how long a consumer has not asked for a name, of those that did so regularly and lately.
  local silence(factor, least) = |||
    (
      time() - rollcall_consumer_last_seen_timestamp_seconds{%(rollcall)s}
        > clamp_min(%(factor)d * rollcall_consumer_interval_seconds{%(rollcall)s}, %(least)d)
    )
      and on (job, instance, consumer, name, mechanism)
    time() - rollcall_consumer_last_seen_timestamp_seconds{%(rollcall)s} < %(forgotten)d
      and on (job, instance, consumer, name, mechanism)
    rollcall_consumer_asks_total{%(rollcall)s} >= %(asks)d
  ||| % {
    rollcall: rollcall,
    factor: factor,
    least: least,
    forgotten: config.forgottenSeconds,
    asks: config.consumerLeastAsks,
  },

  prometheusAlerts+:: {
    groups+: [
      {
        name: 'rollcall',
        rules: [
          alert(
            'RollcallStoreLost',
            'warning',
            '1m',
            'rollcall_store_synced{%s} == 0' % rollcall,
            'rollcall {{ $labels.instance }} has no contact to its store.',
            'It answers what it knew last, and unknown names with SERVFAIL, so no target is lost; what is registered now is not seen. Run: curl -s %s/-/ready' % config.server,
          ),
          alert(
            'RollcallViewStale',
            'critical',
            '',
            'rollcall_stale_seconds{%s} > %d' % [rollcall, config.staleSeconds],
            'rollcall {{ $labels.instance }} answers from a view that is {{ $value | humanizeDuration }} old.',
            'Hosts that were added or deregistered since are not in its answers. Run: curl -s %s/api/v1/status/store' % config.server,
          ),
          alert(
            'RollcallStoreTakesNoWrites',
            'critical',
            '1m',
            'rollcall_store_disk_state{%s,state=~"full|failed|damaged"} == 1' % rollcall,
            "The store of rollcall {{ $labels.instance }} takes no writes: its disk is {{ $labels.state }}.",
            'Answers go on, but nothing can be registered or deregistered. Run: curl -s %s/-/ready' % config.server,
          ),
          alert(
            'RollcallAnswerNearLimit',
            'warning',
            '5m',
            'rollcall_answer_size_ratio{%s} > %g' % [rollcall, config.answerSizeRatio],
            'The answer for {{ $labels.name }} takes {{ $value | humanizePercentage }} of what a DNS message holds.',
            'Beyond 100%% it is cut, and Prometheus keeps the list that it had: new targets are not found any more. Use http_sd, or ask for shards. Run: curl -s "%s/api/v1/dns?name={{ $labels.name }}&type=SRV"' % config.server,
          ),
          alert(
            'RollcallManyRecordsByDns',
            'warning',
            '15m',
            |||
              rollcall_answer_records{%(rollcall)s} > 100
                and on (job, instance, name)
              time() - rollcall_consumer_last_seen_timestamp_seconds{%(rollcall)s,mechanism="dns"} < 3600
            ||| % { rollcall: rollcall },
            '{{ $labels.name }} has {{ $value }} records and is asked for by DNS.',
            'A resolver between Prometheus and rollcall, such as BIND, may answer SERVFAIL for more than 100, and Prometheus keeps the list that it had. Ask rollcall directly, or use http_sd or shards. Run: curl -s "%s/api/v1/consumers?name={{ $labels.name }}"' % config.server,
          ),
          alert(
            'RollcallProtectionActive',
            'critical',
            '',
            'rollcall_protection_active{%s} > 0' % rollcall,
            'Mass-loss protection holds registrations of {{ $labels.service }}.',
            'Many vanished at once without a deregistration; they are answered on until somebody decides. Run: rollcall protect list {{ $labels.service }}',
          ),
          alert(
            'RollcallTargetLost',
            'warning',
            '15m',
            'rollcall_targets{%s,state="lost"} > 0' % rollcall,
            '{{ $value }} instances of {{ $labels.service }} are lost: their hosts give no sign of life.',
            'They stay targets until somebody deregisters them. Run: rollcall list {{ $labels.service }}',
          ),
          alert(
            'RollcallConsumerLagging',
            'critical',
            '5m',
            |||
              rollcall_consumer_revision_lag{%s} > 0
                and on (job, instance, consumer, name, mechanism)
            ||| % rollcall + silence(config.laggingIntervals, 0),
            '{{ $labels.consumer }} does not know the latest changes of {{ $labels.name }}.',
            'They came {{ $value }} revisions after what it was told last, by {{ $labels.mechanism }}, and it does not ask. Run: curl -s "%s/api/v1/consumers?name={{ $labels.name }}"' % config.server,
          ),
          alert(
            'RollcallConsumerSilent',
            'warning',
            '',
            silence(config.silentIntervals, config.silentAtLeastSeconds),
            '{{ $labels.consumer }} has not asked for {{ $labels.name }} for {{ $value | humanizeDuration }}.',
            'It used to, by {{ $labels.mechanism }}. Either it is down, or it asks somebody else now, such as another server. Run: curl -s "%s/api/v1/consumers?name={{ $labels.name }}"' % config.server,
          ),
          alert(
            'RollcallInvalidRecords',
            'warning',
            '5m',
            'sum by (job, instance, reason) (rollcall_invalid_records{%s}) > 0' % rollcall,
            '{{ $value }} registrations cannot be read: {{ $labels.reason }}.',
            'The last readable value of each goes on being answered, if there was one. Run: rollcall check records',
          ),
          alert(
            'RollcallLastKnownNotKept',
            'warning',
            '15m',
            |||
              rollcall_last_known_kept{%(rollcall)s} == 0
                or
              increase(rollcall_last_known_errors_total{%(rollcall)s}[15m]) > 0
            ||| % { rollcall: rollcall },
            'rollcall {{ $labels.instance }} does not keep what it answers.',
            'A restart while the store is away would know nothing. Look whether --store.path is writable and has room. Run: journalctl -u rollcall --since -1h',
          ),
          alert(
            'RollcallWebConfigReloadFailed',
            'warning',
            '5m',
            'rollcall_web_config_last_reload_successful{%s} == 0' % rollcall,
            'The web configuration of rollcall {{ $labels.instance }} is broken.',
            'The former one, with its certificate, counts until the files are right. Run: rollcall check web-config FILE',
          ),
          alert(
            'RollcallDown',
            'critical',
            '5m',
            'up{%s} == 0' % rollcall,
            'rollcall {{ $labels.instance }} cannot be scraped.',
            'If it is down, those that ask it keep their targets, and see no changes. Run: systemctl status rollcall',
          ),
        ],
      },
      {
        name: 'prometheus-discovery',
        rules: [
          alert(
            'PrometheusDnsDiscoveryFailing',
            'warning',
            '',
            'increase(prometheus_sd_dns_lookup_failures_total{%s}[10m]) > 0' % prometheus,
            'Prometheus {{ $labels.instance }} fails to look up names of dns_sd_configs.',
            'It keeps the targets it had. Run: rollcall doctor --prometheus.config=/etc/prometheus/prometheus.yml',
          ),
          alert(
            'PrometheusHttpDiscoveryFailing',
            'warning',
            '',
            'increase(prometheus_sd_http_failures_total{%s}[10m]) > 0' % prometheus,
            'Prometheus {{ $labels.instance }} fails to fetch URLs of http_sd_configs.',
            'It keeps the targets it had. Run: rollcall doctor --prometheus.config=/etc/prometheus/prometheus.yml',
          ),
        ] + [
          // A job without targets has no series, so `up == 0` stays silent: this is what is left.
          alert(
            'JobHasNoTargets',
            'critical',
            '10m',
            'absent(up{job="%s"})' % job,
            'The job %s has no targets.' % job,
            'Nothing is discovered for it. Run: rollcall doctor --prometheus.config=/etc/prometheus/prometheus.yml',
          )
          for job in config.expectedJobs
        ],
      },
    ],
  },
}
