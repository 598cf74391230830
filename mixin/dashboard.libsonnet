{
  local config = $._config,
  local selector = 'job=~"$job", instance=~"$instance"',
  local datasource = { type: 'prometheus', uid: '${datasource}' },

  local target(expr, legend, table=false) = {
    datasource: datasource,
    expr: expr,
    legendFormat: legend,
    [if table then 'format']: 'table',
    [if table then 'instant']: true,
  },

  // Twenty-four columns; `y` is given to each row of panels.
  local panel(kind, title, unit, x, w, h, targets, description) = {
    type: kind,
    title: title,
    description: description,
    datasource: datasource,
    gridPos: { x: x, w: w, h: h },
    targets: [
      targets[i] { refId: std.char(std.codepoint('A') + i) }
      for i in std.range(0, std.length(targets) - 1)
    ],
    fieldConfig: { defaults: { unit: unit }, overrides: [] },
    options: {},
  },
  local steps(colours) = {
    mode: 'absolute',
    steps: [{ color: c[1], value: c[0] } for c in colours],
  },
  local stat(title, unit, x, expr, description, colours) =
    panel('stat', title, unit, x, 4, 4, [target(expr, '')], description) + {
      fieldConfig+: { defaults+: { thresholds: steps(colours) } },
      options: { colorMode: 'background', reduceOptions: { calcs: ['lastNotNull'] } },
    },
  local lines(title, unit, x, w, targets, description, stacked=false) =
    panel('timeseries', title, unit, x, w, 8, targets, description) + {
      fieldConfig+: {
        defaults+: {
          min: 0,
          custom: { fillOpacity: if stacked then 20 else 0, stacking: { mode: if stacked then 'normal' else 'none' } },
        },
      },
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    },
  local table(title, x, w, targets, description) =
    panel('table', title, 'short', x, w, 8, targets, description) + {
      transformations: [
        { id: 'merge', options: {} },
        { id: 'organize', options: { excludeByName: { Time: true, __name__: true } } },
      ],
    },

  local good = [[null, 'green']],
  local rows = [
    [
      stat('Synced', 'bool_yes_no', 0, 'min(rollcall_store_synced{%s})' % selector, 'Whether every server has contact to its store.', [[null, 'red'], [1, 'green']]),
      stat('Stale for', 's', 4, 'max(rollcall_stale_seconds{%s})' % selector, 'How old the oldest view is, of servers without contact.', good + [[10, 'orange'], [config.staleSeconds, 'red']]),
      stat('Registrations', 'short', 8, 'max(rollcall_registrations{%s})' % selector, 'Registrations that are answered.', [[null, 'blue']]),
      stat('Lost', 'short', 12, 'max(rollcall_lost{%s})' % selector, 'Instances whose host gives no sign of life; they stay targets.', good + [[1, 'orange']]),
      stat('Held', 'short', 16, 'max(rollcall_held{%s})' % selector, 'Removals that mass-loss protection holds.', good + [[1, 'red']]),
      stat('Unreadable', 'short', 20, 'max(sum by (instance) (rollcall_invalid_records{%s}))' % selector, 'Registrations whose value cannot be read.', good + [[1, 'orange']]),
    ],
    [
      lines('Targets by state', 'short', 0, 12, [target('max by (state) (sum by (instance, state) (rollcall_targets{%s, service=~"$service"}))' % selector, '{{state}}')], 'Registrations of the chosen services.', stacked=true),
      lines('Changes', 'cpm', 12, 12, [target('60 * max by (event) (rate(rollcall_changes_total{%s}[$__rate_interval]))' % selector, '{{event}}')], 'What became of registrations, per minute.'),
    ],
    [
      lines('DNS requests by type', 'reqps', 0, 8, [target('sum by (proto, type) (rate(rollcall_dns_requests_total{%s}[$__rate_interval])) > 0' % selector, '{{type}} by {{proto}}')], 'Questions per second.'),
      lines('DNS replies by rcode', 'reqps', 8, 8, [target('sum by (rcode) (rate(rollcall_dns_responses_total{%s}[$__rate_interval]))' % selector, '{{rcode}}')], 'SERVFAIL: it does not know; NXDOMAIN: there is no such name.'),
      lines('HTTP answers', 'reqps', 16, 8, [target('sum by (code) (rate(rollcall_http_responses_total{%s}[$__rate_interval]))' % selector, '{{code}}')], 'Of http_sd, consul_sd, the API and the page.'),
    ],
    [
      table('Long answers', 0, 8, [
        target('max by (name) (rollcall_answer_records{%s})' % selector, '', table=true),
        target('max by (name) (rollcall_answer_size_ratio{%s})' % selector, '', table=true),
      ], 'Names with more than 100 records, or whose answer takes more than half of a DNS message.'),
      table('Consumers', 8, 16, [
        target('time() - max by (consumer, name, mechanism) (rollcall_consumer_last_seen_timestamp_seconds{%s})' % selector, '', table=true),
        target('min by (consumer, name, mechanism) (rollcall_consumer_revision_lag{%s})' % selector, '', table=true),
      ], 'Who asks for what: seconds since it last did, and the revisions that it has not been told.'),
    ],
    [
      lines('Store revision', 'none', 0, 6, [target('rollcall_store_revision{%s}' % selector, '{{instance}}')], 'Servers of one store that differ for long: one is behind.'),
      lines('Age of what is answered', 's', 6, 6, [target('rollcall_snapshot_age_seconds{%s}' % selector, '{{instance}}')], 'Since the view was last known to be that of the store: a few seconds, as long as there is contact.'),
      lines('From the store to the answers', 's', 12, 6, [target('histogram_quantile(0.99, sum by (le, instance) (rate(rollcall_propagation_seconds_bucket{%s}[$__rate_interval])))' % selector, '{{instance}}')], 'How long a change takes from the moment that the store tells of it until all answers have it: 99 of 100 take less.'),
      lines('Memory and CPU', 'bytes', 18, 6, [
        target('process_resident_memory_bytes{%s}' % selector, '{{instance}} memory'),
        target('rate(process_cpu_seconds_total{%s}[$__rate_interval])' % selector, '{{instance}} CPU'),
      ], 'What the servers take.') + {
        fieldConfig+: { overrides: [{
          matcher: { id: 'byRegexp', options: '.* CPU' },
          properties: [{ id: 'unit', value: 'percentunit' }, { id: 'custom.axisPlacement', value: 'right' }],
        }] },
      },
    ],
  ],
  local heights = [std.foldl(std.max, [p.gridPos.h for p in row], 0) for row in rows],
  local placed = std.flattenArrays([
    [
      rows[i][j] { id: 10 * i + j + 1, gridPos+: { y: std.foldl(function(sum, h) sum + h, heights[:i], 0) } }
      for j in std.range(0, std.length(rows[i]) - 1)
    ]
    for i in std.range(0, std.length(rows) - 1)
  ]),

  local choice(name, query) = {
    name: name,
    label: name,
    type: 'query',
    datasource: datasource,
    query: { query: query, refId: name },
    definition: query,
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
    sort: 1,
  },

  grafanaDashboards+:: {
    'rollcall-dashboard.json': {
      title: config.dashboardTitle,
      uid: config.dashboardUid,
      tags: ['rollcall', 'prometheus'],
      schemaVersion: 38,
      editable: true,
      refresh: '30s',
      time: { from: 'now-6h', to: 'now' },
      timezone: 'browser',
      templating: {
        list: [
          { name: 'datasource', label: 'data source', type: 'datasource', query: 'prometheus', current: {} },
          choice('job', 'label_values(rollcall_build_info, job)'),
          choice('instance', 'label_values(rollcall_build_info{job=~"$job"}, instance)'),
          choice('service', 'label_values(rollcall_targets{job=~"$job"}, service)'),
        ],
      },
      panels: placed,
    },
  },
}
